#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that meson.build names every test_*.py of a folder, since one it leaves out never runs.

    check_listed.py FOLDER NAME...
"""

from __future__ import annotations

import pathlib
import sys


def main() -> int:
    folder, *names = sys.argv[1:]
    found = {path.stem for path in pathlib.Path(folder).glob("test_*.py")}
    errors = [f"{name}.py in {folder} is not in meson.build" for name in sorted(found - set(names))]
    errors += [f"there is no {name}.py in {folder}" for name in sorted(set(names) - found)]
    print("\n".join(errors) if errors else f"all {len(names)} files are listed")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
