# SPDX-License-Identifier: Apache-2.0
"""Python functions that the library calls: an allocator, a clock, a source of randomness.

No exception can pass through C. One that a function raises is kept, the library gets a fallback,
and the exception is raised when the library has returned. The same holds for Ctrl-C: Python would
raise KeyboardInterrupt at the very first instruction of a function that C calls, where nothing can
catch it, so it waits until the call is over.
"""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from . import _convert
from ._library import Library
from ._runtime import Handle, Ref

Deliver = Callable[[], object]


def system_time_us() -> int:
    """The system clock as Unix time in microseconds."""
    return time.time_ns() // 1000


def nothing(*_arguments: object) -> int:
    """What a callback answers that has no better answer."""
    return 0


# What a callback must return, by kind.
RESULTS: dict[str, Callable[[Any, str], int | None]] = {
    "none": lambda value, name: None,
    "address": lambda value, name: 0 if value is None else _convert.size(value, name),
    "number": _convert.int64,
}


def _hold_interrupts() -> tuple[Any, list[tuple[Any, ...]]] | None:
    """Keeps Ctrl-C back where Python would act on it: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return None
    previous = signal.getsignal(signal.SIGINT)
    if not callable(previous):
        return None
    seen: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *arguments: seen.append(arguments))
    return previous, seen


def _release_interrupts(held: tuple[Any, list[tuple[Any, ...]]] | None) -> Deliver | None:
    """Ends what _hold_interrupts() began; what is returned acts on a Ctrl-C that came meanwhile."""
    if held is None:
        return None
    previous, seen = held
    signal.signal(signal.SIGINT, previous)
    return (lambda: previous(*seen[-1])) if seen else None


def _drop_outputs(arguments: tuple[Any, ...]) -> None:
    """Frees the handles that a call has made."""
    for argument in arguments:
        out = getattr(argument, "_obj", None)
        if isinstance(out, Ref):
            out.release()


def _raise(exception: BaseException | None, deliver: Deliver | None) -> None:
    try:
        if exception is not None:
            raise exception
    finally:
        if deliver is not None:
            deliver()


class HookedLibrary(Library):
    """The library as used by handles that may call Python functions. It keeps those alive, and
    every handle keeps it."""

    def __init__(self, plain: Library) -> None:
        self._kept: list[Any] = []
        self._exceptions: dict[int, BaseException] = {}  # by thread, until its call returns
        self._closing: dict[int, Deliver | None] = {}  # by thread
        for name, function in vars(plain).items():
            setattr(self, name, self._guarded(function))

    def keep(self, thing: Any) -> Any:
        """Keeps something alive as long as the library may use it."""
        self._kept.append(thing)
        return thing

    def callback(
        self,
        prototype: Any,
        name: str,
        function: Callable[..., Any],
        result: str,
        fallback: Callable[..., Any],
    ) -> Any:
        """A function that C can call; its first argument, the context, is not handed on."""
        convert = RESULTS[result]

        def call(_context: object, *arguments: Any) -> Any:
            try:
                return convert(function(*arguments), f"what {name} returns")
            except BaseException as exception:
                self._exceptions.setdefault(threading.get_ident(), exception)
                return fallback(*arguments)

        return self.keep(prototype(call))

    def filler(
        self,
        prototype: Any,
        name: str,
        function: Callable[[int], Any],
        fallback: Callable[[int], bytes],
    ) -> Any:
        """A function that fills memory, from one that returns bytes of a given length."""

        def fill(address: int, size: int) -> None:
            place, count = _convert.content(function(size), f"what {name} returns")
            if count != size:
                raise ValueError(f"{name} must return {size} bytes, not {count}")
            ctypes.memmove(address, place, size)

        def fill_otherwise(address: int, size: int) -> None:
            ctypes.memmove(address, fallback(size), size)

        return self.callback(prototype, name, fill, "none", fill_otherwise)

    def close(self, handle: Handle) -> None:
        thread = threading.get_ident()
        self._closing[thread] = None
        try:
            handle._ref = None  # what this raises could not pass the end of the reference
        finally:
            deliver = self._closing.pop(thread)
        _raise(self._exceptions.pop(thread, None), deliver)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            held = _hold_interrupts()
            try:
                result = function(*arguments)
            finally:
                deliver = _release_interrupts(held)
            thread = threading.get_ident()
            if thread in self._closing:
                self._closing[thread] = deliver or self._closing[thread]
                return result
            try:
                _raise(self._exceptions.pop(thread, None), deliver)
            except BaseException:
                _drop_outputs(arguments)
                del arguments  # the traceback keeps this frame, which must not keep a registry open
                raise
            return result

        return call
