# SPDX-License-Identifier: Apache-2.0
"""Rules about requests."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import modelreg
from hypothesis.stateful import precondition, rule
from machine_base import FLAG, HANDLE, INDEX, MALFORMED, MODEL, NUMBERS, PATHS, READINGS, Opened
from machine_runs import RunRules
from model_records import ACCEPTED, DELETED, OPEN, REFUSED, WITHDRAWN, Asked, Refusals, Request
from modelreg import Bump
from plain_rules import GATES, Gate
from registry_compare import expect


class RequestRules(RunRules):
    """Promoting, completing, withdrawing, trying."""

    @staticmethod
    def _promote(model: modelreg.Model, asked: Asked) -> modelreg.RequestRecord:
        with model.promote(
            asked.run_id, bump=Bump[asked.bump.upper()] if asked.bump else None,
            artifact_path=asked.path or None, version=asked.version, line=asked.line,
            prerelease_id=asked.prerelease_id, description=asked.description, op_id=asked.op_id,
        ) as request:  # fmt: skip
            return request.info

    @staticmethod
    def _move(model: modelreg.Model, asked: Asked) -> modelreg.RequestRecord:
        with model.move_channel(
            channel=asked.channel, version=asked.version or "", expected=asked.expected,
            reason=asked.description, op_id=asked.op_id,
        ) as request:  # fmt: skip
            return request.info

    def _propose(self, opened: Opened, name: str, asked: Asked) -> None:
        """Promotes."""
        refusals, number = self.model.check_promote(name, asked)
        handle = opened.model(name)
        info = self.ask("promote", refusals, lambda: self._promote(handle, asked))
        if info is None:
            return
        assert number is not None
        model, run = self.model.models[name], self.model.runs[asked.run_id]
        candidate = self.model.candidate(model, run, number, "promote", None)
        request = self.model.open(
            info.id, name, "promote", candidate, asked, asked.path, None, opened.actor,
            self.took(info.created_us),
        )  # fmt: skip
        self._told(opened, "promote", request)

    def _told(self, opened: Opened, rule_name: str, request: Request) -> None:
        """What became of a request: its version, or why there is none."""
        self.tally.outcomes[f"{rule_name} {request.state}"] += 1
        refusals = Refusals()
        failing = [
            rule.name for rule in request.judgements[-1].rules
            if rule.verdict == request.judgements[-1].verdict
        ]  # fmt: skip
        if request.state in (OPEN, REFUSED):
            status = "GATE_PENDING" if request.state == OPEN else "GATE_FAILED"
            refusals.add(status, failing[0])
        elif request.state == WITHDRAWN:
            refusals.add("CONFLICT")
        version = self.model.models[request.model].versions.get(request.number.bare)
        if request.state == ACCEPTED and version is not None and version.status == DELETED:
            refusals.add("NOT_FOUND", request.number.bare)
        with opened.registry.open_request(request.id) as handle:
            found = self.ask("version_of", refusals, handle.version)
        if found is not None:
            with found:
                expect(found.info.number, str(request.number), "version of a request")

    @rule(
        handle=HANDLE, model=MODEL, fresh=st.sampled_from([True, True, True, False]), run=INDEX,
        accuracy=READINGS, content=INDEX, how=st.sampled_from(NUMBERS), path=st.sampled_from(PATHS),
        layout=st.sampled_from(["file", "file", "folder"]), op=FLAG,
    )  # fmt: skip
    def promote(
        self, handle: int, model: str, fresh: bool, run: int, accuracy: float | None,
        content: int, how: dict[str, str], path: str, layout: str, op: bool,
    ) -> None:  # fmt: skip
        opened = self.handle(handle)
        chosen = None if fresh else self.pick_run(run)
        if chosen is None:
            chosen = self._record(opened, accuracy, layout, content, "FINISHED")
        asked = Asked(
            run_id=chosen.id, path=path, op_id=f"op {self.count}" if op else None,
            description=f"made by {self.count}" if run % 2 else None, **how,
        )  # fmt: skip
        self._propose(opened, model, asked)

    @rule(handle=HANDLE, model=MODEL, run=INDEX, how=st.sampled_from(MALFORMED))
    def promote_malformed(self, handle: int, model: str, run: int, how: dict[str, str]) -> None:
        chosen = self.pick_run(run)
        if chosen is None:
            return
        # It may be refused for the run, too, and comes to nothing in any case.
        refusals, _ = self.model.check_promote(model, Asked(run_id=chosen.id))
        refusals.add("INVALID_ARGUMENT")
        options: dict[str, object] = dict(how)
        if "bump" in how:
            options["bump"] = Bump[how["bump"].upper()]
        self.tally.succeeded["malformed"] += 1  # to be refused is what it is for
        promote: Callable[..., object] = self.handle(handle).model(model).promote
        self.ask("malformed", refusals, lambda: promote(chosen.id, **options))

    @precondition(lambda self: any(each.asked.op_id for each in self.model.requests))
    @rule(handle=HANDLE, index=INDEX, same=st.sampled_from([True, True, False]), run=INDEX)
    def repeat(self, handle: int, index: int, same: bool, run: int) -> None:
        """An op_id again, for the same or for something else."""
        named = [each for each in self.model.requests if each.asked.op_id]
        request = named[-1 - index % len(named)]
        asked = request.asked
        if not same:
            other = self.pick_run(run)
            if other is None or other.id == asked.run_id:
                return
            asked = Asked(run_id=other.id, op_id=asked.op_id)
        refusals = Refusals()
        if self.model.repeated(request.model, asked, refusals) is None:
            refusals, _ = self.model.check_promote(request.model, asked)
        model = self.handle(handle).model(request.model)
        call = self._move if same and asked.channel else self._promote
        info = self.ask("repeat", refusals, lambda: call(model, asked))
        if info is not None:
            expect(info.id, request.id, "request of a repeat")

    @precondition(lambda self: self.model.requests)
    @rule(handle=HANDLE, index=INDEX)
    def complete(self, handle: int, index: int) -> None:
        request = self.pick_request(index)
        assert request is not None
        self._complete(self.handle(handle), request)

    def _complete(self, opened: Opened, request: Request) -> None:
        refusals, number = Refusals(), request.number
        waits = request.state == OPEN
        if waits:
            refusals, number = self.model.check_complete(request)
        with opened.registry.open_request(request.id) as before:

            def call() -> tuple[modelreg.RequestRecord, int]:
                with before.complete() as after, after.decision() as decision:
                    return after.info, decision.info.created_us

            found = self.ask("complete", refusals, call)
        if found is None:
            return
        expect(found[0].id, request.id, "request that was completed")
        if waits:
            candidate, judgement, changed = self.model.judge_again(request, number)
            self.tally.outcomes[f"complete {'judged anew' if changed else 'unchanged'}"] += 1
            if changed:
                us = self.took(found[1])
                self.model.complete(request, number, candidate, judgement, opened.actor, us)
        self._told(opened, "complete", request)

    @precondition(lambda self: self.model.requests)
    @rule(handle=HANDLE, index=INDEX, reason=st.sampled_from([None, "not needed"]))
    def withdraw(self, handle: int, index: int, reason: str | None) -> None:
        request = self.pick_request(index)
        assert request is not None
        opened, refusals = self.handle(handle), Refusals()
        if request.state in (ACCEPTED, REFUSED):
            refusals.add("CONFLICT", request.id)
        with opened.registry.open_request(request.id) as found:
            self.ask("withdraw", refusals, lambda: found.withdraw(reason))
        if request.state == OPEN:
            with opened.registry.open_request(request.id) as found:
                us = self.took(found.info.closed_us)
            self.model.withdraw(request, reason, opened.actor, us)

    @rule(
        handle=HANDLE, model=MODEL, run=INDEX, how=st.sampled_from(NUMBERS),
        gate=st.sampled_from([None, *GATES[:11]]),
    )  # fmt: skip
    def try_gate(
        self, handle: int, model: str, run: int, how: dict[str, str], gate: Gate | None
    ) -> None:
        """A dry run, of the gate that is attached or of another."""
        chosen = self.pick_run(run)
        if chosen is None:
            return
        asked = Asked(run_id=chosen.id, **how)
        refusals, number = self.model.check_try(model, asked)
        instead = modelreg.Gate.parse(gate.text) if gate is not None else None
        decision = self.ask(
            "try_gate", refusals,
            lambda: self.handle(handle).registry.evaluate_gate(
                instead, model=model, run_id=chosen.id, version=asked.version, line=asked.line,
                bump=Bump[asked.bump.upper()] if asked.bump else None,
                prerelease_id=asked.prerelease_id,
            ),
        )  # fmt: skip
        if instead is not None:
            instead.close()
        if decision is None:
            return
        assert number is not None
        candidate = self.model.candidate(self.model.models[model], chosen, number, "promote", None)
        judgement = self.model.judge(model, "promote", candidate, gate)
        with decision:
            info = decision.info
            expect(
                (info.verdict.name, info.request_id, info.sequence, info.incumbent),
                (judgement.verdict, None, 0, judgement.incumbent),
                "a dry run",
            )
            self.compared.rules(decision, judgement.rules)
