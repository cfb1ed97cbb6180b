#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the Go program in a folder, which is quick where nothing has changed, and runs a command.

    go_program.py FOLDER PROGRAM COMMAND [ARGUMENT...]
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> None:
    folder, program, *command = sys.argv[1:]
    subprocess.run(["go", "build", "-o", program, "."], cwd=folder, check=True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
