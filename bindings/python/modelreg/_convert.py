# SPDX-License-Identifier: Apache-2.0
"""Turns Python arguments into what C takes, and refuses what would not arrive as it was meant."""

from __future__ import annotations

import array
import ctypes
import datetime
import enum
import operator
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from ._runtime import EPOCH, Enum, Flags, Handle, struct


class HasBuffer(Protocol):
    """What has memory to share, as bytes, bytearray, memoryview, array.array and mmap do."""

    def __buffer__(self, flags: int, /) -> memoryview: ...


class HasArray(Protocol):
    """An array of numpy, of which type checkers know no buffer before Python 3.12."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


ReadableBuffer: TypeAlias = HasBuffer | HasArray
WriteableBuffer: TypeAlias = HasBuffer | HasArray

if TYPE_CHECKING:
    Bytes: TypeAlias = memoryview[int]
    Ints: TypeAlias = memoryview[int]
    Floats: TypeAlias = memoryview[float]
else:  # a memoryview has no parameters at run time
    Bytes = Ints = Floats = memoryview

V = TypeVar("V")

# Integers that fit, by what they are called in C.
RANGES = {
    "int32_t": (-(2**31), 2**31 - 1),
    "uint32_t": (0, 2**32 - 1),
    "int64_t": (-(2**63), 2**63 - 1),
    "size_t": (0, 2 ** (8 * ctypes.sizeof(ctypes.c_size_t)) - 1),
}


def _type_error(value: object, name: str, wanted: str) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def integer(value: Any, name: str, low: int, high: int) -> int:
    """An integer that fits."""
    try:
        number = operator.index(value)
    except TypeError:
        raise _type_error(value, name, "an int") from None
    if not low <= number <= high:
        raise OverflowError(f"{name} must be {low} to {high}, not {number}")
    return number


def int32(value: Any, name: str) -> int:
    return integer(value, name, *RANGES["int32_t"])


def uint32(value: Any, name: str) -> int:
    return integer(value, name, *RANGES["uint32_t"])


def int64(value: Any, name: str) -> int:
    return integer(value, name, *RANGES["int64_t"])


def size(value: Any, name: str) -> int:
    return integer(value, name, *RANGES["size_t"])


def real(value: Any, name: str) -> float:
    """A float, also from an int or what numpy has for numbers."""
    kind = type(value)  # float() would also parse text, of str and of every buffer
    if not hasattr(kind, "__float__") and not hasattr(kind, "__index__"):
        raise _type_error(value, name, "a float")
    try:
        return float(value)
    except TypeError:
        raise _type_error(value, name, "a float") from None
    except OverflowError:
        raise OverflowError(f"{name} is too large for a float") from None


def member(value: Any, name: str, kind: type[Enum]) -> int:
    """A member of an enum, or a number that a newer library may know; no member of another one."""
    if isinstance(value, enum.Enum) and not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not {value}")
    return int32(value, name)


def bits(value: Any, name: str, kind: type[Flags]) -> int:
    """The same for flags."""
    if isinstance(value, enum.Enum) and not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {value}")
    return uint32(value, name)


def truth(value: Any, name: str) -> int:
    """A bool."""
    if not isinstance(value, bool):
        raise _type_error(value, name, "a bool")
    return int(value)


def time_us(value: Any, name: str) -> int:
    """A time as Unix time in microseconds."""
    if not isinstance(value, datetime.datetime):
        return int64(value, name)
    if value.tzinfo is None:
        raise ValueError(f"{name} has no time zone: give it one, such as datetime.timezone.utc")
    return (value - EPOCH) // datetime.timedelta(microseconds=1)


def _not_unicode(name: str, error: UnicodeEncodeError) -> ValueError:
    return ValueError(f"{name} is not valid Unicode: lone surrogate at index {error.start}")


def text(value: Any, name: str) -> bytes:
    """A string in UTF-8."""
    if not isinstance(value, str):
        raise _type_error(value, name, "a str")
    try:
        data = value.encode()
    except UnicodeEncodeError as error:
        raise _not_unicode(name, error) from None
    if b"\0" in data:
        raise ValueError(f"{name} has a NUL character at index {value.index(chr(0))}")
    return data


def optional_text(value: Any, name: str) -> bytes | None:
    return None if value is None else text(value, name)


def path(value: Any, name: str) -> bytes:
    """The name of something in the file system."""
    try:
        data = os.fsencode(value)
    except TypeError:
        raise _type_error(value, name, "a str or os.PathLike") from None
    except UnicodeEncodeError as error:
        raise _not_unicode(name, error) from None
    if b"\0" in data:
        raise ValueError(f"{name} has a NUL character at index {data.index(0)}")
    return data


def optional_path(value: Any, name: str) -> bytes | None:
    return None if value is None else path(value, name)


def texts(value: Any, name: str) -> Any:
    """An array of strings."""
    if isinstance(value, (str, bytes)):
        raise _type_error(value, name, "a sequence of str")
    try:
        items = list(value)
    except TypeError:
        raise _type_error(value, name, "a sequence of str") from None
    data = [text(item, f"{name}[{index}]") for index, item in enumerate(items)]
    return (ctypes.c_char_p * len(data))(*data)


def optional_texts(value: Any, name: str) -> Any:
    return texts(() if value is None else value, name)


def pairs(value: Mapping[str, V] | Iterable[tuple[str, V]], name: str) -> tuple[Any, list[V]]:
    """Keys as an array of strings, and the values."""
    try:
        items = list(value.items() if isinstance(value, Mapping) else value)
        keys = [key for key, _ in items]
        values = [item for _, item in items]
    except (TypeError, ValueError):
        raise _type_error(value, name, "a mapping, or pairs of a key and a value") from None
    return texts(keys, f"{name} keys"), values


def handle(value: Any, name: str, kind: type[Handle]) -> Handle:
    """A handle of the right class."""
    if not isinstance(value, kind):
        raise _type_error(value, name, f"a {kind.__name__}")
    return value


# Py_buffer of the stable ABI.
_Buffer: Any = struct(
    "_Buffer",
    ("buf", ctypes.c_void_p),
    ("obj", ctypes.c_void_p),
    ("len", ctypes.c_ssize_t),
    ("itemsize", ctypes.c_ssize_t),
    ("readonly", ctypes.c_int),
    ("ndim", ctypes.c_int),
    ("format", ctypes.c_char_p),
    ("shape", ctypes.c_void_p),
    ("strides", ctypes.c_void_p),
    ("suboffsets", ctypes.c_void_p),
    ("internal", ctypes.c_void_p),
)

_get_buffer = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_void_p, ctypes.c_int)(
    ("PyObject_GetBuffer", ctypes.pythonapi)
)
_release_buffer = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(("PyBuffer_Release", ctypes.pythonapi))

# Memory of a Python object, which it keeps in its place, in the form that ctypes makes and passes
# on fastest; of no bytes, since memory may be empty.
Place: Any = ctypes.c_char * 0
_writable = Place.from_buffer
_somewhere: Any = ctypes.c_int64()
NULL: Any = Place.from_address(0)


def _place(memory: memoryview) -> Any:
    """Where the memory of a contiguous memoryview is; never NULL."""
    if not memory.nbytes:
        return Place.from_buffer(_somewhere)
    if not memory.readonly:
        return _writable(memory)
    # ctypes does not tell where memory is that must not be written.
    buffer = _Buffer()
    address = ctypes.addressof(buffer)
    _get_buffer(memory, address, 0)
    place = Place.from_address(buffer.buf)
    _release_buffer(address)
    place.memory = memory
    return place


_ITEMS = {"d": "float64", "q": "int64"}
# How memory of the right items may describe itself: without more than a letter the sizes are those
# of C, and there a long has 8 bytes on most machines, which numpy makes use of.
_ORDERS = ("", "@", "=", "<" if sys.byteorder == "little" else ">")
_FORMATS = {code: {order + code for order in _ORDERS} for code in _ITEMS}
if ctypes.sizeof(ctypes.c_long) == 8:
    _FORMATS["q"] |= {"l", "@l"}


def column(value: Any, name: str, code: str) -> tuple[Any, int]:
    """A column of numbers with how many: memory of the right type as it is, any other sequence as a
    copy."""
    try:
        memory = memoryview(value)
    except TypeError:
        memory = _copied(value, name, code)
    except ValueError as error:
        # Times of numpy count in units of their own.
        unit = ".astype('datetime64[us]')" if name.endswith("_us") else ""
        raise TypeError(
            f"{name} cannot be read as {_ITEMS[code]} ({error}): convert it with "
            f"{name}{unit}.astype('{_ITEMS[code]}')"
        ) from None
    if memory.format in _FORMATS[code] and memory.ndim == 1:
        count = len(memory)
        if count:
            try:
                return _writable(memory), count
            except TypeError:  # it is read-only, or not contiguous
                pass
        if memory.c_contiguous:
            return _place(memory), count
    failure = _refused(memory, name, code)
    memory.release()  # the traceback keeps it
    raise failure


def _refused(memory: memoryview, name: str, code: str) -> Exception:
    """Why memory is no column."""
    if memory.format not in _FORMATS[code]:
        return TypeError(
            f"{name} must hold {_ITEMS[code]}, not items of format {memory.format!r}: convert it, "
            f"as with numpy.asarray({name}, dtype='{_ITEMS[code]}')"
        )
    if memory.ndim != 1:
        return ValueError(f"{name} must have one dimension, not {memory.ndim}")
    return ValueError(
        f"{name} is not contiguous in memory: copy it, as with numpy.ascontiguousarray({name})"
    )


def _copied(value: Any, name: str, code: str) -> memoryview:
    wanted = f"a buffer of {_ITEMS[code]} or a sequence of numbers"
    if isinstance(value, str):
        raise _type_error(value, name, wanted)
    convert = {"d": real, "q": time_us if name.endswith("_us") else int64}[code]
    try:
        items = list(value)
    except TypeError:
        raise _type_error(value, name, wanted) from None
    numbers = array.array(code, [convert(item, f"{name}[{i}]") for i, item in enumerate(items)])
    return memoryview(numbers)


def lengths(first_name: str, first: int, name: str, other: int) -> ValueError:
    """What is raised when columns that belong together have different lengths."""
    return ValueError(f"{first_name} and {name} must have the same length, not {first} and {other}")


def content(value: Any, name: str) -> tuple[Any, int]:
    """Bytes as they lie in memory, with how many."""
    try:
        memory = memoryview(value)
    except TypeError:
        raise _type_error(value, name, "bytes or another buffer") from None
    if not memory.c_contiguous:
        memory.release()  # the traceback keeps it
        raise ValueError(f"{name} is not contiguous in memory: copy it, as with bytes({name})")
    return _place(memory), memory.nbytes


def room(value: Any, name: str) -> tuple[Any, int]:
    """Memory to be filled, with how many bytes."""
    try:
        memory = memoryview(value)
    except TypeError:
        raise _type_error(value, name, "a bytearray or another writable buffer") from None
    if memory.readonly:
        memory.release()  # the traceback keeps it
        raise TypeError(f"{name} must be writable, such as a bytearray")
    if not memory.c_contiguous:
        memory.release()
        raise ValueError(f"{name} is not contiguous in memory")
    return _place(memory), memory.nbytes
