#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_header.py catches: a header that is not whole, or no C99, or no C++11."""

from __future__ import annotations

import os
import pathlib
import shlex
import shutil
import unittest

import mutants

HEADER = "modelreg/run.h"
COMPILERS = {"c99": mutants.COMPILER, "c++11": shlex.split(os.environ.get("CXX", "c++"))}


class HeaderTest(mutants.GateTest):
    def setUp(self) -> None:
        super().setUp()
        self.header: pathlib.Path = self.root / "include" / HEADER

    def add(self, text: str) -> None:
        """Something more in the header."""
        before = "typedef struct mr_run mr_run;"
        mutants.replace(self.header, before, f"{before}\n{text}")

    def check(self, standard: str, *compiler: str) -> tuple[int, str]:
        return self.run_gate(
            "check_header.py", "--include", self.root / "include", "--std", standard, HEADER,
            "--", *compiler,
        )  # fmt: skip

    def each(self, *standards: str) -> list[tuple[int, str]]:
        """What the check says in the standards for which there is a compiler."""
        compilers = {name: COMPILERS[name] for name in standards or COMPILERS}
        found = [name for name, words in compilers.items() if words and shutil.which(words[0])]
        if "c99" in compilers:
            self.assertIn("c99", found)
        return [self.check(name, *compilers[name]) for name in found]

    def test_nothing_is_wrong(self) -> None:
        for result in self.each():
            self.expect_good(result)

    def test_header_that_leaves_out_what_it_needs(self) -> None:
        text = self.header.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("#include")]
        self.header.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for result in self.each():
            self.expect(result, "run.h")

    def test_header_that_includes_what_is_not_there(self) -> None:
        (self.include / "list.h").unlink()
        for result in self.each():
            self.expect(result, "list.h")

    def test_header_without_a_guard(self) -> None:
        mutants.replace(self.header, "#ifndef MODELREG_RUN_H", "#ifndef MODELREG_RUNS_H")
        for result in self.each():
            self.expect(result, "redefin")

    def test_what_only_later_standards_of_c_have(self) -> None:
        self.add("typedef struct mr_bad { union { int x; int y; }; } mr_bad;")
        for result in self.each("c99"):
            self.expect(result, "mr_bad")

    def test_name_that_is_a_word_of_cpp(self) -> None:
        self.add("typedef struct mr_bad { int class; } mr_bad;")
        for result in self.each("c99"):
            self.expect_good(result)
        for result in self.each("c++11"):
            self.expect(result, "class")

    def test_macro_that_may_not_be_defined(self) -> None:
        self.add("#if MODELREG_NEW\n#endif")
        for result in self.each():
            self.expect(result, "MODELREG_NEW")

    def test_no_compiler(self) -> None:
        self.assertEqual(self.check("c++11"), (77, "there is no compiler for c++11\n"))


if __name__ == "__main__":
    unittest.main()
