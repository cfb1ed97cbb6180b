# SPDX-License-Identifier: Apache-2.0
"""Every part of the surface, used as it is meant to be."""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Sequence

import modelreg
import pytest
from conftest import finished
from modelreg import (
    ArtifactKind,
    Gate,
    InputKind,
    Manifest,
    OpenFlags,
    Registry,
    RequestState,
    RunKind,
    RunStatus,
    SourceState,
    Verdict,
)


def test_library() -> None:
    assert modelreg.library_version() == modelreg.VERSION == modelreg.__version__
    assert modelreg.abi_level() == modelreg.ABI_LEVEL
    assert modelreg.status_name(modelreg.Status.NOT_FOUND) == "NOT_FOUND"
    assert modelreg.status_name(modelreg.Status(12345)) == "UNKNOWN"


def test_registry(on_disk: Registry, tmp_path: pathlib.Path) -> None:
    info = on_disk.info
    assert info.location == str(tmp_path / "R.db")
    assert info.read_only is False
    assert info.warnings == ()
    assert info.created is not None
    age = datetime.datetime.now(datetime.timezone.utc) - info.created
    assert datetime.timedelta(0) <= age < datetime.timedelta(hours=1)
    on_disk.flush()
    again = Registry.open(f"sqlite:{tmp_path}/R.db", flags=OpenFlags.READ_ONLY, actor="reader")
    with again:
        assert again.info.id == info.id
        assert again.info.actor == "reader"
        assert again.info.read_only is True
        with pytest.raises(modelreg.ReadOnlyError):
            again.create_model("m")


def test_runs(registry: Registry) -> None:
    experiment = registry.open_experiment("digits")
    assert experiment.info.name == "digits"
    assert [each.name for each in registry.list_experiments()] == ["digits"]
    run = experiment.start_run(
        kind=RunKind.EVALUATION,
        name="first",
        source_commit="c0ffee",
        source_entry_point="train.py",
        source_state=SourceState.DIRTY,
        environment_host="host",
        environment_packages_digest="p",
        environment_image_digest="i",
        tags={"team": "vision", "stage": "test"},
    )
    info = run.info
    assert (info.name, info.kind, info.status) == ("first", RunKind.EVALUATION, RunStatus.RUNNING)
    assert (info.source_commit, info.source_entry_point) == ("c0ffee", "train.py")
    assert info.source_state is SourceState.DIRTY
    assert info.environment_image_digest == "i"
    assert info.started is not None and info.ended is None and info.ended_us == 0
    run.log_param("depth", "8")
    run.log_params({"width": "16", "seed": "1"})
    run.log_params([("width", "16")])
    run.set_tag("stage", "production")
    run.delete_tag("team")
    assert {each.key: each.value for each in run.list_params()} == {
        "depth": "8",
        "width": "16",
        "seed": "1",
    }
    assert [(each.key, each.value) for each in run.list_tags()] == [("stage", "production")]
    child = experiment.start_run(parent_run_id=info.id)
    assert child.info.parent_run_id == info.id
    child.log_input(role="base", run_id=info.id)
    child.log_input(role="training", dataset_digest="0" * 64)
    inputs = {each.role: each for each in child.list_inputs()}
    assert inputs["base"].kind is InputKind.RUN and inputs["base"].run_id == info.id
    assert inputs["training"].kind is InputKind.DATASET_DIGEST
    run.finish(RunStatus.FINISHED)
    child.finish(RunStatus.KILLED)
    listed = registry.list_runs(status=RunStatus.FINISHED, experiment="digits")
    assert [each.id for each in listed] == [info.id]
    assert [each.id for each in registry.list_runs(kind=RunKind.TRAINING)] == [child.info.id]
    again = registry.open_run(info.id)
    assert again.info.ended is not None and again.info.status is RunStatus.FINISHED


def test_metrics(run: modelreg.Run) -> None:
    run.log_metric("loss", 1.5, 1)
    run.log_metrics(2, {"loss": 1.0, "accuracy": 0.5})
    metric = run.metric("loss")
    metric.log(0.5, 3)
    metric.log_many([0.25, float("nan")], [4, 5], [4_000_000, 5_000_000])
    run.flush()
    history = run.history("loss", from_step=2, to_step=4)
    assert len(history) == 3
    assert list(history.steps) == [2, 3, 4]
    assert list(history.values) == [1.0, 0.5, 0.25]
    assert history.times_us[2] == 4_000_000
    records = {each.key: each for each in run.list_metrics()}
    assert records["loss"].count == 5 and records["loss"].nan_count == 1
    assert records["loss"].min == 0.25 and records["loss"].last_step == 5
    assert records["loss"].last_time == datetime.datetime(
        1970, 1, 1, 0, 0, 5, tzinfo=datetime.timezone.utc
    )
    assert len(run.history("loss", to_step=1)) == 1
    assert len(run.history("loss", from_step=1)) == 5


def test_datasets(on_disk: Registry, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text("1\n")
    (folder / "b.csv").write_text("2\n")
    (folder / "notes.txt").write_text("x\n")
    manifest = Manifest()
    manifest.add_folder(folder, include=["*.csv"], exclude=["b.*"])
    manifest.add_file(folder / "b.csv")
    manifest.add_file(folder / "b.csv", "copies/b.csv")
    assert [entry.path for entry in manifest] == ["a.csv", "b.csv", "copies/b.csv"]
    assert len(manifest.digest()) == 64
    assert manifest[-1] == manifest[2] and manifest[:2] == [manifest[0], manifest[1]]
    assert manifest[1].digest == manifest[2].digest and manifest[1].size == 2
    experiment = on_disk.open_experiment("data")
    dataset = experiment.log_dataset(
        "csv",
        manifest,
        freeze=True,
        sample_count=2,
        schema="one column",
        source_uri="https://example.org/csv",
        source_version="7",
    )
    info = dataset.info
    assert (info.name, info.frozen, info.file_count, info.sample_count) == ("csv", True, 3, 2)
    assert (info.schema, info.source_version) == ("one column", "7")
    assert info.digest == manifest.digest() == dataset.manifest().digest()
    assert on_disk.find_dataset(info.digest).info == info
    assert on_disk.open_dataset(info.run_id).info == info
    assert [each.run_id for each in on_disk.list_datasets()] == [info.run_id]
    out = tmp_path / "out"
    fetched = dataset.fetch(out, file_mode=0o600)
    assert fetched.info.file_count == 3 and list(fetched) == []
    assert (out / "copies" / "b.csv").read_text() == "2\n"
    dataset.verify_or_raise(out)
    (out / "a.csv").write_text("changed\n")
    (out / "c.csv").write_text("more\n")
    report = dataset.verify(out)
    assert [(each.path, each.problem) for each in report] == [
        ("a.csv", modelreg.Problem.CHANGED),
        ("c.csv", modelreg.Problem.EXTRA),
    ]
    assert report.info.problem_count == 2 and "a.csv" in report[0].message
    assert len(dataset.verify(out, flags=modelreg.VerifyFlags.ALLOW_EXTRA)) == 1
    with pytest.raises(modelreg.TamperedError, match="a.csv"):
        dataset.verify_or_raise(out)
    elsewhere = Manifest()
    elsewhere.add_entry("s3/part", 5, "0" * 64)
    assert elsewhere[0].size == 5


def test_artifacts(on_disk: Registry, tmp_path: pathlib.Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "leaf.json").write_text('{"a": 1}')
    with on_disk.open_experiment("e").start_run() as run:
        run.log_artifact(tmp_path / "tree", "kept")
        run.log_artifact(tmp_path / "tree" / "leaf.json")
        run.log_artifact_bytes("empty", b"")
        run.log_artifact_link(path="elsewhere", uri="s3://bucket/key", digest="0" * 64, size=2**40)
        found = {each.path: each for each in run.list_artifacts()}
        assert list(found) == ["elsewhere", "empty", "kept/leaf.json", "leaf.json"]
        assert found["elsewhere"].kind is ArtifactKind.LINK
        assert found["elsewhere"].size == 2**40 and found["elsewhere"].uri == "s3://bucket/key"
        assert found["leaf.json"].format == "json" and found["leaf.json"].uri is None
        blob = run.open_artifact("kept/leaf.json")
        assert blob.info == found["kept/leaf.json"] and blob.size == 8
        assert bytes(blob.map()) == b'{"a": 1}'
        assert blob.read(1, 3) == b'"a"' and blob.read(6, 100) == b"1}" and blob.read(8, 1) == b""
        assert blob.read() == blob.read(size=2**60) == b'{"a": 1}' and blob.read(6) == b"1}"


def test_release(
    registry: Registry, experiment: modelreg.Experiment, tmp_path: pathlib.Path
) -> None:
    model = registry.create_model("digits", description="reads digits")
    assert model.info == registry.open_model("digits").info
    assert [each.description for each in registry.list_models()] == ["reads digits"]
    gate = Gate()
    gate.add_rule("accurate", "metrics.accuracy>=0.8")
    assert gate.text() == "accurate: metrics.accuracy >= 0.8\n"
    assert Gate.parse(gate.text() + "# more\n").digest() == gate.digest()
    registry.attach_gate(gate, model="digits", expected_digest="none")
    assert registry.open_gate(model="digits").digest() == gate.digest()

    refused = model.promote(finished(experiment, accuracy=0.5), op_id="worse")
    assert refused.info.state is RequestState.REFUSED
    decision = refused.decision()
    assert decision.info.verdict is Verdict.FAILED and decision.info.rule_count == 1
    assert [(rule.name, rule.verdict, rule.unknown, rule.from_default) for rule in decision] == [
        ("accurate", Verdict.FAILED, False, False)
    ]
    assert "accurate" in decision.text() and decision.json().startswith("{")
    with pytest.raises(modelreg.GateFailedError, match="accurate"):
        refused.version()

    good = finished(experiment)
    request = model.promote(good, bump=modelreg.Bump.MAJOR, description="the first")
    assert registry.open_request(request.info.id).info == request.info
    accepted = registry.list_requests(state=RequestState.ACCEPTED, model="digits")
    assert [each.run_id for each in accepted] == [good]
    version = request.version()
    assert version.info.run_id == good and version.info.number.startswith("1.0.0+")
    assert version.info == model.open_version("1.0.0").info
    assert [each.number for each in model.list_versions()] == [version.info.number]
    assert [each.path for each in version.list_artifacts()] == ["model.bin"]
    assert version.open_artifact().size == version.open_artifact("model.bin").size
    assert version.fetch(tmp_path / "out").info.file_count == 1
    assert len(version.verify()) == 0
    version.verify_or_raise(tmp_path / "out")

    model.create_channel("production")
    moved = model.move_channel(
        channel="production", version=version.info.number, expected="none", reason="go"
    )
    assert moved.info.transition == "channel/production"
    channels = {each.name: each for each in model.list_channels()}
    assert channels["production"].version == version.info.number
    for reference in ("digits", "digits@1.0.0", "digits@production"):
        assert registry.resolve(reference).info.id == version.info.id
    flags = modelreg.ResolveFlags.PRERELEASES
    assert registry.resolve("digits", flags=flags).info.id == version.info.id


def test_cancel(registry: Registry, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("x")
    cancel = modelreg.Cancel()
    manifest = Manifest()
    manifest.add_folder(tmp_path, cancel=cancel)
    cancel.trigger()
    cancel.trigger()
    with pytest.raises(modelreg.CancelledError):
        manifest.add_folder(tmp_path, cancel=cancel)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_all_pages(registry: Registry, run: modelreg.Run, limit: int) -> None:
    keys = [f"k{number:02}" for number in range(6)]
    run.log_params({key: key for key in keys})
    assert [each.key for each in run.list_params(page_limit=limit)] == keys
    page = run.list_params_page(limit=4)
    assert [each.key for each in page] == keys[:4] and len(page) == 4
    rest = run.list_params_page(limit=4, token=page.next_token)
    assert [each.key for each in rest] == keys[4:] and rest.next_token is None


def test_pages_are_fetched_when_needed(registry: Registry, run: modelreg.Run) -> None:
    run.log_params({"a": "1", "b": "2"})
    params = run.list_params(page_limit=1)
    assert next(params).key == "a"
    registry.close()
    with pytest.raises(modelreg.ClosedError):
        next(params)


def test_lists_check_their_arguments_at_once(registry: Registry) -> None:
    with pytest.raises(TypeError, match="^experiment must be a str, not int"):
        registry.list_runs(experiment=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^page_limit must be an int"):
        registry.list_runs(page_limit="5")  # type: ignore[arg-type]


def test_rows_are_sequences(run: modelreg.Run) -> None:
    run.log_params({"a": "1", "b": "2", "c": "3"})
    page = run.list_params_page()
    assert [each.key for each in reversed(page)] == ["c", "b", "a"]
    assert page[0] in page and page[-3] == page[0] and page[::2] == [page[0], page[2]]
    for index in (3, -4, 2**70, -(2**70)):
        with pytest.raises(IndexError):
            page[index]
    assert isinstance(page, Sequence) and page.index(page[1]) == 1 and page.count(page[1]) == 1
    with pytest.raises(TypeError):
        page["a"]  # type: ignore[call-overload]
