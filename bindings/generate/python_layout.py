# SPDX-License-Identifier: Apache-2.0
"""Lays Python code out in lines."""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = 100
# What the lines of a function are indented by in the end, at most.
DEPTH = 16


def bracketed(start: str, items: Sequence[str], end: str) -> list[str]:
    """`start(items)end` on one line, on three, or on one for each item."""
    line = f"{start}({', '.join(items)}){end}"
    if len(line) <= COLUMNS - DEPTH:
        return [line]
    inside = f"    {', '.join(items)}"
    if len(inside) <= COLUMNS - DEPTH and "*" not in items:
        return [f"{start}(", inside, f"){end}"]
    return [f"{start}(", *(f"    {item}," for item in items), f"){end}"]


def indented(lines: Sequence[str]) -> list[str]:
    return ["    " + line if line else "" for line in lines]
