# SPDX-License-Identifier: Apache-2.0
"""Rules about runs, checks and gates."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import modelreg
from hypothesis.stateful import precondition, rule
from machine_base import (
    FLAG,
    HANDLE,
    INDEX,
    LAYOUTS,
    MODEL,
    MODELS,
    READINGS,
    TRANSITIONS,
    Machine,
    Opened,
)
from model_records import DELETED, OPEN, Refusals, Run
from modelreg import CheckResult, GateFlags, RunKind, RunStatus
from plain_rules import GATES, Gate
from registry_compare import expect


class RunRules(Machine):
    """Runs, checks and gates."""

    def _record(
        self, opened: Opened, accuracy: float | None, layout: str, content: int, end: str,
        kind: str = "training", name: str | None = None, uses: tuple[str, str] | None = None,
    ) -> Run:  # fmt: skip
        """A new run with everything on it; uses is "run" or "version" and what it is."""
        tags = {"team": "blue" if content % 3 else "red"}
        handle = opened.experiment.start_run(
            kind=RunKind.EVALUATION if kind == "evaluation" else None, name=name, tags=tags
        )
        with handle:
            run = Run(handle.info.id, kind, name, tags=tags)
            self.model.runs[run.id] = run
            metric = "auc" if kind == "evaluation" else "accuracy"
            if accuracy is not None:
                handle.log_metric(metric, accuracy, 10)
                run.points[metric] = [(10, self.model.clock_us, accuracy)]
            depth = ("4", "16", "deep", None)[content % 4]
            if depth is not None:
                handle.log_param("depth", depth)
                run.params["depth"] = depth
            for path in LAYOUTS[layout]:
                data = f"{path} {content % 3}".encode()
                handle.log_artifact_bytes(path, data)
                run.artifacts[path] = data
            if uses is not None and uses[0] == "run":
                handle.log_input(role="candidate", run_id=uses[1])
                run.runs_used.add(uses[1])
            elif uses is not None:
                handle.log_input(role="candidate", version=uses[1])
                model, _, bare = uses[1].partition("@")
                run.versions_used.add((model, bare))
            if end != "RUNNING":
                handle.finish(RunStatus[end])
                run.status = end
        return run

    def pick_run(self, index: int) -> Run | None:
        runs = [run for run in self.model.runs.values() if run.kind == "training"]
        return runs[-1 - index % len(runs)] if runs else None

    @rule(
        handle=HANDLE, accuracy=READINGS, layout=st.sampled_from(list(LAYOUTS)), content=INDEX,
        end=st.sampled_from(["FINISHED", "FINISHED", "RUNNING", "FAILED", "KILLED"]),
    )  # fmt: skip
    def record_run(
        self, handle: int, accuracy: float | None, layout: str, content: int, end: str
    ) -> None:
        opened = self.handle(handle)
        self.ask(
            "record_run", Refusals(), lambda: self._record(opened, accuracy, layout, content, end)
        )

    @precondition(lambda self: self.model.runs)
    @rule(
        handle=HANDLE, run=INDEX, auc=READINGS, what=st.sampled_from(["run", "version"]),
        end=st.sampled_from(["FINISHED", "FINISHED", "RUNNING"]),
    )  # fmt: skip
    def evaluate(self, handle: int, run: int, auc: float | None, what: str, end: str) -> None:
        waiting = [each.run for each in self.model.requests if each.state == OPEN]
        chosen = waiting[-1] if waiting and run % 2 else self.pick_run(run)
        if chosen is None:
            return
        uses = ("run", chosen.id)
        if what == "version":
            made = [
                f"{model.name}@{version.number.bare}"
                for model in self.model.models.values()
                for version in model.existing()
                if version.run is chosen
            ]
            if made:
                uses = ("version", made[0])
        opened = self.handle(handle)
        self.ask(
            "evaluate", Refusals(),
            lambda: self._record(opened, auc, "empty", 0, end, "evaluation", "holdout", uses),
        )  # fmt: skip

    @precondition(lambda self: self.model.runs)
    @rule(handle=HANDLE, run=INDEX, end=st.sampled_from(["FINISHED", "FINISHED", "FAILED"]))
    def finish_run(self, handle: int, run: int, end: str) -> None:
        running = [each for each in self.model.runs.values() if each.status == "RUNNING"]
        chosen = running[run % len(running)] if running else self.pick_run(run)
        if chosen is None:
            return
        refusals = Refusals()
        if chosen.status not in ("RUNNING", end):
            refusals.add("CONFLICT")
        with self.handle(handle).registry.open_run(chosen.id) as opened:
            self.ask("finish_run", refusals, lambda: opened.finish(RunStatus[end]))
        if not refusals:
            chosen.status = end

    @precondition(lambda self: self.model.runs)
    @rule(
        handle=HANDLE, run=INDEX, value=READINGS,
        what=st.sampled_from(["later", "earlier", "param", "artifact", "tag", "input"]),
    )  # fmt: skip
    def log_more(self, handle: int, run: int, value: float | None, what: str) -> None:
        """On any run: what is sealed takes tags only."""
        runs = list(self.model.runs.values())
        chosen = runs[-1 - run % len(runs)]
        number, refusals = self.count, Refusals()
        if chosen.sealed and what != "tag":
            refusals.add("CONFLICT", chosen.id)
        version = self.pick_version(self.model.models[MODELS[0]], run)
        reference = f"{MODELS[0]}@{version.number.bare if version else '97.0.0'}"
        if what == "input" and (version is None or version.status == DELETED):
            refusals.add("NOT_FOUND")
        with self.handle(handle).registry.open_run(chosen.id) as opened:

            def point(step: int) -> None:
                opened.log_metric("accuracy", 0.5 if value is None else value, step)
                opened.flush()

            calls: dict[str, Callable[[], object]] = {
                "later": lambda: point(20),
                "earlier": lambda: point(5),
                "param": lambda: opened.log_param(f"p{number}", "1"),
                "artifact": lambda: opened.log_artifact_bytes(f"more/{number}", b"more"),
                "tag": lambda: opened.set_tag("team", "red" if run % 2 else "blue"),
                "input": lambda: opened.log_input(role=f"base{number}", version=reference),
            }
            self.ask("log_more", refusals, calls[what])
        if refusals:
            return
        if what in ("later", "earlier"):
            step = 20 if what == "later" else 5
            point_of = (step, self.model.clock_us, 0.5 if value is None else value)
            chosen.points.setdefault("accuracy", []).append(point_of)
        elif what == "param":
            chosen.params[f"p{number}"] = "1"
        elif what == "artifact":
            chosen.artifacts[f"more/{number}"] = b"more"
        elif what == "tag":
            chosen.tags["team"] = "red" if run % 2 else "blue"
        else:
            assert version is not None
            chosen.versions_used.add((MODELS[0], version.number.bare))

    @precondition(lambda self: self.model.runs)
    @rule(
        handle=HANDLE, run=INDEX, waiting=FLAG, name=st.sampled_from(["audit", "audit", "waiver"]),
        result=st.sampled_from(["passed", "passed", "failed", "skipped"]),
    )  # fmt: skip
    def report_check(self, handle: int, run: int, waiting: bool, name: str, result: str) -> None:
        request = self.pick_request(run)
        chosen = request.run if waiting and request else self.pick_run(run)
        if chosen is None:
            return
        with self.handle(handle).registry.open_run(chosen.id) as opened:
            self.ask(
                "report_check", Refusals(),
                lambda: opened.log_check(name, CheckResult[result.upper()]),
            )  # fmt: skip
            latest = [each.result.name for each in opened.list_checks() if each.latest]
        chosen.checks[name] = result
        expect(sorted(latest), sorted(each.upper() for each in chosen.checks.values()), "checks")

    # --- gates -----------------------------------------------------------------------------------

    def _attach(
        self, opened: Opened, where: tuple[str | None, str], gate: Gate | None,
        expected: Gate | str | None,
    ) -> None:  # fmt: skip
        """Attaches or, where there is no gate, detaches."""
        refusals = self.model.check_attach(where, gate, expected)
        digest = self.compared.digest(expected) if isinstance(expected, Gate) else expected
        owner, transition = where
        flags = GateFlags.DEFAULT if owner is None else GateFlags(0)
        registry = opened.registry
        if gate is None:
            self.ask(
                "detach_gate", refusals,
                lambda: registry.detach_gate(
                    flags=flags, model=owner, transition=transition, expected_digest=digest
                ),
            )  # fmt: skip
        else:
            with modelreg.Gate.parse(gate.text) as handle:
                self.ask(
                    "attach_gate", refusals,
                    lambda: registry.attach_gate(
                        handle, flags=flags, model=owner, transition=transition,
                        expected_digest=digest,
                    ),
                )  # fmt: skip
        if refusals or gate == self.model.gate(*where):
            return
        newest = next(registry.list_gates(flags=flags, model=owner, transition=transition))
        self.model.attach(where, gate, opened.actor, self.took(newest.created_us))

    @rule(
        handle=HANDLE, model=MODEL, transition=st.sampled_from(TRANSITIONS),
        gate=st.sampled_from(GATES), everybody=st.sampled_from([False] * 5 + [True]),
        expected=st.sampled_from([None, None, "right", "none", "other"]),
    )  # fmt: skip
    def attach_gate(
        self, handle: int, model: str, transition: str, gate: Gate, everybody: bool,
        expected: str | None,
    ) -> None:  # fmt: skip
        where = (None if everybody else model, transition)
        now = self.model.gate(*where)
        said: Gate | str | None = expected
        if expected == "right":
            said = now if now is not None else "none"
        elif expected == "other":
            said = GATES[8]
        self._attach(self.handle(handle), where, gate, said)

    @precondition(lambda self: self.model.gates)
    @rule(handle=HANDLE, index=INDEX, expected=st.sampled_from([None, None, "right", "other"]))
    def detach_gate(self, handle: int, index: int, expected: str | None) -> None:
        attached = list(self.model.gates)
        where = attached[index % len(attached)]
        now = self.model.gate(*where)
        said: Gate | str | None = None
        if expected is not None:
            said = GATES[8] if expected == "other" else now if now is not None else "none"
        self._attach(self.handle(handle), where, None, said)
