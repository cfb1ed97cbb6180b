#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs pytest and tells its results in TAP, one line a test, on standard output.

    tap_pytest.py [PYTEST_ARGUMENT...] FILE...

All that pytest and the tests themselves print goes to standard error.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

import pytest


class Tap:
    """A pytest plugin. A test is passed, failed or skipped by the worst of its three phases."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.number = 0
        self.reports: dict[str, list[pytest.TestReport]] = {}
        self.planned = False

    def say(self, line: str) -> None:
        # At once: a test may fork, and the child must not hold what the parent will write.
        print(line, file=self.stream, flush=True)

    def result(self, good: bool, name: str, directive: str = "") -> None:
        self.number += 1
        name = name.replace("#", "_").replace(" ", "_")
        self.say(f"{'ok' if good else 'not ok'} {self.number} - {name}{directive}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items and not session.testsfailed:
            self.planned = True
            self.say(f"1..{len(session.items)}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.setdefault(report.nodeid, []).append(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        reports = self.reports.pop(nodeid, [])
        name = nodeid.split("/")[-1]
        skipped = [report for report in reports if report.skipped]
        if any(report.failed for report in reports) or not reports:
            self.result(False, name)
        elif skipped:
            reason = skipped[0].longrepr
            reason = reason[2] if isinstance(reason, tuple) else getattr(skipped[0], "wasxfail", "")
            reason = " ".join(str(reason).split()).removeprefix("Skipped: ")
            self.result(True, name, f" # SKIP {reason}")
        else:
            self.result(True, name)


def main() -> int:
    tap = Tap(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    status = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[tap])
    if not tap.planned:
        tap.say("1..1")
        tap.result(False, "pytest_ran_no_test")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
