# SPDX-License-Identifier: Apache-2.0
"""Python functions that the library calls: an allocator, a clock, a source of randomness.

No exception can pass through C. One that a function raises is kept, the library gets a fallback,
and the exception is raised when the library has returned. The same holds for signals: Python would
run a handler, such as the one that raises KeyboardInterrupt, at the very first instruction of a
function that C calls, where nothing can catch it, so handlers wait until the call is over.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from . import _convert
from ._library import Library
from ._runtime import Ref, call_all


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


_read_handler: Callable[[int], Any] = importlib.import_module("_signal").getsignal
_SIGNALS = sorted(map(int, signal.valid_signals()))


class Held:
    """Keeps the signal handlers that are written in Python back, where they would run: in the main
    thread. A handler that is not held yet, or is back already, may raise anywhere in here, so
    that release() may leave some behind. They stay harmless: once it is over, what stands in for a
    handler calls it, and the next call holds and puts back the handler itself."""

    def __init__(self) -> None:
        self.is_over = False
        self._previous: dict[int, Any] = {}  # handler by signal
        self._held: list[int] = []  # signals whose handlers are to be put back
        self._seen: dict[int, tuple[Any, Any]] = {}  # handler and frame by signal

    def hold(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            # signal.getsignal() makes an enum of what is no function, 60 times a call.
            handler = _read_handler(number)
            if callable(handler):
                owner = getattr(handler, "__self__", None)
                if isinstance(owner, Held):
                    handler = owner._behind(number)
                self._previous[number] = handler
                self._held.append(number)
                signal.signal(number, self._remember)

    def _behind(self, number: int) -> Any:
        """The handler that this one stands in for, once it is over."""
        if not self.is_over:
            return self._remember
        handler = self._previous[number]
        owner = getattr(handler, "__self__", None)
        return owner._behind(number) if isinstance(owner, Held) else handler

    def _remember(self, number: int, frame: Any) -> None:
        if self.is_over:
            self._previous[number](number, frame)
        else:
            self._seen[number] = (self._previous[number], frame)

    def release(self) -> None:
        """Puts the handlers back and runs those whose signals came meanwhile; twice is fine."""
        try:
            while self._held:
                number = self._held[-1]
                if _read_handler(number) == self._remember:  # else a callback has set another
                    signal.signal(number, self._previous[number])
                self._held.pop()
        finally:
            if self._seen:
                self._deliver()

    def _deliver(self) -> None:
        seen, self._seen = self._seen, {}
        call_all(
            functools.partial(handler, number, frame) for number, (handler, frame) in seen.items()
        )


def _drop_outputs(arguments: tuple[Any, ...]) -> None:
    """Frees the handles that a call has made."""
    for argument in arguments:
        out = getattr(argument, "_obj", None)
        if isinstance(out, Ref):
            out.release()


class Call:
    """A call into the library that is under way."""

    def __init__(self) -> None:
        self.exception: BaseException | None = None  # the first that a callback raised
        self.postponed: list[Ref] = []  # to be freed when it is over


class Calls(threading.local):
    """The calls of a thread, the outermost first."""

    def __init__(self) -> None:
        self.stack: list[Call] = []


class HookedLibrary(Library):
    """The library as used by handles that may call Python functions. It keeps those alive, and
    every handle keeps it."""

    def __init__(self, plain: Library) -> None:
        self._kept: list[Any] = []
        self._calls = Calls()
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
                for current in self._calls.stack[-1:]:
                    current.exception = current.exception or exception
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

    def in_call(self) -> bool:
        return bool(self._calls.stack)

    def postpones(self, ref: Ref) -> bool:
        """The library cannot free what it may be using: inside a call of this thread, a C handle
        waits for the outermost call to end."""
        stack = self._calls.stack
        if stack:
            stack[0].postponed.append(ref)
        return bool(stack)

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Calls, and raises what a callback has raised."""
        stack = self._calls.stack
        call = Call()
        stack.append(call)
        try:
            result = function(*arguments)
        finally:
            del arguments  # the traceback of a failure keeps this frame
            stack.pop()
            call_all(ref.release for ref in call.postponed)
        if call.exception is not None:
            try:
                raise call.exception
            finally:
                call.exception = None  # its traceback keeps this frame
        return result

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            held = Held()
            try:
                try:
                    held.hold()
                    result = self._run(function, arguments)
                finally:
                    held.is_over = True
                    held.release()
            except BaseException:
                held.release()
                _drop_outputs(arguments)
                del arguments  # the traceback keeps this frame, which must not keep a registry open
                raise
            return result

        return call
