#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a scenario file through the Python package and compares what every step says with what the
file expects; README.md has the grammar.

    scenario.py memory|sqlite FILE
"""

from __future__ import annotations

import os
import pathlib
import re
import sys
import tempfile

import modelreg

import scenario_step
import scenario_verbs

DRIVERS = ("memory", "sqlite")


class DiffersError(Exception):
    """A step said something else than was wanted."""


def expectation(line: str, driver: str) -> str | None:
    """What an expecting line expects of a driver; None for other lines."""
    match = re.fullmatch(rf"(?:{driver})?> ?(.*)", line)
    return match[1] if match else None


class Scenario:
    """One run of a file."""

    def __init__(self, path: str, driver: str, folder: str) -> None:
        self.path = path
        self.driver = driver
        uri = "memory:" if driver == "memory" else f"sqlite:{folder}/R.db"
        self.world = scenario_verbs.World(folder, uri)
        self.line = 0
        self.steps = 0
        self.lines = 0

    def run_step(self, text: str) -> list[str]:
        """What a step says."""
        world = self.world
        step = scenario_step.parse(text, world.substitute)
        world.begin(step)
        try:
            world.run(step)
        except modelreg.ModelregError as error:
            status = modelreg.Status(error.status)
            world.say(f"! {status.name} {error.message}")
            if error.backend_code:
                world.say(f"! backend {error.backend_code}")
        step.check_all_used()
        return world.out

    def differs(self, line: int, wanted: str, got: str) -> DiffersError:
        place = f"{self.path}:{line}"
        return DiffersError(f"{place}: wanted: {wanted}\n{place}: got: {got}")

    def compare(self, out: list[str], below: list[str]) -> None:
        """Compares what a step said with the lines below it."""
        said = 0
        for at, line in enumerate(below, start=self.line + 1):
            wanted = expectation(line, self.driver)
            if wanted is None:
                continue
            if said >= len(out) or out[said] != wanted:
                raise self.differs(at, wanted, out[said] if said < len(out) else "(nothing more)")
            said += 1
            self.lines += 1
        if said < len(out):
            raise self.differs(self.line, "(nothing more)", out[said])

    def run_lines(self, lines: list[str]) -> None:
        at = 0
        while at < len(lines):
            line = lines[at]
            at += 1
            self.line = at
            if not line or line.startswith("#"):
                continue
            if line.startswith("chapter "):
                self.world.moment = int(line.split()[1]) * 1000
                continue
            if any(expectation(line, driver) is not None for driver in DRIVERS):
                raise scenario_step.ScenarioError("no step says this")
            end = at
            while end < len(lines) and any(
                expectation(lines[end], driver) is not None for driver in DRIVERS
            ):
                end += 1
            self.world.moment += 1
            match = re.match(r"(memory|sqlite):(.*)", line)
            if match is None or match[1] == self.driver:
                self.compare(self.run_step(match[2] if match else line), lines[at:end])
                self.steps += 1
            at = end


def run(path: str, driver: str) -> int:
    """Runs a file in a folder of its own; returns the exit status."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="modelreg_scenario_") as folder:
        scenario = Scenario(path, driver, os.path.realpath(folder))
        try:
            scenario.run_lines(text.split("\n"))
        except DiffersError as difference:
            print(difference, file=sys.stderr)
            return 1
        except scenario_step.ScenarioError as error:
            print(f"{path}:{scenario.line}: {error}", file=sys.stderr)
            return 2
        finally:
            scenario.world.close_all()
    if scenario.steps == 0:
        print(f"{path}: there are no steps", file=sys.stderr)
        return 1
    print(f"{path}: {driver}: {scenario.steps} steps, {scenario.lines} expected lines")
    return 0


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in DRIVERS:
        print(__doc__, file=sys.stderr)
        return 2
    return run(sys.argv[2], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
