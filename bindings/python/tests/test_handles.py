# SPDX-License-Identifier: Apache-2.0
"""Handles: closing, owning, threads."""

from __future__ import annotations

import copy
import gc
import itertools
import os
import pathlib
import pickle
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import modelreg
import pytest
from conftest import SCALE, finished
from modelreg import ClosedError, Manifest, OpenFlags, Registry, _runtime


def everything(registry: Registry) -> dict[str, modelreg.Handle]:
    """A handle of every class."""
    experiment = registry.open_experiment("e")
    run_id = finished(experiment)
    run = registry.open_run(run_id)
    manifest = Manifest()
    dataset = experiment.log_dataset("d", manifest)
    model = registry.create_model("m")
    model.create_channel("c")
    request = model.promote(run_id)
    version = request.version()
    handles: list[modelreg.Handle] = [
        registry,
        experiment,
        run,
        run.metric("accuracy"),
        run.history("accuracy"),
        run.open_artifact("model.bin"),
        manifest,
        dataset,
        model,
        request,
        request.decision(),
        version,
        version.verify(),
        modelreg.Gate(),
        modelreg.Cancel(),
        modelreg.Semver.parse("1.0.0"),
        modelreg.SemverRange.parse("^1"),
        registry.list_experiments_page(),
        registry.list_runs_page(),
        registry.list_datasets_page(),
        registry.list_models_page(),
        registry.list_requests_page(),
        registry.list_gates_page(model="m"),
        registry.lineage(run_id=run_id),
        registry.fsck(),
        model.list_versions_page(),
        model.list_channels_page(),
        model.list_channel_moves_page(channel="c"),
        run.list_params_page(),
        run.list_inputs_page(),
        run.list_metrics_page(),
        run.list_checks_page(),
        run.list_artifacts_page(),
    ]
    return {type(handle).__name__: handle for handle in handles}


def use(handle: modelreg.Handle) -> None:
    """Calls something that every handle of its class has."""
    if isinstance(handle, (modelreg.Page, modelreg.Rows, modelreg.History)):
        len(handle)
    elif isinstance(handle, modelreg.Metric):
        handle.log(1.0, 1)
    elif isinstance(handle, modelreg.Gate):
        handle.text()
    elif isinstance(handle, modelreg.Cancel):
        handle.trigger()
    elif isinstance(handle, (modelreg.Semver, modelreg.SemverRange)):
        assert str(handle)
    else:
        assert isinstance(getattr(handle, "info").actor, str)


def test_all_classes_are_here(registry: Registry) -> None:
    names = {
        cls.__name__
        for cls in vars(modelreg).values()
        if isinstance(cls, type) and issubclass(cls, modelreg.Handle)
    }
    assert set(everything(registry)) == names - {"Handle", "Page", "Rows"}


def test_use_after_close(registry: Registry) -> None:
    for name, handle in everything(registry).items():
        assert not handle.closed and repr(handle).endswith(" open>")
        handle.close()
        handle.close()
        assert handle.closed and repr(handle).endswith(" closed>")
        for attribute, value in vars(type(handle)).items():
            if isinstance(value, classmethod) or attribute.startswith("__") != (
                attribute in ("__len__", "__getitem__")
            ):
                continue
            if attribute == "_at":
                continue
            # Either it wants arguments, which come first, or it says that the handle is closed.
            with pytest.raises((ClosedError, TypeError)) as caught:
                next(getattr(handle, attribute)())
            if isinstance(caught.value, ClosedError):
                assert str(caught.value) == f"this {name} is closed"
        with pytest.raises(ClosedError, match=f"^this {name} is closed$"):
            use(handle)
    assert _runtime.live_handles() == 0


def test_a_closed_handle_as_an_argument(experiment: modelreg.Experiment) -> None:
    manifest, cancel = Manifest(), modelreg.Cancel()
    manifest.close()
    with pytest.raises(ClosedError, match="^this Manifest is closed$"):
        experiment.log_dataset("d", manifest)
    cancel.close()
    with pytest.raises(ClosedError, match="^this Cancel is closed$"):
        experiment.log_dataset("d", Manifest(), cancel=cancel)


def test_parent_closed_first(registry: Registry) -> None:
    handles = everything(registry)
    registry.close()
    for name in ("Experiment", "Run", "Dataset", "Model", "Request", "Version"):
        assert getattr(handles[name], "info")  # a record needs no registry
    run, experiment, model = handles["Run"], handles["Experiment"], handles["Model"]
    assert isinstance(run, modelreg.Run)
    assert isinstance(experiment, modelreg.Experiment) and isinstance(model, modelreg.Model)
    calls: list[Callable[[], object]] = [
        lambda: run.log_param("a", "1"),
        lambda: run.metric("loss").log(1.0, 1),
        experiment.start_run,
        lambda: model.promote(run.info.id),
        lambda: next(model.list_versions()),
    ]
    for call in calls:
        with pytest.raises(ClosedError):
            call()
    for handle in handles.values():
        handle.close()
    assert _runtime.live_handles() == 0


def test_drop_everything(tmp_path: pathlib.Path) -> None:
    alone = OpenFlags.CREATE | OpenFlags.EXCLUSIVE
    registry = Registry.open(tmp_path / "R.db", flags=alone)
    handles: list[Any] = [everything(registry), registry]
    handles.append(handles)  # a cycle, which only the collector finds
    gone = weakref.ref(registry)
    del registry, handles
    gc.collect()
    assert gone() is None
    assert _runtime.live_handles() == 0
    Registry.open(tmp_path / "R.db", flags=alone).close()  # the file is free, too


def test_with_statement(tmp_path: pathlib.Path) -> None:
    with pytest.raises(KeyError):
        with Registry.open(tmp_path / "R.db", flags=OpenFlags.CREATE) as registry:
            raise KeyError
    assert registry.closed


def test_an_exception_keeps_no_registry_open(tmp_path: pathlib.Path) -> None:
    registry = Registry.open(tmp_path / "R.db", flags=OpenFlags.CREATE | OpenFlags.EXCLUSIVE)
    with pytest.raises(modelreg.NotFoundError) as caught:
        registry.open_model("m")
    registry.close()
    assert caught.tb is not None  # its frames are alive, and yet the file is free:
    Registry.open(tmp_path / "R.db", flags=OpenFlags.EXCLUSIVE).close()


def test_copies(run: modelreg.Run) -> None:
    twin = copy.copy(run)
    run.close()
    assert twin.info.id
    twin.close()
    for function in (pickle.dumps, copy.deepcopy):
        with pytest.raises((TypeError, ValueError)):
            function(run)


def test_interrupted_right_after_the_call(registry: Registry) -> None:
    """A handle that the library has made is freed, whatever happens before Python knows it."""
    before = _runtime.live_handles()

    def interrupt(frame: Any, event: str, function: Any) -> None:
        if event == "call" and frame.f_code.co_name == "_own":
            raise KeyboardInterrupt

    for _ in range(3):
        sys.setprofile(interrupt)
        try:
            with pytest.raises(KeyboardInterrupt):
                registry.open_experiment("e")
        finally:
            sys.setprofile(None)
    assert _runtime.live_handles() == before
    with registry.open_experiment("e") as experiment:
        assert experiment.info.name == "e"


def in_threads(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Runs work in threads that start together; what they raised."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def body(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def race(path: pathlib.Path, forward: bool) -> None:
    """Closes handles while three threads use them."""
    registry = Registry.open(path, flags=OpenFlags.CREATE)
    experiment = registry.open_experiment("e")
    run = experiment.start_run()
    metric = run.metric("m")
    started = threading.Event()

    def work(thread: int) -> None:
        if thread == 0:
            started.wait()
            for handle in (metric, run, experiment, registry)[:: 1 if forward else -1]:
                handle.close()
            return
        for step in itertools.count():
            try:
                if thread == 1:
                    metric.log(1.0, step)
                elif thread == 2:
                    run.log_param(f"k{step}", "v")
                else:
                    assert experiment.info.name == "e" and registry.info.id
                    len(registry.list_runs_page(limit=1))
            finally:
                started.set()

    failures = in_threads(4, work)
    assert [type(failure) for failure in failures] == [ClosedError] * 3, failures


def test_close_races_with_calls(tmp_path: pathlib.Path) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(int(4 + 16 * SCALE)):
            race(tmp_path / f"{number % 4}.db", number % 2 == 0)
            gc.collect()
            assert _runtime.live_handles() == 0
    finally:
        sys.setswitchinterval(interval)


def test_many_close_at_once(registry: Registry) -> None:
    experiment = registry.open_experiment("e")
    for _ in range(20):
        run = experiment.start_run()
        assert in_threads(4, lambda number: run.close()) == []
    experiment.close()


def test_calls_on_one_handle_wait_for_each_other() -> None:
    """Of a manifest the library wants one call at a time; threads need not care."""
    manifest = Manifest()

    def work(thread: int) -> None:
        for number in range(200):
            manifest.add_entry(f"{thread}/{number}", number, "0" * 64)
            assert manifest[-1].path and len(manifest.digest()) == 64

    assert in_threads(4, work) == []
    assert len(manifest) == 800


def test_a_blocking_call_lets_others_run(tmp_path: pathlib.Path) -> None:
    """A call that waits for the database does not hold the interpreter."""
    import sqlite3

    path = tmp_path / "R.db"
    with Registry.open(path, flags=OpenFlags.CREATE, busy_timeout_ms=60_000) as registry:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        waiting = threading.Event()

        def create() -> None:
            waiting.set()
            registry.create_model("m")

        thread = threading.Thread(target=create)
        thread.start()
        waiting.wait()
        other.execute("ROLLBACK")  # never reached if the call kept the interpreter
        thread.join()
        other.close()
        assert [model.name for model in registry.list_models()] == ["m"]


def test_a_signal_reaches_python_after_a_call(run: modelreg.Run) -> None:
    caught: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(number))
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        run.flush()
        assert caught == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_closing_tells_what_was_not_written(tmp_path: pathlib.Path) -> None:
    import sqlite3

    path = tmp_path / "R.db"
    registry = Registry.open(path, flags=OpenFlags.CREATE, busy_timeout_ms=50)
    registry.open_experiment("e").start_run().metric("m").log(1.0, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(modelreg.BusyError):
        with registry:
            pass
    assert registry.closed
    registry.close()
    other.execute("ROLLBACK")
    other.close()
    Registry.open(path, flags=OpenFlags.READ_ONLY).close()


def test_what_a_signal_raises_in_close(experiment: modelreg.Experiment) -> None:
    """The C handle is freed in __del__, which can raise nothing itself."""

    class Interrupting:
        def __init__(self, library: Any) -> None:
            self.library = library

        def __getattr__(self, name: str) -> Any:
            if name == destructor:
                signal.raise_signal(signal.SIGINT)
            return getattr(self.library, name)

    run = experiment.start_run()
    destructor = run._ref.destructor
    before = _runtime.live_handles()
    run._ref.library = Interrupting(run._ref.library)
    with pytest.raises(KeyboardInterrupt):
        run.close()
    assert run.closed and _runtime.live_handles() == before - 1
