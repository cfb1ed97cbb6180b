# SPDX-License-Identifier: Apache-2.0
"""Versions and ranges: values that are compared, sorted, hashed and printed."""

from __future__ import annotations

import operator
from collections.abc import Callable

import hypothesis
import hypothesis.strategies as st
import modelreg
import pytest
from modelreg import Bump, RangeFlags, Semver, SemverRange

ORDERED = [
    *("0.9.0", "0.10.0", "1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.9", "1.0.0-rc.10"),
    *("1.0.0", "1.0.1", "2.0.0"),
]
OPERATORS = [operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt]


def test_sorting() -> None:
    semvers = [Semver.parse(text) for text in reversed(ORDERED)]
    assert [str(each) for each in sorted(semvers)] == ORDERED
    assert str(max(semvers)) == "2.0.0"
    assert [str(each) for each in sorted(semvers, key=Semver.key)] == ORDERED


@pytest.mark.parametrize("compare", OPERATORS)
def test_every_comparison(compare: Callable[[object, object], bool]) -> None:
    semvers = [Semver.parse(text) for text in ORDERED]
    for i, one in enumerate(semvers):
        for k, other in enumerate(semvers):
            assert compare(one, other) == compare(i, k), (str(one), str(other))


def test_build_metadata_does_not_count() -> None:
    one, other = Semver.parse("1.0.0-rc.1+a"), Semver.parse("1.0.0-rc.1+b")
    assert one == other and not one != other and one <= other and not one < other
    assert hash(one) == hash(other)
    assert {one: "kept"}[other] == "kept"
    assert len({one, other, Semver.parse("1.0.0-rc.2")}) == 2


def test_nothing_else_is_comparable() -> None:
    one = Semver.parse("1.0.0")
    assert one != "1.0.0" and one != 1 and one != SemverRange.parse("1.0.0")
    for compare in (operator.lt, operator.le, operator.ge, operator.gt):
        with pytest.raises(TypeError):
            compare(one, "1.0.0")
    with pytest.raises(TypeError, match="other"):
        one.compare("1.0.0")  # type: ignore[arg-type]


def test_closed() -> None:
    one, other = Semver.parse("1.0.0"), Semver.parse("1.0.0")
    one.close()
    assert one == one
    for use in (lambda: one == other, lambda: other == one, lambda: hash(one), lambda: str(one)):
        with pytest.raises(modelreg.ClosedError):
            use()
    semver_range = SemverRange.parse("*")
    with pytest.raises(modelreg.ClosedError):
        semver_range.matches(one)
    semver_range.close()
    with pytest.raises(modelreg.ClosedError):
        semver_range.matches(other)


def test_parts_and_bumps() -> None:
    info = Semver.parse("1.20.300-rc.1+5f2c").info
    assert (info.major, info.minor, info.patch) == (1, 20, 300)
    assert (info.prerelease, info.build, info.number) == ("rc.1", "5f2c", "1.20.300-rc.1+5f2c")
    with Semver.parse("1.2.3") as semver:
        assert semver.info.prerelease is None and semver.info.build is None
        assert str(semver.bump(Bump.MAJOR)) == "2.0.0"
        assert str(semver.bump(Bump.PRERELEASE, "rc").bump(Bump.PRERELEASE)) == "1.2.4-rc.1"
        with pytest.raises(modelreg.InvalidArgumentError, match="prerelease_id"):
            semver.bump(Bump.MINOR, "rc")


def test_ranges() -> None:
    caret = SemverRange.parse("^1.2")
    assert str(caret) == caret.info.text == "^1.2"
    assert caret.info.flags == RangeFlags(0)
    assert caret.info.comparisons == ">=1.2.0 <2.0.0-0"
    prerelease = Semver.parse("1.3.0-rc.1")
    assert caret.matches(Semver.parse("1.9.0")) is True
    assert caret.matches(prerelease) is False
    assert SemverRange.parse("^1.2", RangeFlags.PRERELEASES).matches(prerelease)
    assert str(caret.highest(version for version in ("1.2.0", "1.10.0", "2.0.0"))) == "1.10.0"
    with pytest.raises(LookupError, match="none of 0 versions"):
        caret.highest()
    with pytest.raises(ValueError, match=r"versions\[1\]: '1'"):
        caret.highest(["1.2.0", "1"])
    with pytest.raises(ValueError, match="NUL"):
        caret.highest(["1.2.0\0"])
    with pytest.raises(TypeError):
        caret.matches("1.9.0")  # type: ignore[arg-type]


IDENTIFIER = st.integers(0, 2**70).map(str) | st.from_regex(r"\A[a-zA-Z-][0-9a-zA-Z-]{0,9}\Z")
NUMBER = st.integers(0, 3) | st.integers(0, 2**53 - 1)


@st.composite
def versions(draw: st.DrawFn) -> str:
    text = f"{draw(NUMBER)}.{draw(NUMBER)}.{draw(NUMBER)}"
    identifiers = draw(st.lists(IDENTIFIER, max_size=4))
    return f"{text}-{'.'.join(identifiers)}" if identifiers else text


def precedence(text: str) -> tuple[object, ...]:
    """What section 11 of the specification says, as something that Python orders."""
    core, _, prerelease = text.partition("-")
    numbers = tuple(int(part) for part in core.split("."))
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in prerelease.split(".")
        if part
    )
    return numbers, not identifiers, identifiers


@hypothesis.given(versions(), versions())
def test_order_is_that_of_the_specification(one: str, other: str) -> None:
    with Semver.parse(one) as a, Semver.parse(other) as b:
        left, right = precedence(one), precedence(other)
        expected = (left > right) - (left < right)
        assert a.compare(b) == expected
        assert (a.key() > b.key()) - (a.key() < b.key()) == expected
        assert str(a) == one


@hypothesis.given(st.text(max_size=30))
def test_any_text_is_a_version_or_refused(text: str) -> None:
    for parse in (Semver.parse, SemverRange.parse):
        try:
            with parse(text) as made:
                assert str(made) == text
        except ValueError as error:
            assert str(error)
