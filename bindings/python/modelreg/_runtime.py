# SPDX-License-Identifier: Apache-2.0
"""What the generated classes stand on: handles, rows, records, errors, enums and times."""

from __future__ import annotations

import array
import atexit
import contextlib
import ctypes
import datetime
import enum
import operator
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

if TYPE_CHECKING:
    from ._generated import Status

T = TypeVar("T")
S = TypeVar("S", bound=ctypes.Structure)
E = TypeVar("E", bound=enum.IntEnum)
H = TypeVar("H", bound="Handle")
K = TypeVar("K", bound="Ordered")

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class ModelregError(Exception):
    """A call failed. There is a subclass for each status.

    Attributes:
        status: the status of the library.
        message: one line that names the thing and the way out.
        backend_code: errno or the SQLite result code behind the status, 0 if there is none.
    """

    status: Status
    message: str
    backend_code: int

    def __init__(self, status: Status, message: str, backend_code: int = 0) -> None:
        Exception.__init__(self, status, message, backend_code)
        self.status = status
        self.message = message
        self.backend_code = backend_code
        if isinstance(self, OSError) and OSError in type(self).__bases__:
            # OSError's, told by no annotation here
            setattr(self, "errno", backend_code or None)
            setattr(self, "strerror", message)

    def __str__(self) -> str:
        return self.message


def call_all(functions: Iterable[Callable[[], object]]) -> None:
    """Calls all of them, whatever some raise; an exception has the one before as its context."""
    failure: BaseException | None = None
    for function in functions:
        try:
            function()
        except BaseException as error:
            error.__context__ = error.__context__ or failure
            failure = error
    if failure is not None:
        try:
            raise failure
        finally:
            del failure  # its traceback keeps this frame


def struct(name: str, *fields: tuple[str, Any]) -> type[ctypes.Structure]:
    """A struct of C with its fields."""
    return type(name, (ctypes.Structure,), {"_fields_": fields})


class ErrorRef(ctypes.c_void_p):
    """The address of an error record, in the form that ctypes passes on fastest."""

    record: Any


class Errors:
    """Error records for calls, each used by one call at a time and then again, and what becomes of
    them when a call fails."""

    def __init__(
        self,
        record: type[ctypes.Structure],
        classes: dict[int, type[ModelregError]],
        status: Callable[[int], Status],
    ) -> None:
        self._record = record
        self._classes = classes
        self._status = status
        self._free: list[ErrorRef] = []
        self._pop = self._free.pop
        self.give = self._free.append

    def take(self) -> ErrorRef:
        """A record for one call."""
        try:
            return self._pop()
        except IndexError:
            record = self._record()
            ref = ErrorRef(ctypes.addressof(record))
            ref.record = record
            return ref

    def failure(self, status: int, ref: ErrorRef) -> ModelregError:
        """The exception for a call that failed."""
        message = ref.record.message.decode(errors="replace")
        backend_code = ref.record.backend_code
        self.give(ref)
        return self.exception(status, message, backend_code)

    def exception(self, status: int, message: str, backend_code: int) -> ModelregError:
        """The exception of a status."""
        return self._classes.get(status, ModelregError)(self._status(status), message, backend_code)


_live: set[int] = set()


def live_handles() -> int:
    """How many C handles this package holds, for tests."""
    return len(_live)


class Closing:
    """A close() that is under way in a thread."""

    def __init__(self, address: int | None) -> None:
        self.address = address
        self.failures: list[BaseException] = []


_closing: dict[int, Closing] = {}  # by thread


class Ref(ctypes.c_void_p):
    """Owns a C handle: it is freed when the last reference to this object goes. A running call
    holds one, so that close() in another thread frees nothing that is in use; and one that was
    interrupted right after the library had made a handle loses none."""

    destructor: ClassVar[str]
    library: Any  # a Library, whose functions no annotation tells

    def release(self, _discard: Callable[[int], None] = _live.discard) -> None:
        """Frees the C handle now, or when the library can, if this is one of its callbacks."""
        address = self.value
        if address and not self.library.postpones(self):
            _discard(address)
            try:
                getattr(self.library, self.destructor)(self)
            finally:
                self.value = None

    def __del__(self, _closing: dict[int, Closing] = _closing) -> None:
        address = self.value
        try:
            self.release()
        except BaseException as error:
            closing = _closing.get(threading.get_ident())
            if closing is None or closing.address != address:
                raise
            closing.failures.append(error)


def close_ref(handle: Handle) -> None:
    """Drops a handle's hold on its C handle, which goes when no call uses it any more. What that
    raises, be it Ctrl-C, could not leave __del__ by itself."""
    thread = threading.get_ident()
    before = _closing.get(thread)
    mine = _closing[thread] = Closing(handle._ref and handle._ref.value)
    try:
        handle._ref = None
    finally:
        if before is None:
            _closing.pop(thread, None)
        else:
            _closing[thread] = before
    if mine.failures:
        raise mine.failures.pop()


class Handle:
    """Something of the library that is open. Close it, or leave it to a `with` statement or to the
    garbage collector; any order will do. What others still use stays alive."""

    __slots__ = ("_library", "_lock", "_ref", "__weakref__")

    _is_locked: ClassVar[bool] = False  # whether calls wait for each other
    _library: Any
    _lock: Any  # threading.RLock, which is no class before Python 3.13
    _ref: Any

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} cannot be made by itself; a call returns it")

    @classmethod
    def _own(cls: type[H], ref: Ref) -> H:
        """The Python side of a C handle that the caller has got."""
        self = object.__new__(cls)
        self._adopt(ref)
        return self

    def _adopt(self, ref: Ref) -> None:
        """Makes this the Python side of a C handle."""
        self._library = ref.library
        self._lock = threading.RLock()
        self._ref = ref
        _live.add(ref.value or 0)
        if self._is_locked:
            _locked.add(self)

    def close(self) -> None:
        """Closes the handle; twice is fine. It does not wait for calls that are under way in other
        threads: what they use is freed when the last of them returns."""
        if self._ref is not None:
            self._library.close(self)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._ref is None

    def __enter__(self: H) -> H:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._ref is None else "open"
        return f"<{type(self).__module__}.{type(self).__name__} {state}>"


def lock_of(handle: Handle | None) -> contextlib.AbstractContextManager[Any]:
    """The lock of a handle, or of one that is missing something that lets everybody in."""
    lock: contextlib.AbstractContextManager[Any]
    lock = contextlib.nullcontext() if handle is None else handle._lock
    return lock


class Ordered(Handle):
    """A handle that is compared by what it stands for, and hashed so."""

    __slots__ = ()

    def compare(self, other: Any) -> int:
        raise NotImplementedError

    def key(self) -> bytes:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self.compare(other) == 0 if type(other) is type(self) else NotImplemented

    def __lt__(self: K, other: K) -> bool:
        return self.compare(other) < 0 if type(other) is type(self) else NotImplemented

    def __le__(self: K, other: K) -> bool:
        return self.compare(other) <= 0 if type(other) is type(self) else NotImplemented

    def __gt__(self: K, other: K) -> bool:
        return self.compare(other) > 0 if type(other) is type(self) else NotImplemented

    def __ge__(self: K, other: K) -> bool:
        return self.compare(other) >= 0 if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key())


# Registries, whose buffered points closing writes. A plain set: its copy is made in one step, while
# other threads may open and drop some.
_roots: set[weakref.ref[Handle]] = set()


def own_root(handle: H) -> H:
    """Has a handle closed when the interpreter ends."""
    _roots.add(weakref.ref(handle, _roots.discard))
    return handle


def _close_roots() -> None:
    handles = [root() for root in _roots.copy()]
    call_all(handle.close for handle in handles if handle is not None)


atexit.register(_close_roots)

_locked: weakref.WeakSet[Handle] = weakref.WeakSet()


class Abandoned:
    """The lock of a handle that another thread held while the process forked: that thread is not in
    the child, so nobody would ever give the lock back."""

    def __init__(self, failure: Callable[[str], ModelregError]) -> None:
        self._failure = failure

    def __enter__(self) -> None:
        raise self._failure("another thread used this handle while the process forked")

    def __exit__(self, *exception: object) -> None:
        pass


def watch_forks(failure: Callable[[str], ModelregError]) -> None:
    """Has the locks checked in every child, with what makes the exception."""

    def check() -> None:
        for handle in list(_locked):
            if isinstance(handle._lock, Abandoned):
                continue
            if handle._lock.acquire(blocking=False):
                handle._lock.release()
            else:
                handle._lock = Abandoned(failure)

    os.register_at_fork(after_in_child=check)


class Rows(Handle, Sequence[T], Generic[T]):
    """A handle that is a sequence of records."""

    __slots__ = ()

    def __len__(self) -> int:
        raise NotImplementedError

    def _at(self, index: int) -> T | None:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = operator.index(index)
        if place < 0:
            place += len(self)
        row = self._at(place) if 0 <= place < 2**63 else None
        if row is None:
            raise IndexError(f"{type(self).__name__} has no row {index}, only {len(self)}")
        return row

    def __iter__(self) -> Iterator[T]:
        index = 0
        while (row := self._at(index)) is not None:
            yield row
            index += 1


class Page(Rows[T]):
    """One page of a list."""

    __slots__ = ()

    @property
    def next_token(self) -> str | None:
        """The token of the page that follows, or None at the end."""
        raise NotImplementedError


def pages(fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """The records of all pages, each page fetched when it is needed and freed at once."""
    token = None
    while True:
        with fetch(token) as page:
            records = list(page)
            token = page.next_token
        yield from records
        if token is None:
            return


def record(struct: type[S], address: int) -> S:
    """A record of the library. One of an older library is shorter: what it lacks reads as zero."""
    raw = struct.from_address(address)
    size: int = raw.struct_size
    if size >= ctypes.sizeof(struct):
        return raw
    whole = struct()
    ctypes.memmove(ctypes.addressof(whole), address, size)
    return whole


def draft(cls: type[T]) -> type[Any]:
    """A class laid out like a frozen dataclass with slots. Its objects are filled by plain
    assignments and then become objects of the dataclass, whose own __init__ takes a call of
    object.__setattr__ for each field: more time than everything else about a record."""
    return type(f"{cls.__name__}Draft", (), {"__slots__": getattr(cls, "__slots__")})


def texts(pointer: Any, count: int) -> tuple[str, ...]:
    """The strings of an array."""
    return tuple(pointer[i].decode() for i in range(count))


FIRST = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
LAST = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)


def moment(microseconds: int) -> datetime.datetime:
    """A Unix time in microseconds as a datetime in UTC; the nearest there is for one that datetime
    cannot hold."""
    try:
        return EPOCH + datetime.timedelta(microseconds=microseconds)
    except OverflowError:
        return LAST if microseconds > 0 else FIRST


def optional_moment(microseconds: int) -> datetime.datetime | None:
    """The same, but None for one that datetime cannot hold."""
    try:
        return EPOCH + datetime.timedelta(microseconds=microseconds)
    except OverflowError:
        return None


COLUMN_TYPES: dict[str, Any] = {"d": ctypes.c_double, "q": ctypes.c_int64, "B": ctypes.c_uint8}


def column(address: int | None, count: int, code: str, owner: Ref) -> Any:
    """Memory of the library as a read-only memoryview that keeps its owner alive."""
    if not count or not address:
        return memoryview(array.array(code)).toreadonly()
    memory = (COLUMN_TYPES[code] * count).from_address(address)
    memory.owner = owner
    plain: Any = memoryview(memory).cast("B")
    return plain.cast(code).toreadonly()


class Enum(enum.IntEnum):
    """Numbers with names. One that a newer library made up is called UNKNOWN_n."""

    @classmethod
    def _missing_(cls, value: object) -> Enum | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        known = cls._value2member_map_.setdefault(value, member)
        assert isinstance(known, cls)
        return known

    # The same in every version of Python.
    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else str(self)

    def __reduce_ex__(self, protocol: object) -> tuple[type[Enum], tuple[int]]:
        # Some versions of Python pickle by name, which a number without one has not.
        return type(self), (int(self),)


class Members(dict[int, E]):
    """The members of an enum by value: much faster than to call the enum."""

    def __init__(self, cls: type[E]) -> None:
        super().__init__({int(member): member for member in cls})
        self._cls = cls

    def __missing__(self, value: int) -> E:
        return self._cls(value)


class Flags(enum.IntFlag):
    """Bits with names; those that a newer library made up are kept."""

    # The same in every version of Python.
    def __str__(self) -> str:
        known = [bit for bit in type(self) if bit & ~int(self) == 0 and bit]
        rest = int(self) & ~sum(map(int, known))
        names = [bit.name or "" for bit in known] + ([hex(rest)] if rest else [])
        return f"{type(self).__name__}.{'|'.join(names)}" if names else f"{type(self).__name__}(0)"

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else str(self)
