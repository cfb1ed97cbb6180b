#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every source of the library and of modelreg(1) against musl's headers.

That shows that they ask for nothing that only glibc declares. Nothing is linked: what Debian has of
SQLite, zlib, xxHash and libsodium is built for glibc. Their headers fit both.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

# Of the dependencies and of the kernel, which musl-gcc does not look for in /usr/include.
HEADERS = ("sqlite3.h", "zlib.h", "zconf.h", "xxhash.h", "sodium.h", "sodium", "linux",
           "asm-generic")
FLAGS = ("-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes",
         "-Wmissing-prototypes", "-Wundef", "-Wvla", "-Werror", "-D_POSIX_C_SOURCE=200809L",
         "-D_FILE_OFFSET_BITS=64", "-DMR_BUILDING", "-S", "-o", "/dev/null")


def link_headers(work: pathlib.Path) -> None:
    """A folder with those headers and no other of glibc."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    system = pathlib.Path("/usr/include")
    machine = system / f"{os.uname().machine}-linux-gnu"
    for name in (*HEADERS, "asm"):
        found = [place / name for place in (system, machine) if (place / name).exists()]
        if not found:
            sys.exit(f"{name} is not below {system}")
        (work / name).symlink_to(found[0])


def compile_one(command: list[str], source: pathlib.Path) -> str:
    done = subprocess.run([*command, str(source)], text=True, capture_output=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="musl-gcc")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("root", type=pathlib.Path)
    args = parser.parse_args()
    if shutil.which(args.compiler) is None:
        print(f"there is no {args.compiler}")
        return 77
    link_headers(args.work)
    command = [args.compiler, *FLAGS, f'-DMR_VERSION="{args.version}"', "-I",
               str(args.root / "src"), "-I", str(args.root / "include"), "-isystem",
               str(args.work)]
    sources = sorted((args.root / "src").rglob("*.c"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        errors = list(filter(None, pool.map(lambda one: compile_one(command, one), sources)))
    print("\n".join(errors) if errors else f"{len(sources)} sources compile with musl")
    return 1 if errors or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
