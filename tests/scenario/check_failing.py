#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that an interpreter of scenario files can fail: gives it scenarios that are wrong in one
place, and requires that it says so, with the file, the line, what was wanted and what it got.

    check_failing.py SCENARIO -- COMMAND...      where COMMAND sqlite FILE runs one
"""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

DRIVER = "sqlite"  # the one that does every step
EXPECTING = ("> ", DRIVER + "> ")


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A scenario with one mistake, and what the interpreter must say about it."""

    name: str
    lines: list[str]
    says: tuple[str, ...]


def wanted_and_got(line: int, wanted: str, got: str) -> tuple[str, ...]:
    return (f":{line}: wanted: {wanted}\n", f":{line}: got: {got}\n")


def text_of(line: str) -> str:
    return line.split("> ", 1)[1]


def mistakes(lines: list[str]) -> Iterator[Mistake]:
    """The line numbers of messages count from 1, the indices here from 0."""
    expecting = [i for i, line in enumerate(lines) if line.startswith(EXPECTING)]
    first, last = expecting[0], expecting[-1]
    for name, at in (("first", first), ("middle", expecting[len(expecting) // 2]), ("last", last)):
        wrong = lines[at] + " and more"
        yield Mistake(
            f"the {name} expected line is another",
            lines[:at] + [wrong] + lines[at + 1 :],
            wanted_and_got(at + 1, text_of(wrong), text_of(lines[at])),
        )
    step = next(i for i in range(last, -1, -1) if ">" not in lines[i].split(" ", 1)[0])
    yield Mistake(
        "an expected line is missing",
        lines[:last] + lines[last + 1 :],
        wanted_and_got(step + 1, "(nothing more)", text_of(lines[last])),
    )
    yield Mistake(
        "a line is expected too much",
        lines[: last + 1] + ["> too much"] + lines[last + 1 :],
        wanted_and_got(last + 2, "too much", "(nothing more)"),
    )
    added = (
        ("a verb is unknown", ["no_such_verb x"], "there is no verb no_such_verb"),
        ("a name is unknown", ["info no_such_name"], "there is no no_such_name"),
        ("an option is unknown", ["library_version colour=red"], "library_version does not take"),
        ("a line belongs to no step", ["", "> lonely"], "no step says this"),
    )
    for name, more, says in added:
        yield Mistake(name, lines + more, (f":{len(lines) + len(more)}: {says}",))
    yield Mistake("there is nothing to do", ["# only a comment"], ("there are no steps",))


def run(command: list[str], lines: list[str], folder: str) -> tuple[int, str]:
    path = pathlib.Path(folder) / "wrong.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        [*command, DRIVER, str(path)], capture_output=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        print(__doc__)
        return 2
    lines = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    command = sys.argv[3:]
    errors = []
    tried = 0
    with tempfile.TemporaryDirectory(prefix="modelreg_wrong_") as folder:
        status, said = run(command, lines, folder)
        if status != 0:
            errors.append(f"the scenario itself does not pass: {said}")
        for mistake in mistakes(lines):
            status, said = run(command, mistake.lines, folder)
            tried += 1
            if status not in (1, 2):
                errors.append(f"{mistake.name}: status {status}, not 1 or 2: {said}")
            errors += [
                f"{mistake.name}: says nothing like {text!r}: {said}"
                for text in mistake.says
                if text not in said
            ]
    print("\n".join(errors) if errors else f"{tried} mistakes are found")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
