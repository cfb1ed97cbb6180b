# SPDX-License-Identifier: Apache-2.0
"""Columns of numbers and bytes, in and out, without copying."""

from __future__ import annotations

import array
import ctypes
import datetime
import gc
from collections.abc import Callable, Iterator
from typing import Any

import modelreg
import numpy
import pytest
from modelreg import _convert, _runtime


@pytest.fixture
def metric(run: modelreg.Run) -> Iterator[modelreg.Metric]:
    with run.metric("m") as metric:
        yield metric


def test_numpy_columns(run: modelreg.Run, metric: modelreg.Metric) -> None:
    values = numpy.linspace(0.0, 1.0, 1000)
    steps = numpy.arange(1000)
    times = numpy.arange(1000) * 1000 + 5
    metric.log_many(values, steps, times)
    history = run.history("m")
    assert numpy.array_equal(numpy.asarray(history.values), values)
    assert numpy.array_equal(numpy.asarray(history.steps), steps)
    assert numpy.array_equal(numpy.asarray(history.times_us), times)
    assert numpy.asarray(history.values).dtype == numpy.float64
    assert numpy.frombuffer(history.steps, "int64")[-1] == 999


@pytest.mark.parametrize(
    "values",
    [
        numpy.array([1.0, 2.0]),
        array.array("d", [1.0, 2.0]),
        memoryview(array.array("d", [1.0, 2.0])),
        memoryview(array.array("d", [0.0, 1.0, 2.0]))[1:],
        (ctypes.c_double * 2)(1.0, 2.0),
        numpy.frombuffer(array.array("d", [1.0, 2.0]).tobytes()),
    ],
)
def test_memory_is_not_copied(metric: modelreg.Metric, values: Any) -> None:
    place, count = _convert.column(values, "values", "d")
    address = ctypes.addressof(place)
    assert count == 2 and address == numpy.frombuffer(values).ctypes.data
    assert ctypes.string_at(address, 16) == array.array("d", [1.0, 2.0]).tobytes()
    metric.log_many(values, [1, 2])


@pytest.mark.parametrize("values", [[1.0, 2.0], (1, 2), range(1, 3), iter([1.0, 2.0])])
def test_sequences_are_copied(run: modelreg.Run, metric: modelreg.Metric, values: Any) -> None:
    metric.log_many(values, range(2))
    assert list(run.history("m").values) == [1.0, 2.0]


@pytest.mark.parametrize("empty", [[], numpy.zeros(0), array.array("d"), ()])
def test_empty_columns(run: modelreg.Run, metric: modelreg.Metric, empty: Any) -> None:
    metric.log_many(empty, [], numpy.zeros(0, "int64"))
    assert list(run.list_metrics()) == []


def test_times(run: modelreg.Run, metric: modelreg.Metric) -> None:
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    metric.log_many([1.0, 2.0], [1, 2], [moment, 7])
    assert list(run.history("m").times_us) == [1577836800000000, 7]
    with pytest.raises(ValueError, match=r"^times_us\[0\] has no time zone"):
        metric.log_many([1.0], [1], [datetime.datetime(2020, 1, 1)])
    with pytest.raises(TypeError, match="^times_us cannot be read as int64.*astype"):
        metric.log_many([1.0], [1], numpy.array(["2020-01-01"], "datetime64[us]"))


@pytest.mark.parametrize("kind", ["float32", "int64", "uint8", "complex128", ">f8", "bool"])
def test_values_of_another_type(metric: modelreg.Metric, kind: str) -> None:
    with pytest.raises(TypeError, match="^values must hold float64, not .*numpy.asarray"):
        metric.log_many(numpy.zeros(3, kind), [1, 2, 3])


@pytest.mark.parametrize("kind", ["float64", "int32", "uint64", ">i8"])
def test_steps_of_another_type(metric: modelreg.Metric, kind: str) -> None:
    with pytest.raises(TypeError, match="^steps must hold int64, not"):
        metric.log_many(numpy.zeros(3), numpy.zeros(3, kind))


def test_other_shapes(metric: modelreg.Metric) -> None:
    with pytest.raises(ValueError, match="^values is not contiguous.*ascontiguousarray"):
        metric.log_many(numpy.zeros(6)[::2], [1, 2, 3])
    with pytest.raises(ValueError, match="^values must have one dimension, not 2"):
        metric.log_many(numpy.zeros((3, 1)), [1, 2, 3])
    with pytest.raises(ValueError, match="^values must have one dimension, not 0"):
        metric.log_many(numpy.array(1.0), [1])


def test_unequal_lengths(run: modelreg.Run, metric: modelreg.Metric) -> None:
    with pytest.raises(ValueError, match="^values and steps must .* length, not 2 and 3"):
        metric.log_many([1.0, 2.0], [1, 2, 3])
    with pytest.raises(ValueError, match="^values and times_us must have the same length"):
        metric.log_many([1.0, 2.0], [1, 2], [1])
    assert list(run.list_metrics()) == []


@pytest.mark.parametrize("bad", ["12", 5, None, [1.0, "x"], [None], b"12345678", object()])
def test_no_columns(metric: modelreg.Metric, bad: Any) -> None:
    with pytest.raises(TypeError, match=r"^values(\[\d\])? must"):
        metric.log_many(bad, [1, 2])


def test_history_outlives_its_handle(run: modelreg.Run) -> None:
    metric = run.metric("m")
    metric.log_many(numpy.arange(5.0), range(5))
    before = _runtime.live_handles()
    history = run.history("m")
    values = history.values
    array_of_values = numpy.asarray(values)
    history.close()
    with pytest.raises(modelreg.ClosedError):
        history.values
    del history, values
    gc.collect()
    assert _runtime.live_handles() == before + 1
    assert array_of_values.sum() == 10.0
    del array_of_values
    assert _runtime.live_handles() == before


def test_columns_are_read_only(run: modelreg.Run) -> None:
    run.log_metric("m", 1.0, 1)
    history = run.history("m")
    for column in (history.values, history.steps, history.times_us):
        assert column.readonly and column.c_contiguous and column.ndim == 1
        with pytest.raises(TypeError):
            column[0] = 0
        assert not numpy.asarray(column).flags.writeable


def test_empty_history(run: modelreg.Run) -> None:
    run.log_metric("m", 1.0, 1)
    history = run.history("m", from_step=2)
    assert len(history) == 0 and list(history.values) == [] and history.steps.format == "q"


def test_blob_map(registry: modelreg.Registry, run: modelreg.Run) -> None:
    weights = numpy.arange(100, dtype="float32")
    run.log_artifact_bytes("weights", weights)
    before = _runtime.live_handles()
    blob = run.open_artifact("weights")
    view = blob.map()
    assert view.readonly and view.format == "B" and len(view) == 400
    mapped = numpy.frombuffer(view, "float32")
    blob.close()
    registry.close()
    del view
    assert numpy.array_equal(mapped, weights)
    del mapped
    assert _runtime.live_handles() == before - 1  # without the registry


def test_blob_read_into(run: modelreg.Run) -> None:
    run.log_artifact_bytes("bytes", bytes(range(100)))
    run.log_artifact_bytes("none", b"")
    blob = run.open_artifact("bytes")
    room = numpy.zeros(10, "int16")
    assert blob.read_into(90, room) == 10
    assert room.tobytes() == bytes(range(90, 100)) + bytes(10)
    data = bytearray(5)
    assert blob.read_into(10, memoryview(data)[1:3]) == 2
    assert data == b"\0\x0a\x0b\0\0"
    assert blob.read(0, 1000) == bytes(range(100)) and blob.read(0, 0) == b""
    assert bytes(run.open_artifact("none").map()) == b""
    with pytest.raises(TypeError, match="^data must be writable"):
        blob.read_into(0, b"12345")
    with pytest.raises(ValueError, match="^data is not contiguous"):
        blob.read_into(0, numpy.zeros(10, "uint8")[::2])
    with pytest.raises(TypeError, match="^data must be a bytearray or another writable buffer"):
        blob.read_into(0, "text")  # type: ignore[arg-type]
    with pytest.raises(OverflowError, match="^size must be"):
        blob.read(0, -1)
    with pytest.raises(modelreg.InvalidArgumentError):
        blob.read(-1, 5)


@pytest.mark.parametrize("bad", ["text", 5, None, [1, 2]])
def test_content(run: modelreg.Run, bad: Any) -> None:
    with pytest.raises(TypeError, match="^data must be bytes or another buffer, not"):
        run.log_artifact_bytes("a", bad)
    with pytest.raises(ValueError, match="^data is not contiguous"):
        run.log_artifact_bytes("a", numpy.zeros(10)[::2])


def test_memory_is_released(metric: modelreg.Metric) -> None:
    values = bytearray(16)
    metric.log_many(memoryview(values).cast("d"), [1, 2])
    values.extend(b"more")  # a bytearray whose memory somebody holds refuses to grow


def test_times_of_numpy(run: modelreg.Run, metric: modelreg.Metric) -> None:
    times = numpy.array(["2024-01-01", "2024-01-02"], "datetime64[ns]")
    advice = r"times_us\.astype\('datetime64\[us\]'\)\.astype\('int64'\)$"
    with pytest.raises(TypeError, match=advice):
        metric.log_many(numpy.zeros(2), [1, 2], times)
    metric.log_many(numpy.zeros(2), [1, 2], times.astype("datetime64[us]").astype("int64"))
    assert run.history("m").times_us[0] == 1_704_067_200_000_000


def test_failures_let_memory_go(run: modelreg.Run, metric: modelreg.Metric) -> None:
    """While the exception is handled, and its traceback alive, memory may be resized again."""
    values, data, floats = array.array("d", [1.0]), bytearray(b"text"), array.array("f", [1.0])
    calls: list[Callable[[], object]] = [
        lambda: metric.log_many(values, [1, 2]),
        lambda: metric.log_many(floats, [1]),
        lambda: run.log_artifact_bytes("", data),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError)):
            try:
                call()
            finally:
                values.append(1.0)
                floats.append(1.0)
                data.append(1)
                values.pop()
    run.log_artifact_bytes("a", b"bytes")
    blob = run.open_artifact("a")
    blob.close()
    metric.close()
    calls = [lambda: metric.log_many(values, [1]), lambda: blob.read_into(0, data)]
    for call in calls:
        with pytest.raises(modelreg.ClosedError):
            try:
                call()
            finally:
                values.append(1.0)
                data.append(1)
                values.pop()
