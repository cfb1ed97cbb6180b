# SPDX-License-Identifier: Apache-2.0
"""What a registry holds, as plain records. Versions are known by their number without build
metadata."""

from __future__ import annotations

import dataclasses
import math

from plain_rules import Gate, Judgement
from plain_semver import Number, parse

ACTIVE, DEPRECATED, YANKED, DELETED = "ACTIVE", "DEPRECATED", "YANKED", "DELETED"
OPEN, ACCEPTED, REFUSED, WITHDRAWN = "OPEN", "ACCEPTED", "REFUSED", "WITHDRAWN"
MOVED, ROLLED_BACK, CLEARED = "MOVED", "ROLLED_BACK", "CLEARED"


class Refusals(dict[str, list[str]]):
    """The statuses that a call may be refused with, each with what its message may name. Where
    several hold the headers do not say which comes first."""

    def add(self, status: str, names: str = "") -> None:
        self.setdefault(status, []).append(names)


@dataclasses.dataclass
class Run:
    """A training or evaluation run."""

    id: str
    kind: str
    name: str | None
    status: str = "RUNNING"
    sealed: bool = False
    params: dict[str, str] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    points: dict[str, list[tuple[int, int, float]]] = dataclasses.field(default_factory=dict)
    checks: dict[str, str] = dataclasses.field(default_factory=dict)
    artifacts: dict[str, bytes] = dataclasses.field(default_factory=dict)
    runs_used: set[str] = dataclasses.field(default_factory=set)
    versions_used: set[tuple[str, str]] = dataclasses.field(default_factory=set)

    def metric(self, key: str) -> float | None:
        """The value at the highest step and time; of equal ones the one logged last."""
        value: float | None = None
        highest = (-math.inf, -math.inf)
        for step, time_us, point in self.points.get(key, ()):
            if (step, time_us) >= highest:
                highest, value = (step, time_us), point
        return value

    def files(self, path: str) -> frozenset[tuple[str, bytes]]:
        """The files at an artifact path, named relative to it."""
        if path in self.artifacts:
            return frozenset({(path.rpartition("/")[2], self.artifacts[path])})
        prefix = f"{path}/" if path else ""
        return frozenset(
            (name.removeprefix(prefix), content)
            for name, content in self.artifacts.items()
            if name.startswith(prefix)
        )


@dataclasses.dataclass(frozen=True)
class Standing:
    """A status of a version, from a time on."""

    status: str
    reason: str | None
    replacement: str | None
    actor: str
    us: int

    @property
    def answer(self) -> tuple[str, str | None, str | None]:
        return (self.status, self.reason, self.replacement)


@dataclasses.dataclass
class Version:
    """A version, deleted or not."""

    number: Number
    run: Run
    path: str
    request: Request
    files: frozenset[tuple[str, bytes]]
    standings: list[Standing]

    @property
    def now(self) -> Standing:
        return self.standings[-1]

    @property
    def status(self) -> str:
        return self.now.status

    def at(self, us: int | None) -> Standing | None:
        """The standing as of a time; None before its promotion."""
        if us is None:
            return self.now
        return next((each for each in reversed(self.standings) if each.us <= us), None)

    @property
    def before_yank(self) -> Standing:
        return next(each for each in reversed(self.standings) if each.status != YANKED)


@dataclasses.dataclass
class Request:
    """A request; `number` is what it proposes or took."""

    order: int
    id: str
    model: str
    transition: str
    run: Run
    path: str
    number: Number
    asked: Asked
    expected: str | None
    actor: str
    created_us: int
    tags: dict[str, str]
    state: str = OPEN
    closed_by: str | None = None
    closed_reason: str | None = None
    closed_us: int = 0
    judgements: list[Judgement] = dataclasses.field(default_factory=list)
    evaluations: dict[str, Run] = dataclasses.field(default_factory=dict)

    @property
    def channel(self) -> str:
        return self.transition.partition("/")[2]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a caller asked of mr_model_promote() or mr_model_move_channel()."""

    run_id: str = ""
    path: str = ""
    bump: str | None = None
    version: str | None = None
    line: str | None = None
    prerelease_id: str | None = None
    description: str | None = None
    channel: str = ""
    expected: str = ""
    op_id: str | None = None

    @property
    def intent(self) -> tuple[object, ...]:
        """What must be the same for a repeat."""
        same = dataclasses.replace(self, description=None, op_id=None)
        return dataclasses.astuple(same)


@dataclasses.dataclass
class Place:
    """A version in a channel, and what the channel goes back to from there."""

    version: str
    below: Place | None


@dataclasses.dataclass(frozen=True)
class Move:
    """One change of a channel."""

    kind: str
    version: str | None
    previous: str | None
    request_id: str | None
    reason: str | None
    actor: str
    us: int
    place: Place | None


@dataclasses.dataclass
class Channel:
    """A channel with its whole history."""

    name: str
    actor: str
    us: int
    moves: list[Move] = dataclasses.field(default_factory=list)

    @property
    def held(self) -> str | None:
        return self.moves[-1].version if self.moves else None

    @property
    def place(self) -> Place | None:
        return self.moves[-1].place if self.moves else None

    def held_at(self, us: int | None) -> str | None:
        moves = [move for move in self.moves if us is None or move.us <= us]
        return moves[-1].version if moves else None

    def last_place_of(self, version: str) -> Place | None:
        """Where the channel held a version last."""
        for move in reversed(self.moves):
            if move.version == version:
                return move.place
        return None


@dataclasses.dataclass(frozen=True)
class Revision:
    """A gate that was attached, or None where one was detached."""

    gate: Gate | None
    actor: str
    us: int


@dataclasses.dataclass
class Model:
    """A model: its versions, in the order of their promotion, and channels."""

    name: str
    versions: dict[str, Version] = dataclasses.field(default_factory=dict)
    channels: dict[str, Channel] = dataclasses.field(default_factory=dict)

    def find(self, text: str) -> Version | None:
        """The version that a number names, unless it was deleted."""
        number = parse(text)
        version = self.versions.get(number.bare)
        if version is None or version.status == DELETED:
            return None
        return version if number.build in ("", version.number.build) else None

    def existing(self) -> list[Version]:
        """The highest first."""
        there = [each for each in self.versions.values() if each.status != DELETED]
        return sorted(there, key=lambda each: each.number.key, reverse=True)

    def holders(self, bare: str) -> list[Channel]:
        """The channels that hold a version, in the order of their names."""
        return [each for _, each in sorted(self.channels.items()) if each.held == bare]
