#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the branches that gcov counted, and judges them.

A branch is one way out of a condition as gcc compiled it: `a && b` has four. Conditions in macros
and headers count where they are used. Failing allocations and system calls count like any other
branch, since tests make them fail; assertions do not, since the build has none.

Prints the folders, the files below the goal with the lines whose branches were not all taken, and
exits with 1 when the library stays below 90 %, when one of the files that must be complete has a
branch that was not taken and that coverage_exceptions does not explain, or when that file explains
a line that is not there or was covered.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterable, Iterator

GOAL = 90.0
# Semantic versions, the evaluation of rules, and what keeps paths inside a folder.
COMPLETE = (
    "src/semver/semver.c",
    "src/semver/range.c",
    "src/query/evaluator.c",
    "src/query/outcome.c",
    "src/query/like.c",
    "src/base/text.c",
    "src/base/os_file.c",
    "src/blob/blob_place.c",
)
# The command line is a user of the library.
APART = ("cli",)

# Of each file, of each line: how often each of its branches was taken.
Counts = dict[str, dict[int, list[int]]]


def gcov(root: pathlib.Path, notes: pathlib.Path) -> Iterator[tuple[str, int, list[int]]]:
    """(file, line, counts) of the source of one object."""
    done = subprocess.run(
        ["gcov", "--branch-probabilities", "--json-format", "--stdout", str(notes)],
        cwd=notes.parent, text=True, capture_output=True, check=True,
    )
    sources = (root / "src").resolve()
    for text in done.stdout.splitlines():
        answer = json.loads(text)
        for file in answer["files"]:
            path = pathlib.Path(answer["current_working_directory"], file["file"]).resolve()
            if path.suffix != ".c" or not path.is_relative_to(sources):
                continue
            name = (pathlib.Path("src") / path.relative_to(sources)).as_posix()
            for line in file["lines"]:
                counts = [branch["count"] for branch in line["branches"]]
                if counts:
                    yield name, line["line_number"], counts


def collect(root: pathlib.Path, build: pathlib.Path) -> Counts:
    """The counts of all objects of the library and of the command line."""
    found: Counts = collections.defaultdict(dict)
    for notes in sorted((build / "src").rglob("*.gcno")):
        for name, line, counts in gcov(root, notes):
            found[name].setdefault(line, []).extend(counts)
    return found


def missing(lines: dict[int, list[int]]) -> list[int]:
    return sorted(line for line, counts in lines.items() if 0 in counts)


def totals(files: Iterable[dict[int, list[int]]]) -> tuple[int, int]:
    """(taken, all) branches."""
    counts = [count for lines in files for one in lines.values() for count in one]
    return sum(count > 0 for count in counts), len(counts)


def percent(taken: int, whole: int) -> float:
    return 100.0 * taken / whole if whole else 100.0


def read_exceptions(root: pathlib.Path) -> dict[tuple[str, str], str]:
    """(file, line of source) -> why one of its branches cannot be taken."""
    explained = {}
    for text in (root / "tests" / "coverage_exceptions").read_text(encoding="utf-8").splitlines():
        if text.strip() and not text.startswith("#"):
            name, source, reason = (part.strip() for part in text.split("|", 2))
            explained[name, source] = reason
    return explained


def judge_complete(root: pathlib.Path, found: Counts) -> list[str]:
    errors = []
    left = read_exceptions(root)
    for name in COMPLETE:
        if name not in found:
            errors.append(f"{name}: was not counted")
            continue
        source = (root / name).read_text(encoding="utf-8").splitlines()
        for line in missing(found[name]):
            if left.pop((name, source[line - 1].strip()), None) is None:
                taken = sum(count > 0 for count in found[name][line])
                text = source[line - 1].strip()
                errors.append(f"{name}:{line}: {taken} of {len(found[name][line])} ways: {text}")
    for name, line_text in left:
        errors.append(f"coverage_exceptions: {name} has no such line to explain: {line_text}")
    return errors


def ranges(lines: list[int]) -> str:
    """1-3, 7"""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def report(found: Counts) -> float:
    """Prints folders and files; the percentage of the library."""
    folders: dict[str, list[str]] = collections.defaultdict(list)
    for name in found:
        folders[name.split("/")[1]].append(name)
    print("Files that tests do not reach wholly, and the lines:")
    for name in sorted(found, key=lambda name: totals([found[name]])):
        taken, whole = totals([found[name]])
        if taken < whole:
            print(f"  {name} {taken}/{whole} {percent(taken, whole):.1f} %: "
                  f"{ranges(missing(found[name]))}")
    print("Branches taken:")
    for folder in sorted(folders):
        taken, whole = totals(found[name] for name in folders[folder])
        print(f"  src/{folder:<10} {taken:>6} of {whole:>6}  {percent(taken, whole):5.1f} %")
    taken, whole = totals(
        lines for name, lines in found.items() if name.split("/")[1] not in APART
    )
    print(f"  the library    {taken:>6} of {whole:>6}  {percent(taken, whole):5.1f} %")
    return percent(taken, whole)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    args = parser.parse_args()
    root = args.root.resolve()
    found = collect(root, args.build.resolve())
    reached = report(found)
    errors = judge_complete(root, found)
    if reached < GOAL:
        errors.append(f"the library has {reached:.1f} % of its branches taken, below {GOAL} %")
    print("\n".join(errors) if errors else "The goals of the coverage are met.")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
