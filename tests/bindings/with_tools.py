#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command with the tools of the bindings' tests, which tests/run puts into build/tools.

    with_tools.py [--tap] TOOL[,TOOL] COMMAND [ARGUMENT...]

TOOL is python or go: its folder comes first in PATH. Where it is not installed the test skips, with
exit status 77 or, for a test that speaks TAP, with a plan of none.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools"
PROGRAMS = {"python": "python3", "go": "go"}


def headers_digest() -> str:
    """Changes with the public headers: Go's build cache knows the flags of the C compiler, but not
    what it includes."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted((ROOT / "include" / "modelreg").glob("*.h")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def environment(tools: list[str]) -> dict[str, str]:
    """The variables that a command with these tools gets."""
    env = dict(os.environ)
    bins = [str(TOOLS / tool / "bin") for tool in tools]
    env["PATH"] = os.pathsep.join(bins + [env.get("PATH", os.defpath)])
    # Nothing is left in the source tree, and the interpreter is the one of the virtual environment.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env.pop("PYTHONHOME", None)
    if "go" in tools:
        env.pop("GOROOT", None)
        env["GOCACHE"] = str(TOOLS / "go-cache")
        # What the tests need is there; a module or a toolchain is never fetched from here.
        env["GOFLAGS"] = "-buildvcs=false"
        env["GOPROXY"] = "off"
        env["GOTOOLCHAIN"] = "local"
        more = f"-DMODELREG_HEADERS_{headers_digest()}"
        env["CGO_CPPFLAGS"] = f"{env.get('CGO_CPPFLAGS', '')} {more}"
    return env


def main() -> None:
    arguments = sys.argv[1:]
    tap = arguments[:1] == ["--tap"]
    if tap:
        arguments.pop(0)
    if len(arguments) < 2 or not set(arguments[0].split(",")) <= set(PROGRAMS):
        sys.exit(__doc__)
    tools = arguments[0].split(",")
    for tool in tools:
        if not os.access(TOOLS / tool / "bin" / PROGRAMS[tool], os.X_OK):
            reason = f"build/tools/{tool} is not there: tests/run installs it"
            print(f"1..0 # SKIP {reason}" if tap else reason)
            sys.exit(0 if tap else 77)
    env = environment(tools)
    os.environ["PATH"] = env["PATH"]
    os.execvpe(arguments[1], arguments[1:], env)


if __name__ == "__main__":
    main()
