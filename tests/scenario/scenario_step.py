# SPDX-License-Identifier: Apache-2.0
"""From a line of a scenario to a step with its arguments."""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable

ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", '"': b'"', "\\": b"\\"}


class ScenarioError(Exception):
    """The scenario itself is wrong."""


@dataclasses.dataclass
class Argument:
    """One item or a list of them; None is the bare word null."""

    items: list[bytes | None]
    is_list: bool = False
    used: bool = False

    def single(self) -> bytes | None:
        self.used = True
        if self.is_list:
            raise ScenarioError("there is a list where one item belongs")
        return self.items[0]

    def data(self) -> bytes:
        item = self.single()
        return b"" if item is None else item

    def text(self) -> str | None:
        item = self.single()
        return None if item is None else item.decode()

    def listed(self) -> list[bytes]:
        self.used = True
        if not self.is_list:
            raise ScenarioError("a list belongs here")
        return [item or b"" for item in self.items]

    def texts(self) -> list[str]:
        return [item.decode() for item in self.listed()]

    def integer(self) -> int:
        return to_integer(self.data())

    def integers(self) -> list[int]:
        return [to_integer(item) for item in self.listed()]

    def real(self) -> float:
        return to_real(self.data())

    def reals(self) -> list[float]:
        return [to_real(item) for item in self.listed()]


def to_integer(item: bytes) -> int:
    try:
        return int(item)
    except ValueError:
        raise ScenarioError(f"{item.decode()} is no integer") from None


def to_real(item: bytes) -> float:
    if item.startswith(b"bits:"):
        value: float = struct.unpack("=d", struct.pack("=Q", int(item[5:], 16)))[0]
        return value
    try:
        return float(item)
    except ValueError:
        raise ScenarioError(f"{item.decode()} is no number") from None


@dataclasses.dataclass
class Step:
    result: str  # the name to keep the result under, or ""
    verb: str
    places: list[Argument]
    options: dict[str, Argument]

    def place(self, index: int) -> Argument:
        if index >= len(self.places):
            raise ScenarioError(f"{self.verb} needs more arguments")
        self.places[index].used = True
        return self.places[index]

    def check_all_used(self) -> None:
        if not all(argument.used for argument in self.places):
            raise ScenarioError(f"{self.verb} does not take so many")
        for name, argument in self.options.items():
            # show= fits every step, also where there is no record to show.
            if not argument.used and name != "show":
                raise ScenarioError(f"{self.verb} does not take {name}")


class Parser:
    """Reads one step."""

    def __init__(self, rest: str, substitute: Callable[[str], str]) -> None:
        self.rest = rest
        self.substitute = substitute

    def take(self, pattern: str) -> re.Match[str] | None:
        match = re.match(pattern, self.rest)
        if match:
            self.rest = self.rest[match.end() :]
        return match

    def one(self) -> bytes:
        """A ${...} or one character."""
        match = self.take(r"\$\{([^}]*)\}")
        if match:
            return self.substitute(match[1]).encode()
        first, self.rest = self.rest[0], self.rest[1:]
        return first.encode()

    def quoted(self) -> bytes:
        """The rest of "text" or "text"*times."""
        out = bytearray()
        while not self.take('"'):
            if not self.rest:
                raise ScenarioError("a quote has no end")
            if match := self.take(r'\\([nrt"\\])'):
                out += ESCAPES[match[1]]
            elif match := self.take(r"\\x([0-9a-fA-F]{2})"):
                out += bytes.fromhex(match[1])
            elif self.rest.startswith("\\"):
                raise ScenarioError(f"{self.rest[:2]} is no escape")
            else:
                out += self.one()
        times = self.take(r"\*(\d+)")
        return bytes(out) * (int(times[1]) if times else 1)

    def word(self) -> bytes:
        out = bytearray()
        while self.rest and self.rest[0] not in ' []"':
            out += self.one()
        if not out:
            raise ScenarioError(f"there is no argument at: {self.rest}")
        return bytes(out)

    def items(self) -> list[bytes | None]:
        """One item, or in a list the many of FIRST..LAST."""
        if self.take('"'):
            return [self.quoted()]
        word = self.word()
        match = re.fullmatch(rb"(-?\d+)\.\.(-?\d+)", word)
        if match:
            return [b"%d" % i for i in range(int(match[1]), int(match[2]) + 1)]
        return [None if word == b"null" else word]

    def argument(self) -> Argument:
        if not self.take(r"\["):
            if self.take('"'):
                return Argument([self.quoted()])
            word = self.word()
            return Argument([None if word == b"null" else word])
        items: list[bytes | None] = []
        while not self.take(" *]"):
            self.take(" *")
            if not self.rest:
                raise ScenarioError("a list has no end")
            items += self.items()
        return Argument(items, is_list=True)


def parse(line: str, substitute: Callable[[str], str]) -> Step:
    """Reads `[name =] verb argument...`."""
    parser = Parser(line.lstrip(" "), substitute)
    result = parser.take(r"([^ ]+) = ")
    verb = parser.take("[^ ]*")
    step = Step(result[1] if result else "", verb[0] if verb else "", [], {})
    while parser.take(" *") and parser.rest:
        option = parser.take(r"([a-z_]+)=")
        if option:
            step.options[option[1]] = parser.argument()
        else:
            step.places.append(parser.argument())
    return step
