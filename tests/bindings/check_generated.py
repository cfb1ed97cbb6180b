#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that what is generated from the headers is as committed, with two versions of pycparser
and two orders of every set.

    check_generated.py FOLDER_OF_THE_OTHER_PYCPARSER
"""

from __future__ import annotations

import itertools
import os
import pathlib
import subprocess
import sys

RUN = pathlib.Path(__file__).resolve().parents[2] / "bindings" / "generate" / "run"


def main() -> int:
    folders = ["", sys.argv[1]]
    versions = []
    failed = 0
    for folder, seed in itertools.product(folders, ["0", "1"]):
        env = dict(os.environ, PYTHONPATH=folder, PYTHONHASHSEED=seed)
        version = subprocess.run(
            [sys.executable, "-c", "import pycparser; print(pycparser.__version__)"],
            env=env, check=True, capture_output=True, text=True,
        ).stdout.strip()
        versions.append(version)
        print(f"pycparser {version}, seed {seed}", flush=True)
        failed |= subprocess.run([sys.executable, RUN, "--check"], env=env, check=False).returncode
    if len(set(versions)) != len(folders):
        sys.exit("one version of pycparser was used twice")
    return failed


if __name__ == "__main__":
    sys.exit(main())
