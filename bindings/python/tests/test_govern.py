# SPDX-License-Identifier: Apache-2.0
"""What happens to a candidate and to a version: checks, requests that wait, dry runs, channels that
go back, statuses with warnings, answers as of a time, lineage."""

from __future__ import annotations

import datetime
import itertools
import pathlib
from collections.abc import Callable, Iterator

import modelreg
import pytest
from conftest import finished
from modelreg import (
    ChannelMoveKind,
    CheckResult,
    Gate,
    LineageDirection,
    LineageKind,
    Registry,
    RequestState,
    RunKind,
    RunStatus,
    Verdict,
    VersionStatus,
    YankChannels,
)

START_US = 1767225600_000_000


@pytest.fixture
def clocked() -> Iterator[Registry]:
    """An empty registry in memory, whose clock goes on by a second at every look."""
    ticks = itertools.count(START_US, 1_000_000)
    create = modelreg.OpenFlags.CREATE
    with Registry.open("memory:", flags=create, clock=lambda: next(ticks)) as registry:
        yield registry


def guarded(registry: Registry, rule: str, transition: str = "promote") -> modelreg.Model:
    """The model "m", whose gate has this rule."""
    try:
        model = registry.create_model("m")
    except modelreg.AlreadyExistsError:
        model = registry.open_model("m")
    registry.attach_gate(Gate.parse(f"rule: {rule}\n"), model="m", transition=transition)
    return model


def versions(registry: Registry, count: int) -> list[modelreg.Version]:
    """Versions of the model "m" without a gate: 1.0.0, 1.1.0..."""
    model = registry.create_model("m")
    experiment = registry.open_experiment("e")
    return [model.promote(finished(experiment)).version() for _ in range(count)]


def test_a_check_completes_a_request(registry: Registry, tmp_path: pathlib.Path) -> None:
    model = guarded(registry, "checks.audit = 'passed'")
    run_id = finished(registry.open_experiment("e"))
    request = model.promote(run_id)
    assert request.info.state is RequestState.OPEN and request.info.closed is None
    with pytest.raises(modelreg.GatePendingError, match="checks.audit is missing"):
        request.version()
    decision = request.decision()
    assert decision.info.verdict is Verdict.PENDING and decision[0].unknown is True

    run = registry.open_run(run_id)
    (tmp_path / "audit.html").write_text("<p>fair</p>")
    run.log_check("audit", CheckResult.FAILED, reporter="tool 1", note="the wrong slice")
    run.log_check("audit", CheckResult.PASSED, evidence_path=str(tmp_path / "audit.html"))
    first, second = run.list_checks()
    assert (first.result, first.reporter, first.latest) == (CheckResult.FAILED, "tool 1", False)
    assert (second.result, second.note, second.latest) == (CheckResult.PASSED, None, True)
    assert bytes(run.open_evidence(second.id).map()) == b"<p>fair</p>"
    with pytest.raises(modelreg.NotFoundError, match="no evidence"):
        run.open_evidence(first.id)

    done = request.complete()
    assert done.info.state is RequestState.ACCEPTED and done.info.closed is not None
    assert request.info.state is RequestState.OPEN  # what it was when it was opened
    assert request.version().info.run_id == run_id
    assert [request.open_decision(n).info.verdict for n in (1, 2)] == [
        Verdict.PENDING,
        Verdict.PASSED,
    ]
    with pytest.raises(modelreg.NotFoundError):
        request.open_decision(3)
    with pytest.raises(modelreg.ConflictError):
        done.withdraw()


def test_withdrawing(registry: Registry) -> None:
    model = guarded(registry, "approvals.risk >= 2")
    request = model.promote(finished(registry.open_experiment("e")))
    request.withdraw("the wrong month")
    info = registry.open_request(request.info.id).info
    assert (info.state, info.closed_reason) == (RequestState.WITHDRAWN, "the wrong month")
    assert request.complete().info.state is RequestState.WITHDRAWN
    with pytest.raises(modelreg.ConflictError, match="withdrawn"):
        request.version()


def test_dry_run_with_and_without_a_gate(registry: Registry) -> None:
    """The gate may be left out, None, by place or by name."""
    guarded(registry, "metrics.accuracy >= 0.99")
    experiment = registry.open_experiment("e")
    run = experiment.start_run()
    run.log_metric("accuracy", 0.9, 1)
    run.log_artifact_bytes("model.bin", b"weights")
    run_id = run.info.id
    lenient = Gate.parse("rule: metrics.accuracy >= 0.5\n")
    for decision, verdict in (
        (registry.evaluate_gate(model="m", run_id=run_id), Verdict.FAILED),
        (registry.evaluate_gate(None, model="m", run_id=run_id), Verdict.FAILED),
        (registry.evaluate_gate(lenient, model="m", run_id=run_id), Verdict.PASSED),
        (registry.evaluate_gate(gate=lenient, model="m", run_id=run_id), Verdict.PASSED),
    ):
        assert decision.info.verdict is verdict
        assert (decision.info.request_id, decision.info.sequence) == (None, 0)
    run.log_metric("accuracy", 0.95, 2)  # nothing is sealed
    with pytest.raises(TypeError, match="gate"):
        registry.evaluate_gate("rule", model="m", run_id=run_id)  # type: ignore[arg-type]
    lenient.close()
    with pytest.raises(modelreg.ClosedError, match="this Gate is closed"):
        registry.evaluate_gate(lenient, model="m", run_id=run_id)


def test_an_evaluation_completes_a_request(registry: Registry) -> None:
    model = guarded(registry, "evaluations.holdout.metrics.auc >= 0.8")
    experiment = registry.open_experiment("e")
    run_id = finished(experiment)
    request = model.promote(run_id)
    with experiment.start_run(kind=RunKind.EVALUATION, name="holdout") as evaluation:
        evaluation.log_input(role="model", run_id=run_id)
        evaluation.log_metric("auc", 0.85, 1)
        assert request.complete().info.state is RequestState.OPEN  # it is still running
        evaluation.finish(RunStatus.FINISHED)
        assert request.complete().info.state is RequestState.ACCEPTED
        with pytest.raises(modelreg.ConflictError, match="sealed"):
            evaluation.log_metric("auc", 0.99, 2)


def test_gates_are_listed_and_detached(registry: Registry) -> None:
    guarded(registry, "metrics.accuracy >= 0.5")
    guarded(registry, "metrics.accuracy >= 0.6")
    registry.detach_gate(model="m")
    listed = list(registry.list_gates(model="m", page_limit=2))
    assert [(each.revision, each.in_force) for each in listed] == [
        (3, False),
        (2, False),
        (1, False),
    ]
    assert (listed[0].digest, listed[0].text) == (None, None)
    assert listed[1].text == "rule: metrics.accuracy >= 0.6\n"
    with pytest.raises(modelreg.NotFoundError):
        registry.detach_gate(model="m")


def test_channels_go_back_and_are_cleared(registry: Registry) -> None:
    numbers = [version.info.number for version in versions(registry, 3)]
    model = registry.open_model("m")
    model.create_channel("production")
    for before, after in itertools.pairwise(["none", *numbers]):
        model.move_channel(channel="production", version=after, expected=before)
    back = model.roll_back_channel(channel="production", expected=numbers[2], reason="slow")
    assert back.info.number == numbers[1]
    assert model.roll_back_channel(channel="production", expected=numbers[1]).info.number == (
        numbers[0]
    )
    with pytest.raises(modelreg.NotFoundError, match="nothing to go back to"):
        model.roll_back_channel(channel="production", expected=numbers[0])
    model.clear_channel(channel="production", expected=numbers[0])
    moves = list(model.list_channel_moves(channel="production", page_limit=2))
    assert [each.sequence for each in moves] == [6, 5, 4, 3, 2, 1]
    assert [each.kind for each in moves[:3]] == [
        ChannelMoveKind.CLEARED,
        ChannelMoveKind.ROLLED_BACK,
        ChannelMoveKind.ROLLED_BACK,
    ]
    assert (moves[2].previous, moves[2].version, moves[2].reason) == (*numbers[:0:-1], "slow")
    assert moves[0].version is None and moves[5].request_id is not None


def test_statuses_and_warnings(registry: Registry) -> None:
    old, new = versions(registry, 2)
    new.deprecate(reason="slow", replacement=old.info.number)
    assert registry.resolve("m").info.number == old.info.number
    pinned = registry.resolve(f"m@{new.info.number}").info
    assert pinned.status is VersionStatus.DEPRECATED
    assert pinned.warnings == (
        f"m@{new.info.number} is deprecated: slow; use {old.info.number} instead",
    )
    assert registry.resolve("m@>=1.1").info.number == new.info.number  # nothing else is there
    new.undeprecate("it was the disk")
    new.yank(reason="leaks")
    assert registry.resolve("m@1.1.0").info.warnings == (f"m@{new.info.number} is yanked: leaks",)
    with pytest.raises(modelreg.NotFoundError, match="yanked"):
        registry.resolve("m@>=1.1")
    new.unyank()
    assert registry.resolve("m@1.1.0").info.warnings == ()
    assert new.info.status is VersionStatus.ACTIVE  # what it was when it was opened


def test_in_use(registry: Registry) -> None:
    old, new = versions(registry, 2)
    model = registry.open_model("m")
    model.create_channel("production")
    model.move_channel(channel="production", version=new.info.number, expected="none")
    calls: list[Callable[[], None]] = [
        lambda: new.yank(reason="leaks"),
        lambda: new.delete("unused"),
    ]
    for call in calls:
        with pytest.raises(modelreg.InUseError, match="'production'") as caught:
            call()
        assert caught.value.status is modelreg.Status.IN_USE
    guarded(registry, "version.major >= 9", "channel/production")
    with pytest.raises(modelreg.GateFailedError, match="version.major is 1"):
        new.yank(reason="leaks", replacement=old.info.number)
    guarded(registry, "channel.staging.hours >= 24", "channel/production")
    with pytest.raises(modelreg.GatePendingError, match="channel.staging.hours"):
        new.yank(reason="leaks", replacement=old.info.number)
    new.yank(reason="leaks", channels=YankChannels.CLEAR)
    assert next(model.list_channels()).version is None
    new.delete("unused")
    with pytest.raises(modelreg.NotFoundError, match="deleted"):
        model.open_version(new.info.number)


def test_as_of_a_time(clocked: Registry) -> None:
    old, new = versions(clocked, 2)
    new.delete("unused")
    assert clocked.resolve("m").info.number == old.info.number
    then = clocked.resolve("m", as_of_us=new.info.created_us).info
    assert (then.number, then.status) == (new.info.number, VersionStatus.ACTIVE)
    assert then.warnings == (f"m@{new.info.number} was deleted since: unused",)
    # A time of any zone is the same moment, to the microsecond.
    assert new.info.created is not None
    east = new.info.created.astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert clocked.resolve("m", as_of_us=east).info.number == new.info.number
    before = east - datetime.timedelta(microseconds=1)
    assert clocked.resolve("m", as_of_us=before).info.number == old.info.number
    with pytest.raises(modelreg.NotFoundError):
        clocked.resolve("m", as_of_us=START_US)
    with pytest.raises(modelreg.InvalidArgumentError, match="future"):
        clocked.resolve("m", as_of_us=START_US * 2)
    with pytest.raises(modelreg.InvalidArgumentError, match="as_of_us"):
        clocked.resolve("m", as_of_us=-1)


def test_resolving_by_digest(registry: Registry) -> None:
    old, new = versions(registry, 2)
    for version in (old, new):
        for size in (64, 12):
            found = registry.resolve(f"m@{version.info.digest[:size]}")
            assert found.info.number == version.info.number


def test_lineage_is_a_sequence(registry: Registry) -> None:
    experiment = registry.open_experiment("e")
    model = registry.create_model("m")
    with experiment.start_run() as run:
        run.log_input(role="training", dataset_digest="0" * 64)
        run.log_artifact_bytes("model.bin", b"weights")
        run.finish(RunStatus.FINISHED)
        run_id = run.info.id
    version = model.promote(run_id).version()
    lineage = registry.lineage(version=f"m@{version.info.number}")
    assert lineage.info.start_kind is LineageKind.VERSION
    assert (lineage.info.edge_count, lineage.info.node_count) == (2, 3)
    assert lineage.info.truncated is False
    assert len(lineage) == 2
    assert [each.role for each in lineage] == ["promotion", "training"]
    assert lineage[0].source == run_id and lineage[-1].source == "0" * 64
    assert [each.distance for each in lineage[:]] == [-1, -2]
    assert lineage[1] in lineage
    with pytest.raises(IndexError):
        lineage[2]
    inputs = list(version.list_inputs())
    assert [(each.role, each.dataset_digest) for each in inputs] == [("training", "0" * 64)]
    assert version.info.dataset_digests == ("0" * 64,)
    down = registry.lineage(run_id=run_id, direction=LineageDirection.DOWNSTREAM)
    assert [(each.target_kind, each.distance) for each in down] == [(LineageKind.VERSION, 1)]
    (edge,) = registry.lineage(run_id=run_id, depth=1)
    assert edge == modelreg.LineageEdgeRecord(
        source_kind=LineageKind.DATASET,
        source="0" * 64,
        target_kind=LineageKind.RUN,
        target=run_id,
        role="training",
        distance=-1,
    )
    with pytest.raises(modelreg.InvalidArgumentError, match="exactly one"):
        registry.lineage()
