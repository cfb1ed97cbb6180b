# SPDX-License-Identifier: Apache-2.0
"""A place in the headers, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "include/modelreg/"


@dataclass(frozen=True)
class Where:
    """A line of a header."""

    header: str
    line: int

    def __str__(self) -> str:
        return f"{PREFIX}{self.header}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """A broken rule."""

    where: Where
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: {self.message}"
