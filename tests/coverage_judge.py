#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the branches that gcov counted, and judges them.

A branch is one way out of a condition as gcc compiled it: `a && b` has four. Conditions in macros
and headers count where they are used. Failing allocations and system calls count like any other
branch, since tests make them fail; assertions do not, since the build has none.

Prints the folders, and of every file that was not reached wholly which lines were not and why, as
coverage_uncovered says. Exits with 1 when the library stays below 90 %; when a function of it has
ways that were not taken and that no reason explains, or fewer than the reasons explain; and when a
file that must be complete has any that could be taken. The command line is a user of the library:
its lines are listed without reasons.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import pathlib
import re
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
APART = ("cli",)
REASONS = "coverage_uncovered"
KINDS = ("Never", "Uncovered", "Sometimes")


@dataclasses.dataclass
class Line:
    """One line with conditions: how often each of the ways out of it was taken."""

    function: str
    counts: list[int]

    def missing(self) -> int:
        return self.counts.count(0)


# Of each file, of each line.
Counts = dict[str, dict[int, Line]]


@dataclasses.dataclass
class Reason:
    """Why some ways of some functions were not taken."""

    kind: str
    text: str
    # Of (file, function): how many ways.
    ways: dict[tuple[str, str], int] = dataclasses.field(default_factory=dict)


def gcov(root: pathlib.Path, notes: pathlib.Path) -> Iterator[tuple[str, int, Line]]:
    """(file, number, line) of the source of one object."""
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
                    yield name, line["line_number"], Line(line["function_name"], counts)


def collect(root: pathlib.Path, build: pathlib.Path) -> Counts:
    """The counts of all objects of the library and of the command line."""
    found: Counts = collections.defaultdict(dict)
    for notes in sorted((build / "src").rglob("*.gcno")):
        for name, number, line in gcov(root, notes):
            kept = found[name].setdefault(number, Line(line.function, []))
            kept.counts.extend(line.counts)
    return found


def missing(lines: dict[int, Line]) -> list[int]:
    return sorted(number for number, line in lines.items() if line.missing())


def totals(files: Iterable[dict[int, Line]]) -> tuple[int, int]:
    """(taken, all) branches."""
    counts = [count for lines in files for line in lines.values() for count in line.counts]
    return sum(count > 0 for count in counts), len(counts)


def percent(taken: int, whole: int) -> float:
    return 100.0 * taken / whole if whole else 100.0


def folder_of(name: str) -> str:
    return name.split("/")[1]


def source_line(root: pathlib.Path, name: str, number: int) -> str:
    return (root / name).read_text(encoding="utf-8").splitlines()[number - 1].strip()


def read_reasons(text: str) -> tuple[list[Reason], list[str]]:
    """The reasons, and what is wrong with how they are written.

    A paragraph each: "KIND: why", then indented lines of "FILE: FUNCTION [WAYS], FUNCTION [WAYS]".
    """
    reasons: list[Reason] = []
    errors = []
    current: Reason | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            current = None
        elif not line.startswith(" "):
            kind, colon, why = line.partition(":")
            if current is not None and not current.ways:
                current.text += " " + line.strip()
            elif colon and kind in KINDS:
                current = Reason(kind, why.strip())
                reasons.append(current)
            else:
                errors.append(f"{REASONS}:{number}: a reason begins with one of {', '.join(KINDS)}")
        elif current is None:
            errors.append(f"{REASONS}:{number}: there is no reason above it")
        else:
            name, _, functions = line.strip().partition(":")
            for one in functions.split(","):
                match = re.fullmatch(r"\s*(\w+)(?: ([2-9]|[1-9]\d+))?\s*", one)
                if match is None:
                    errors.append(f"{REASONS}:{number}: neither FUNCTION nor FUNCTION WAYS: {one}")
                elif (name, match[1]) in current.ways:
                    errors.append(f"{REASONS}:{number}: {match[1]} is there twice")
                else:
                    current.ways[name, match[1]] = int(match[2] or 1)
    errors += [f"{REASONS}: explains nothing: {one.text}" for one in reasons if not one.ways]
    return reasons, errors


def functions_of(found: Counts) -> dict[tuple[str, str], dict[int, Line]]:
    """The lines of each function of the library."""
    functions: dict[tuple[str, str], dict[int, Line]] = collections.defaultdict(dict)
    for name, lines in found.items():
        if folder_of(name) not in APART:
            for number, line in lines.items():
                functions[name, line.function][number] = line
    return functions


def judge(found: Counts, reasons: list[Reason]) -> list[str]:
    """Every way that was not taken has its reason, every reason its way."""
    errors = []
    functions = functions_of(found)
    explained: dict[tuple[str, str], dict[str, int]] = collections.defaultdict(dict)
    for reason in reasons:
        for place, ways in reason.ways.items():
            kinds = explained[place]
            kinds[reason.kind] = kinds.get(reason.kind, 0) + ways
    for place in sorted(functions.keys() | explained.keys()):
        name, function = place
        kinds = explained.get(place, {})
        if place not in functions:
            errors.append(f"{REASONS}: {name} has no {function} with conditions")
            continue
        lines = functions[place]
        open_ways = sum(line.missing() for line in lines.values())
        sometimes = kinds.get("Sometimes", 0)
        fixed = sum(kinds.values()) - sometimes
        at = ranges(missing(lines))
        if open_ways > fixed + sometimes:
            errors.append(f"{name}: {function}: {open_ways} ways were not taken, of which "
                          f"{fixed + sometimes} are explained: lines {at}")
        elif open_ways < fixed:
            errors.append(f"{name}: {function}: {REASONS} explains {fixed} ways that were not "
                          f"taken, there are {open_ways}" + (f": lines {at}" if at else ""))
        elif name in COMPLETE and open_ways > kinds.get("Never", 0):
            errors.append(f"{name}: {function}: must be complete: lines {at}")
    errors += [f"{name}: was not counted" for name in COMPLETE if name not in found]
    return errors


def ranges(numbers: list[int]) -> str:
    """1-3, 7"""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def report_reasons(root: pathlib.Path, found: Counts, reasons: list[Reason]) -> None:
    """Prints each reason with the lines that it is about."""
    functions = functions_of(found)
    print("What tests do not reach, and why:")
    for reason in reasons:
        print(f"  {reason.kind}: {reason.text}")
        for (name, function), ways in reason.ways.items():
            lines = functions.get((name, function), {})
            print(f"    {name}: {function}, {ways} of")
            for number in missing(lines):
                print(f"      {number}: {source_line(root, name, number)}")


def report(found: Counts) -> float:
    """Prints folders and files; the percentage of the library."""
    folders: dict[str, list[str]] = collections.defaultdict(list)
    for name in found:
        folders[folder_of(name)].append(name)
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
    taken, whole = totals(lines for name, lines in found.items() if folder_of(name) not in APART)
    print(f"  the library    {taken:>6} of {whole:>6}  {percent(taken, whole):5.1f} %")
    return percent(taken, whole)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    args = parser.parse_args()
    root = args.root.resolve()
    found = collect(root, args.build.resolve())
    text = (root / "tests" / REASONS).read_text(encoding="utf-8")
    reasons, errors = read_reasons(text)
    report_reasons(root, found, reasons)
    reached = report(found)
    errors += judge(found, reasons)
    if reached < GOAL:
        errors.append(f"the library has {reached:.1f} % of its branches taken, below {GOAL} %")
    print("\n".join(errors) if errors else "The goals of the coverage are met.")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
