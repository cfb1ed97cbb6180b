# SPDX-License-Identifier: Apache-2.0
"""What is refused before it reaches C, with a message that names the argument."""

from __future__ import annotations

import datetime
import os
import pathlib
from typing import Any

import modelreg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from modelreg import Manifest, Registry, _convert

BIG = 64 * 1024


@pytest.mark.parametrize("bad", ["a\0b", "\0", "ab\0"])
def test_nul_in_text(run: modelreg.Run, bad: str) -> None:
    with pytest.raises(ValueError, match="^key has a NUL character at index"):
        run.log_param(bad, "1")
    with pytest.raises(ValueError, match="^value has a NUL"):
        run.log_param("key", bad)
    with pytest.raises(ValueError, match=r"^params keys\[1\] has a NUL"):
        run.log_params([("fine", "1"), (bad, "1")])
    assert list(run.list_params()) == []


@pytest.mark.parametrize("bad", ["\ud800", "a\udfff", "\udc80"])
def test_lone_surrogates(run: modelreg.Run, bad: str) -> None:
    with pytest.raises(ValueError, match="^key is not valid Unicode: lone surrogate at index"):
        run.set_tag(bad, "1")
    with pytest.raises(ValueError, match=r"^tags values\[0\] is not valid Unicode"):
        Registry.open("memory:", flags=modelreg.OpenFlags.CREATE).open_experiment("e").start_run(
            tags={"key": bad}
        )


@pytest.mark.parametrize("bad", [b"bytes", 1, 1.5, ["a"], pathlib.Path("a"), object()])
def test_text_is_str(run: modelreg.Run, bad: Any) -> None:
    with pytest.raises(TypeError, match="^key must be a str, not"):
        run.log_param(bad, "1")


def test_none_is_text_only_where_it_may_be(run: modelreg.Run) -> None:
    with pytest.raises(TypeError, match="^key must be a str, not NoneType"):
        run.log_param(None, "1")  # type: ignore[arg-type]


@pytest.mark.parametrize("letter", ["x", "é", "字", "🙂"])
def test_text_of_64_kib(run: modelreg.Run, letter: str) -> None:
    text = letter * (BIG // len(letter.encode()))
    run.log_param("long", text)
    assert next(run.list_params()).value == text
    with pytest.raises(modelreg.LimitError):
        run.log_param("longer", text + "xx")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50))
def test_any_text_comes_back(text: str) -> None:
    with Registry.open("memory:", flags=modelreg.OpenFlags.CREATE) as registry:
        run = registry.open_experiment("e").start_run(tags={"key": text})
        assert [each.value for each in run.list_tags()] == [text]


@pytest.mark.parametrize("bad", [2**63, -(2**63) - 1, 10**100])
def test_integers_out_of_range(run: modelreg.Run, registry: Registry, bad: int) -> None:
    wanted = r"^step must be -9223372036854775808 to 9223372036854775807, not"
    with pytest.raises(OverflowError, match=wanted):
        run.log_metric("m", 1.0, bad)
    with pytest.raises(OverflowError, match=r"^steps\[1\] must be"):
        run.metric("m").log_many([1.0, 2.0], [0, bad])
    with pytest.raises(OverflowError, match="^limit must be"):
        registry.list_runs_page(limit=bad)
    with pytest.raises(OverflowError, match="^from_step must be"):
        run.history("m", from_step=bad)
    with pytest.raises(OverflowError, match="^kind must be"):
        registry.list_runs_page(kind=bad)  # type: ignore[arg-type]
    assert list(run.list_metrics()) == []


@pytest.mark.parametrize("bad", [-1, 2**32])
def test_unsigned_integers_out_of_range(bad: int) -> None:
    with pytest.raises(OverflowError, match="^file_mode must be 0 to 4294967295, not"):
        Registry.open("memory:", file_mode=bad)
    with pytest.raises(OverflowError, match="^flags must be 0 to 4294967295, not"):
        Registry.open("memory:", flags=bad)  # type: ignore[arg-type]


def test_integers_at_the_ends(run: modelreg.Run) -> None:
    for step in (2**63 - 1, -(2**63)):
        run.log_metric("m", 1.0, step)
    assert list(run.history("m").steps) == [-(2**63), 2**63 - 1]


@pytest.mark.parametrize("bad", ["1", 1.0, None, [1]])
def test_integers_are_integers(run: modelreg.Run, bad: Any) -> None:
    with pytest.raises(TypeError, match="^step must be an int, not"):
        run.log_metric("m", 1.0, bad)


def test_what_counts_as_an_integer_or_a_float(run: modelreg.Run) -> None:
    class Five:
        def __index__(self) -> int:
            return 5

    run.log_metric("m", Five(), Five())  # type: ignore[arg-type]
    run.log_metric("m", 6, True)
    assert list(run.history("m").values) == [6.0, 5.0]
    for bad in ("1.5", None, [1.0], 1j):
        with pytest.raises(TypeError, match="^value must be a float, not"):
            run.log_metric("m", bad, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [1, 0, "yes", None])
def test_bools_are_bools(experiment: modelreg.Experiment, bad: Any) -> None:
    with pytest.raises(TypeError, match="^freeze must be a bool, not"):
        experiment.log_dataset("d", Manifest(), freeze=bad)


def test_handles_of_another_kind(experiment: modelreg.Experiment, registry: Registry) -> None:
    with pytest.raises(TypeError, match="^manifest must be a Manifest, not Registry"):
        experiment.log_dataset("d", registry)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^manifest must be a Manifest, not NoneType"):
        experiment.log_dataset("d", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^cancel must be a Cancel, not Manifest"):
        experiment.log_dataset("d", Manifest(), cancel=Manifest())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Registry cannot be made by itself"):
        Registry()


@pytest.mark.parametrize("bad", ["text", 5, [1], [("a",)], [("a", "b", "c")], {"a"}])
def test_pairs(run: modelreg.Run, bad: Any) -> None:
    with pytest.raises(TypeError, match="^params must be a mapping, or pairs of"):
        run.log_params(bad)


def test_sequences_of_text(tmp_path: pathlib.Path) -> None:
    manifest = Manifest()
    for bad in ("*.csv", b"*", 5):
        with pytest.raises(TypeError, match="^include must be a sequence of str, not"):
            manifest.add_folder(tmp_path, include=bad)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^exclude\[1\] must be a str, not int"):
        manifest.add_folder(tmp_path, exclude=["a", 1])  # type: ignore[list-item]


def test_paths(tmp_path: pathlib.Path) -> None:
    class Named:
        def __fspath__(self) -> str:
            return str(tmp_path / "a")

    (tmp_path / "a").write_text("x")
    manifest = Manifest()
    manifest.add_file(Named())
    manifest.add_file(str(tmp_path / "a"), "b")
    assert [entry.path for entry in manifest] == ["a", "b"]
    for bad in (5, None, ["a"]):
        with pytest.raises(TypeError, match="^local_path must be a str or os.PathLike, not"):
            manifest.add_file(bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="^folder has a NUL character"):
        manifest.add_folder("a\0b")
    with pytest.raises(ValueError, match="^folder is not valid Unicode"):
        manifest.add_folder("a\ud800b")
    # A name that is no UTF-8 arrives byte for byte, so the library can say that it is none.
    (tmp_path / "odd").mkdir()
    with open(os.fsencode(tmp_path) + b"/odd/\xff", "w"):
        pass
    with pytest.raises(modelreg.InvalidArgumentError):
        manifest.add_folder(tmp_path / "odd")


def test_times() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    assert _convert.time_us(datetime.datetime(1970, 1, 1, 2, tzinfo=zone), "t") == 0
    late = datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc)
    assert _convert.time_us(late, "t") == 253402300799999999
    assert _convert.time_us(-5, "t") == -5
    with pytest.raises(ValueError, match="^t has no time zone"):
        _convert.time_us(datetime.datetime(1970, 1, 1), "t")
    with pytest.raises(TypeError, match="^t must be an int, not str"):
        _convert.time_us("now", "t")


def test_options_are_keywords(registry: Registry) -> None:
    with pytest.raises(TypeError):
        Registry.open("memory:", modelreg.OpenFlags.CREATE)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="role"):
        registry.open_experiment("e").start_run().log_input(run_id="x")  # type: ignore[call-arg]


def test_a_member_of_another_enum(registry: Registry, run: modelreg.Run) -> None:
    with pytest.raises(TypeError, match="^status must be a RunStatus, not RunKind.EVALUATION$"):
        run.finish(modelreg.RunKind.EVALUATION)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^kind must be a RunKind, not RunStatus.FAILED$"):
        registry.list_runs(kind=modelreg.RunStatus.FAILED)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^flags must be OpenFlags, not GateFlags.DEFAULT$"):
        Registry.open("memory:", flags=modelreg.GateFlags.DEFAULT)  # type: ignore[arg-type]
    assert run.info.status is modelreg.RunStatus.RUNNING


@pytest.mark.parametrize("bad", ["1.5", b"1.5", bytearray(b"1.5"), memoryview(b"1.5"), None])
def test_no_number(run: modelreg.Run, bad: Any) -> None:
    with pytest.raises(TypeError, match="^value must be a float, not"):
        run.log_metric("m", bad, 1)


def test_a_number_beyond_floats(run: modelreg.Run) -> None:
    with pytest.raises(OverflowError, match="^value is too large for a float$"):
        run.log_metric("m", 10**400, 1)
    assert list(run.list_metrics()) == []
