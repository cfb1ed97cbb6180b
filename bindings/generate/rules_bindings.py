# SPDX-License-Identifier: Apache-2.0
"""Rules for what every language has a form for: which parameters and fields stand where, and what
a function may give."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

import declarations as d
import model
from findings import Finding, Where
from rules_context import Context

CANCEL = "mr_cancel"
BUFFER = "mr_buffer"  # the one handle that gives bytes
IN_RECORDS = ("struct_size", "reserved", "scalar", "bool", "string", "path", "strings", "count")
IN_OPTIONS = (*IN_RECORDS, "array", "handle", "struct", "callback", "context")
IN_FUNCTIONS = (
    *("scalar", "bool", "string", "path", "strings", "array", "bytes", "count", "handle"),
    *("options", "error", "out_handle", "out_string", "out_bytes", "out_memory", "out_count"),
)
GO_KEYWORDS = (
    "break case chan const continue default defer else fallthrough for func go goto if import"
    " interface map package range return select struct switch type var"
)
# What the functions that are written call their own variables.
OWN_NAMES = "cls ctypes err failed library out ref self view"
OWN_NAMES_OF_GETTERS = "text value"
TAKEN = frozenset([*keyword.kwlist, *GO_KEYWORDS.split(), *OWN_NAMES.split()])
TAKEN_BY_GETTERS = frozenset(OWN_NAMES_OF_GETTERS.split())


def names(context: Context) -> Iterator[Finding]:
    """A parameter or field has a name that every language can use as it is."""
    getters = {each.name for each in context.api.functions if each.kind == "getter"}
    for owner, values, sources in context.value_lists():
        for value, source in zip(values, sources):
            is_taken = value.name in TAKEN or (value.name in TAKEN_BY_GETTERS and owner in getters)
            is_error = value.name == "error" and value.kind != "error"
            if is_taken or is_error or len(value.name) == 1:
                message = f"call {value.name} something else: it is no name in every language"
                yield Finding(source.where, "name", message)


def record_fields(context: Context) -> Iterator[Finding]:
    """A record holds numbers and text, which a binding copies."""
    for struct, raw in context.structs():
        if struct.role != "record":
            continue
        for value, source in zip(struct.fields, raw.fields):
            if value.kind and value.kind not in IN_RECORDS:
                message = f"a record cannot hold the {value.kind} {value.name}: make it a getter"
                yield Finding(source.where, "record-field", message)


def option_fields(context: Context) -> Iterator[Finding]:
    """Options hold what a function takes, but no other options and no bytes."""
    for struct, raw in context.structs():
        if struct.role != "options":
            continue
        before = ""
        for value, source in zip(struct.fields, raw.fields):
            is_lost = value.kind == "context" and before != "callback"
            before = value.kind
            if value.kind and (value.kind not in IN_OPTIONS or is_lost):
                message = f"options cannot hold the {value.kind} {value.name}: make it a parameter"
                yield Finding(source.where, "option-field", message)


def parameters(context: Context) -> Iterator[Finding]:
    """A callback stands in options, or in the struct of hooks that they name."""
    for function, raw in context.functions():
        before = ""
        for value, source in zip(function.params, raw.signature.params):
            # Of a callback with its context one finding is enough; memory breaks another rule.
            is_told = before == "callback" and value.kind == "context"
            before = value.kind
            if value.kind not in (*IN_FUNCTIONS, "memory", "") and not is_told:
                message = f"{value.name} is a {value.kind}: put it in the options of a maker"
                yield Finding(source.where, "parameter", message)


def hooked(context: Context) -> Iterator[Finding]:
    """Only a maker without a handle takes callbacks: they live as long as what it makes."""
    structs = {struct.name: struct for struct in context.api.structs}
    with_callbacks = {
        name
        for name, struct in structs.items()
        if any(value.kind in ("callback", "struct") for value in struct.fields)
    }
    for function, raw in context.functions():
        for value, source in zip(function.params, raw.signature.params):
            is_method = function.is_method and value.target in with_callbacks
            if value.kind == "options" and is_method:
                message = f"{value.target} has callbacks: only a call that takes no handle may"
                yield Finding(source.where, "callback-options", message)


def cancel(context: Context) -> Iterator[Finding]:
    """A cancel token stands in options, so that every call that can be cancelled takes it alike."""
    for function, raw in context.functions():
        for value, source in zip(function.params, raw.signature.params):
            if value.kind == "handle" and value.target == CANCEL and function.noun != CANCEL:
                yield Finding(source.where, "cancel", f"put {value.name} into the options")


def lists(context: Context) -> Iterator[Finding]:
    """What gives a page takes options with a limit and a token right before it."""
    structs = {struct.name: struct for struct in context.api.structs}
    for function, raw in context.functions():
        if function.result != "out_handle" or not function.target.endswith("_page"):
            continue
        before = [each for each in function.params if each.kind not in ("out_handle", "error")]
        last = before[-1] if before else None
        fields = structs[last.target].fields if last and last.kind == "options" else ()
        kinds = {(value.name, value.ctype) for value in fields}
        if not {("limit", "int64_t"), ("token", "const char *")} <= kinds:
            message = "take options with int64_t limit and const char *token before the page"
            yield Finding(raw.where, "list-options", message)


def results(context: Context) -> Iterator[Finding]:
    """What a getter gives has a form in every language, and one by index may be missing."""
    for function, raw in context.functions():
        if function.kind != "getter":
            continue
        where = at_return(function, raw)
        if function.result == "strings":
            message = "there is no getter of strings: put them in a record with their count"
            yield Finding(raw.where, "getter-result", message)
        elif function.result == "bytes" and function.noun != BUFFER:
            message = f"let a call fill memory, or give an {BUFFER}"
            yield Finding(raw.where, "getter-result", message)
        elif function.result == "column" and function.result_nullable:
            yield Finding(where, "column-nullable", "a column without points has a count of 0")
        is_by_index = any(value.name == "index" for value in function.params)
        gives_one = function.result == "record" and len(function.params) > 1
        if (gives_one or (is_by_index and raw.signature.returns.depth)) and (
            not function.result_nullable
        ):
            message = "say @return @nullable: NULL when the index is out of range"
            yield Finding(where, "at-nullable", message)


def at_return(function: model.Function, raw: d.Function) -> Where:
    """The line of @return, else that of the function."""
    part = raw.block.returns if raw.block else None
    return Where(function.header, part.line) if part else raw.where


def exported(context: Context) -> Iterator[Finding]:
    """Each function is declared MR_API, without which a build that hides symbols lacks it."""
    for _, raw in context.functions():
        if not raw.exported:
            yield Finding(raw.where, "mr-api", f"begin the declaration of {raw.name} with MR_API")


def failing_status(context: Context) -> Iterator[Finding]:
    """A call says how it can fail."""
    statuses = {
        constant.name
        for enum in context.api.enums
        if enum.name == "mr_status"
        for constant in enum.constants
    } - {"MR_OK"}
    for function, raw in context.functions():
        text = function.result_doc
        if function.kind != "call" or not text.startswith("MR_OK"):
            continue  # told by doc-return
        named = statuses & set(re.findall(r"\bMR_[A-Z0-9_]+\b", text))
        if not named and "the common ones" not in text:
            message = "name a status of failure, or say: and the common ones of modelreg.h"
            yield Finding(at_return(function, raw), "doc-failure", message)
