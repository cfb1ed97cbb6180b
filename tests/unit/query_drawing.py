# SPDX-License-Identifier: Apache-2.0
"""Random trees of the query language, and spellings of them."""

from __future__ import annotations

import math
import random
import re

from query_model import COMPARE, LITERALS, NUMBERS, Node, Path

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
PLAIN = re.compile(r"[^\W\u2000-\u206f][\w]*([-/$.][\w]+)*")


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
