#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a registry on this machine and one on another, and lets each be read on the other.

Each is checked on both with "modelreg fsck", and what lists it prints the same on both. What the
two store is the same, byte for byte, but for ids, which are random, and what is made of them.
"""

from __future__ import annotations

import argparse
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

# Tables without a random id in any column.
EQUAL = ("artifact", "metric", "metric_chunk", "param", "tag", "dataset", "gate", "decision_rule")
READS = (
    ("fsck",),
    ("run", "list"),
    ("model", "show", "digits"),
    ("version", "list", "digits"),
    ("request", "list"),
    ("channel", "list", "digits"),
)


class Machine:
    def __init__(self, build: pathlib.Path, emulator: list[str]) -> None:
        self.build = build
        self.emulator = emulator

    def run(self, program: str, *arguments: str) -> str:
        command = [*self.emulator, str(self.build / program), *arguments]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def fill(self, registry: pathlib.Path) -> None:
        self.run("tests/api/cli_fixture", str(registry))

    def read(self, registry: pathlib.Path) -> list[str]:
        """What is printed of it."""
        return [
            self.run("src/cli/modelreg", *words, "--registry", str(registry)) for words in READS
        ]


def rows(registry: pathlib.Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(registry)
    found = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
    connection.close()
    return found


def compare(folder: pathlib.Path, here: Machine, there: Machine) -> list[str]:
    errors = []
    registries = {"here": folder / "here.db", "there": folder / "there.db"}
    here.fill(registries["here"])
    there.fill(registries["there"])
    for name, registry in registries.items():
        for words, one, other in zip(READS, here.read(registry), there.read(registry)):
            if one != other:
                errors.append(f"{' '.join(words)} of the registry from {name}:\n{one}{other}")
    for table in EQUAL:
        one_side, other_side = rows(registries["here"], table), rows(registries["there"], table)
        if not one_side or one_side != other_side:
            errors.append(f"{table}: {one_side} here, {other_side} there")
    return errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", type=pathlib.Path, required=True)
    parser.add_argument("--there", type=pathlib.Path, required=True)
    parser.add_argument("emulator", nargs="+")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        errors = compare(
            pathlib.Path(folder), Machine(args.here, []), Machine(args.there, args.emulator)
        )
    print("\n".join(errors) if errors else "registries of both machines are read alike on both")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
