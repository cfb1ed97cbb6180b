# SPDX-License-Identifier: Apache-2.0
"""Checking and copying whole registries: findings, reports, what raises, how far a call is."""

from __future__ import annotations

import pathlib
import threading

import modelreg
import pytest
from modelreg import Cancel, Finding, FsckFlags, OpenFlags, Problem, Registry

WEIGHTS = b"w" * (3 << 20)


@pytest.fixture
def filled(on_disk: Registry) -> Registry:
    """A registry in a file with one piece of content."""
    with on_disk.open_experiment("e") as experiment, experiment.start_run() as run:
        run.log_artifact_bytes("model.bin", WEIGHTS)
    return on_disk


def stored(registry: Registry) -> pathlib.Path:
    """The file of the only content."""
    root = registry.info.artifact_root
    assert root is not None
    (file,) = (each for each in pathlib.Path(root, "blobs").glob("*/*") if "." not in each.name)
    return file


def errors(fsck: modelreg.Fsck) -> list[modelreg.FindingRecord]:
    return [each for each in fsck if not each.is_note]


def test_findings_are_a_sequence(filled: Registry) -> None:
    with filled.fsck() as whole:
        assert errors(whole) == [] and whole.info.error_count == 0
        assert whole.info.total_size == len(WEIGHTS) and whole.info.blob_count == 1
        assert len(whole) == whole.info.note_count
    with stored(filled).open("r+b") as file:
        file.seek(2 << 20)
        file.write(b"x")
    broken = filled.fsck()
    (error,) = errors(broken)
    assert (error.finding, error.is_note, error.repaired) == (Finding.CHANGED, False, False)
    digest = "".join(stored(filled).parts[-2:])
    assert error == broken[0] and error.object == f"blob {digest}"
    with pytest.raises(IndexError):
        broken[len(broken)]
    assert errors(filled.fsck(flags=FsckFlags.QUICK)) == []  # the size is as it was
    assert len(filled.fsck(limit=1)) == 1
    with pytest.raises(modelreg.InvalidArgumentError, match="limit"):
        filled.fsck(limit=-1)


def test_a_backup_reports_or_raises(filled: Registry, tmp_path: pathlib.Path) -> None:
    stored(filled).unlink()
    target = tmp_path / "copy.db"
    with pytest.raises(modelreg.TamperedError, match="content of the registry is damaged: blob"):
        filled.backup_or_raise(target)
    assert not target.exists()
    (problem,) = filled.backup(target)
    assert problem.problem is Problem.MISSING
    with pytest.raises(modelreg.AlreadyExistsError):
        filled.backup(target)
    with Registry.open(target, flags=OpenFlags.READ_ONLY) as copy:
        assert copy.info.id == filled.info.id
        (error,) = errors(copy.fsck())
        assert error.finding is Finding.MISSING
        with pytest.raises(modelreg.ReadOnlyError):
            copy.fsck(flags=FsckFlags.REPAIR)


def test_another_thread_sees_how_far_it_is(registry: Registry, tmp_path: pathlib.Path) -> None:
    with registry.open_experiment("e") as experiment, experiment.start_run() as run:
        for i in range(8):
            run.log_artifact_bytes(f"{i}.bin", bytes([i]) * (1 << 20))
    cancel = Cancel()
    failures: list[BaseException] = []

    def copy() -> None:
        try:
            registry.backup_or_raise(tmp_path / "copy.db", cancel=cancel)
        except BaseException as failure:
            failures.append(failure)

    worker = threading.Thread(target=copy)
    worker.start()
    seen = 0
    while worker.is_alive():
        done = cancel.done  # before the total, which only grows
        assert seen <= done <= cancel.total
        seen = done
    worker.join()
    assert failures == []
    assert cancel.done == cancel.total > 8 << 20
    cancel.trigger()
    for call in (registry.fsck, lambda cancel: registry.backup(tmp_path / "c", cancel=cancel)):
        with pytest.raises(modelreg.CancelledError):
            call(cancel=cancel)
    assert not (tmp_path / "c").exists()
