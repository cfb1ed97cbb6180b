# SPDX-License-Identifier: Apache-2.0
"""What all parts of the machine share: its handles, the way to make a call, and its choices."""

from __future__ import annotations

import collections
import pathlib
import random
from collections.abc import Callable
from typing import TypeVar

import hypothesis.strategies as st
import modelreg
from hypothesis.stateful import RuleBasedStateMachine
from model_records import ACTIVE, OPEN, Model, Refusals, Request, Version
from modelreg import OpenFlags, Registry
from registry_compare import Comparison, expect
from registry_model import RegistryModel

T = TypeVar("T")


HOUR_US = 3_600_000_000
ACTORS = ("ann", "bob")
MODELS = ("fraud", "churn")
CHANNELS = ("staging", "production", "canary")
TRANSITIONS = ("promote", "promote", "channel/staging", "channel/production")
LAYOUTS: dict[str, tuple[str, ...]] = {
    "file": ("model.bin",),
    "folder": ("net/weights.bin", "net/config.json", "notes.txt"),
    "empty": (),
}
PATHS = ("", "", "", "model.bin", "net", "net/weights.bin", "missing")

# How a number is asked for.
NUMBERS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {"bump": "patch"}, {"bump": "minor"}, {"bump": "major"},
    {"bump": "prerelease"}, {"bump": "prerelease", "prerelease_id": "rc"},
    {"bump": "prerelease", "prerelease_id": "rc"}, {"bump": "prerelease", "prerelease_id": "beta"},
    {"line": "1"}, {"line": "1.0"}, {"line": "1", "bump": "major"}, {"line": "7.0"},
    {"line": "1.2", "bump": "prerelease", "prerelease_id": "rc"}, {"line": "1", "bump": "patch"},
    {"line": "1", "bump": "prerelease"}, {"version": "1.2.0"}, {"version": "1.0.0+mine"},
    {"version": "2.0.0-0"}, {"version": "1.2.5-rc"}, {"version": "0.3.1-rc.1"},
    {"version": "7.0.9007199254740991"},
)  # fmt: skip
RELEASES = st.sampled_from([NUMBERS[0], *NUMBERS[:9]])
MALFORMED: tuple[dict[str, str], ...] = (
    {"version": "1.2"}, {"version": "v1.2.3"}, {"version": "1.0.0", "bump": "minor"},
    {"version": "1.0.0", "line": "1"}, {"bump": "minor", "prerelease_id": "rc"},
    {"prerelease_id": "rc"}, {"line": "1.2.3"}, {"line": "1.x"}, {"line": ""},
    {"bump": "prerelease", "prerelease_id": "01"}, {"artifact_path": "../up"}, {"op_id": ""},
)  # fmt: skip
RESERVED = ("latest", "1.x", "^1", "abcdef123456", "x", "", "9lives", "a/b")

READINGS = st.sampled_from([0.95, 0.95, 0.9, 0.85, 0.6, 0.3, float("nan"), None])
INDEX = st.integers(0, 7)
HANDLE = st.integers(0, 1)
MODEL = st.sampled_from([MODELS[0]] * 9 + [MODELS[1]])
CHANNEL = st.sampled_from([*CHANNELS[:2] * 6, CHANNELS[2], "missing"])
# What is said of what a channel holds: mostly the truth.
EXPECTED = st.sampled_from(["right"] * 9 + ["bare", "none", "wrong", "build"])
REPLACEMENT = st.sampled_from([None, None, "active", "active", "any", "self", "missing"])
FLAG = st.booleans()


class Tally:
    """How often each rule ran, and with what success, over all sequences."""

    def __init__(self) -> None:
        self.ran: collections.Counter[str] = collections.Counter()
        self.succeeded: collections.Counter[str] = collections.Counter()
        self.outcomes: collections.Counter[str] = collections.Counter()

    def text(self) -> str:
        lines = [f"{'rule':<16}{'ran':>8}{'succeeded':>11}  outcomes"]
        for name in sorted(self.ran):
            outcomes = ", ".join(
                f"{outcome.partition(' ')[2]} {count}"
                for outcome, count in sorted(self.outcomes.items())
                if outcome.partition(" ")[0] == name
            )
            lines.append(f"{name:<16}{self.ran[name]:>8}{self.succeeded[name]:>11}  {outcomes}")
        return "\n".join(lines)


class Opened:
    """One handle of the registry and what was opened through it."""

    def __init__(self, machine: Machine, uri: str | pathlib.Path, actor: str) -> None:
        self._machine, self._uri, self.actor = machine, uri, actor
        self.open()

    def open(self) -> None:
        self.registry = Registry.open(
            self._uri, flags=OpenFlags.CREATE, actor=self.actor, clock=self._machine.clock,
            random=self._machine.random_bytes,
        )  # fmt: skip
        self._models: dict[str, modelreg.Model] = {}
        self.experiment = self.registry.open_experiment("trials")

    def model(self, name: str) -> modelreg.Model:
        if name not in self._models:
            self._models[name] = self.registry.open_model(name)
        return self._models[name]

    def close(self) -> None:
        self.registry.close()


class Machine(RuleBasedStateMachine):
    """A registry and its model."""

    tally = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.model = RegistryModel()
        self.compared = Comparison(self.model)
        self.opened: list[Opened] = []
        self.folder: str | None = None
        self.agrees = False  # whether all answers were right after the last call
        self.count = 0
        self._random = random.Random(0)

    # --- what the registry calls -----------------------------------------------------------------

    def clock(self) -> int:
        return self.model.clock_us

    def random_bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)

    # --- the ways in -----------------------------------------------------------------------------

    def handle(self, index: int) -> Opened:
        return self.opened[index % len(self.opened)]

    def ask(self, name: str, refusals: Refusals, call: Callable[[], T]) -> T | None:
        """Makes a call that is refused if and only if the model says so; None when it is."""
        self.count += 1
        self.agrees = False
        self.tally.ran[name] += 1
        try:
            answer = call()
        except modelreg.ModelregError as error:
            status, message = error.status.name, error.message
            if status not in refusals:
                wanted = f"one of {list(refusals)}" if refusals else "success"
                raise AssertionError(
                    f"{name}: {status} '{message}', but {wanted} is right"
                ) from error
            assert message and "\n" not in message and not message.endswith("."), message
            assert any(part in message for part in refusals[status]), (message, refusals[status])
            self.tally.outcomes[f"{name} {status}"] += 1
            return None
        if refusals:
            raise AssertionError(f"{name} went well, but {dict(refusals)} is right")
        self.tally.succeeded[name] += 1
        return answer

    def took(self, us: int) -> int:
        """The time of a change: now, or just later than the last one."""
        expect(us, self.model.next_us, "time of a change")
        return us

    # --- picking ---------------------------------------------------------------------------------

    def pick_version(self, model: Model, index: int) -> Version | None:
        """The newest first; those that were deleted count."""
        versions = list(model.versions.values())
        return versions[-1 - index % len(versions)] if versions else None

    def pick_request(self, index: int) -> Request | None:
        """Open ones first."""
        requests = sorted(self.model.requests, key=lambda each: (each.state != OPEN, -each.order))
        return requests[index % len(requests)] if requests else None

    def pick_replacement(self, model: Model, version: Version, how: str | None) -> str | None:
        if how is None:
            return None
        if how == "missing":
            return "99.0.0"
        if how == "self":
            return version.number.bare
        for other in reversed(list(model.versions.values())):
            if other is not version and (how == "any" or other.status == ACTIVE):
                return str(other.number) if self.count % 2 else other.number.bare
        return None

    def expectation(self, model: Model, name: str, how: str) -> str:
        channel = model.channels.get(name)
        held = model.versions[channel.held].number if channel and channel.held else None
        if how == "none" or (held is None and how in ("right", "bare")):
            return "none"
        if how == "wrong" or held is None:
            return "98.0.0"
        return {"right": str(held), "bare": held.bare, "build": f"{held.bare}+other"}[how]
