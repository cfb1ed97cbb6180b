#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The query language a second time, written from its documentation, against the library.

    query_model.py QUERY_ANSWERS [SEED [COUNT]]

QUERY_ANSWERS is the program built from query_answers.c. COUNT expressions (200,000 times
MR_TEST_SCALE, at least 20,000) of a random SEED, which is printed, are made as trees, written in a
spelling of their own, and judged here over values of their own. The library reads the text and must
come to the same truth, and to the same answer whether it may still become true.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import math
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

CHUNK = 20000

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


# --- text -----------------------------------------------------------------------------------------

HOLDS = {"or": 0, "and": 1, "not": 2, "sum": 4, "product": 5, "negate": 6}
FAMILIES = {
    "metrics": ("metrics", "metric", "`metrics`"),
    "params": ("params", "param", "parameters", "parameter"),
    "tags": ("tags", "tag"),
    "attributes": ("attributes", "attribute", "attr", "run"),
    "dataset": ("dataset", "datasets"),
}
ATTRIBUTES = {
    "start_time": ("start_time", "Created", "created"),
    "run_name": ("run_name", '"Run name"', "`run name`"),
    "actor": ("user_id", '"user_id"'),
}
# Names that need no quotes, though some would not expect it.
PLAIN = re.compile(r"[^\W\u2000-\u206f][\w]*([-/$#.][\w]+)*")


class Writer:
    """Writes a tree in some spelling that has its meaning."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def blank(self) -> str:
        """Between tokens."""
        return self.rng.choice((" ", " ", " ", "  ", "\t", "\n", " \r\n "))

    def word(self, word: str) -> str:
        """A keyword in any case."""
        return self.rng.choice((word, word.lower(), word.capitalize()))

    def literal(self, text: str) -> str:
        """A quoted text."""
        quote = self.rng.choice("'\"")
        return quote + text.replace(quote, quote * 2) + quote

    def name(self, part: str, last: bool) -> str:
        """A name, quoted where it must be and sometimes where not."""
        plain = PLAIN.fullmatch(part) and (last or "." not in part)
        if plain and self.rng.random() < 0.7:
            return part
        quote = self.rng.choice('"`')
        return quote + part.replace(quote, quote * 2) + quote

    def path(self, path: Path) -> str:
        """A path, its families in any spelling."""
        words = []
        family = True
        for i, part in enumerate(path.parts):
            if i == path.star:
                words.append("*")
            elif family and (part in FAMILIES and (i == 0 or path.parts[0] in NESTING)):
                spellings = FAMILIES[part]
                spelling = self.rng.choice(spellings)
                words.append(spelling.strip("`") if i > 0 else spelling)
            elif family and part in NESTING | {"artifacts", "checks", "version", "inputs"}:
                words.append(part)
            elif i > 0 and path.parts[i - 1] == "attributes" and part in ATTRIBUTES:
                words.append(self.rng.choice(ATTRIBUTES[part]))
            else:
                words.append(self.name(part, i == len(path.parts) - 1))
            family = part == "incumbent" or (i == 1 and path.parts[0] == "evaluations")
        text = ".".join(words)
        if path.parts == ("attributes", "status") and self.rng.random() < 0.5:
            text = "status"
        if path.summary:
            text = f"{self.word(path.summary)}{self.rng.choice(('(', ' ( '))}{text})"
        return text

    def number(self, value: float) -> str:
        """A number in one of its forms."""
        sign = "-" if math.copysign(1, value) < 0 else self.rng.choice(("", "", "+ "))
        forms = [repr(abs(value)), f"{abs(value):.17g}", f"{abs(value):.17e}"]
        if abs(value) < 1e15 and value == int(value):
            forms += [f"{int(abs(value))}.", str(int(abs(value)))]
        if 0 < abs(value) < 1:
            forms.append(repr(abs(value)).removeprefix("0"))
        return sign + self.rng.choice(forms)

    def write(self, node: Node, least: int) -> str:
        """A node; in parentheses where it holds together less than its place asks for."""
        text = self.bare(node)
        holds = HOLDS.get(node.kind, 3 if node.kind in TESTS else 7)
        if holds < least or self.rng.random() < 0.05:
            return f"({text})"
        return text

    def chain(self, node: Node) -> str:
        """AND, OR, and arithmetic."""
        holds = HOLDS[node.kind]
        text = self.write(node.children[0], holds)
        logic = node.kind in ("and", "or")
        operators = (node.kind.upper(),) * (len(node.children) - 1) if logic else node.operators
        for operator, child in zip(operators, node.children[1:]):
            word = self.word(operator) if logic else operator
            right = self.write(child, holds if logic else holds + 1)
            text += f"{self.blank()}{word}{self.blank()}{right}"
        return text

    def bare(self, node: Node) -> str:
        """A node without parentheses."""
        if node.kind in ("and", "or", "sum", "product"):
            return self.chain(node)
        if node.kind == "not":
            return f"{self.word('NOT')} {self.write(node.children[0], 2)}"
        if node.kind == "negate":
            return f"-{self.rng.choice(('', ' '))}{self.write(node.children[0], 6)}"
        if node.kind == "abs":
            return f"{self.word('ABS')}({self.write(node.children[0], 4)})"
        if node.kind == "number":
            return self.number(node.number)
        if node.kind == "text":
            return self.literal(node.text)
        if node.kind == "path":
            return self.path(node.path)
        return self.test(node)

    def test(self, node: Node) -> str:
        """A test."""
        left = self.write(node.children[0], 4) + self.blank()
        negated = self.word("NOT") + self.blank() if node.negated else ""
        if node.kind == "compare":
            spellings = {"=": ("=", "=="), "!=": ("!=", "<>")}
            operator = self.rng.choice(spellings.get(node.operators[0], node.operators))
            return f"{left}{operator}{self.blank()}{self.write(node.children[1], 4)}"
        if node.kind == "null":
            return f"{left}{self.word('IS')} {negated}{self.word('NULL')}"
        if node.kind == "like":
            word = self.word("ILIKE" if node.fold else "LIKE")
            return f"{left}{negated}{word}{self.blank()}{self.literal(node.text)}"
        items = ", ".join(self.bare(item) for item in node.children[1:])
        return f"{left}{negated}{self.word('IN')}{self.rng.choice(('', ' '))}({items})"


# --- drawing trees --------------------------------------------------------------------------------

TESTS = ("compare", "in", "like", "null")
NESTING = {"incumbent", "evaluations"}
METRICS = ("a", "eval.loss", "b c", "val/loss", "2024", 'qu"ote', "na\u00efve", "*", "`", "and")
SUMMARIES = ("min", "max", "mean", "first", "last", "count")
PATTERNS = (
    "%", "", "_", "x%", "%y", "X_", "0.%", "%e+%", "caf_", "CAF\u00c9", "%\u20ac_", "100%", "a_b",
    "%_%_%", "it's", "two_lines", "%l%n%", "_ ok", "%\u00e9%5", "a\\b", "%.%", "[x]", "in_", "_%5",
)
PATHS = (
    ("tags", "mlflow.user"), ("tags", "x"), ("params", "lr"), ("params", "x-1/y"),
    ("params", "two words"), ("attributes", "status"), ("attributes", "start_time"),
    ("attributes", "run_name"), ("attributes", "actor"), ("version", "major"),
    ("artifacts", "model.bin", "size"), ("artifacts", "a", "format"), ("checks", "lint.c"),
    ("inputs", "training", "digest"), ("incumbent", "metrics", "a"), ("incumbent", "tags", "b.c"),
    ("evaluations", "h.1", "metrics", "auc"), ("evaluations", "a", "checks", "lint.c"),
)
STARS = (
    ("artifacts", "*", "size"), ("artifacts", "*", "format"), ("checks", "*"), ("metrics", "*"),
    ("evaluations", "*", "metrics", "auc"), ("incumbent", "artifacts", "*", "size"),
)
SOME = (
    ("dataset", "name"), ("dataset", "digest"), ("dataset", "context"),
    ("incumbent", "dataset", "digest"), ("evaluations", "h.1", "dataset", "name"),
    ("evaluations", "*", "dataset", "name"),
)


class Maker:
    """Draws trees that the parser takes as they are."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.stars = 0
        self.runs: set[tuple[str, ...]] = set()

    def path(self) -> Path:
        """A path; one star and the datasets of two runs at most in a test."""
        kind = self.rng.random()
        if kind < 0.12 and self.stars == 0:
            self.stars = 1
            parts = self.rng.choice(STARS)
            return Path(parts, star=parts.index("*"))
        if kind < 0.24:
            parts = self.rng.choice(SOME)
            star = parts.index("*") if "*" in parts else -1
            run = parts[:-1]
            if (run in self.runs or len(self.runs) < 2) and (star < 0 or self.stars == 0):
                self.runs.add(run)
                self.stars += star >= 0
                return Path(parts, star=star)
        if kind < 0.55:
            summary = self.rng.choice(SUMMARIES) if self.rng.random() < 0.3 else ""
            return Path(("metrics", self.rng.choice(METRICS)), summary)
        return Path(self.rng.choice(PATHS))

    def value(self, depth: int, numeric: bool) -> Node:
        """A value; `numeric` where a quoted text may not stand."""
        kind = self.rng.random()
        if kind < 0.35 or depth == 0:
            return Node("path", path=self.path())
        if kind < 0.5:
            return Node("number", number=self.rng.choice(NUMBERS))
        if kind < 0.62 and not numeric:
            return Node("text", text=self.rng.choice(LITERALS))
        if kind < 0.84:
            signs = "+-" if self.rng.random() < 0.5 else "*/"
            count = self.rng.choice((2, 2, 3))
            children = tuple(self.value(depth - 1, True) for _ in range(count))
            operators = tuple(self.rng.choice(signs) for _ in range(count - 1))
            return Node("sum" if signs == "+-" else "product", children, operators)
        return Node(self.rng.choice(("negate", "abs")), (self.value(depth - 1, True),))

    def test(self) -> Node:
        """A test."""
        self.stars = 0
        self.runs = set()
        kind = self.rng.random()
        negated = self.rng.random() < 0.4
        if kind < 0.5:
            operator = self.rng.choice(tuple(COMPARE))
            return Node("compare", (self.value(2, False), self.value(2, False)), (operator,))
        if kind < 0.65:
            items = tuple(self.literal() for _ in range(self.rng.choice((1, 2, 3))))
            return Node("in", (self.value(1, False), *items), negated=negated)
        left = Node("path", path=self.path())
        if kind < 0.85:
            fold = self.rng.random() < 0.5
            return Node("like", (left,), negated=negated, fold=fold,
                        text=self.rng.choice(PATTERNS))
        if self.rng.random() < 0.15:
            left = Node("path", path=Path(("incumbent",)))
        return Node("null", (left,), negated=negated)

    def literal(self) -> Node:
        """A number or a text."""
        if self.rng.random() < 0.5:
            return Node("number", number=self.rng.choice(NUMBERS))
        return Node("text", text=self.rng.choice(LITERALS))

    def truth(self, depth: int) -> Node:
        """Any truth."""
        kind = self.rng.random()
        if depth == 0 or kind < 0.4:
            return self.test()
        if kind < 0.55:
            return Node("not", (self.truth(depth - 1),))
        children = tuple(self.truth(depth - 1) for _ in range(self.rng.choice((2, 2, 3))))
        return Node(self.rng.choice(("and", "or")), children)


# --- all together ---------------------------------------------------------------------------------


def ask(program: str, lines: list[str]) -> list[str]:
    """The program's answers."""
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([program], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().splitlines()
    if len(answers) != len(lines):
        raise SystemExit(f"{len(lines)} questions, {len(answers)} answers")
    return answers


def draw(rng: random.Random) -> tuple[str, str, Node]:
    """A question, its answer, and the tree."""
    node = Maker(rng).truth(rng.choice((0, 1, 1, 2, 3)))
    world = World(rng)
    outcome = judge(node, world)
    wanted = {True: "TRUE", False: "FALSE", None: "UNKNOWN"}[outcome.truth]
    if outcome.truth is not True and outcome.may_be_true:
        wanted += " open"
    text = Writer(rng).write(node, 0)
    return "\t".join([escape(text), *world.facts()]), wanted, node


def kinds_of(node: Node) -> Iterator[str]:
    """What a tree is made of, for counting."""
    yield node.kind
    if node.kind == "path":
        if node.path.star >= 0:
            yield "star"
        if node.path.some():
            yield "some"
        if node.path.summary:
            yield "summary"
    for child in node.children:
        yield from kinds_of(child)


def main(program: str, seed: int, count: int) -> int:
    """Asks, compares and counts."""
    rng = random.Random(seed)
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    for start in range(0, count, CHUNK):
        drawn = [draw(rng) for _ in range(min(CHUNK, count - start))]
        answers = ask(program, [question for question, _, _ in drawn])
        for (question, wanted, node), answer in zip(drawn, answers):
            counts.update({wanted, *kinds_of(node)})
            if wanted != answer:
                wrong.append(f"{question}\n  the model {wanted}, the library {answer}")
    print(f"seed {seed}, {count} expressions: {dict(counts)}")
    for text in itertools.islice(wrong, 10):
        print(text)
    everything = ("TRUE", "FALSE", "UNKNOWN", "FALSE open", "UNKNOWN open", "star", "some",
                  "summary", "number", "text", "path", "abs", *HOLDS, *TESTS)
    little = [kind for kind in everything if counts[kind] < count / 100]
    if little:
        print(f"too little asked: {', '.join(little)}")
    print(f"{len(wrong)} mismatches")
    return 1 if wrong or little else 0


if __name__ == "__main__":
    SCALE = float(os.environ.get("MR_TEST_SCALE") or 1)
    SEED = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 2**32
    COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else max(20000, round(200000 * SCALE))
    sys.exit(main(sys.argv[1], SEED, COUNT))
