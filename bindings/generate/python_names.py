# SPDX-License-Identifier: Apache-2.0
"""What things of the ABI are called in Python, and their types."""

from __future__ import annotations

import keyword

import model
import threads

# Not seen from outside: its bytes become str or bytes.
HIDDEN_HANDLES = frozenset({"mr_buffer"})

# What str() gives of a handle: a field of its record.
TEXT_FIELDS = {"mr_semver": "number", "mr_semver_range": "text"}

# How ctypes spells a number, and what checks an argument.
NUMBERS = {
    "int32_t": ("ctypes.c_int32", "int32"),
    "uint32_t": ("ctypes.c_uint32", "uint32"),
    "int64_t": ("ctypes.c_int64", "int64"),
    "size_t": ("ctypes.c_size_t", "size"),
    "uint8_t": ("ctypes.c_uint8", ""),
    "double": ("ctypes.c_double", "real"),
}
COLUMN_CODES = {"double": "d", "int64_t": "q"}
LIMITS = {
    "int32_t": ("-0x80000000", "0x7FFFFFFF"),
    "uint32_t": ("0", "0xFFFFFFFF"),
    "int64_t": ("-0x8000000000000000", "0x7FFFFFFFFFFFFFFF"),
}

# Exceptions that Python has for the same thing; OSError gets its errno from the backend code.
BUILTIN_BASES = {
    "MR_INVALID_ARGUMENT": "ValueError",
    "MR_NOT_FOUND": "LookupError",
    "MR_BUSY": "TimeoutError",
    "MR_NO_MEMORY": "MemoryError",
    "MR_IO": "OSError",
    "MR_NOT_SUPPORTED": "NotImplementedError",
    "MR_LIMIT": "ValueError",
    "MR_READ_ONLY": "PermissionError",
    "MR_FORKED": "RuntimeError",
    "MR_UNAVAILABLE": "ConnectionError",
    "MR_CLOSED": "ValueError",
}


def camel(name: str) -> str:
    """mr_run_page as RunPage."""
    return "".join(word.capitalize() for word in name.removeprefix("mr_").split("_"))


def safe(name: str) -> str:
    """A name that is no keyword of Python."""
    return name + "_" if keyword.iskeyword(name) else name


def ref(handle: str) -> str:
    """The class that owns a C handle."""
    return f"_{camel(handle)}Ref"


def c_struct(name: str) -> str:
    """The class that lays out a struct."""
    return f"_C{camel(name)}"


def reader(record: str) -> str:
    """The function that reads a record."""
    return f"_read_{record.removeprefix('mr_')}"


def error_class(constant: str) -> str:
    """The exception of a status."""
    return "".join(word.capitalize() for word in constant.split("_")[1:]) + "Error"


def enum_prefix(enum: model.Enum) -> str:
    """What the constants of an enum begin with."""
    if enum.name == "mr_status":
        return "MR_"
    return enum.name.removesuffix("_flags").upper() + "_"


def member(enum: model.Enum, constant: str) -> str:
    return safe(constant.removeprefix(enum_prefix(enum)))


class Names:
    """Looks things of the ABI up by their C names."""

    def __init__(self, api: model.Api) -> None:
        self.api = api
        self.enums = {enum.name: enum for enum in api.enums}
        self.structs = {struct.name: struct for struct in api.structs}
        self.handles = {handle.name: handle for handle in api.handles}
        self.callbacks = {callback.name: callback for callback in api.callbacks}
        self.functions = {function.name: function for function in api.functions}
        self.members = {
            constant.name: f"{camel(enum.name)}.{member(enum, constant.name)}"
            for enum in api.enums
            for constant in enum.constants
        }

    def number(self, target: str) -> str:
        """The fixed-width type below a number or an enum."""
        return self.enums[target].base if target in self.enums else target

    def ctype(self, target: str) -> str:
        return NUMBERS[self.number(target)][0]

    def locked(self, handle: str) -> bool:
        """Whether calls on the handle must wait for each other."""
        return threads.locked(self.api, self.handles[handle])

    def writes_at_close(self, handle: str) -> bool:
        """Whether closing the handle writes what is buffered: that of what no handle made."""
        makers = [
            function
            for function in self.api.functions
            if not function.is_method
            and any(
                value.kind == "out_handle" and value.target == handle for value in function.params
            )
        ]
        return bool(makers) and any(
            function.noun == handle and function.verb == "flush" for function in self.api.functions
        )

    def is_constructor(self, function: model.Function) -> bool:
        """Whether a function becomes the constructor of a class."""
        return function.kind == "call" and not function.is_method and function.verb == "new"

    def python_name(self, function: model.Function) -> str:
        """What a function is called, its class left out."""
        if self.is_constructor(function):
            return "__init__"
        name = safe(function.verb if function.noun else function.name.removeprefix("mr_"))
        is_times = function.result == "column" and "microseconds" in function.result_doc
        return f"{name}_us" if is_times and not name.endswith("_us") else name

    def is_ordered(self, handle: str) -> bool:
        """Whether handles of a kind are compared with each other."""
        return any(
            function.noun == handle and function.result == "order"
            for function in self.api.functions
        )

    def is_rows(self, handle: str) -> bool:
        return bool(self.handles[handle].item)

    def is_property(self, function: model.Function) -> bool:
        """Whether a function is an attribute that is read."""
        return function.kind == "getter" and function.is_method and len(function.params) == 1

    def spelling(self, function: model.Function) -> str:
        """How a function is named in the text of a docstring."""
        owner = camel(function.noun) if function.noun else ""
        if function.kind == "destructor":
            return f"{owner}.close()"
        if function.noun and self.is_rows(function.noun) and function.verb in ("count", "at"):
            return f"len() of {owner}" if function.verb == "count" else f"{owner}[index]"
        if self.is_constructor(function):
            return f"{owner}()"
        name = ".".join(filter(None, [owner, self.python_name(function)]))
        return name if self.is_property(function) else name + "()"
