# SPDX-License-Identifier: Apache-2.0
"""The public headers: which there are, in which order, and their text after the preprocessor."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
STUBS = pathlib.Path(__file__).resolve().with_name("stubs")
UMBRELLA = "modelreg.h"
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<modelreg/([^>]+)>", re.M)
MARKER = re.compile(r'^# (\d+) "([^"]*)".*$', re.M)


class HeaderError(Exception):
    """The headers cannot be read at all."""


def includes(text: str) -> list[str]:
    """The public headers that a header includes, in its order."""
    return INCLUDE.findall(text)


def read_texts(include_dir: pathlib.Path) -> dict[str, str]:
    """The text of every public header by name, each after those it includes, the umbrella last."""
    folder = include_dir / "modelreg"
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.h"))}
    if UMBRELLA not in texts:
        raise HeaderError(f"{folder} has no {UMBRELLA}")
    ordered: dict[str, str] = {}
    seen: set[str] = set()

    def visit(name: str) -> None:
        # A circle is cut where it closes; the rules report it.
        if name in seen or name not in texts:
            return
        seen.add(name)
        for other in includes(texts[name]):
            visit(other)
        ordered[name] = texts[name]

    # A header that the umbrella leaves out is read, too: the rules report it.
    for name in [*includes(texts[UMBRELLA]), *texts]:
        if name != UMBRELLA:
            visit(name)
    visit(UMBRELLA)
    return ordered


def preprocess(include_dir: pathlib.Path, names: list[str]) -> str:
    """The headers as one text for the parser. Lines are marked with the header's bare name, so
    that neither the compiler nor the place of the tree shows."""
    command = [
        *shlex.split(os.environ.get("CC", "cc")),
        *("-E", "-x", "c", "-std=c99", "-nostdinc"),
        *("-I", str(STUBS), "-I", str(include_dir)),
        *("-D__attribute__(x)=", "-"),
    ]
    source = "".join(f"#include <modelreg/{name}>\n" for name in names)
    try:
        done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    except OSError as error:
        raise HeaderError(f"cannot run the C compiler {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise HeaderError(f"the preprocessor fails:\n{done.stderr}")
    folder = f"{include_dir / 'modelreg'}/"

    def mark(match: re.Match[str]) -> str:
        path = match.group(2)
        name = path.removeprefix(folder) if path.startswith(folder) else "elsewhere"
        return f'# {match.group(1)} "{name}"'

    return MARKER.sub(mark, done.stdout)
