# SPDX-License-Identifier: Apache-2.0
"""What the headers promise of a registry, as plain Python over dicts and lists.

Nothing here calls the library. A change is asked for in two steps: `check_...` says with which
statuses the library may refuse it, and the method of the plain name makes it, with the ids that the
library gave and the time that it took.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import plain_rules
from model_candidate import Candidate
from model_records import (
    ACCEPTED,
    ACTIVE,
    CLEARED,
    DELETED,
    DEPRECATED,
    MOVED,
    OPEN,
    REFUSED,
    ROLLED_BACK,
    WITHDRAWN,
    YANKED,
    Asked,
    Channel,
    Model,
    Move,
    Place,
    Refusals,
    Request,
    Revision,
    Run,
    Standing,
    Version,
)
from plain_rules import Gate, Judgement
from plain_semver import Number, TooLarge, in_range, parse, raised

STATES = {plain_rules.PASSED: ACCEPTED, plain_rules.PENDING: OPEN, plain_rules.FAILED: REFUSED}

Answer = tuple[str, str, str | None, str | None]  # number, status, reason, replacement


class RegistryModel:
    """A registry."""

    def __init__(self) -> None:
        self.clock_us = 1_700_000_000_000_000
        self.last_us = 0  # of the last change that is governed
        self.runs: dict[str, Run] = {}
        self.models: dict[str, Model] = {}
        self.requests: list[Request] = []
        self.gates: dict[tuple[str | None, str], list[Revision]] = {}

    # --- time ----------------------------------------------------------------------------------

    @property
    def next_us(self) -> int:
        """The time that a change would have now: later than every one before it."""
        return max(self.clock_us, self.last_us + 1)

    def changed(self, us: int) -> None:
        """Something was changed at a time."""
        assert us >= self.last_us
        self.last_us = us

    def asked_about(self, us: int) -> None:
        """Somebody resolved as of a time, which every change is later than from now on."""
        self.last_us = max(self.last_us, us)

    # --- gates ---------------------------------------------------------------------------------

    def gate(self, model: str | None, transition: str) -> Gate | None:
        """The gate in force."""
        revisions = self.gates.get((model, transition))
        return revisions[-1].gate if revisions else None

    def gates_on(self, model: str, transition: str) -> tuple[Gate | None, Gate | None]:
        return (self.gate(None, transition), self.gate(model, transition))

    def check_attach(
        self, where: tuple[str | None, str], gate: Gate | None, expected: Gate | str | None
    ) -> Refusals:
        """`expected` is a gate, "none", or None for whatever there is; no gate detaches."""
        refusals = Refusals()
        now = self.gate(*where)
        if gate is not None and gate.waits_for_itself(where[1]):
            refusals.add("INVALID_ARGUMENT")
        if expected is not None and expected != (now if now is not None else "none"):
            refusals.add("CONFLICT")
        if gate is None and now is None:
            refusals.add("NOT_FOUND")
        return refusals

    def attach(self, where: tuple[str | None, str], gate: Gate | None, actor: str, us: int) -> None:
        self.gates.setdefault(where, []).append(Revision(gate, actor, us))
        self.changed(us)

    # --- runs ----------------------------------------------------------------------------------

    def latest_evaluation(self, name: str, run: Run) -> Run | None:
        """The latest finished evaluation of this name that looked at a run or a version of it."""
        mine = {
            (model.name, bare)
            for model in self.models.values()
            for bare, version in model.versions.items()
            if version.run is run
        }
        found = None
        for each in self.runs.values():
            if (each.kind, each.name, each.status) == ("evaluation", name, "FINISHED"):
                if run.id in each.runs_used or mine & each.versions_used:
                    found = each
        return found

    # --- promoting -----------------------------------------------------------------------------

    def _propose(self, model: Model, asked: Asked) -> Number:
        """The number that a promotion would take; KeyError of a status where there is none."""
        if asked.version is not None:
            number = parse(asked.version)
        else:
            try:
                number = self._raise(model, asked)
            except TooLarge:
                raise KeyError("LIMIT") from None
        if not number.build:
            number = dataclasses.replace(number, build=asked.run_id[-12:])
        return number

    def _raise(self, model: Model, asked: Asked) -> Number:
        line = [int(part) for part in asked.line.split(".")] if asked.line else []
        bump = asked.bump or ("patch" if len(line) == 2 else "minor")
        numbers = [each.number for each in model.versions.values()]
        numbers = [each for each in numbers if list(each.triple[: len(line)]) == line]
        if bump != "prerelease":
            numbers = [each for each in numbers if each.released] or numbers
        if not numbers:
            major, minor = (*line, 0)[:2] if line else (1, 0)
            first = (*(asked.prerelease_id or "").split("."), "0") if bump == "prerelease" else ()
            return Number(major, minor, 0, tuple(part for part in first if part))
        highest = max(numbers, key=lambda each: each.key)
        number = raised(highest, bump, asked.prerelease_id)
        if list(number.triple[: len(line)]) != line or number.key <= highest.key:
            raise KeyError("INVALID_ARGUMENT")
        return number

    def _check_number(self, model: Model, asked: Asked, refusals: Refusals) -> Number | None:
        try:
            number = self._propose(model, asked)
        except KeyError as error:
            refusals.add(str(error.args[0]))
            return None
        if number.bare in model.versions:
            refusals.add("ALREADY_EXISTS", str(model.versions[number.bare].number))
        return number

    def repeated(self, model: str, asked: Asked, refusals: Refusals) -> Request | None:
        """The request that this op_id made; a refusal where it was used for something else."""
        for request in self.requests:
            if asked.op_id is not None and (request.model, request.asked.op_id) == (
                model, asked.op_id,
            ):  # fmt: skip
                if request.asked.intent == asked.intent:
                    return request
                refusals.add("CONFLICT")
        return None

    def _open_request(self, model: str, transition: str, run: Run, path: str) -> Request | None:
        for request in self.requests:
            key = (request.model, request.transition, request.run.id, request.path, request.state)
            if key == (model, transition, run.id, path, OPEN):
                return request
        return None

    def check_promote(self, model_name: str, asked: Asked) -> tuple[Refusals, Number | None]:
        """Why a promotion would be refused, else the number it would propose."""
        refusals = Refusals()
        model, run = self.models[model_name], self.runs.get(asked.run_id)
        self.repeated(model_name, asked, refusals)
        if run is None:
            refusals.add("NOT_FOUND", asked.run_id)
            return refusals, None
        if run.kind != "training":
            refusals.add("INVALID_ARGUMENT", run.id)
        if run.status != "FINISHED":
            refusals.add("CONFLICT", run.id)
        if not run.files(asked.path):
            refusals.add("NOT_FOUND", run.id)
        for version in model.existing():
            if version.run is run and version.path == asked.path:
                refusals.add("ALREADY_EXISTS", str(version.number))
        waiting = self._open_request(model_name, "promote", run, asked.path)
        if waiting is not None:
            refusals.add("ALREADY_EXISTS", waiting.id)
        number = self._check_number(model, asked, refusals)
        return refusals, number

    def candidate(
        self, model: Model, run: Run, number: Number, transition: str, request: Request | None
    ) -> Candidate:
        """What the gate of a transition judges."""
        tags = run.tags if request is None else request.tags
        sealed = {} if request is None else request.evaluations
        return Candidate(self, model, run, number, tags, self.incumbent(model, transition), sealed)

    def incumbent(self, model: Model, transition: str) -> Version | None:
        """What a candidate is compared with: what the channel, or `latest`, holds now."""
        if transition == "promote":
            return self.resolve(model.name, "latest", False)
        channel = model.channels.get(transition.partition("/")[2])
        held = channel.held if channel is not None else None
        return model.versions[held] if held else None

    def judge(
        self, model_name: str, transition: str, candidate: Candidate, instead: Gate | None = None
    ) -> Judgement:
        """What the gates say now, one of them perhaps in place of the model's own."""
        everybody, own = self.gates_on(model_name, transition)
        incumbent = candidate.incumbent
        return plain_rules.judge(
            (everybody, instead if instead is not None else own),
            candidate,
            str(incumbent.number) if incumbent else None,
        )

    def check_try(self, model_name: str, asked: Asked) -> tuple[Refusals, Number | None]:
        """Why a dry run of a promotion would be refused, else the number it is about."""
        refusals, run = Refusals(), self.runs[asked.run_id]
        if not run.files(asked.path):
            refusals.add("NOT_FOUND", run.id)
        return refusals, self._check_number(self.models[model_name], asked, refusals)

    def _close(self, request: Request, judgement: Judgement, actor: str, us: int) -> None:
        request.judgements.append(judgement)
        request.state = STATES[judgement.verdict]
        if request.state != OPEN:
            request.closed_by, request.closed_us = actor, us

    def _seal(self, request: Request, candidate: Candidate) -> None:
        request.run.sealed = True
        request.evaluations = candidate.evaluations
        for run in candidate.evaluations.values():
            run.sealed = True

    def open(
        self,
        request_id: str,
        model_name: str,
        transition: str,
        candidate: Candidate,
        asked: Asked,
        path: str,
        expected: str | None,
        actor: str,
        us: int,
    ) -> Request:
        """Makes a request and decides."""
        judgement = self.judge(model_name, transition, candidate)
        request = Request(
            len(self.requests), request_id, model_name, transition, candidate.run, path,
            candidate.number, asked, expected, actor, us, dict(candidate.run.tags),
        )  # fmt: skip
        self.requests.append(request)
        self._seal(request, candidate)
        self._close(request, judgement, actor, us)
        self.changed(us)
        if request.state == ACCEPTED:
            self._apply(request, actor, us)
        return request

    def _apply(self, request: Request, actor: str, us: int) -> None:
        model = self.models[request.model]
        if request.transition == "promote":
            assert request.number.bare not in model.versions  # a number is never used again
            model.versions[request.number.bare] = Version(
                request.number, request.run, request.path, request,
                request.run.files(request.path), [Standing(ACTIVE, None, None, actor, us)],
            )  # fmt: skip
            return
        channel = model.channels[request.channel]
        bare = request.number.bare
        self._set_channel(
            channel, MOVED, Place(bare, channel.place), bare, request.id,
            request.asked.description, actor, us,
        )  # fmt: skip

    def check_complete(self, request: Request) -> tuple[Refusals, Number]:
        """Why an open request could not be completed, else the number it would take now."""
        refusals = Refusals()
        model = self.models[request.model]
        if request.transition == "promote":
            number = self._check_number(model, request.asked, refusals)
            return refusals, number or request.number
        version = model.versions[request.number.bare]
        held = model.channels[request.channel].held
        if held != (None if request.expected == "none" else parse(request.expected or "").bare):
            refusals.add("CONFLICT", request.channel)
        if held == request.number.bare:
            refusals.add("ALREADY_EXISTS", request.channel)
        if version.status == YANKED:
            refusals.add("CONFLICT", "yanked")
        if version.status == DELETED:
            refusals.add("NOT_FOUND")
        return refusals, request.number

    def judge_again(self, request: Request, number: Number) -> tuple[Candidate, Judgement, bool]:
        """The judgement that completing would make, and whether anything in it has changed."""
        model = self.models[request.model]
        candidate = self.candidate(model, request.run, number, request.transition, request)
        judgement = self.judge(request.model, request.transition, candidate)
        last = request.judgements[-1].without_ages()
        return candidate, judgement, judgement.without_ages() != last

    def complete(
        self, request: Request, number: Number, candidate: Candidate, judgement: Judgement,
        actor: str, us: int,
    ) -> None:  # fmt: skip
        """Keeps a judgement that has changed, and makes the transition where it passed."""
        request.number = number
        self._seal(request, candidate)
        self._close(request, judgement, actor, us)
        self.changed(us)
        if request.state == ACCEPTED:
            self._apply(request, actor, us)

    def withdraw(self, request: Request, reason: str | None, actor: str, us: int) -> None:
        request.state, request.closed_by, request.closed_reason = WITHDRAWN, actor, reason
        request.closed_us = us
        self.changed(us)

    # --- channels ------------------------------------------------------------------------------

    def _set_channel(
        self, channel: Channel, kind: str, place: Place | None, version: str | None,
        request_id: str | None, reason: str | None, actor: str, us: int,
    ) -> None:  # fmt: skip
        previous = channel.held
        channel.moves.append(Move(kind, version, previous, request_id, reason, actor, us, place))
        self.changed(us)

    def _check_expected(
        self, model: Model, name: str, expected: str, refusals: Refusals
    ) -> Channel | None:
        channel = model.channels.get(name)
        if channel is None:
            refusals.add("NOT_FOUND", name)
            return None
        wanted = None if expected == "none" else parse(expected)
        held = model.versions[channel.held].number if channel.held else None
        if (wanted and wanted.bare) != (held and held.bare) or (
            wanted and held and wanted.build not in ("", held.build)
        ):
            refusals.add("CONFLICT", str(held or "none"))
        return channel

    def check_move(self, model_name: str, asked: Asked) -> tuple[Refusals, Version | None]:
        """Why a move would be refused, and the version that it is about."""
        refusals = Refusals()
        model = self.models[model_name]
        self.repeated(model_name, asked, refusals)
        channel = self._check_expected(model, asked.channel, asked.expected, refusals)
        assert asked.version is not None
        version = model.find(asked.version)
        if version is None:
            refusals.add("NOT_FOUND", parse(asked.version).bare)
            return refusals, None
        if version.status == YANKED:
            refusals.add("CONFLICT", "yanked")
        if channel is not None and channel.held == version.number.bare:
            refusals.add("ALREADY_EXISTS", asked.channel)
        transition = f"channel/{asked.channel}"
        waiting = self._open_request(model_name, transition, version.run, version.path)
        if waiting is not None:
            refusals.add("ALREADY_EXISTS", waiting.id)
        return refusals, version

    def _usable(self, model: Model, channel: Channel, bare: str) -> bool:
        return bare != channel.held and model.versions[bare].status in (ACTIVE, DEPRECATED)

    def back(self, model: Model, channel: Channel) -> Place | None:
        """Where a roll back without a version leads to."""
        place = channel.place
        if channel.held is not None and place is not None:
            place = place.below
        while place is not None and not self._usable(model, channel, place.version):
            place = place.below
        return place

    def check_roll_back(
        self, model: Model, name: str, expected: str, text: str | None
    ) -> tuple[Refusals, Place | None]:
        refusals = Refusals()
        channel = self._check_expected(model, name, expected, refusals)
        version = model.find(text) if text is not None else None
        if text is not None and version is None:
            refusals.add("NOT_FOUND", parse(text).bare)
        if channel is None or (text is not None and version is None):
            return refusals, None
        if version is None:
            place = self.back(model, channel)
            if place is None:
                refusals.add("NOT_FOUND", name)
            return refusals, place
        bare = version.number.bare
        place = channel.last_place_of(bare)
        if channel.held == bare:
            refusals.add("ALREADY_EXISTS", name)
        if place is None:
            refusals.add("CONFLICT", name)
        if version.status == YANKED:
            refusals.add("CONFLICT", "yanked")
        return refusals, place

    def roll_back(
        self, channel: Channel, place: Place, reason: str | None, actor: str, us: int
    ) -> None:
        self._set_channel(channel, ROLLED_BACK, place, place.version, None, reason, actor, us)

    def check_clear(self, model: Model, name: str, expected: str) -> Refusals:
        refusals = Refusals()
        self._check_expected(model, name, expected, refusals)
        return refusals

    def clear(self, channel: Channel, reason: str | None, actor: str, us: int) -> None:
        self._set_channel(channel, CLEARED, channel.place, None, None, reason, actor, us)

    # --- statuses ------------------------------------------------------------------------------

    def stand(self, version: Version, standing: Standing) -> None:
        """Gives a version another status, reason or replacement."""
        version.standings.append(standing)
        self.changed(standing.us)

    def check_retire(
        self, model: Model, version: Version, status: str, replacement: str | None
    ) -> tuple[Refusals, Version | None]:
        """Why a version would not be deprecated or yanked, leaving channels aside."""
        refusals = Refusals()
        other = model.find(replacement) if replacement is not None else None
        if version.status == DELETED:
            refusals.add("NOT_FOUND", str(version.number))
        if version.status == YANKED and status == DEPRECATED:
            refusals.add("CONFLICT", "yanked")
        if replacement is not None and other is None:
            refusals.add("NOT_FOUND", parse(replacement).bare)
        if other is version:
            refusals.add("INVALID_ARGUMENT")
        elif other is not None and other.status != ACTIVE:
            refusals.add("CONFLICT", other.number.bare)
        return refusals, other

    def check_delete(self, model: Model, version: Version) -> Refusals:
        refusals = Refusals()
        bare = version.number.bare
        for channel in model.holders(bare):
            refusals.add("IN_USE", channel.name)
        for request in self.requests:
            if (request.model, request.state, request.number.bare) == (model.name, OPEN, bare):
                if request.channel:
                    refusals.add("IN_USE", request.id)
        for run in self.runs.values():
            if (model.name, bare) in run.versions_used:
                refusals.add("IN_USE", run.id)
        for other in model.existing():
            if other.now.replacement == bare:
                refusals.add("IN_USE", other.number.bare)
        return refusals

    # --- yanking -------------------------------------------------------------------------------

    def check_let_go(
        self, model: Model, version: Version, other: Version | None, how: str, refusals: Refusals
    ) -> None:
        """Why the channels that hold a version would not let it go."""
        for channel in model.holders(version.number.bare):
            if how == "ROLL_BACK" and self.back(model, channel) is None:
                refusals.add("IN_USE", channel.name)
            if how != "REPLACE":
                continue
            if other is None:
                refusals.add("IN_USE", channel.name)
            elif channel.last_place_of(other.number.bare) is None:
                transition = f"channel/{channel.name}"
                candidate = self.candidate(model, other.run, other.number, transition, None)
                verdict = self.judge(model.name, transition, candidate).verdict
                if verdict != plain_rules.PASSED:
                    refusals.add(f"GATE_{verdict}", channel.name)

    def let_go(
        self, model: Model, version: Version, other: Version | None, how: str, reason: str,
        request_ids: dict[str, str], actor: str, us: int,
    ) -> None:  # fmt: skip
        """Has every channel that holds a version hold something else."""
        for channel in model.holders(version.number.bare):
            transition = f"channel/{channel.name}"
            if how == "CLEAR":
                self.clear(channel, reason, actor, us)
                continue
            if how == "ROLL_BACK":
                place = self.back(model, channel)
            else:
                assert other is not None
                place = channel.last_place_of(other.number.bare)
            if place is not None:
                self.roll_back(channel, place, reason, actor, us)
                continue
            assert other is not None
            self.open(
                request_ids[transition], model.name, transition,
                self.candidate(model, other.run, other.number, transition, None),
                Asked(channel=channel.name, description=reason), other.path, str(version.number),
                actor, us,
            )  # fmt: skip

    # --- resolving -----------------------------------------------------------------------------

    def _standing_at(self, model: Model, us: int | None) -> Iterator[tuple[Version, Standing]]:
        for version in model.versions.values():
            standing = version.at(us)
            if standing is not None and standing.status != DELETED:
                yield version, standing

    def resolve(
        self, model_name: str, selector: str, prereleases: bool, us: int | None = None
    ) -> Version | None:
        """The version that a reference means, as of a time where one is given."""
        model = self.models[model_name]
        there = list(self._standing_at(model, us))
        if selector in model.channels:
            held = model.channels[selector].held_at(us)
            return model.versions[held] if held else None
        if len(selector) >= 12 and all(digit in "0123456789abcdef" for digit in selector):
            raise ValueError("a digest is asked for by what it is of")
        try:
            number = parse(selector)
        except ValueError:
            fits = [
                pair for pair in there
                if (pair[0].number.released or prereleases if selector == "latest"
                    else in_range(pair[0].number, selector, prereleases))
            ]  # fmt: skip
            return self._best(fits)
        for version, _ in there:
            if version.number.bare == number.bare and number.build in ("", version.number.build):
                return version
        return None

    @staticmethod
    def _best(fits: list[tuple[Version, Standing]]) -> Version | None:
        """The highest active one, else the highest deprecated one."""
        for status in (ACTIVE, DEPRECATED):
            chosen = [version for version, standing in fits if standing.status == status]
            if chosen:
                return max(chosen, key=lambda each: each.number.key)
        return None

    def with_files(
        self, model_name: str, files: frozenset[tuple[str, bytes]], us: int | None = None
    ) -> Version | None:
        """What a digest means: the active version, else the deprecated one, then the highest."""
        better = {ACTIVE: 2, DEPRECATED: 1}
        same = [
            (better.get(standing.status, 0), version.number.key, version)
            for version, standing in self._standing_at(self.models[model_name], us)
            if version.files == files
        ]
        return max(same, key=lambda each: each[:2])[2] if same else None
