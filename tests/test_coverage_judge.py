#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What coverage_judge.py catches."""

from __future__ import annotations

import contextlib
import io
import pathlib
import tempfile
import unittest

import coverage_judge
from coverage_judge import Line

REASONS = """\
# A comment.

Never: every value has its case.
    src/query/evaluator.c: compare

Uncovered: it would take a machine
without any disk.
    src/store/store.c: begin 2, end
    src/base/err.c: fill

Sometimes: two threads come at once.
    src/store/store.c: begin 3
"""


def counted() -> coverage_judge.Counts:
    """What REASONS explains."""
    found: coverage_judge.Counts = {
        "src/query/evaluator.c": {7: Line("compare", [1, 0]), 9: Line("order", [3, 4])},
        "src/store/store.c": {
            3: Line("begin", [0, 0, 5, 1]), 4: Line("begin", [1, 2]), 8: Line("end", [0, 1]),
        },
        "src/base/err.c": {20: Line("fill", [9, 0])},
        "src/cli/main.c": {5: Line("main", [0, 0])},
    }
    for name in coverage_judge.COMPLETE:
        found.setdefault(name, {1: Line("whole", [1, 1])})
    return found


class JudgeTest(unittest.TestCase):
    def judge(self, found: coverage_judge.Counts, text: str = REASONS) -> list[str]:
        reasons, errors = coverage_judge.read_reasons(text)
        return errors + coverage_judge.judge(found, reasons)

    def expect(self, errors: list[str], *words: str) -> None:
        self.assertEqual(len(errors), len(words), errors)
        for error, word in zip(errors, words):
            self.assertIn(word, error)

    def test_all_is_explained(self) -> None:
        self.expect(self.judge(counted()))

    def test_way_without_a_reason(self) -> None:
        found = counted()
        found["src/query/evaluator.c"][9].counts[0] = 0
        self.expect(self.judge(found),
                    "order: 1 ways were not taken, of which 0 are explained: lines 9")

    def test_more_ways_than_explained(self) -> None:
        found = counted()
        found["src/base/err.c"][21] = Line("fill", [0, 0, 1])
        self.expect(self.judge(found),
                    "fill: 3 ways were not taken, of which 1 are explained: lines 20-21")

    def test_reason_that_explains_too_many(self) -> None:
        found = counted()
        found["src/store/store.c"][3].counts[0] = 1
        self.expect(self.judge(found), "begin: coverage_uncovered explains 2 ways that were not "
                    "taken, there are 1: lines 3")
        found["src/store/store.c"][3].counts[1] = 1
        self.expect(self.judge(found), "explains 2 ways that were not taken, there are 0")

    def test_what_happens_sometimes_may_happen(self) -> None:
        found = counted()
        for missing in range(4):
            found["src/store/store.c"][4].counts = [0] * missing + [1]
            self.expect(self.judge(found))
        found["src/store/store.c"][4].counts = [0] * 4
        self.expect(self.judge(found), "begin: 6 ways were not taken, of which 5 are explained")

    def test_function_that_is_gone(self) -> None:
        found = counted()
        del found["src/base/err.c"]
        self.expect(self.judge(found), "src/base/err.c has no fill with conditions")

    def test_file_that_must_be_complete(self) -> None:
        found = counted()
        found["src/query/like.c"][1].counts[0] = 0
        text = REASONS + "\nSometimes: when it likes.\n    src/query/like.c: whole\n"
        self.expect(self.judge(found, text), "whole: must be complete: lines 1")
        del found["src/query/like.c"]
        self.expect(self.judge(found), "src/query/like.c: was not counted")

    def test_reasons_are_written_well(self) -> None:
        self.expect(
            self.judge(counted(), REASONS + "\n    src/a.c: f\n\nPerhaps: so.\n    src/a.c: g\n"
                       "\nNever: twice.\n    src/base/err.c: fill, fill 1, a b\n"
                       "\nNever: of nothing.\n"),
            "there is no reason above it", "begins with one of Never, Uncovered, Sometimes",
            "there is no reason above it", "neither FUNCTION nor FUNCTION WAYS:  fill 1",
            "neither FUNCTION nor FUNCTION WAYS:  a b", "explains nothing: of nothing.",
            "fill: coverage_uncovered explains 2 ways that were not taken, there are 1",
        )

    def test_report_shows_lines_and_reasons(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            found = counted()
            for name in found:
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(f"line {i};\n" for i in range(1, 30)), encoding="utf-8")
            reasons, _ = coverage_judge.read_reasons(REASONS)
            with contextlib.redirect_stdout(io.StringIO()) as out:
                coverage_judge.report_reasons(root, found, reasons)
                reached = coverage_judge.report(found)
        self.assertIn("Uncovered: it would take a machine without any disk.\n", out.getvalue())
        self.assertIn("src/store/store.c: end, 1 of\n      8: line 8;\n", out.getvalue())
        self.assertIn("src/cli/main.c 0/2 0.0 %: 5\n", out.getvalue())
        self.assertAlmostEqual(reached, 100.0 * 23 / 28)


if __name__ == "__main__":
    unittest.main()
