# SPDX-License-Identifier: Apache-2.0
"""The Go names of what is in C."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import model

INITIALISMS = {"abi", "api", "id", "io", "json", "ok", "sql", "uri", "url", "utf8", "uuid"}
# What a parameter cannot be called without hiding what the generated code needs.
TAKEN = {
    "append", "array", "break", "cap", "case", "chan", "close", "const", "continue", "copy",
    "default", "defer", "else", "error", "f", "fallthrough", "for", "func", "go", "got", "goto",
    "if", "import", "interface", "len", "make", "map", "max", "min", "new", "nil", "package",
    "panic", "range", "return", "select", "self", "string", "struct", "switch", "type", "var",
}  # fmt: skip
SCALARS = {
    "int64_t": "int64",
    "int32_t": "int32",
    "uint32_t": "uint32",
    "uint8_t": "byte",
    "size_t": "uint64",
    "double": "float64",
}
# Handles that Go users never see: a page becomes a Page, a buffer a string.
BUFFER = "mr_buffer"
STATUS = "mr_status"


def camel(snake: str) -> str:
    """run_id -> RunID"""
    return "".join(
        word.upper() if word in INITIALISMS else word[:1].upper() + word[1:]
        for word in snake.lower().split("_")
        if word
    )


def lower_camel(snake: str) -> str:
    """run_id -> runID, uri -> uri"""
    first, _, rest = snake.partition("_")
    name = first + camel(rest)
    return name + "_" if name in TAKEN else name


def parameter_name(value: model.Value) -> str:
    """out_data -> data; times_us -> times, whose unit the doc comment says"""
    name = value.name.removeprefix("out_")
    if value.kind == "array":
        name = name.removesuffix("_us")
    return lower_camel(name)


def type_name(c_name: str) -> str:
    """mr_run_options -> RunOptions"""
    return camel(c_name.removeprefix("mr_"))


def constant_name(name: str) -> str:
    """MR_RUN_KIND_TRAINING -> RunKindTraining; a time in milliseconds loses its unit."""
    return camel(name.removeprefix("MR_").removesuffix("_MS"))


def status_name(name: str) -> str:
    """MR_NOT_FOUND -> StatusNotFound"""
    return "Status" + camel(name.removeprefix("MR_"))


def error_name(name: str) -> str:
    """MR_NOT_FOUND -> ErrNotFound"""
    return "Err" + camel(name.removeprefix("MR_"))


def is_time(value: model.Value) -> bool:
    return value.kind == "scalar" and value.target == "int64_t" and value.name.endswith("_us")


def is_duration(value: model.Value) -> bool:
    return value.kind == "scalar" and value.target == "int64_t" and value.name.endswith("_ms")


def is_mode(value: model.Value) -> bool:
    return value.kind == "scalar" and value.name == "file_mode"


def field_name(struct: model.Struct, value: model.Value) -> str:
    """created_us -> Created: what is a time says so by its type. Beside a status, status_us is
    StatusAt."""
    name = value.name
    if is_time(value) or is_duration(value):
        name = name[:-3]
        if any(each.name == name for each in struct.fields):
            name += "_at" if is_time(value) else "_duration"
    return camel(name)


def scalar_type(target: str) -> str:
    return SCALARS.get(target) or type_name(target)


def method_name(function: model.Function) -> str:
    """open_run -> OpenRun; count -> Len, which is what Go calls it."""
    if function.kind == "destructor":
        return "Close"
    if function.verb == "count":
        return "Len"
    return camel(function.verb)


def function_name(function: model.Function) -> str:
    """The name of a method, or for what is no method mr_gate_new -> NewGate."""
    if function.is_method:
        return method_name(function)
    if not function.noun:
        return camel(function.name.removeprefix("mr_"))
    return camel(function.verb) + type_name(function.noun)


def receiver(noun: str) -> str:
    """The initial of the type; every method has an f of its own, its frame."""
    name = type_name(noun).lower()
    return name if name.startswith("f") else name[0]


@dataclasses.dataclass(frozen=True)
class Own:
    """The parameters or fields around a doc comment."""

    names: dict[str, str]  # what they are called in Go
    texts: frozenset[str]  # those whose NULL is ""


def own(values: Sequence[model.Value], name: Callable[[model.Value], str]) -> Own:
    return Own(
        {value.name: name(value) for value in values},
        frozenset(value.name for value in values if value.kind in ("string", "path")),
    )


def own_fields(struct: model.Struct) -> Own:
    fields = [each for each in struct.fields if each.kind != "struct_size"]
    return own(fields, functools.partial(field_name, struct))
