# SPDX-License-Identifier: Apache-2.0
"""Names, types, docstrings and values that a newer library made up."""

from __future__ import annotations

import ctypes
import dataclasses
import datetime
import enum
import inspect
import json
import pickle
import typing
from collections.abc import Iterator
from typing import Any

import modelreg
import pytest
from conftest import API, PACKAGE
from modelreg import OpenFlags, RunKind, RunRecord, SourceState, Status, _generated, _runtime

NAMES: list[str] = _generated.__all__
CLASSES: list[type[Any]] = [
    value for value in (getattr(modelreg, name) for name in NAMES) if isinstance(value, type)
]
ENUMS = [each for each in CLASSES if issubclass(each, enum.Enum)]
RECORDS = [each for each in CLASSES if dataclasses.is_dataclass(each)]


def members(cls: type[Any]) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class."""
    for name, value in vars(cls).items():
        if name.startswith("_") and name not in ("__len__", "__getitem__"):
            continue
        if isinstance(value, (property, classmethod)) or inspect.isfunction(value):
            yield name, value


def test_every_function_is_bound() -> None:
    functions = [each["name"] for each in json.loads(API.read_text())["functions"]]
    assert [each.name for each in _generated._PROTOTYPES] == functions
    source = inspect.getsource(_generated) + inspect.getsource(_runtime)
    destructors = {each["destructor"] for each in json.loads(API.read_text())["handles"]}
    unused = [name for name in functions if f".{name}(" not in source and name not in destructors]
    assert unused == []


def test_layouts() -> None:
    structs = json.loads(API.read_text())["structs"]
    assert structs
    for struct in structs:
        name = "".join(word.capitalize() for word in struct["name"].split("_")[1:])
        layout: Any = getattr(_generated, f"_C{name}")
        assert ctypes.sizeof(layout) == struct["size"]
        for field in struct["fields"]:
            there = getattr(layout, field["name"])
            assert (there.offset, there.size) == (field.get("offset", 0), field["size"]), field


def test_everything_has_a_docstring_and_types() -> None:
    for cls in CLASSES:
        assert cls.__doc__ and "mr_" not in cls.__doc__, cls
        for name, value in members(cls):
            target: Any = value.fget if isinstance(value, property) else value
            target = getattr(target, "__func__", target)
            assert inspect.getdoc(target), (cls, name)
            hints = typing.get_type_hints(target)
            assert "return" in hints, (cls, name)
            own = set(inspect.signature(target).parameters) - {"self", "cls"}
            assert own <= set(hints), (cls, name)
            for parameter in own - {"exception", "index"}:
                assert f"{parameter}:" in (inspect.getdoc(target) or ""), (cls, name, parameter)


def test_docstrings_speak_python() -> None:
    text = inspect.getsource(_generated)
    docstrings = "".join(text.split('"""')[1::2])
    assert "NULL" not in docstrings
    assert "MR_" not in docstrings
    assert "@" not in docstrings.replace("model@", "").replace('"@"', "").replace("`@", "")


@pytest.mark.parametrize("cls", ENUMS)
def test_unknown_values(cls: Any) -> None:
    unknown = cls(0x4000)
    assert int(unknown) == 0x4000 and isinstance(unknown, cls)
    assert cls(0x4000) == unknown and unknown not in list(cls)
    if not issubclass(cls, enum.Flag):
        assert unknown.name == "UNKNOWN_16384" and cls(0x4000) is unknown
        assert cls(-7).name == "UNKNOWN_-7"
        assert repr(unknown) == f"<{cls.__name__}.UNKNOWN_16384: 16384>"
        assert pickle.loads(pickle.dumps(unknown)) is unknown
    for value in ("text", None, 1.5):
        with pytest.raises(ValueError):
            cls(value)


def test_flags() -> None:
    both = OpenFlags.CREATE | OpenFlags.EXCLUSIVE
    assert str(both) == f"{both}" == "OpenFlags.CREATE|EXCLUSIVE" and f"{both:d}" == "5"
    assert [str(OpenFlags(0)), str(OpenFlags(0x4001))] == [
        "OpenFlags(0)",
        "OpenFlags.CREATE|0x4000",
    ]
    assert both == 5 and OpenFlags.CREATE in both and OpenFlags.READ_ONLY not in both
    assert OpenFlags.CREATE in OpenFlags(0x4001)


def test_enums_are_integers() -> None:
    assert str(RunKind.TRAINING) == f"{RunKind.TRAINING}" == "RunKind.TRAINING"
    assert f"{RunKind.TRAINING:03d}" == "001" and str(RunKind(77)) == "RunKind.UNKNOWN_77"
    assert isinstance(RunKind.TRAINING, int) and RunKind(2) is RunKind.DATASET
    assert [int(SourceState.UNKNOWN), int(Status.OK), RunKind.TRAINING + 1] == [0, 0, 2]


@pytest.mark.parametrize("cls", RECORDS)
def test_records(cls: Any) -> None:
    if cls is modelreg.Allocator:
        return
    count = len(dataclasses.fields(cls))
    one, same, other = cls(*range(count)), cls(*range(count)), cls(*range(1, count + 1))
    assert one == same and one != other and hash(one) == hash(same)
    assert not hasattr(one, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, dataclasses.fields(cls)[0].name, 1)
    with pytest.raises((AttributeError, TypeError)):
        one.something = 1
    assert pickle.loads(pickle.dumps(one)) == one


def test_moments(run: modelreg.Run) -> None:
    info = run.info
    moment = info.started
    assert moment.tzinfo is datetime.timezone.utc
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    assert (moment - epoch) // datetime.timedelta(microseconds=1) == info.started_us
    assert info.ended is None
    later = dataclasses.replace(info, ended_us=253402300799999999)
    assert later.ended is not None and later.ended.microsecond == 999999
    before = dataclasses.replace(info, ended_us=-1)
    assert before.ended is not None and before.ended.year == 1969
    assert dataclasses.replace(info, started_us=0).started == epoch
    for far, year in ((2**63 - 1, 9999), (-(2**63), 1)):
        replaced = dataclasses.replace(info, started_us=far, ended_us=far)
        assert replaced.started.year == year and replaced.ended is None
    run.metric("m").log_many([1.0], [1], [0])
    record = next(run.list_metrics())
    assert record.first_time == epoch
    assert dataclasses.replace(record, last_time_us=2**63 - 1).last_time is None


def test_a_shorter_record_of_an_older_library() -> None:
    layout: Any = _generated._CRunRecord
    raw = layout(32, 1, 2, 1, b"id", b"name", b"beyond the end")
    record: Any = _runtime.record(layout, ctypes.addressof(raw))
    assert (record.id, record.name, record.experiment_id) == (b"id", b"name", None)
    assert (record.kind, record.sealed, record.ended_us) == (1, 1, 0)
    raw.struct_size = ctypes.sizeof(layout)
    whole: Any = _runtime.record(layout, ctypes.addressof(raw))
    assert whole.experiment_id == b"beyond the end"
    assert isinstance(RunRecord.__doc__, str)


def test_names() -> None:
    assert sorted(set(NAMES)) == NAMES
    namespace: dict[str, Any] = {}
    exec("from modelreg import *", namespace)
    assert set(NAMES) <= set(namespace)
    assert (PACKAGE / "py.typed").is_file()
