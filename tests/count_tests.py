#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what Meson's test logs say and judges it.

A cmocka program, as every test_* is, and one that speaks TAP, as those of the bindings, count as
many tests as they report, any other as one. Prints "N passed, N failed, N skipped" and exits with 1
when a test failed, when one skipped that the file may_skip beside this one does not name, or when
none ran.
"""

import argparse
import json
import pathlib
import re
import sys

STARTED = re.compile(r"^\[==========\] (?:\S+: )?Running (\d+) test", re.M)
PASSED = re.compile(r"^\[ +OK \] ", re.M)
# A failure is named twice, when it happens and at the end.
FAILED = re.compile(r"^\[  FAILED  \] (?!.*\d+ test\(s\))", re.M)
SKIPPED = re.compile(r"^\[  SKIPPED \] (?!.*\d+ test\(s\))(\S+)", re.M)
TAP_PLAN = re.compile(r"^1\.\.(\d+)$", re.M)
TAP_LINE = re.compile(r"^(not ok|ok) \d+ - (\S+)(?: # (SKIP))?", re.M)


def may_skip():
    """(program, case) of each line; the case is empty where all of the program is meant."""
    text = pathlib.Path(__file__).with_name("may_skip").read_text(encoding="utf-8")
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    return {(words[0], words[1] if len(words) > 1 else "") for words in lines if words}


def judge(good, started, passed, failed, skipped):
    """The same, but a program that crashed, ended early or ran no case has proved nothing."""
    if not good or passed + len(skipped) == 0 or passed + failed + len(skipped) < started:
        failed = max(failed, 1)
    return passed, failed, skipped


def count(entry, name):
    """Passed, failed, and the names of the skipped cases of one entry of the log."""
    plan = TAP_PLAN.search(entry.get("stdout", ""))
    if plan:
        lines = TAP_LINE.findall(entry["stdout"])
        skipped = [case for _, case, skip in lines if skip]
        failed = sum(word == "not ok" for word, _, _ in lines)
        passed = len(lines) - failed - len(skipped)
        return judge(entry["result"] in ("OK", "SKIP"), int(plan.group(1)), passed, failed, skipped)
    if entry["result"] == "SKIP":
        return 0, 0, [""]
    good = entry["result"] in ("OK", "EXPECTEDFAIL")
    text = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    if not name.startswith("test_") and not STARTED.search(text):
        return int(good), int(not good), []
    started = sum(int(number) for number in STARTED.findall(text))
    passed = len(PASSED.findall(text))
    failed = (len(FAILED.findall(text)) + 1) // 2
    skipped = sorted(set(SKIPPED.findall(text)))
    return judge(good, started, passed, failed, skipped)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--status", type=int, default=0, help="the exit status of meson test")
    parser.add_argument("logs", nargs="+", type=pathlib.Path, metavar="testlog.json")
    args = parser.parse_args()
    allowed = may_skip()
    total = [0, 0, 0]
    bad = []
    for log in args.logs:
        if not log.exists():
            bad.append(f"no test ran for {log}")
            continue
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            entry = json.loads(line)
            name = entry["name"].split(" / ")[-1].split(":")[-1]
            passed, failed, skipped = count(entry, name)
            total = [total[0] + passed, total[1] + failed, total[2] + len(skipped)]
            if failed:
                bad.append(f"failed: {name} ({entry['result']})")
            for case in skipped:
                if not allowed & {(name, case), (name, "")}:
                    bad.append(f"skipped, which was not expected: {name} {case}")
    if sum(total) == 0 and not bad:
        bad.append("no test ran")
    for line in bad:
        print(line)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if bad or total[0] == 0 or args.status else 0


if __name__ == "__main__":
    sys.exit(main())
