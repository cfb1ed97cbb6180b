# SPDX-License-Identifier: Apache-2.0
"""Asks a registry everything and compares its answers with those of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import modelreg
from modelreg import GateFlags, ResolveFlags
from model_records import ACTIVE, Model, Request, Version
from plain_rules import Gate, Judged
from registry_model import Answer, RegistryModel

RANGES = (
    "*", "^1", "1.x", "~1.2", ">=1.1 <2", "<2.0.0", "1.0.0 - 1.2", "^1.0.0-rc.0 || 7.0.x", ">1.2",
    "=1.0.0", "<=1.1", "^2.0.0-0", "2", "^0.3.1-rc || >=3", "1.0 || 1.2.x",
)  # fmt: skip

Question = tuple[str, str, bool]  # model, selector or digest, with prereleases


def expect(actual: object, wanted: object, what: str) -> None:
    """That two things are equal, else both."""
    if actual != wanted:
        raise AssertionError(f"{what}\n  library: {actual!r}\n  model:   {wanted!r}")


class Names:
    """Digests by what they name: the same content has one digest, and no two share one."""

    def __init__(self) -> None:
        self._digests: dict[object, str] = {}
        self._contents: dict[str, object] = {}

    def expect(self, content: object, digest: str, what: str) -> None:
        assert len(digest) == 64 and set(digest) <= set("0123456789abcdef"), f"{what}: {digest}"
        expect(digest, self._digests.setdefault(content, digest), what)
        expect(self._contents.setdefault(digest, content), content, what)

    def of(self, content: object) -> str | None:
        return self._digests.get(content)


class Comparison:
    """What all comparisons of one sequence share."""

    def __init__(self, model: RegistryModel) -> None:
        self.model = model
        self.content = Names()
        self.policies = Names()
        self.gates = Names()
        self.candidates: dict[str, tuple[tuple[str, ...], str]] = {}  # by request
        self.remembered: dict[int, dict[Question, Answer | None]] = {}
        self.rounds = 0

    # --- one thing after the other ---------------------------------------------------------------

    def _check_version(self, model: Model, version: Version, info: modelreg.VersionRecord) -> None:
        now = version.now
        replacement = model.versions[now.replacement].number if now.replacement else None
        expect(
            (info.number, info.model, info.run_id, info.artifact_path, info.request_id,
             info.description, info.actor, info.created_us, info.status.name, info.status_reason,
             info.replacement, info.status_actor, info.status_us, info.file_count,
             info.total_size),
            (str(version.number), model.name, version.run.id, version.path, version.request.id,
             version.request.asked.description, version.standings[0].actor,
             version.standings[0].us, now.status, now.reason,
             str(replacement) if replacement else None, now.actor, now.us, len(version.files),
             sum(len(content) for _, content in version.files)),
            f"version {version.number}",
        )  # fmt: skip
        self.content.expect(version.files, info.digest, f"digest of {version.number}")
        self._check_warnings(info, now.status != ACTIVE)

    @staticmethod
    def _check_warnings(info: modelreg.VersionRecord, wanted: bool) -> None:
        """A warning says the status, why, and what to use in its place."""
        expect(bool(info.warnings), wanted, f"warnings of {info.number}: {info.warnings}")
        if info.status.name != ACTIVE and info.warnings:
            text = " ".join(info.warnings)
            for part in (info.status.name.lower(), info.status_reason, info.replacement):
                assert part is None or part in text, f"{part} is not in {text}"

    def versions(self, handle: modelreg.Model, model: Model) -> None:
        found = list(handle.list_versions())
        wanted = model.existing()
        expect([info.number for info in found], [str(v.number) for v in wanted], "list of versions")
        for version, info in zip(wanted, found, strict=True):
            self._check_version(model, version, info)

    def channels(self, handle: modelreg.Model, model: Model) -> None:
        def number(bare: str | None) -> str | None:
            return None if bare is None else str(model.versions[bare].number)

        wanted: list[tuple[object, ...]] = []
        for _, channel in sorted(model.channels.items()):
            last = channel.moves[-1] if channel.moves else None
            wanted.append(
                (channel.name, number(channel.held), len(channel.moves),
                 last.actor if last else channel.actor, last.us if last else channel.us)
            )  # fmt: skip
        found = [
            (each.name, each.version, each.sequence, each.actor, each.moved_us)
            for each in handle.list_channels()
        ]
        expect(found, wanted, f"channels of {model.name}")
        for channel in model.channels.values():
            moves = [
                (place, move.kind, number(move.version), number(move.previous), move.request_id,
                 move.reason, move.actor, move.us)
                for place, move in enumerate(channel.moves, start=1)
            ]  # fmt: skip
            history = [
                (each.sequence, each.kind.name, each.version, each.previous, each.request_id,
                 each.reason, each.actor, each.moved_us)
                for each in handle.list_channel_moves(channel=channel.name)
            ]  # fmt: skip
            expect(history, moves[::-1], f"history of {model.name}@{channel.name}")

    def requests(self, registry: modelreg.Registry) -> None:
        found = list(registry.list_requests())
        expect([info.id for info in found], [r.id for r in self.model.requests][::-1], "requests")
        for info, request in zip(found, reversed(self.model.requests), strict=True):
            self._check_request(info, request)
        for state in modelreg.RequestState:
            wanted = [r.id for r in self.model.requests if r.state == state.name][::-1]
            if self.rounds % len(modelreg.RequestState) == state - 1:
                ids = [info.id for info in registry.list_requests(state=state)]
                expect(ids, wanted, f"{state.name} requests")

    def _check_request(self, info: modelreg.RequestRecord, request: Request) -> None:
        expect(
            (info.state.name, info.model, info.transition, info.run_id, info.artifact_path,
             info.version, info.op_id, info.actor, info.created_us, info.expected, info.closed_by,
             info.closed_reason, info.closed_us),
            (request.state, request.model, request.transition, request.run.id, request.path,
             str(request.number), request.asked.op_id, request.actor, request.created_us,
             request.expected, request.closed_by, request.closed_reason, request.closed_us),
            f"request {info.id}",
        )  # fmt: skip
        self.policies.expect(request.judgements[-1].gates, info.gate_digest, "digest of gates")
        read = tuple(sorted(run.id for run in request.evaluations.values()))
        before = self.candidates.get(info.id)
        if before is not None and before[0] == read:
            expect(info.candidate_digest, before[1], f"candidate digest of {info.id}")
        elif before is not None:
            assert info.candidate_digest != before[1], "an evaluation was read, but not digested"
        self.candidates[info.id] = (read, info.candidate_digest)

    def decisions(self, registry: modelreg.Registry, request: Request, everyone: bool) -> None:
        """The latest decision on a request, or every one."""
        count = len(request.judgements)
        with registry.open_request(request.id) as handle:
            for sequence in range(1 if everyone else count, count + 1):
                with handle.open_decision(sequence) as decision:
                    self._check_decision(decision, request, sequence)
            if everyone:
                with handle.decision() as decision:
                    expect(decision.info.sequence, count, "sequence of the latest decision")
                try:
                    handle.open_decision(count + 1).close()
                    raise AssertionError(f"there is no decision {count + 1} on {request.id}")
                except modelreg.NotFoundError:
                    pass

    def _check_decision(self, decision: modelreg.Decision, request: Request, sequence: int) -> None:
        judgement = request.judgements[sequence - 1]
        info = decision.info
        passed = sum(rule.verdict == "PASSED" for rule in judgement.rules)
        expect(
            (info.verdict.name, info.request_id, info.sequence, info.rule_count,
             info.passed_count, info.incumbent),
            (judgement.verdict, request.id, sequence, len(judgement.rules), passed,
             judgement.incumbent),
            f"decision {sequence} on {request.id}",
        )  # fmt: skip
        self.rules(decision, judgement.rules)
        self.policies.expect(judgement.gates, info.gate_digest, "digest of gates")

    @staticmethod
    def rules(decision: modelreg.Decision, wanted: Iterable[Judged]) -> None:
        """What a decision says rule by rule."""
        expect(
            [(r.name, r.from_default, r.verdict.name, r.unknown, r.reason == "") for r in decision],
            [(r.name, r.from_default, r.verdict, r.unknown, r.verdict == "PASSED") for r in wanted],
            "rules of a decision",
        )

    def runs(self, registry: modelreg.Registry) -> None:
        found = {info.id: (info.status.name, info.sealed) for info in registry.list_runs()}
        wanted = {run.id: (run.status, run.sealed) for run in self.model.runs.values()}
        expect(found, wanted, "status of runs, and which are sealed")

    def gate_history(self, registry: modelreg.Registry, owners: Iterable[str | None]) -> None:
        for model in owners:
            wanted = sorted(
                (
                    (where[1], revision, revisions[revision - 1])
                    for where, revisions in self.model.gates.items()
                    if where[0] == model
                    for revision in range(1, len(revisions) + 1)
                ),
                key=lambda each: each[2].us,
                reverse=True,
            )
            flags = GateFlags.DEFAULT if model is None else GateFlags(0)
            found = list(registry.list_gates(flags=flags, model=model))
            expect(
                [(g.transition, g.revision, g.in_force, g.digest is None, g.actor, g.created_us)
                 for g in found],
                [(transition, revision,
                  each is self.model.gates[model, transition][-1] and each.gate is not None,
                  each.gate is None, each.actor, each.us) for transition, revision, each in wanted],
                f"revisions of the gates of {model or 'everybody'}",
            )  # fmt: skip
            for record, (_, _, each) in zip(found, wanted, strict=True):
                if record.digest is not None:
                    self.gates.expect(each.gate, record.digest, "digest of a gate")

    def digest(self, gate: Gate) -> str:
        """The digest of a gate."""
        digest = self.gates.of(gate)
        if digest is None:
            with modelreg.Gate.parse(gate.text) as handle:
                digest = handle.digest()
            self.gates.expect(gate, digest, "digest of a gate")
        return digest

    # --- resolving -----------------------------------------------------------------------------

    def answer(self, question: Question, us: int | None) -> tuple[Version | None, Answer | None]:
        """The model's answer, and what stays of it for ever."""
        name, selector, prereleases = question
        model = self.model.models[name]
        version: Version | None
        if selector.startswith("digest:"):
            files = next(
                each.files for each in model.versions.values()
                if self.content.of(each.files) == selector.partition(":")[2]
            )  # fmt: skip
            version = self.model.with_files(name, files, us)
        else:
            version = self.model.resolve(name, selector, prereleases, us)
        standing = version.at(us) if version is not None else None
        if version is None or standing is None:
            return None, None
        replacement = (
            str(model.versions[standing.replacement].number) if standing.replacement else None
        )
        return version, (str(version.number), standing.status, standing.reason, replacement)

    def ask(self, registry: modelreg.Registry, question: Question, us: int | None) -> Answer | None:
        """The library's answer; its warnings are checked."""
        name, selector, prereleases = question
        if selector.startswith("digest:"):
            # Any beginning will do.
            digest = selector.partition(":")[2]
            selector = digest[: (12, 13, 40, 64)[self.rounds % 4]]
        try:
            version = registry.resolve(
                f"{name}@{selector}",
                flags=ResolveFlags.PRERELEASES if prereleases else ResolveFlags(0),
                as_of_us=us or 0,
            )
        except modelreg.NotFoundError as error:
            assert name in error.message, error.message
            return None
        with version:
            info = version.info
        now = self.model.models[name].versions[info.number.partition("+")[0]].now
        since = us is not None and now.status != info.status.name
        if info.status.name != ACTIVE or since or us is None:
            self._check_warnings(info, info.status.name != ACTIVE or since)
        return (info.number, info.status.name, info.status_reason, info.replacement)

    def questions(self, model: Model) -> list[Question]:
        """What is asked in this round: some ranges, the newest versions, every channel."""
        selectors = ["latest"]
        selectors += [RANGES[(self.rounds * 2 + i) % len(RANGES)] for i in range(2)]
        found = [(model.name, each, flag) for each in selectors for flag in (False, True)]
        newest = list(model.versions.values())[-3:]
        found += [(model.name, each.number.bare, False) for each in newest]
        found += [(model.name, str(each.number), False) for each in newest[-1:]]
        found += [(model.name, name, False) for name in sorted(model.channels)]
        digests = sorted({self.content.of(each.files) or "" for each in newest} - {""})
        found += [(model.name, f"digest:{digest}", False) for digest in digests]
        return found

    def resolving(self, registry: modelreg.Registry) -> None:
        """Now, and as of one earlier moment."""
        now: dict[Question, Answer | None] = {}
        for model in self.model.models.values():
            if model.versions or self.rounds % 8 == 0:
                for question in self.questions(model):
                    _, wanted = self.answer(question, None)
                    expect(self.ask(registry, question, None), wanted, f"resolve {question}")
                    now[question] = wanted
        moments = list(self.remembered)
        if moments:
            self.look_back(registry, moments[self.rounds * 7 % len(moments)])
        if self.model.last_us:
            self.remembered.setdefault(self.model.last_us, {}).update(now)

    def remember(self, registry: modelreg.Registry, us: int) -> None:
        """That a resolve as of a time says what it said then."""
        for question, then in self.remembered[us].items():
            expect(self.ask(registry, question, us), then, f"resolve {question} as of {us}")

    def look_back(self, registry: modelreg.Registry, us: int) -> None:
        """The questions of today as of a time: they may be about what there was not yet."""
        for model in self.model.models.values():
            for question in self.questions(model)[self.rounds % 3 :: 3]:
                _, wanted = self.answer(question, us)
                expect(self.ask(registry, question, us), wanted, f"resolve {question} as of {us}")

    # --- all of it -----------------------------------------------------------------------------

    def everything(
        self, registry: modelreg.Registry, open_model: Callable[[str], modelreg.Model]
    ) -> None:
        """After a step."""
        self.rounds += 1
        self.runs(registry)
        self.requests(registry)
        owners = (None, *self.model.models)
        self.gate_history(registry, [owners[self.rounds % len(owners)]])
        for name, model in self.model.models.items():
            if model.versions or model.channels or self.rounds % 8 == 0:
                handle = open_model(name)
                self.versions(handle, model)
                self.channels(handle, model)
        if self.model.requests:
            rotating = self.model.requests[self.rounds % len(self.model.requests)]
            for request in {rotating.id: rotating, "": self.model.requests[-1]}.values():
                self.decisions(registry, request, everyone=False)
        self.resolving(registry)

    def at_the_end(self, registry: modelreg.Registry) -> None:
        """Everything that there ever was."""
        self.gate_history(registry, (None, *self.model.models))
        for request in self.model.requests:
            self.decisions(registry, request, everyone=True)
        for us in self.remembered:
            self.remember(registry, us)
