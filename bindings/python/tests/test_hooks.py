# SPDX-License-Identifier: Apache-2.0
"""Python functions that the library calls: clock, randomness, allocator."""

from __future__ import annotations

import ctypes
import gc
import os
import pathlib
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import modelreg
import pytest
from conftest import SCALE, finished
from modelreg import Allocator, OpenFlags, Registry, _hooks, _library, _runtime

libc: Any = ctypes.CDLL(None)
libc.malloc.restype = libc.realloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]


class Memory:
    """An allocator that counts, and fails when it is told to."""

    def __init__(self) -> None:
        self.live: set[int] = set()
        self.calls = 0
        self.fail_at = 0  # the call that fails; 0: none
        self.failure: BaseException | None = None  # raised then; None: the function returns None

    def fails(self) -> bool:
        self.calls += 1
        if self.calls != self.fail_at:
            return False
        if self.failure is not None:
            raise self.failure
        return True

    def allocate(self, size: int) -> int | None:
        if self.fails():
            return None
        address: int = libc.malloc(size)
        self.live.add(address)
        return address

    def reallocate(self, memory: int, size: int) -> int | None:
        if self.fails():
            return None
        self.live.remove(memory)
        address: int = libc.realloc(memory, size)
        self.live.add(address)
        return address

    def deallocate(self, memory: int) -> None:
        self.live.remove(memory)
        libc.free(memory)

    def open(self, uri: str | pathlib.Path = "memory:") -> Registry:
        allocator = Allocator(self.allocate, self.reallocate, self.deallocate)
        return Registry.open(uri, flags=OpenFlags.CREATE, allocator=allocator)


def test_clock_and_randomness() -> None:
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return b"\xab" * size

    with Registry.open(
        "memory:", flags=OpenFlags.CREATE, clock=lambda: 1_600_000_000_000_000, random=random
    ) as registry:
        info = registry.info
    assert info.created_us == 1_600_000_000_000_000
    assert info.id.endswith("abababababab") and asked and all(size > 0 for size in asked)


@pytest.mark.parametrize("kind", [KeyError, KeyboardInterrupt, SystemExit, MemoryError])
def test_what_a_clock_raises(kind: type[BaseException]) -> None:
    broken, failure = False, kind()

    def clock() -> int:
        if broken:
            raise failure
        return 5_000_000

    with Registry.open("memory:", flags=OpenFlags.CREATE, clock=clock) as registry:
        experiment = registry.open_experiment("e")
        before = _runtime.live_handles()
        broken = True
        with pytest.raises(kind) as caught:
            experiment.start_run()
        assert caught.value is failure
        broken = False
        del caught
        failure.__traceback__ = None  # its frames know this one, and with it every handle here
        assert _runtime.live_handles() == before  # what the call made was freed
        assert [each.started_us > 0 for each in registry.list_runs()] == [True]
        assert experiment.start_run().info.started_us == 5_000_000


@pytest.mark.parametrize("result", [None, "now", 1.5, 2**63, -(2**63) - 1])
def test_what_a_clock_must_not_return(result: Any) -> None:
    with pytest.raises((TypeError, OverflowError), match="^what clock returns must be"):
        Registry.open("memory:", flags=OpenFlags.CREATE, clock=lambda: result)


@pytest.mark.parametrize("result", [b"", b"short", bytes(1000), "text", None, 5])
def test_what_randomness_must_not_return(result: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="^(what )?random (returns )?must"):
        Registry.open("memory:", flags=OpenFlags.CREATE, random=lambda size: result)
    assert _runtime.live_handles() == 0


def test_what_randomness_raises() -> None:
    ids = []
    for _ in range(2):
        broken = False

        def random(size: int) -> bytes:
            if broken:
                raise OSError("no entropy")
            return bytes(size)

        with Registry.open("memory:", flags=OpenFlags.CREATE, random=random) as registry:
            experiment = registry.open_experiment("e")
            broken = True
            with pytest.raises(OSError, match="no entropy"):
                experiment.start_run()
            ids.append(next(registry.list_runs()).id)
    assert ids[0] != ids[1]  # the system's randomness stood in


def test_callbacks_live_as_long_as_anything_that_may_call_them(tmp_path: pathlib.Path) -> None:
    memory = Memory()
    registry = memory.open(tmp_path / "R.db")
    run = registry.open_experiment("e").start_run()
    run.log_artifact_bytes("a", b"bytes")
    run.log_metric("m", 1.0, 1)
    history = run.history("m")
    view = history.values
    collected = weakref.ref(registry)
    registry.close()
    del registry, history
    gc.collect()
    assert collected() is None and memory.live
    run.close()
    del run
    gc.collect()
    assert list(view) == [1.0]
    del view
    gc.collect()
    assert memory.live == set()


def work(registry: Registry) -> None:
    """Something of everything."""
    experiment = registry.open_experiment("e")
    model = registry.create_model("m")
    request = model.promote(finished(experiment))
    version = request.version()
    assert bytes(version.open_artifact().map()).startswith(b"weights")
    assert request.decision().text() and version.info.number
    run = registry.open_run(version.info.run_id)
    run.metric("loss")
    assert len(run.history("accuracy")) == 1
    assert len(list(registry.list_runs(page_limit=1))) == 1


def attempt(memory: Memory, fail_at: int) -> BaseException | None:
    """Opens, works and closes with one failing allocation; what that raised."""
    memory.calls, memory.fail_at = 0, fail_at
    try:
        with memory.open() as registry:
            work(registry)
    except BaseException as error:
        return error
    finally:
        memory.fail_at = 0
    return None


def test_every_allocation_fails_once() -> None:
    memory = Memory()
    assert attempt(memory, 0) is None
    gc.collect()
    assert memory.live == set()
    total = memory.calls
    assert total > 100
    for number in range(1, total + 1, max(1, total // int(20 + 100 * SCALE))):
        error = attempt(memory, number)
        # Some allocations are needed by nobody, such as room to grow.
        assert error is None or isinstance(error, modelreg.NoMemoryError), (number, error)
        assert error is None or isinstance(error, MemoryError)
        del error
        gc.collect()
        assert memory.live == set(), number
        assert _runtime.live_handles() == 0, number


def test_an_allocator_that_raises() -> None:
    memory = Memory()
    attempt(memory, 0)
    total = memory.calls
    for number in range(1, total + 1, max(1, total // int(10 + 30 * SCALE))):
        memory.failure = KeyboardInterrupt(number)
        error = attempt(memory, number)
        assert error is memory.failure, number  # raised even where the library could go on
        del error
        memory.failure = None
        gc.collect()
        assert memory.live == set(), number
        assert _runtime.live_handles() == 0, number


def test_what_closing_raises() -> None:
    memory = Memory()
    registry = memory.open()
    run = registry.open_experiment("e").start_run()
    failures: list[BaseException] = []
    closing = False

    def deallocate(address: int) -> None:
        memory.deallocate(address)
        if closing:
            failures.append(ZeroDivisionError())
            raise failures[-1]

    other = Registry.open(
        "memory:",
        flags=OpenFlags.CREATE,
        allocator=Allocator(memory.allocate, memory.reallocate, deallocate),
    )
    closing = True
    with pytest.raises(ZeroDivisionError) as caught:
        other.close()
    assert caught.value is failures[0] and len(failures) > 1 and other.closed
    other.close()
    run.close()
    registry.close()
    del other, caught, run, registry
    failures.clear()
    gc.collect()
    assert memory.live == set()


def test_what_collecting_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no caller to tell then: it goes where Python reports what it cannot raise."""
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda arguments: seen.append(arguments.exc_type))
    memory = Memory()

    def deallocate(address: int) -> None:
        memory.deallocate(address)
        raise ZeroDivisionError

    def allocator() -> Allocator:
        return Allocator(memory.allocate, memory.reallocate, deallocate)

    registry = Registry.open("memory:", flags=OpenFlags.CREATE, clock=lambda: 1, random=os.urandom)
    registry.close()
    assert seen == []
    try:
        registry = Registry.open("memory:", flags=OpenFlags.CREATE, allocator=allocator())
    except ZeroDivisionError:  # opening frees what it needed only for a while
        seen.append(ZeroDivisionError)
    del registry
    gc.collect()
    assert set(seen) == {ZeroDivisionError}
    assert memory.live == set()


def wait_then_interrupt() -> Callable[[], int]:
    """A clock that gets Ctrl-C while it runs."""

    def clock() -> int:
        signal.raise_signal(signal.SIGINT)
        return 1_000_000

    return clock


def test_ctrl_c_in_a_callback() -> None:
    with pytest.raises(KeyboardInterrupt):
        Registry.open("memory:", flags=OpenFlags.CREATE, clock=wait_then_interrupt())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert _runtime.live_handles() == 0


BEFORE_A_CALLBACK = """
#include <signal.h>
#include <stddef.h>
void *call_after_signal(void *(*function)(void *, size_t)) {
  raise(SIGINT);
  return function(NULL, 5);
}
"""


def test_ctrl_c_just_before_a_callback(tmp_path: pathlib.Path) -> None:
    """Python would raise it at the first instruction of the callback, where nothing can catch it,
    and C would get anything for an address."""
    (tmp_path / "call.c").write_text(BEFORE_A_CALLBACK)
    compiler = os.environ.get("CC", "cc").split()
    path = tmp_path / "call.so"
    subprocess.run([*compiler, "-shared", "-fPIC", "-o", path, tmp_path / "call.c"], check=True)
    prototype = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    plain: Any = _library.Library()
    plain.call_after_signal = ctypes.CDLL(str(path)).call_after_signal
    plain.call_after_signal.restype = ctypes.c_void_p
    hooked: Any = _hooks.HookedLibrary(plain)
    sizes: list[int] = []
    results: list[int] = []

    def allocate(size: int) -> int:
        sizes.append(size)
        return 77

    callback = hooked.callback(prototype, "allocate", allocate, "address", _hooks.nothing)
    with pytest.raises(KeyboardInterrupt):
        results.append(hooked.call_after_signal(callback))
    assert (sizes, results) == ([5], [])
    seen: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        assert hooked.call_after_signal(callback) == 77
        assert (sizes, seen) == ([5, 5], [signal.SIGINT])
    finally:
        signal.signal(signal.SIGINT, previous)


def test_another_handler_of_ctrl_c() -> None:
    seen: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with Registry.open(
            "memory:", flags=OpenFlags.CREATE, clock=wait_then_interrupt()
        ) as registry:
            assert seen == [signal.SIGINT]
            registry.open_experiment("e")
            assert seen == [signal.SIGINT] * 2
    finally:
        signal.signal(signal.SIGINT, previous)


def test_hooks_in_threads() -> None:
    """What a callback raises reaches the thread whose call it belongs to, and no other."""
    own = threading.local()

    def clock() -> int:
        if getattr(own, "failure", None) is not None:
            raise own.failure
        return 1_000_000

    failures: dict[int, object] = {}
    with Registry.open("memory:", flags=OpenFlags.CREATE, clock=clock) as registry:
        experiment_name = "e"

        def body(number: int) -> None:
            experiment = registry.open_experiment(experiment_name)
            own.failure = KeyError(number) if number % 2 else None
            for _ in range(20):
                try:
                    experiment.start_run()
                    failures.setdefault(number, None)
                except KeyError as error:
                    failures[number] = error.args[0]
            experiment.close()

        threads = [threading.Thread(target=body, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == {0: None, 1: 1, 2: None, 3: 3}


def test_a_callback_may_use_the_package() -> None:
    with Registry.open("memory:", flags=OpenFlags.CREATE) as other:
        experiment = other.open_experiment("calls")

        def clock() -> int:
            experiment.start_run().close()
            with pytest.raises(modelreg.NotFoundError):
                other.open_model("nothing")
            return 1_000_000

        with Registry.open("memory:", flags=OpenFlags.CREATE, clock=clock) as registry:
            with pytest.raises(modelreg.NotFoundError, match="'mine'"):
                registry.open_model("mine")
            registry.open_experiment("e")
        assert len(list(other.list_runs())) > 0
        experiment.close()


def test_hooks_are_collected() -> None:
    """A clock that knows its registry is a cycle, and no more."""

    class Owner:
        def __init__(self) -> None:
            self.registry: Registry | None = None
            self.registry = Registry.open("memory:", flags=OpenFlags.CREATE, clock=self.clock)

        def clock(self) -> int:
            return 1 if self.registry is None else 2

    owner = Owner()
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None and _runtime.live_handles() == 0


def test_collecting_in_a_callback() -> None:
    """A registry that a callback drops may be in the very call that made the callback."""
    on = False

    def clock() -> int:
        if on:
            gc.collect()
        return 1_000_000

    registry = Registry.open("memory:", flags=OpenFlags.CREATE, clock=clock)
    run = registry.open_experiment("e").start_run()
    cycle: list[object] = [registry]
    cycle.append(cycle)
    gone = weakref.ref(registry)
    del registry, cycle
    on = True
    run.log_metric("a", 1.0, 1)
    assert gone() is None and _runtime.live_handles() == 1
    with pytest.raises(modelreg.ClosedError):
        run.log_metric("a", 1.0, 2)


def test_closing_in_a_callback() -> None:
    """Also inside the close of another handle."""
    memory = Memory()
    doomed: list[modelreg.Handle] = []

    def deallocate(address: int) -> None:
        while doomed:
            doomed.pop().close()
        memory.deallocate(address)

    registry = Registry.open(
        "memory:",
        flags=OpenFlags.CREATE,
        allocator=Allocator(memory.allocate, memory.reallocate, deallocate),
    )
    run = registry.open_experiment("e").start_run()
    doomed += [registry.open_experiment("f"), registry]
    experiment, closed = doomed[0], registry
    run.close()
    assert experiment.closed and closed.closed and doomed == []
    del run, experiment, registry, closed
    gc.collect()
    assert memory.live == set() and _runtime.live_handles() == 0


class Tick(Exception):
    """What a handler of a timer raises."""


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_other_signals_in_a_callback(number: signal.Signals) -> None:
    """Every handler waits, and another signal's handler that raises loses no handler."""

    def handler(*_arguments: object) -> None:
        raise Tick

    def clock() -> int:
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
        return 1_000_000

    previous = signal.signal(number, handler)
    try:
        with pytest.raises((Tick, KeyboardInterrupt)) as caught:
            Registry.open("memory:", flags=OpenFlags.CREATE, clock=clock)
        assert isinstance(caught.value, KeyboardInterrupt)
        assert isinstance(caught.value.__context__, Tick)
        assert signal.getsignal(number) is handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(number, previous)
    del caught
    gc.collect()
    assert _runtime.live_handles() == 0


def test_a_handler_that_was_left_behind() -> None:
    """Handlers that raise can keep others from being put back; those still do their work, and the
    next call puts them back."""
    held = _hooks.Held()
    held.hold()
    held.is_over = True
    try:
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        Registry.open("memory:", flags=OpenFlags.CREATE, clock=lambda: 1).close()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        held.release()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_set_in_a_callback() -> None:
    seen: list[int] = []

    def clock() -> int:
        signal.signal(signal.SIGUSR2, lambda number, frame: seen.append(number))
        return 1_000_000

    previous = signal.signal(signal.SIGUSR2, lambda number, frame: None)
    try:
        Registry.open("memory:", flags=OpenFlags.CREATE, clock=clock).close()
        signal.raise_signal(signal.SIGUSR2)
        assert seen == [signal.SIGUSR2]
    finally:
        signal.signal(signal.SIGUSR2, previous)
