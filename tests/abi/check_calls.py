#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails unless the tests of a language have called every public function, and names the others.

Which functions there are is read from api.json; which were called is noted by the library that
count_calls.c builds (in Meson: count_calls_lib). It stands before the real library, and appends
the name of each function at its first call in a process to the file that MODELREG_CALLS names.

A suite is run by this script, which sets what is needed, removes an older file and judges then:

    check_calls.py --api bindings/api.json --language C --calls build/calls_c \\
      --preload build/libcount_calls.so -- PROGRAM ARGUMENT... [-- PROGRAM ARGUMENT...]

  --preload SHIM  for programs that are linked with the library, as those in C and Go are: sets
                  LD_PRELOAD. With "go test" use -exec "env LD_PRELOAD=SHIM MODELREG_CALLS=FILE",
                  so that only the test programs see it, and judge afterwards as below.
  --load SHIM --library LIBRARY  for programs that load the library themselves, as those in Python
                  do: sets MODELREG_LIBRARY to the shim, and MODELREG_COUNTED_LIBRARY to the
                  library behind it.

Without programs it only judges files that are there already:

    check_calls.py --api bindings/api.json --language Go FILE...

With --bound the functions with @skip, which only C has, are left out.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterable

import gate


def judge(api: pathlib.Path, language: str, files: Iterable[pathlib.Path], bound: bool) -> int:
    functions = gate.read_api(api).functions
    known = {function.name for function in functions}
    wanted = [function.name for function in functions if not (bound and function.skip)]
    called: set[str] = set()
    errors = []
    for path in files:
        if path.exists():
            called |= set(path.read_text(encoding="utf-8").split())
        else:
            errors.append(f"{path} is not there: no function was called")
    errors += [f"{name} is never called in {language}" for name in wanted if name not in called]
    errors += [f"{name} was called, but api.json has none" for name in sorted(called - known)]
    if not wanted:
        errors.append("api.json has no functions")
    share = 100 * len(called.intersection(wanted)) / max(len(wanted), 1)
    print(f"{language} calls {share:.1f} % of {len(wanted)} functions")
    return gate.judge(errors, "none is left out")


def split(words: list[str]) -> list[list[str]]:
    """The commands between the words "--"."""
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    return [command for command in commands if command]


def main() -> int:
    own = sys.argv[1:]
    at = own.index("--") if "--" in own else len(own)
    commands = split(own[at:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--api", type=pathlib.Path, required=True)
    parser.add_argument("--language", required=True)
    parser.add_argument("--bound", action="store_true")
    parser.add_argument("--calls", type=pathlib.Path)
    parser.add_argument("--preload", type=pathlib.Path)
    parser.add_argument("--load", type=pathlib.Path)
    parser.add_argument("--library", type=pathlib.Path)
    parser.add_argument("files", type=pathlib.Path, nargs="*")
    args = parser.parse_args(own[:at])
    if not commands:
        return judge(args.api, args.language, args.files, args.bound)
    if args.calls is None or args.files:
        parser.error("programs need --calls and no other files")
    if (args.preload is None) == (args.load is None) or (args.load is None) != (
        args.library is None
    ):
        parser.error("programs need --preload, or --load with --library")
    calls: pathlib.Path = args.calls.resolve()
    calls.unlink(missing_ok=True)
    env = dict(os.environ, MODELREG_CALLS=str(calls))
    if args.preload is not None:
        env["LD_PRELOAD"] = str(args.preload.resolve())
    else:
        env["MODELREG_LIBRARY"] = str(args.load.resolve())
        env["MODELREG_COUNTED_LIBRARY"] = str(args.library.resolve())
    for command in commands:
        status = subprocess.run(command, env=env, check=False).returncode
        if status != 0:
            print(f"{command[0]} ended with status {status}")
            return status if status > 0 else 1
    return judge(args.api, args.language, [calls], args.bound)


if __name__ == "__main__":
    sys.exit(main())
