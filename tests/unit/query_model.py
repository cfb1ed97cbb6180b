# SPDX-License-Identifier: Apache-2.0
"""The query language a second time, written from its documentation: values, trees and truth."""

from __future__ import annotations

import dataclasses
import math
import random
import re
from collections.abc import Callable, Iterator

# --- values ---------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Value:
    """What a path stands for: `content` is a number, a text, or None for missing and unreadable."""

    content: float | str | None = None
    unreadable: bool = False
    open: bool = False

    def is_null(self) -> bool:
        """Only what is missing is NULL."""
        return self.content is None and not self.unreadable


@dataclasses.dataclass(frozen=True)
class Names:
    """What a star stands for, or which datasets a run has."""

    names: tuple[str, ...] = ()
    open: bool = False


@dataclasses.dataclass(frozen=True)
class Path:
    """A name of a value. `star` is the index of the part that is one."""

    parts: tuple[str, ...]
    summary: str = ""
    star: int = -1
    which: str = ""

    def some(self) -> bool:
        """Whether it is about any one of the datasets of a run."""
        return len(self.parts) > 1 and self.parts[-2] == "dataset"

    def key(self) -> str:
        """The form in which the program asks for it."""
        summary = f"{self.summary}:" if self.summary else ""
        return summary + "|".join(self.parts) + (f"#{self.which}" if self.which else "")


ESCAPED = [chr(b) if 0x20 < b < 0x7F and chr(b) not in "%=" else f"%{b:02X}" for b in range(256)]


def escape(text: str) -> str:
    """Bytes that would be in the way as %XX."""
    return "".join(ESCAPED[b] for b in text.encode())


class World:
    """The values of one expression, drawn when first asked for."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.values: dict[str, Value] = {}
        self.lists: dict[str, Names] = {}
        self.datasets: dict[tuple[str, ...], Names] = {}

    def value(self, path: Path) -> Value:
        """What the path stands for."""
        key = path.key()
        if key not in self.values:
            self.values[key] = draw_value(self.rng)
        return self.values[key]

    def names(self, path: Path) -> Names:
        """What its star stands for, or which datasets there are."""
        key = path.key()
        if key not in self.lists:
            pool = ("0", "1", "2") if path.star < 0 else STAR_NAMES
            chosen = tuple(name for name in pool if self.rng.random() < 0.5)
            drawn = Names(chosen, self.rng.random() < 0.2)
            if path.star < 0:  # each field has the same datasets
                drawn = self.datasets.setdefault(path.parts[:-1], drawn)
            self.lists[key] = drawn
        return self.lists[key]

    def facts(self) -> Iterator[str]:
        """Everything, as the program reads it."""
        for key, value in self.values.items():
            kind, text = "m", ""
            if value.unreadable:
                kind = "u"
            elif isinstance(value.content, str):
                kind, text = "t", value.content
            elif value.content is not None:
                kind, text = "n", repr(value.content)
            yield f"{kind}{'!' * value.open} {escape(key)}={escape(text)}"
        for key, names in self.lists.items():
            text = "".join(f"{name}," for name in names.names)
            yield f"l{'!' * names.open} {escape(key)}={escape(text)}"


NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 10.0, 0.1, 1e16, 1e300, 5e-324, 123456.789, 2e9)
TEXTS = (
    "", "x", "X", "xy", "1", "0.5", "10", "2.0", " -1\t", "nan", "inf", "-Infinity", "1e1", "+.5",
    "5.", "0x10", "1_0", "\u0661", "NaN", "caf\u00e9", "CAF\u00c9", "Caf\u00e9 \u20ac5", "100%",
    "a_b", "it's", "two\nlines", "a\\b", "\U0001f600 ok", "1 2", ".", "e5", "1e400", "NULL",
)
LITERALS = tuple(text for text in TEXTS if text.isprintable())
STAR_NAMES = ("a", "b.c", "d e", "f")


def draw_value(rng: random.Random) -> Value:
    """A number, a text, or neither."""
    kind = rng.random()
    is_open = rng.random() < 0.15
    if kind < 0.12:
        return Value(None, False, is_open)
    if kind < 0.2:
        return Value(None, True, is_open)
    if kind < 0.27:
        return Value(rng.choice((math.nan, math.inf, -math.inf)), False, is_open)
    if kind < 0.6:
        return Value(rng.choice(NUMBERS), False, is_open)
    return Value(rng.choice(TEXTS), False, is_open)


# --- trees ----------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Node:
    """`kind` is or, and, not, a test (compare, in, like, null) or a value (sum, product, negate,
    abs, number, text, path); `operators` are those between the children of sum and product, and the
    one of a comparison."""

    kind: str
    children: tuple[Node, ...] = ()
    operators: tuple[str, ...] = ()
    negated: bool = False
    fold: bool = False
    number: float = 0.0
    text: str = ""
    path: Path = Path(())


def paths_of(node: Node) -> Iterator[Path]:
    """Every path below a node."""
    if node.kind == "path":
        yield node.path
    for child in node.children:
        yield from paths_of(child)


# --- truth ----------------------------------------------------------------------------------------

Truth = bool | None
NUMBER = re.compile(r"[ \t-\r]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t-\r]*", re.ASCII)
INFINITE = re.compile(r"[ \t-\r]*[+-]?inf(inity)?[ \t-\r]*", re.ASCII | re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A truth and what it may become."""

    truth: Truth
    may_be_true: bool
    may_be_false: bool


def outcome_of(truth: Truth) -> Outcome:
    """Of a truth that stays what it is."""
    return Outcome(truth, truth is True, truth is False)


def all_of(outcomes: list[Outcome]) -> Outcome:
    """AND."""
    truths = [o.truth for o in outcomes]
    truth = False if False in truths else None if None in truths else True
    return Outcome(
        truth, all(o.may_be_true for o in outcomes), any(o.may_be_false for o in outcomes))


def any_of(outcomes: list[Outcome]) -> Outcome:
    """OR."""
    truths = [o.truth for o in outcomes]
    truth = True if True in truths else None if None in truths else False
    return Outcome(
        truth, any(o.may_be_true for o in outcomes), all(o.may_be_false for o in outcomes))


def to_number(content: float | str | None) -> float | None:
    """The number that a value is or reads as."""
    if isinstance(content, str):
        if not NUMBER.fullmatch(content) and not INFINITE.fullmatch(content):
            return None
        content = float(content)
    return None if content is None or math.isnan(content) else content


def to_text(content: float | str | None) -> str | None:
    """A text as it is, a number in its shortest form."""
    if content is None or isinstance(content, str):
        return content
    if math.isinf(content):
        return "inf" if content > 0 else "-inf"
    forms = (f"{content:.{digits}g}" for digits in (15, 16, 17))
    return next(form for form in forms if float(form) == content)


def fold_ascii(text: str) -> str:
    """Letters of ASCII in lower case."""
    return "".join(c.lower() if c < "\x80" else c for c in text)


def like(text: str, pattern: str, fold: bool) -> bool:
    """SQL's LIKE."""
    if fold:
        text, pattern = fold_ascii(text), fold_ascii(pattern)
    parts = {"%": ".*", "_": "."}
    form = "".join(parts.get(c) or re.escape(c) for c in pattern)
    return re.fullmatch(form, text, re.DOTALL) is not None


COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def divide(a: float, b: float) -> float:
    """Nothing is known of a division by zero."""
    return math.nan if b == 0 else a / b


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": divide,
}


class Judge:
    """One test for one choice of what its star and its datasets stand for."""

    def __init__(self, world: World, star: str, chosen: dict[tuple[str, ...], str | None]) -> None:
        self.world = world
        self.star = star
        self.chosen = chosen
        self.met_open = False

    def read(self, path: Path) -> Value:
        """The value of a path."""
        path = bind_star(path, self.star)
        if path.some():
            which = self.chosen[path.parts[:-1]]
            if which is None:
                self.met_open = self.met_open or self.world.names(path).open
                return Value()
            path = dataclasses.replace(path, which=which)
        value = self.world.value(path)
        self.met_open = self.met_open or value.open
        return value

    def content(self, node: Node) -> float | str | None:
        """The number or text of a value, None for unknown."""
        if node.kind == "text":
            return node.text
        if node.kind == "number":
            return node.number
        if node.kind == "path":
            content = self.read(node.path).content
            return None if isinstance(content, float) and math.isnan(content) else content
        numbers = [to_number(self.content(child)) for child in node.children]
        total = numbers[0]
        for operator, number in zip(node.operators, numbers[1:]):
            if total is None or number is None:
                total = None
            else:
                total = ARITHMETIC[operator](total, number)
        if total is not None and node.kind == "negate":
            total = -total
        if total is not None and node.kind == "abs":
            total = abs(total)
        return None if total is None or math.isnan(total) else total

    def compare(self, operator: str, left: Node, right: Node) -> Truth:
        """By text where either side is quoted, else by number, two paths also by text."""
        a, b = self.content(left), self.content(right)
        if a is None or b is None:
            return None
        quoted = "text" in (left.kind, right.kind)
        x, y = to_number(a), to_number(b)
        if not quoted and x is not None and y is not None:
            return COMPARE[operator]((x > y) - (x < y))
        both = left.kind == right.kind == "path" and isinstance(a, str) and isinstance(b, str)
        if not quoted and not both:
            return None
        s, t = (to_text(a) or "").encode(), (to_text(b) or "").encode()
        return COMPARE[operator]((s > t) - (s < t))

    def test(self, node: Node) -> Outcome:
        """A test, and what it may become: anything where it read what is open."""
        left = node.children[0]
        truth: Truth = None
        if node.kind == "compare":
            truth = self.compare(node.operators[0], left, node.children[1])
        elif node.kind == "in":
            equal = [self.compare("=", left, item) for item in node.children[1:]]
            truth = True if True in equal else None if None in equal else False
        elif node.kind == "like":
            text = to_text(self.content(left))
            truth = None if text is None else like(text, node.text, node.fold)
        else:
            truth = self.read(left.path).is_null()
        if node.negated and truth is not None:
            truth = not truth
        return Outcome(truth, True, True) if self.met_open else outcome_of(truth)


def bind_star(path: Path, name: str) -> Path:
    """The path with a name in place of its star."""
    if path.star < 0:
        return path
    parts = path.parts[: path.star] + (name,) + path.parts[path.star + 1:]
    return dataclasses.replace(path, parts=parts, star=-1)


def judge_some(node: Node, world: World, star: str) -> Outcome:
    """True for some choice of datasets; where a run has none, there is nothing to choose."""
    runs: dict[tuple[str, ...], Names] = {}
    for path in paths_of(node):
        path = bind_star(path, star)
        if path.some():
            runs[path.parts[:-1]] = world.names(path)

    def choose(left: list[tuple[str, ...]], chosen: dict[tuple[str, ...], str | None]) -> Outcome:
        if not left:
            return Judge(world, star, chosen).test(node)
        run, names = left[0], runs[left[0]]
        if not names.names:
            return choose(left[1:], {**chosen, run: None})
        found = any_of([choose(left[1:], {**chosen, run: name}) for name in names.names])
        return dataclasses.replace(found, may_be_true=found.may_be_true or names.open)

    return choose(list(runs), {})


def judge_test(node: Node, world: World) -> Outcome:
    """True for every name that a star stands for, and at least one."""
    star = next((path for path in paths_of(node) if path.star >= 0), None)
    if star is None:
        return judge_some(node, world, "")
    names = world.names(star)
    outcomes = [judge_some(node, world, name) for name in names.names]
    found = all_of(outcomes) if outcomes else Outcome(None, names.open, names.open)
    return dataclasses.replace(found, may_be_false=found.may_be_false or names.open)


def judge(node: Node, world: World) -> Outcome:
    """Any truth."""
    if node.kind == "not":
        inner = judge(node.children[0], world)
        truth = None if inner.truth is None else not inner.truth
        return Outcome(truth, inner.may_be_false, inner.may_be_true)
    if node.kind in ("and", "or"):
        outcomes = [judge(child, world) for child in node.children]
        return all_of(outcomes) if node.kind == "and" else any_of(outcomes)
    return judge_test(node, world)
