#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs "go test" and tells its results in TAP, one line a test, on standard output.

    tap_go.py FOLDER [NAME=VALUE...] [GO_TEST_ARGUMENT...]

NAME=VALUE is a variable of the environment. A test with subtests counts as those. All that the
tests print goes to standard error.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any


def events(stream: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events of go test -json; what is no event, such as a compiler's message, is passed on."""
    for line in stream:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and "Action" in event:
            yield event
        else:
            sys.stderr.write(line)


def main() -> int:
    folder, *arguments = sys.argv[1:]
    env = dict(os.environ)
    while arguments and re.match(r"[A-Z]+=", arguments[0]):
        variable, _, value = arguments.pop(0).partition("=")
        env[variable] = value
    command = ["go", "test", "-json", "-count=1", *arguments]
    results: dict[tuple[str, str], str] = {}
    parents = set()
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        for event in events(process.stdout or []):
            name = (event.get("Package", ""), event.get("Test", ""))
            if event["Action"] in ("output", "build-output"):
                sys.stderr.write(event.get("Output", ""))
            elif event["Action"] == "run":
                results[name] = "unfinished"
                parents.add((name[0], name[1].rpartition("/")[0]))
            elif event["Action"] in ("pass", "fail", "skip") and name[1]:
                results[name] = event["Action"]
    tests = {name: outcome for name, outcome in results.items() if name not in parents}
    if not tests:
        tests = {("", "go_test_ran_no_test"): "fail"}
    print(f"1..{len(tests)}")
    for number, ((_, test), outcome) in enumerate(tests.items(), start=1):
        word = "ok" if outcome in ("pass", "skip") else "not ok"
        more = " # SKIP" if outcome == "skip" else ""
        print(f"{word} {number} - {test.replace('#', '_')}{more}")
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
