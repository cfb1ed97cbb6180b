#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program of each kept release of the line against the present library.

The program is use_release.c, as its author wrote it for the first release of the line. It is
compiled with the kept headers alone, so with the structs as they were, and linked with the present
library in the way that pkg-config says.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys

import gate

SOURCE = pathlib.Path(__file__).with_name("use_release.c")


def check(
    release: gate.Release, library: pathlib.Path, work: pathlib.Path, compiler: list[str]
) -> str:
    """What went wrong, as text."""
    folder = work / release.version
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    program = folder / "use_release"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L"]
    place = library.resolve().parent
    done = gate.run(
        [*compiler, *flags, "-I", release.include, SOURCE, "-o", program, "-L", place, "-lmodelreg"]
    )
    if done.returncode != 0:
        return f"the program does not compile:\n{done.stdout}"
    done = gate.run([program, folder], env=dict(os.environ, LD_LIBRARY_PATH=str(place)))
    return "" if done.returncode == 0 else f"{done.stdout}ended with status {done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=gate.ROOT)
    parser.add_argument("--version", required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("compiler", nargs="+")
    args = parser.parse_args()
    releases = gate.releases_of_line(args.root, args.version)
    errors = []
    for release in releases:
        found = check(release, args.library, args.work, args.compiler)
        errors += [f"{release.version}: {line}" for line in found.splitlines()]
    return gate.judge(errors, f"programs of {len(releases)} releases run")


if __name__ == "__main__":
    sys.exit(main())
