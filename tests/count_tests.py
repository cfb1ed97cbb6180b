#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what Meson's test logs say and judges it.

A cmocka program, as every test_* is, counts as many tests as it reports, any other as one. Prints
"N passed, N failed, N skipped" and exits with 1 when a test failed, skipped without being named
in MR_ALLOW_SKIP, or when none ran.
"""

import argparse
import json
import os
import re
import sys

STARTED = re.compile(r"^\[==========\] (?:\S+: )?Running (\d+) test", re.M)
PASSED = re.compile(r"^\[ +OK \] ", re.M)
# Failures and skips are named twice, once when they happen and once at the end.
FAILED = re.compile(r"^\[  FAILED  \] (?!.*\d+ test\(s\))", re.M)
SKIPPED = re.compile(r"^\[  SKIPPED \] (?!.*\d+ test\(s\))", re.M)


def count(entry, name):
    """(passed, failed, skipped) of one entry of the log."""
    if entry["result"] == "SKIP":
        return 0, 0, 1
    good = entry["result"] in ("OK", "EXPECTEDFAIL")
    text = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    if not name.startswith("test_") and not STARTED.search(text):
        return int(good), int(not good), 0
    started = sum(int(number) for number in STARTED.findall(text))
    passed = len(PASSED.findall(text))
    failed = (len(FAILED.findall(text)) + 1) // 2
    skipped = (len(SKIPPED.findall(text)) + 1) // 2
    if not good or passed + skipped == 0 or passed + failed + skipped < started:
        # A program that crashed, ended early or ran no case has proved nothing.
        failed = max(failed, 1)
    return passed, failed, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--status", type=int, default=0, help="the exit status of meson test")
    parser.add_argument("logs", nargs="+", metavar="testlog.json")
    args = parser.parse_args()
    allowed = set(os.environ.get("MR_ALLOW_SKIP", "").split())
    total = [0, 0, 0]
    bad = []
    for log in args.logs:
        if not os.path.exists(log):
            bad.append(f"no test ran for {log}")
            continue
        with open(log, encoding="utf-8", errors="replace") as lines:
            entries = [json.loads(line) for line in lines if line.strip()]
        for entry in entries:
            name = entry["name"].split(" / ")[-1].split(":")[-1]
            numbers = count(entry, name)
            total = [a + b for a, b in zip(total, numbers)]
            if numbers[1]:
                bad.append(f"failed: {name} ({entry['result']})")
            if numbers[2] and name not in allowed:
                bad.append(f"skipped, which was not expected: {name}")
    for line in bad:
        print(line)
    if sum(total) == 0 and not bad:
        print("no test ran")
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if bad or total[0] == 0 or args.status else 0


if __name__ == "__main__":
    sys.exit(main())
