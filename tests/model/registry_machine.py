# SPDX-License-Identifier: Apache-2.0
"""A machine that does the same to a registry and to its model, step by step, in any order."""

from __future__ import annotations

import pathlib
import shutil
import tempfile

import hypothesis.strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from machine_base import (
    ACTORS,
    CHANNELS,
    FLAG,
    HANDLE,
    HOUR_US,
    INDEX,
    MODEL,
    MODELS,
    NUMBERS,
    READINGS,
    RELEASES,
    Opened,
)
from machine_channels import ChannelRules
from model_records import OPEN, YANKED, Model, Refusals
from modelreg import ResolveFlags, YankChannels
from plain_rules import GATES, Gate

TURNS = ("deprecate", "yank", "drop", "unyank", "undeprecate")
NO_RULES = GATES[10]
CHANNEL_GATES = (*GATES[:3], *GATES[4:6], GATES[9], *GATES[11:])


class RegistryMachine(ChannelRules):
    """See the module."""

    @initialize(
        where=st.sampled_from(["memory", "memory", "file", "two"]),
        gate=st.sampled_from([None, None, *GATES[:5]]),
        everybody=st.sampled_from([None, None, None, GATES[0]]),
        before=st.sampled_from([3, 3, 2, 2, 4, 1, 0]),
        wide=FLAG,
    )
    def begin(
        self, where: str, gate: Gate | None, everybody: Gate | None, before: int, wide: bool
    ) -> None:
        uri: str | pathlib.Path = "memory:"
        if where != "memory":
            # In memory where there is such a place: each change waits for its file.
            shared = pathlib.Path("/dev/shm")
            self.folder = tempfile.mkdtemp(
                prefix="modelreg-", dir=shared if shared.is_dir() else None
            )
            uri = pathlib.Path(self.folder) / "R.db"
        for actor in ACTORS[: 2 if where == "two" else 1]:
            self.opened.append(Opened(self, uri, actor))
        for name in MODELS:
            self.opened[0].registry.create_model(name).close()
            self.model.models[name] = Model(name)
        # Something to go on with, mostly.
        for name in CHANNELS[: min(before, 2)]:
            self.create_channel(0, MODELS[0], name)
        for number in range(before):
            self.promote(
                handle=number, model=MODELS[0], fresh=True, run=number, accuracy=0.9 - number / 20,
                content=number, how=NUMBERS[0], path="", layout="file", op=False,
            )  # fmt: skip
            for name in CHANNELS[: min(before, 2 if wide else 1)]:
                self.move(number, MODELS[0], name, 0, "right", None, False)
        for owner, text in ((MODELS[0], gate), (None, everybody)):
            if text is not None:
                self._attach(self.opened[0], (owner, "promote"), text, None)

    def teardown(self) -> None:
        try:
            if self.agrees:
                self.compared.at_the_end(self.opened[0].registry)
        finally:
            for opened in self.opened:
                opened.close()
            if self.folder is not None:
                shutil.rmtree(self.folder)

    @invariant()
    def all_answers_are_the_models(self) -> None:
        if self.opened:
            opened = self.handle(self.count)
            self.compared.everything(opened.registry, opened.model)
            self.agrees = True

    # --- time and handles ------------------------------------------------------------------------

    @precondition(lambda self: self.folder is not None)
    @rule(handle=HANDLE)
    def reopen(self, handle: int) -> None:
        opened = self.handle(handle)

        def call() -> None:
            opened.close()
            opened.open()

        self.ask("reopen", Refusals(), call)

    @rule(
        handle=HANDLE, model=MODEL, hours=st.sampled_from([0, 1, 6, 30, 100, -1, -7, -50]),
        ahead=st.sampled_from([0, 0, 1, 5]),
    )  # fmt: skip
    def jump(self, handle: int, model: str, hours: int, ahead: int) -> None:
        """The clock goes forward, or is set back; what comes after now nobody knows."""
        self.model.clock_us += hours * HOUR_US + 1
        latest = max(self.model.clock_us, self.model.last_us)
        refusals = Refusals()
        if ahead:
            refusals.add("INVALID_ARGUMENT")
        elif self.model.resolve(model, "latest", True, latest) is None:
            refusals.add("NOT_FOUND", model)
        found = self.ask(
            "jump", refusals,
            lambda: self.handle(handle).registry.resolve(
                model, flags=ResolveFlags.PRERELEASES, as_of_us=latest + ahead
            ),
        )  # fmt: skip
        if not ahead:
            self.model.asked_about(latest)
        if found is not None:
            found.close()

    # --- what people do, so that sequences get far -----------------------------------------------

    @rule(handle=HANDLE, accuracy=st.sampled_from([0.95, 0.9, 0.85]), content=INDEX, how=RELEASES)
    def release(self, handle: int, accuracy: float, content: int, how: dict[str, str]) -> None:
        self.promote(
            handle, MODELS[0], True, 0, accuracy, content, how, "", "file", content % 2 == 0
        )

    @precondition(lambda self: self.model.models[MODELS[0]].channels)
    @rule(handle=HANDLE, name=st.sampled_from(CHANNELS[:2]), index=INDEX)
    def put(self, handle: int, name: str, index: int) -> None:
        self.move(handle, MODELS[0], name, index, "right", "better", index % 2 == 0)

    @precondition(lambda self: self.model.models[MODELS[0]].channels)
    @rule(
        handle=HANDLE, name=st.sampled_from(CHANNELS[:2]), index=INDEX,
        gate=st.sampled_from(CHANNEL_GATES),
    )  # fmt: skip
    def guard(self, handle: int, name: str, index: int, gate: Gate) -> None:
        """A gate on a channel, and somebody who comes to it."""
        self.attach_gate(handle, MODELS[0], f"channel/{name}", gate, False, None)
        self.put(handle, name, index)

    @precondition(lambda self: any(each.state == OPEN for each in self.model.requests))
    @rule(handle=HANDLE, index=INDEX, how=st.sampled_from(["number", "yank", "away"]))
    def overtake(self, handle: int, index: int, how: str) -> None:
        """Makes what an open request proposes impossible, mostly, and completes it."""
        request = self.pick_request(index)
        if request is None or request.state != OPEN:
            return
        model = request.model
        self.attach_gate(handle, model, request.transition, NO_RULES, False, None)
        if request.transition == "promote":
            number = {"version": request.number.bare} if how == "number" else {}
            self.promote(handle, model, True, 1, 0.95, 1, number, "", "file", False)
        elif how == "yank":
            bare = request.number.bare
            self.yank_number(handle, model, bare, None, YankChannels.CLEAR, "bad")
        else:
            self.move(handle, model, request.channel, index, "right", None, False)
        self._complete(self.handle(handle), request)

    @precondition(lambda self: self.model.models[MODELS[0]].channels)
    @rule(
        handle=HANDLE, name=st.sampled_from(CHANNELS[:2]), named=st.sampled_from([0, 0, 0, 1]),
        cleared=st.sampled_from(["", "", "before", "after"]), puts=st.integers(0, 2),
        spoiled=st.sampled_from([None, None, "yank", "delete"]),
    )  # fmt: skip
    def go_back(
        self, handle: int, name: str, named: int, cleared: str, puts: int, spoiled: str | None
    ) -> None:
        """Perhaps with more moves before, or from a channel that was cleared, or where the version
        that was next is no good any more."""
        if cleared == "before":
            self.clear(handle, MODELS[0], name, "right")
        for index in range(puts):
            self.put(handle, name, index)
        model = self.model.models[MODELS[0]]
        place = self.model.back(model, model.channels[name]) if name in model.channels else None
        if place is not None and spoiled is not None:
            numbers = list(model.versions)
            index = len(numbers) - 1 - numbers.index(place.version)
            if spoiled == "yank":
                self.yank(handle, MODELS[0], index, None, False, YankChannels.CLEAR, "bad")
            else:
                self.delete(handle, MODELS[0], index, "gone")
        if cleared == "after":
            self.clear(handle, MODELS[0], name, "right")
        self.roll_back(handle, MODELS[0], name, "right", bool(named), 2, "worse")

    @precondition(lambda self: self.model.models[MODELS[0]].versions)
    @rule(
        handle=HANDLE, channels=st.sampled_from(list(YankChannels)),
        replacement=st.sampled_from(["active", "active", None]), index=INDEX,
        gate=st.sampled_from([None, None, *CHANNEL_GATES]),
    )  # fmt: skip
    def recall(
        self, handle: int, channels: YankChannels, replacement: str | None, index: int,
        gate: Gate | None,
    ) -> None:  # fmt: skip
        """Yanks what a channel holds, whose gate may not take the replacement."""
        if gate is not None:
            name = CHANNELS[index % 2]
            self.attach_gate(handle, MODELS[0], f"channel/{name}", gate, False, None)
            self.release(handle, 0.85, index, NUMBERS[0])
        self.yank(handle, MODELS[0], index, replacement, True, channels, "bad")

    @precondition(lambda self: self.model.models[MODELS[0]].versions)
    @rule(
        handle=HANDLE, index=INDEX, replacement=st.sampled_from(["active", "active", None]),
        steps=st.one_of(
            st.just(TURNS), st.lists(st.sampled_from(TURNS), min_size=2, max_size=4).map(tuple)
        ),
    )  # fmt: skip
    def turn(
        self, handle: int, index: int, replacement: str | None, steps: tuple[str, ...]
    ) -> None:
        """One version changes its status again and again."""
        for step in steps:
            if step == "deprecate":
                self.deprecate(handle, MODELS[0], index, replacement, "old")
            elif step == "yank":
                self.yank(handle, MODELS[0], index, None, False, YankChannels.CLEAR, "bad")
            elif step == "drop":
                self._drop_replacement(handle, index)
            else:
                self.restore(handle, MODELS[0], index, None, step, False)

    def _drop_replacement(self, handle: int, index: int) -> None:
        """Deletes what a version that is yanked now had as its replacement before."""
        model = self.model.models[MODELS[0]]
        version = self.pick_version(model, index)
        if version is not None and version.status == YANKED and version.before_yank.replacement:
            numbers = list(model.versions)
            place = len(numbers) - 1 - numbers.index(version.before_yank.replacement)
            self.delete(handle, MODELS[0], place, "gone")

    @rule(
        handle=HANDLE, gate=st.sampled_from(GATES[1:9]), accuracy=st.sampled_from([0.95, 0.6]),
        how=st.sampled_from(NUMBERS),
    )  # fmt: skip
    def propose(self, handle: int, gate: Gate, accuracy: float, how: dict[str, str]) -> None:
        """Something that mostly waits."""
        self.attach_gate(handle, MODELS[0], "promote", gate, False, None)
        self.promote(handle, MODELS[0], True, 1, accuracy, 3, how, "", "file", True)

    @precondition(lambda self: any(each.state == OPEN for each in self.model.requests))
    @rule(
        handle=HANDLE, index=INDEX, result=st.sampled_from(["passed", "passed", "failed"]),
        before=st.sampled_from([None, None, "failed", "passed"]), auc=READINGS,
        hours=st.sampled_from([0, 0, 8, 30]),
    )  # fmt: skip
    def decide(
        self, handle: int, index: int, result: str, before: str | None, auc: float | None,
        hours: int,
    ) -> None:  # fmt: skip
        """Brings in what an open request may wait for, and completes it. The last report counts."""
        if before is not None:
            self.report_check(handle, index, True, "audit", before)
        self.model.clock_us += hours * HOUR_US
        self.report_check(handle, index, True, "audit", result)
        if result == "passed":
            self.evaluate(handle, 2 * index + 1, auc, "run", "FINISHED")
        self.complete(handle, index)
