# SPDX-License-Identifier: Apache-2.0
"""Rules of gates as trees, and what they say about a candidate: what gate.h promises, in Python."""

from __future__ import annotations

import dataclasses
import math
from typing import Protocol

Truth = bool | None  # None is unknown
Value = float | str | None  # None is missing

PASSED, FAILED, PENDING = "PASSED", "FAILED", "PENDING"


@dataclasses.dataclass(frozen=True)
class Fact:
    """What is found at a path. Something open may still change for this very candidate."""

    value: Value
    open: bool = False

    @property
    def readable(self) -> bool:
        return self.value is not None and not (
            isinstance(self.value, float) and math.isnan(self.value)
        )


class Subject(Protocol):
    """A candidate."""

    def fact(self, path: str) -> Fact: ...


class Rule(Protocol):
    """An expression: its text, its truth, and every truth that the open facts could give it."""

    @property
    def text(self) -> str: ...

    def truth(self, subject: Subject) -> Truth: ...

    def possible(self, subject: Subject) -> set[Truth]: ...

    def paths(self) -> list[str]: ...


def verdict(rule: Rule, subject: Subject) -> str:
    """What a gate says of a rule."""
    if rule.truth(subject) is True:
        return PASSED
    return PENDING if True in rule.possible(subject) else FAILED


_OPEN: set[Truth] = {True, False, None}


@dataclasses.dataclass(frozen=True)
class Test:
    """A path compared with a number, a quoted text, or another path and an offset."""

    path: str
    operator: str
    right: float | str
    other: str = ""  # a path, to which the number on the right is added

    @property
    def text(self) -> str:
        if self.other:
            return f"{self.path} {self.operator} {self.other}"
        right = f"'{self.right}'" if isinstance(self.right, str) else f"{self.right:g}"
        return f"{self.path} {self.operator} {right}"

    def paths(self) -> list[str]:
        return [self.path, self.other] if self.other else [self.path]

    def truth(self, subject: Subject) -> Truth:
        facts = [subject.fact(path) for path in self.paths()]
        if not all(fact.readable for fact in facts):
            return None
        left = facts[0].value
        right: Value = facts[1].value if self.other else self.right
        if isinstance(right, float) and isinstance(left, str):
            try:
                left = float(left)
            except ValueError:
                return None
        if isinstance(left, str) and isinstance(right, str):
            return {"=": left == right, "!=": left != right}[self.operator]
        assert isinstance(left, float) and isinstance(right, float)
        return {
            ">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right,
            "=": left == right, "!=": left != right,
        }[self.operator]  # fmt: skip

    def possible(self, subject: Subject) -> set[Truth]:
        if any(subject.fact(path).open for path in self.paths()):
            return _OPEN
        return {self.truth(subject)}


@dataclasses.dataclass(frozen=True)
class IsNull:
    """Whether a path is missing."""

    path: str

    @property
    def text(self) -> str:
        return f"{self.path} IS NULL"

    def paths(self) -> list[str]:
        return [self.path]

    def truth(self, subject: Subject) -> Truth:
        return subject.fact(self.path).value is None

    def possible(self, subject: Subject) -> set[Truth]:
        return _OPEN if subject.fact(self.path).open else {self.truth(subject)}


@dataclasses.dataclass(frozen=True)
class Not:
    """The opposite; of unknown, unknown."""

    inner: Rule

    @property
    def text(self) -> str:
        return f"NOT ({self.inner.text})"

    def paths(self) -> list[str]:
        return self.inner.paths()

    def truth(self, subject: Subject) -> Truth:
        truth = self.inner.truth(subject)
        return None if truth is None else not truth

    def possible(self, subject: Subject) -> set[Truth]:
        return {None if truth is None else not truth for truth in self.inner.possible(subject)}


@dataclasses.dataclass(frozen=True)
class Joined:
    """Two rules joined by AND or OR."""

    left: Rule
    word: str
    right: Rule

    @property
    def text(self) -> str:
        return f"({self.left.text}) {self.word} ({self.right.text})"

    def paths(self) -> list[str]:
        return self.left.paths() + self.right.paths()

    def _join(self, left: Truth, right: Truth) -> Truth:
        decisive = self.word == "OR"
        if decisive in (left, right):
            return decisive
        return None if None in (left, right) else not decisive

    def truth(self, subject: Subject) -> Truth:
        return self._join(self.left.truth(subject), self.right.truth(subject))

    def possible(self, subject: Subject) -> set[Truth]:
        return {
            self._join(left, right)
            for left in self.left.possible(subject)
            for right in self.right.possible(subject)
        }


@dataclasses.dataclass(frozen=True)
class Gate:
    """Named rules. Its text is what the library reads."""

    rules: tuple[tuple[str, Rule], ...]

    @property
    def text(self) -> str:
        return "".join(f"{name}: {rule.text}\n" for name, rule in self.rules)

    def waits_for_itself(self, transition: str) -> bool:
        """Whether a rule reads a channel that holds nothing yet when this transition is judged."""
        read = "channel." if transition == "promote" else transition.replace("/", ".") + "."
        return any(path.startswith(read) for _, rule in self.rules for path in rule.paths())


@dataclasses.dataclass(frozen=True)
class Judged:
    """What one rule said, and what it saw."""

    name: str
    from_default: bool
    verdict: str
    unknown: bool
    text: str
    seen: tuple[tuple[str, str], ...]

    def without_ages(self) -> Judged:
        """The same where time that goes by is no news: in a rule that is pending."""
        if self.verdict != PENDING:
            return self
        seen = tuple(
            (path, "an age" if path.startswith("channel.") and value != "None" else value)
            for path, value in self.seen
        )
        return dataclasses.replace(self, seen=seen)


@dataclasses.dataclass(frozen=True)
class Judgement:
    """One evaluation of the gates on a transition."""

    rules: tuple[Judged, ...]
    gates: tuple[Gate | None, Gate | None]  # the default one and the model's own
    incumbent: str | None

    def without_ages(self) -> Judgement:
        """What must differ for a judgement to be another one."""
        return dataclasses.replace(self, rules=tuple(each.without_ages() for each in self.rules))

    @property
    def verdict(self) -> str:
        verdicts = [rule.verdict for rule in self.rules]
        return FAILED if FAILED in verdicts else PENDING if PENDING in verdicts else PASSED


def judge(
    gates: tuple[Gate | None, Gate | None], subject: Subject, incumbent: str | None
) -> Judgement:
    """What the gates say of a candidate, the default gate's rules first."""
    judged = []
    for from_default, gate in ((True, gates[0]), (False, gates[1])):
        for name, rule in gate.rules if gate else ():
            seen = tuple((path, repr(subject.fact(path).value)) for path in rule.paths())
            judged.append(
                Judged(
                    name, from_default, verdict(rule, subject), rule.truth(subject) is None,
                    rule.text, seen,
                )
            )  # fmt: skip
    return Judgement(tuple(judged), gates, incumbent)


def metric(name: str, least: float) -> Rule:
    """A threshold."""
    return Test(f"metrics.{name}", ">=", least)


def check(name: str, result: str = "passed", operator: str = "=") -> Rule:
    """What a check must, or must not, have found."""
    return Test(f"checks.{name}", operator, result)


BETTER = Joined(
    Test("metrics.accuracy", ">=", 0.0, "incumbent.metrics.accuracy"),
    "OR",
    IsNull("incumbent"),
)

# What the machine attaches. Those that read a channel do not go with "promote".
GATES = (
    Gate((("quality", metric("accuracy", 0.8)),)),
    Gate((("audit", check("audit")),)),
    Gate((("better", BETTER),)),
    Gate((("quality", metric("accuracy", 0.9)), ("audit", check("audit")))),
    Gate((("risk", Test("approvals.risk", ">=", 1.0)),)),
    Gate((("release", IsNull("version.prerelease")),)),
    Gate((("small", Joined(Test("params.depth", "<=", 8.0), "OR", check("audit"))),)),
    Gate((("clean", Joined(Not(check("audit", "failed")), "AND", metric("accuracy", 0.5))),)),
    Gate((("held_out", Test("evaluations.holdout.metrics.auc", ">=", 0.7)), ("better", BETTER))),
    Gate((("team", Test("tags.team", "=", "blue")),)),
    Gate(()),
    Gate((("soaked", Test("channel.staging.hours", ">=", 24.5)),)),
    Gate((("soaked", Joined(Test("channel.staging.hours", ">=", 5.5), "OR", check("waiver"))),)),
)
