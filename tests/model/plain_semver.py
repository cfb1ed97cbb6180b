# SPDX-License-Identifier: Apache-2.0
"""Semantic versions, how they are raised, and npm's ranges, written as plainly as can be."""

from __future__ import annotations

import dataclasses
import re

NUMBER_MAX = 2**53 - 1
_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?"
)

Key = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


class TooLarge(ValueError):
    """A number would pass 2^53 - 1."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A version. Identifiers of a prerelease are kept as text."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: str = ""

    def __str__(self) -> str:
        text = self.bare
        return f"{text}+{self.build}" if self.build else text

    @property
    def bare(self) -> str:
        """The text without build metadata."""
        text = f"{self.major}.{self.minor}.{self.patch}"
        return f"{text}-{'.'.join(self.prerelease)}" if self.prerelease else text

    @property
    def released(self) -> bool:
        return not self.prerelease

    @property
    def triple(self) -> tuple[int, int, int]:
        return (self.major, self.minor, self.patch)

    @property
    def key(self) -> Key:
        """What compares as section 11 of semver.org says."""
        identifiers = tuple(
            (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in self.prerelease
        )
        return (*self.triple, 1 if self.released else 0, identifiers)


def parse(text: str) -> Number:
    """The version that a text is; ValueError where it is none."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no version")
    major, minor, patch, prerelease, build = match.groups()
    parts = tuple(prerelease.split(".")) if prerelease else ()
    return Number(int(major), int(minor), int(patch), parts, build or "")


def _next(number: int) -> int:
    if number >= NUMBER_MAX:
        raise TooLarge
    return number + 1


def raised(number: Number, part: str, prerelease_id: str | None = None) -> Number:
    """The version with a part raised: "major", "minor", "patch" or "prerelease"."""
    major, minor, patch = number.triple
    if part == "prerelease":
        return _raised_prerelease(number, prerelease_id)
    # A prerelease of exactly what is asked for leads to that.
    if part == "major":
        if number.released or (minor, patch) != (0, 0):
            major = _next(major)
        return Number(major, 0, 0)
    if part == "minor":
        if number.released or patch != 0:
            minor = _next(minor)
        return Number(major, minor, 0)
    if number.released:
        patch = _next(patch)
    return Number(major, minor, patch)


def _raised_prerelease(number: Number, prerelease_id: str | None) -> Number:
    major, minor, patch = number.triple
    wanted = tuple(prerelease_id.split(".")) if prerelease_id else None
    if number.released:
        return Number(major, minor, _next(patch), (*(wanted or ()), "0"))
    parts = list(number.prerelease)
    numeric = [index for index, part in enumerate(parts) if part.isdecimal()]
    if numeric:
        parts[numeric[-1]] = str(_next(int(parts[numeric[-1]])))
    else:
        parts.append("0")
    if wanted is not None:
        rest = parts[len(wanted) :]
        if tuple(parts[: len(wanted)]) != wanted or not rest or not rest[0].isdecimal():
            parts = [*wanted, "0"]
    return Number(major, minor, patch, tuple(parts))


Comparison = tuple[str, Number]


def _compares(number: Number, comparison: Comparison) -> bool:
    operator, bound = comparison
    if operator == "<":
        return number.key < bound.key
    if operator == "<=":
        return number.key <= bound.key
    if operator == ">":
        return number.key > bound.key
    if operator == ">=":
        return number.key >= bound.key
    return number.key == bound.key


_PARTIAL = re.compile(
    r"(\d+|[xX*])(?:\.(\d+|[xX*])(?:\.(\d+|[xX*])(?:-([0-9A-Za-z.-]+))?)?)?(?:\+[0-9A-Za-z.-]+)?"
)
_LOWEST = ("0",)  # the lowest prerelease there can be


class _Partial:
    """What may stand behind an operator: numbers, of which the last may be missing."""

    def __init__(self, text: str) -> None:
        match = _PARTIAL.fullmatch(text)
        if match is None:
            raise ValueError(f"{text} is no version and no part of one")
        *numbers, prerelease = match.groups()
        self.numbers: list[int] = []
        for number in numbers:
            if number is None or not number.isdecimal():
                break
            self.numbers.append(int(number))
        self.prerelease = tuple(prerelease.split(".")) if prerelease else ()

    @property
    def whole(self) -> bool:
        return len(self.numbers) == 3

    def low(self, open_end: bool) -> Number:
        """The lowest version that it means; where it is partial, prereleases may count."""
        major, minor, patch = (*self.numbers, 0, 0, 0)[:3]
        prerelease = self.prerelease or (_LOWEST if open_end and not self.whole else ())
        return Number(major, minor, patch, prerelease)

    def above(self, kept: int) -> Number:
        """The end of all versions whose first numbers are these: below every prerelease there."""
        numbers = self.numbers[:kept]
        numbers[-1] = _next(numbers[-1])
        major, minor, patch = (*numbers, 0, 0, 0)[:3]
        return Number(major, minor, patch, _LOWEST)


def _caret(part: _Partial, open_end: bool) -> list[Comparison]:
    """^ keeps the leftmost number that is not 0."""
    kept = len(part.numbers)
    for index, number in enumerate(part.numbers):
        if number != 0:
            kept = index + 1
            break
    return [(">=", part.low(open_end)), ("<", part.above(kept))]


def _tilde(part: _Partial, open_end: bool) -> list[Comparison]:
    """~ keeps major and minor, or a major that stands alone."""
    return [(">=", part.low(open_end)), ("<", part.above(min(2, len(part.numbers))))]


def _plain(operator: str, part: _Partial, open_end: bool) -> list[Comparison]:
    kept = len(part.numbers)
    if part.whole:
        return [(operator or "=", part.low(False))]
    if operator in ("", "="):
        return [(">=", part.low(open_end)), ("<", part.above(kept))]
    if operator == ">":
        begin = _LOWEST if open_end else ()
        return [(">=", dataclasses.replace(part.above(kept), prerelease=begin))]
    if operator == "<=":
        return [("<", part.above(kept))]
    if operator == "<":
        return [("<", dataclasses.replace(part.low(False), prerelease=_LOWEST))]
    return [(">=", part.low(open_end))]


def _comparisons(text: str, open_end: bool) -> list[Comparison]:
    """What "and" joins, written as plain comparisons."""
    hyphen = re.fullmatch(r"(\S+) - (\S+)", text)
    if hyphen:
        low, high = _Partial(hyphen[1]), _Partial(hyphen[2])
        first = low.low(open_end)
        if open_end and first.released:  # the prereleases of a release come before it
            first = dataclasses.replace(first, prerelease=_LOWEST)
        begin: list[Comparison] = [(">=", first)] if low.numbers else []
        return begin + (_plain("<=", high, open_end) if high.numbers else [])
    found: list[Comparison] = []
    for word in text.split():
        match = re.fullmatch(r"(\^|~|>=|<=|>|<|=|)(.+)", word)
        assert match is not None
        operator, part = match[1], _Partial(match[2])
        if not part.numbers:
            continue  # anything
        if operator == "^":
            found += _caret(part, open_end)
        elif operator == "~":
            found += _tilde(part, open_end)
        else:
            found += _plain(operator, part, open_end)
    return found


def in_range(number: Number, text: str, prereleases: bool) -> bool:
    """Whether a version is in a range; with `prereleases` as npm's includePrerelease."""
    for alternative in text.split("||"):
        comparisons = _comparisons(alternative.strip(), prereleases)
        if not all(_compares(number, each) for each in comparisons):
            continue
        if number.released or prereleases:
            return True
        if any(not bound.released and bound.triple == number.triple for _, bound in comparisons):
            return True
    return False
