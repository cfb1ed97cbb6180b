#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles one public header alone, included twice, in a strict standard without a warning.

Skips (77) where there is no compiler for the standard, so that the test does not vanish with it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

SKIP = 77
WARNINGS = "-pedantic -Wall -Wextra -Wundef -Werror".split()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", required=True)
    parser.add_argument("--std", required=True)
    parser.add_argument("header")
    parser.add_argument("compiler", nargs="*")
    args = parser.parse_args()
    if not args.compiler:
        print(f"there is no compiler for {args.std}")
        return SKIP
    language = "c++" if args.std.startswith("c++") else "c"
    line = f"#include <{args.header}>\n"
    command = args.compiler + WARNINGS + [
        f"-std={args.std}", "-I", args.include, "-fsyntax-only", "-x", language, "-",
    ]
    return subprocess.run(command, input=line * 2, text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
