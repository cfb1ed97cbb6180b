# SPDX-License-Identifier: Apache-2.0
"""Rules for functions: names, shape, parameters, and the sets that belong together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import declarations as d
import model
import reader
import threads
from findings import Finding
from rules_context import Context

OUTPUTS = ("out_handle", "out_string", "out_bytes", "out_memory")
MOST_INPUTS = 4
# Two inputs of one type that stand in an order everybody knows, or of which the wrong one is
# refused; every other two belong in options.
ORDERED = (
    ("key", "value"),
    ("keys", "values"),
    ("name", "expression"),  # an expression is no name
    ("local_path", "artifact_path"),  # from, to
    ("local_path", "manifest_path"),
    ("path", "digest"),  # the line of a manifest; a path is no digest
    ("steps", "times_us"),
)


def method_prefix(context: Context) -> Iterator[Finding]:
    """The handle that the name begins with is the first parameter, or what the function makes."""
    for function, raw in context.functions():
        first = function.params[0] if function.params else None
        handles = [value.target for value in function.params if value.kind == "handle"]
        if function.is_method:
            continue
        if first is not None and first.kind == "handle":
            message = (
                f"its first parameter is a {first.target}: begin the name with {first.target}_"
            )
            yield Finding(raw.where, "method-prefix", message)
        elif function.noun:
            makes = function.result == "out_handle" and function.target == function.noun
            if not makes:
                message = f"take {function.noun} first, or make one"
                yield Finding(raw.where, "method-prefix", message)
        elif handles or function.kind != "getter":
            message = "begin the name with the handle that it works on"
            yield Finding(raw.where, "method-prefix", message)


def fallible_shape(context: Context) -> Iterator[Finding]:
    """mr_status f(self, inputs, output, mr_error *error)."""
    for function, raw in context.functions():
        errors = [value for value in function.params if value.kind == "error"]
        fails = function.returns == "mr_status"
        if fails and not errors:
            yield Finding(raw.where, "error-last", "end with mr_error *error")
        elif errors and not fails:
            yield Finding(raw.where, "fallible-status", "return mr_status: it takes an mr_error")
        elif errors and (function.params[-1].kind != "error" or len(errors) > 1):
            yield Finding(raw.where, "error-last", "put mr_error *error last, once")
        elif errors and errors[0].name != "error":
            yield Finding(raw.signature.params[-1].where, "error-last", "call it error")


def outputs(context: Context) -> Iterator[Finding]:
    """At most one output, right before the error, called out_..., and only of a call that can fail.
    Memory of the caller is one output of three parameters."""
    for function, raw in context.functions():
        kinds = [value.kind for value in function.params]
        found = [index for index, kind in enumerate(kinds) if kind.startswith("out_")]
        for index in found:
            where = raw.signature.params[index].where
            if not function.params[index].name.startswith("out_"):
                message = f"call it out_{function.params[index].name}"
                yield Finding(where, "output-name", message)
        for index, value in enumerate(function.params):
            if index not in found and value.name.startswith("out_"):
                where = raw.signature.params[index].where
                yield Finding(
                    where, "output-name", f"{value.name} is no output: give it another name"
                )
        if not found:
            continue
        where = raw.signature.params[found[0]].where
        if function.kind != "call":
            yield Finding(where, "output-last", "return the value, or let the call answer a status")
            continue
        before_error = kinds[found[0] : -1]
        if kinds[found[0]] in ("out_memory", "out_count"):
            names = [value.name for value in function.params[found[0] : -1]]
            stem = names[0].removeprefix("out_").replace("size", "data")
            if before_error != ["out_memory", "count", "out_count"] or names[1:] != [
                "size",
                "out_size",
            ]:
                message = (
                    f"write uint8_t *out_{stem}, size_t size, size_t *out_size, mr_error *error"
                )
                yield Finding(where, "output-memory", message)
        elif len(found) > 1:
            second = raw.signature.params[found[1]].where
            yield Finding(second, "one-output", "put what there is to give in a record or a handle")
        elif len(before_error) > 1:
            yield Finding(where, "output-last", "put the output right before the error")


def getters(context: Context) -> Iterator[Finding]:
    """A getter takes its handle const, gives the value back and is @fast."""
    for function, raw in context.functions():
        if function.kind != "getter":
            continue
        if function.is_method and not function.params[0].ctype.startswith("const "):
            where = raw.signature.params[0].where
            yield Finding(where, "getter-const", f"take const {function.noun} *")
        if not function.fast:
            yield Finding(raw.where, "getter-fast", "say @fast, or let the call answer a status")


def destructors(context: Context) -> Iterator[Finding]:
    """Each handle has one _free or _close: void, with the handle alone."""
    by_name = {function.name: (function, raw) for function, raw in context.functions()}
    for handle, opaque in context.handles():
        ends = [handle.name + end for end in reader.DESTRUCTORS if handle.name + end in by_name]
        if len(ends) != 1:
            named = f"{handle.name}_free() or {handle.name}_close()"
            message = f"declare {named}" if not ends else f"only one of {named}"
            yield Finding(opaque.where, "destructor", message)
    for function, raw in context.functions():
        if not function.name.endswith(reader.DESTRUCTORS):
            continue
        kinds = [value.ctype for value in function.params]
        if function.returns != "void" or kinds != [f"{function.noun} *"]:
            message = f"declare void {function.name}({function.noun} *)"
            yield Finding(raw.where, "destructor", message)


def info(context: Context) -> Iterator[Finding]:
    """_info gives mr_<noun>_record, or where the noun has none of its own another record."""
    for function, raw in context.functions():
        if function.verb != "info":
            continue
        own = f"{function.noun}_record"
        wanted = own if own in context.names.structs else "mr_..._record"
        is_other = wanted != own and function.result == "record"
        if function.target != own and not is_other:
            message = f"declare const {wanted} *{function.name}(const {function.noun} *)"
            yield Finding(raw.where, "info-record", message)


def comparisons(context: Context) -> Iterator[Finding]:
    """_compare orders all handles of its type, NULL included, and by what never changes. The
    bindings hash them by the bytes that _key gives."""
    by_name = {function.name: function for function in context.api.functions}
    for function, raw in context.functions():
        if not function.is_method or function.verb != reader.COMPARE.lstrip("_"):
            continue
        noun = function.noun
        kinds = [value.ctype for value in function.params]
        if function.result != "order" or kinds != [f"const {noun} *"] * 2:
            message = f"declare int32_t {function.name}(const {noun} *, const {noun} *)"
            yield Finding(raw.where, "compare", message)
        elif not function.result_doc.startswith("-1, 0 or 1") or "NULL" not in function.result_doc:
            message = "begin @return with `-1, 0 or 1`, and say where NULL stands"
            yield Finding(raw.where, "compare", message)
        elif threads.locked(context.api, context.handle(noun)):
            message = f"{noun} can change: there is no order of what changes"
            yield Finding(raw.where, "compare", message)
        key = by_name.get(f"{noun}_key")
        if key is None or key.result != "out_handle":
            message = f"declare mr_status {noun}_key(), whose bytes are equal where this gives 0"
            yield Finding(raw.where, "compare", message)


def sequences(context: Context) -> Iterator[Finding]:
    """What has _at has _count; a page has _count, _at, _next_token and _free; a column's handle has
    _count, that of bytes _size."""
    by_name = {function.name: function for function in context.api.functions}

    def returns(name: str, ctype: str) -> bool:
        return name in by_name and by_name[name].returns == ctype and by_name[name].is_method

    for function, raw in context.functions():
        noun = function.noun
        if function.verb == "at":
            kinds = [value.ctype for value in function.params]
            if function.result != "record" or kinds != [f"const {noun} *", "int64_t"]:
                message = f"declare const mr_..._record *{noun}_at(const {noun} *, int64_t index)"
                yield Finding(raw.where, "at", message)
        counted = function.verb == "at" or function.result == "column"
        if counted and not returns(f"{noun}_count", "int64_t"):
            yield Finding(raw.where, "count", f"declare int64_t {noun}_count(const {noun} *)")
        if function.result in ("bytes", "out_bytes"):
            sized = [returns(f"{noun}_size", ctype) for ctype in ("size_t", "int64_t")]
            if not any(sized):
                yield Finding(raw.where, "count", f"declare size_t {noun}_size(const {noun} *)")
    for handle, opaque in context.handles():
        if not handle.name.endswith("_page"):
            continue
        for verb, ctype in (("count", "int64_t"), ("next_token", "const char *"), ("free", "void")):
            if not returns(f"{handle.name}_{verb}", ctype):
                star = "" if ctype.endswith("*") else " "
                message = f"declare {ctype}{star}{handle.name}_{verb}()"
                yield Finding(opaque.where, "page", message)
        if f"{handle.name}_at" not in by_name:
            yield Finding(opaque.where, "page", f"declare {handle.name}_at()")


def inputs(context: Context) -> Iterator[Finding]:
    """More than four inputs, or two of one type that can be swapped, belong in options."""
    for function, raw in context.functions():
        inner = [
            (value, source)
            for value, source in zip(function.params, raw.signature.params)
            if not value.kind.startswith("out_") and value.kind not in ("count", "error")
        ]
        inner = inner[1:] if function.is_method else inner
        if len(inner) > MOST_INPUTS:
            message = f"{len(inner)} inputs: put them in a struct of options"
            yield Finding(raw.where, "too-many-inputs", message)
        for (one, _), (two, source) in itertools.combinations(inner, 2):
            if one.ctype == two.ctype and (one.name, two.name) not in ORDERED:
                message = f"{one.name} and {two.name} can be swapped: put them in options"
                yield Finding(source.where, "swappable-inputs", message)


def arrays(context: Context) -> Iterator[Finding]:
    """An array is followed by its size_t count; in a record the count may be int64_t."""
    for _, values, sources in context.value_lists():
        for value, source in zip(values, sources):
            if value.kind in reader.ARRAYS and value.kind != "out_memory" and not value.count:
                message = f"let size_t count follow the array {value.name}"
                yield Finding(source.where, "array-count", message)


def text_and_bytes(context: Context) -> Iterator[Finding]:
    """Text is const char * without a size, bytes are const uint8_t * with one."""
    for _, values, sources in context.value_lists():
        for index, (value, source) in enumerate(zip(values, sources)):
            after = values[index + 1] if index + 1 < len(values) else None
            message = text_or_bytes(value, source.ctype, after)
            if message:
                yield Finding(source.where, *message)
    for function, raw in context.functions():
        returns = raw.signature.returns
        if returns.base in ("char", "uint8_t") and returns.depth and not returns.const:
            message_text = f"return const {returns.base} *: {function.name} keeps what it gives"
            yield Finding(raw.where, "string-const", message_text)


def text_or_bytes(
    value: model.Value, ctype: d.CType, after: model.Value | None
) -> tuple[str, str] | None:
    """Rule and message where a pointer to characters or bytes is not as it should be."""
    if ctype.base == "char" and ctype.depth and not ctype.const:
        return "string-const", f"make {value.name} const char *"
    if ctype.base == "uint8_t" and ctype.depth and not ctype.const and value.kind != "out_memory":
        return "bytes-const", f"make {value.name} const uint8_t *"
    if ctype.base in ("void", "int8_t") and ctype.depth and value.kind != "context":
        return (
            "bytes-uint8",
            f"bytes are const uint8_t *, a callback's own data void *ctx: {value.name}",
        )
    is_sized = after is not None and after.ctype == "size_t"
    if value.kind in ("string", "path") and is_sized:
        return "bytes-uint8", f"text ends with NUL; for bytes make {value.name} const uint8_t *"
    return None
