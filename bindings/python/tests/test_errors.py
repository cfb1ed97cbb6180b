# SPDX-License-Identifier: Apache-2.0
"""Statuses as exceptions."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import pathlib
import pickle
from typing import Any

import modelreg
import pytest
from conftest import API, finished
from modelreg import OpenFlags, Registry, Status, _generated

STATUSES = [status for status in Status if status is not Status.OK]
NATURAL = {
    Status.INVALID_ARGUMENT: ValueError,
    Status.NOT_FOUND: LookupError,
    Status.BUSY: TimeoutError,
    Status.NO_MEMORY: MemoryError,
    Status.IO: OSError,
    Status.NOT_SUPPORTED: NotImplementedError,
    Status.READ_ONLY: PermissionError,
    Status.FORKED: RuntimeError,
    Status.CLOSED: ValueError,
}


def failure(status: int, message: bytes = b"a file: gone", code: int = 0) -> modelreg.ModelregError:
    """What a call raises that has answered this."""
    ref = _generated._take_error()
    ref.record.message = message
    ref.record.backend_code = code
    return _generated._failure(status, ref)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_exception(status: Status) -> None:
    error = failure(status, code=7)
    words = status.name.split("_")
    assert type(error).__name__ == "".join(word.capitalize() for word in words) + "Error"
    assert getattr(modelreg, type(error).__name__) is type(error)
    assert isinstance(error, modelreg.ModelregError)
    assert isinstance(error, NATURAL.get(status, Exception))
    assert (error.status, error.message, error.backend_code) == (status, "a file: gone", 7)
    assert str(error) == "a file: gone"
    assert type(error).__doc__


def test_api_knows_the_same_statuses() -> None:
    enums = json.loads(API.read_text())["enums"]
    constants = next(enum for enum in enums if enum["name"] == "mr_status")["constants"]
    assert {each["name"]: each["value"] for each in constants} == {
        f"MR_{status.name}": status.value for status in Status
    }


def test_unknown_status() -> None:
    error = failure(4711)
    assert type(error) is modelreg.ModelregError
    assert error.status == 4711 and error.status.name == "UNKNOWN_4711"


def test_messages_are_text() -> None:
    assert failure(1, "né".encode()).message == "né"
    assert failure(1, b"cut \xc3").message == "cut \N{REPLACEMENT CHARACTER}"


def test_io_has_errno() -> None:
    error = failure(Status.IO, code=errno.ENOSPC)
    assert isinstance(error, OSError) and error.errno == errno.ENOSPC
    busy = failure(Status.BUSY, code=5)
    assert isinstance(busy, OSError) and busy.errno is None


@pytest.mark.parametrize("status", STATUSES)
def test_pickling(status: Status) -> None:
    error = failure(status, code=2)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.status, again.message, again.backend_code) == (status, error.message, 2)
    assert again.status is status


def test_an_error_record_is_used_by_one_call_at_a_time() -> None:
    first, second = _generated._take_error(), _generated._take_error()
    assert first is not second and first.value != second.value
    assert ctypes.sizeof(first.record) == 528
    _generated._give_error(first)
    assert _generated._take_error() is first
    _generated._give_error(first)
    _generated._give_error(second)


# Statuses that calls really answer. FORKED is in test_handles.py, NO_MEMORY in test_hooks.py and
# IN_USE in test_govern.py.


def test_invalid_argument(run: modelreg.Run) -> None:
    with pytest.raises(modelreg.InvalidArgumentError, match="key") as caught:
        run.log_param("", "1")
    assert caught.value.status is Status.INVALID_ARGUMENT


def test_not_found(registry: Registry) -> None:
    with pytest.raises(LookupError, match="there is no model 'nothing'"):
        registry.open_model("nothing")


def test_already_exists(run: modelreg.Run) -> None:
    run.log_param("a", "1")
    with pytest.raises(modelreg.AlreadyExistsError):
        run.log_param("a", "2")


def test_conflict(run: modelreg.Run) -> None:
    run.finish(modelreg.RunStatus.FAILED)
    with pytest.raises(modelreg.ConflictError):
        run.finish(modelreg.RunStatus.FINISHED)


def test_busy(tmp_path: pathlib.Path) -> None:
    import sqlite3

    path = tmp_path / "R.db"
    with Registry.open(path, flags=OpenFlags.CREATE, busy_timeout_ms=1) as registry:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError) as caught:
            registry.create_model("m")
        assert isinstance(caught.value, modelreg.BusyError)
        other.execute("ROLLBACK")
        other.close()
        registry.create_model("m")


def test_io(tmp_path: pathlib.Path) -> None:
    with pytest.raises(modelreg.IoError) as caught:
        modelreg.Manifest().add_folder(tmp_path / ("x" * 300))
    assert caught.value.errno == errno.ENAMETOOLONG


def test_corrupt(tmp_path: pathlib.Path) -> None:
    (tmp_path / "R.db").write_bytes(os.urandom(4096))
    with pytest.raises(modelreg.CorruptError, match="R.db"):
        Registry.open(tmp_path / "R.db")


def test_not_supported() -> None:
    with pytest.raises(NotImplementedError):
        Registry.open("gopher://example.org/")


def test_limit(run: modelreg.Run) -> None:
    with pytest.raises(modelreg.LimitError):
        run.log_param("k" * 251, "1")


def test_abi_mismatch(registry: Registry) -> None:
    """No argument leads to it: the package always sends structs of its own size."""
    out = _generated._ExperimentPageRef()
    out.library = _generated._library
    error = _generated._take_error()
    options = _generated._CListOptions(5000)
    status = _generated._library.mr_registry_list_experiments(
        registry._ref, ctypes.byref(options), ctypes.byref(out), error
    )
    assert isinstance(_generated._failure(status, error), modelreg.AbiMismatchError)


def promoted(registry: Registry, expression: str) -> modelreg.Request:
    gate = modelreg.Gate()
    gate.add_rule("rule", expression)
    model = registry.create_model("m")
    registry.attach_gate(gate, model="m")
    return model.promote(finished(registry.open_experiment("e")))


def test_gate_failed(registry: Registry) -> None:
    with pytest.raises(modelreg.GateFailedError, match="rule"):
        promoted(registry, "metrics.accuracy > 2").version()


def test_gate_pending(registry: Registry) -> None:
    with pytest.raises(modelreg.GatePendingError, match="rule 'rule' is pending") as caught:
        promoted(registry, "checks.audit = 'passed'").version()
    assert caught.value.status is Status.GATE_PENDING


def test_tampered(on_disk: Registry) -> None:
    run = on_disk.open_experiment("e").start_run()
    run.log_artifact_bytes("a", b"0123456789")
    digest = run.open_artifact("a").info.digest
    assert on_disk.info.artifact_root is not None
    blob = pathlib.Path(on_disk.info.artifact_root, "blobs", digest[:2], digest[2:])
    blob.chmod(0o600)
    blob.write_bytes(b"0123456780")
    with pytest.raises(modelreg.TamperedError):
        run.open_artifact("a").map()


def test_read_only(on_disk: Registry) -> None:
    location = on_disk.info.location
    assert location is not None
    with Registry.open(location, flags=OpenFlags.READ_ONLY) as reader:
        with pytest.raises(PermissionError) as caught:
            reader.create_model("m")
        assert isinstance(caught.value, modelreg.ReadOnlyError)


def test_cancelled(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").write_text("a")
    cancel = modelreg.Cancel()
    cancel.trigger()
    with pytest.raises(modelreg.CancelledError):
        modelreg.Manifest().add_folder(tmp_path, cancel=cancel)


def test_closed_by_the_library(registry: Registry, run: modelreg.Run) -> None:
    registry.close()
    with pytest.raises(modelreg.ClosedError) as caught:
        run.log_param("a", "1")
    assert caught.value.status is Status.CLOSED


def test_nothing_is_written_for_what_fails(registry: Registry, run: modelreg.Run) -> None:
    values: list[Any] = [("a", "1"), ("a", "2")]
    with pytest.raises(modelreg.ModelregError):
        run.log_params(values)
    assert list(run.list_params()) == []


def test_io_error_is_an_os_error() -> None:
    error = modelreg.IoError(Status.IO, "cannot read a: gone", 5)
    assert (error.errno, error.strerror, str(error)) == (5, "cannot read a: gone", error.message)
    assert error.status is Status.IO
