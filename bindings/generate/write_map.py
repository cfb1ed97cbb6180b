# SPDX-License-Identifier: Apache-2.0
"""Writes the version script of the library: a node a release, with the functions it brought."""

from __future__ import annotations

from c_code import HEAD
from model import Api

PATH = "src/modelreg.map"


def node_name(version: str) -> str:
    """0.1.0 -> MODELREG_0.1, and 0.1.1 -> MODELREG_0.1.1."""
    return "MODELREG_" + version.removesuffix(".0")


def release_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def write_map(api: Api) -> dict[str, str]:
    releases: dict[str, list[str]] = {}
    for function in api.functions:
        releases.setdefault(function.doc.since, []).append(function.name)
    text = HEAD
    before = ""
    for version in sorted(releases, key=release_order):
        text += f"{node_name(version)} {{\nglobal:\n"
        text += "".join(f"  {name};\n" for name in sorted(releases[version]))
        # What no release shows, the first node hides.
        text += f"}} {before};\n" if before else "local:\n  *;\n};\n"
        before = node_name(version)
    return {PATH: text}
