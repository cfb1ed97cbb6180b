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
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, TypeVar, overload

T = TypeVar("T")
S = TypeVar("S", bound=ctypes.Structure)
E = TypeVar("E", bound=enum.IntEnum)
H = TypeVar("H", bound="Handle")

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class ModelregError(Exception):
    """A call failed. There is a subclass for each status.

    Attributes:
        status: the status of the library.
        message: one line that names the thing and the way out.
        backend_code: errno or the SQLite result code behind the status, 0 if there is none.
    """

    def __init__(self, status: int, message: str, backend_code: int = 0) -> None:
        Exception.__init__(self, status, message, backend_code)
        self.status = status
        self.message = message
        self.backend_code = backend_code
        if isinstance(self, OSError) and OSError in type(self).__bases__:
            setattr(self, "errno", backend_code or None)  # OSError's, told by no annotation here

    def __str__(self) -> str:
        return self.message


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
        status: Callable[[int], int],
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


class Ref(ctypes.c_void_p):
    """Owns a C handle: it is freed when the last reference to this object goes. A running call
    holds one, so that close() in another thread frees nothing that is in use; and one that was
    interrupted right after the library had made a handle loses none."""

    destructor: ClassVar[str]
    library: Any  # a Library, whose functions no annotation tells

    def release(self, _discard: Callable[[int], None] = _live.discard) -> None:
        """Frees the C handle now."""
        address = self.value
        if address:
            _discard(address)
            try:
                getattr(self.library, self.destructor)(self)
            finally:
                self.value = None

    __del__ = release


class Handle:
    """Something of the library that is open. Close it, or leave it to a `with` statement or to the
    garbage collector; any order will do. What others still use stays alive."""

    __slots__ = ("_library", "_lock", "_ref", "__weakref__")

    _library: Any
    _lock: Any  # threading.RLock, which is no class before Python 3.13
    _ref: Any

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} cannot be made by itself; a call returns it")

    @classmethod
    def _own(cls: type[H], ref: Ref) -> H:
        """The Python side of a C handle that the caller has got."""
        self = object.__new__(cls)
        self._library = ref.library
        self._lock = threading.RLock()
        self._ref = ref
        _live.add(ref.value or 0)
        return self

    def close(self) -> None:
        """Closes the handle; twice is fine. A call that is under way in another thread ends
        first."""
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


# Handles that no other handle made, above all registries, whose buffered points closing writes.
_roots: weakref.WeakSet[Handle] = weakref.WeakSet()


def own_root(handle: H) -> H:
    """Has a handle closed when the interpreter ends."""
    _roots.add(handle)
    return handle


def _close_roots() -> None:
    with contextlib.ExitStack() as all_of_them:
        for handle in list(_roots):
            all_of_them.callback(handle.close)


atexit.register(_close_roots)


class Rows(Handle, Generic[T]):
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


def moment(microseconds: int) -> datetime.datetime | None:
    """A Unix time in microseconds as a datetime in UTC; None for 0."""
    return EPOCH + datetime.timedelta(microseconds=microseconds) if microseconds else None


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


class Members(dict[int, E]):
    """The members of an enum by value: much faster than to call the enum."""

    def __init__(self, cls: type[E]) -> None:
        super().__init__({int(member): member for member in cls})
        self._cls = cls

    def __missing__(self, value: int) -> E:
        return self._cls(value)


class Flags(enum.IntFlag):
    """Bits with names; those that a newer library made up are kept."""
