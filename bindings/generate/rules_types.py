# SPDX-License-Identifier: Apache-2.0
"""Rules for types: structs, enums, callbacks, and what may not be declared at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import declarations as d
import reader
from findings import Finding, Where
from rules_context import Context

WIDTHS = (*reader.SCALARS, "int8_t", "int16_t", "uint16_t", "uint64_t")
INSTEAD = {
    "int": "int32_t, or int64_t for counts, ids and times",
    "long": "int64_t",
    "long long": "int64_t",
    "time_t": "int64_t in Unix microseconds",
    "float": "double",
    "_Bool": "int32_t that is 0 or 1",
    "unsigned": "uint32_t",
    "unsigned int": "uint32_t",
    "char": "const char * for text, uint8_t for bytes",
}
BASES = {True: "uint32_t", False: "int32_t"}


def prefix(context: Context) -> Iterator[Finding]:
    """Every public name starts with mr_ or MR_; a typedef's tag is its name."""
    for each in context.tree.declarations:
        if isinstance(each, d.Enum) and not each.typedef:
            continue
        if not each.name.startswith("mr_"):
            yield Finding(each.where, "prefix", f"call it mr_{each.name}")
        if isinstance(each, (d.Opaque, d.Struct)) and each.tag != each.name:
            yield Finding(each.where, "prefix", f"tag the struct {each.name}, as its typedef")
    for value, _ in context.constants():
        if not value.name.startswith("MR_"):
            yield Finding(value.where, "prefix", f"call it MR_{value.name}")
    for name, file in context.tree.files.items():
        for define in file.defines:
            if not define.name.startswith(("MR_", "MODELREG_")):
                yield Finding(Where(name, define.line), "prefix", f"call it MR_{define.name}")


def banned(context: Context) -> Iterator[Finding]:
    """What a binding cannot take: globals, unions, bit-fields, varargs, inline functions, structs
    by value."""
    for each in context.tree.declarations:
        if isinstance(each, d.Other):
            if each.what == "global variable":
                yield Finding(each.where, "no-global", f"make {each.name} a function or a constant")
            elif each.what.startswith("union"):
                yield Finding(each.where, "no-union", "use a struct with a field that says which")
            elif each.what.startswith("struct"):
                yield Finding(each.where, "struct-typedef", "write typedef struct mr_x {...} mr_x")
        if isinstance(each, d.Function) and (each.defined or each.specifiers):
            yield Finding(each.where, "no-inline", f"only declare {each.name}; no specifiers")
    for signature, where in context.signatures():
        if signature.variadic:
            yield Finding(where, "no-varargs", "take an array and its count")
    for value in context.every_value():
        if value.bits:
            yield Finding(
                value.where, "no-bit-field", f"make {value.name} a flag of a _flags typedef"
            )
        if value.ctype.base.startswith("union"):
            yield Finding(value.where, "no-union", "use a struct with a field that says which")
    for ctype, where in context.types():
        if ctype.depth == 0 and ctype.function is None:
            is_handle = ctype.base in context.names.handles
            if is_handle or ctype.base in context.names.structs or ctype.base.startswith("struct"):
                yield Finding(where, "no-struct-by-value", f"pass a pointer to {ctype.base}")


def fixed_width(context: Context) -> Iterator[Finding]:
    """Numbers have a fixed width, and enum types are never the type of anything."""
    names = context.names
    known = {*WIDTHS, *names.enums, *names.callbacks, *names.handles, *names.structs, "void", ""}
    for ctype, where in context.types():
        base = ctype.base
        if base.startswith("enum"):
            yield Finding(where, "enum-type", f"use the int32_t typedef that names `{base}`")
        elif base == "char" and (ctype.depth or ctype.array is not None):
            continue
        elif base not in known and not base.startswith(("struct", "union")):
            instead = INSTEAD.get(base, "a type of <stdint.h>, or one that these headers declare")
            yield Finding(where, "fixed-width", f"instead of {base} use {instead}")


def sizes_are_memory(context: Context) -> Iterator[Finding]:
    """size_t is for memory: as the count of an array or the size of bytes."""
    for function, raw in context.functions():
        for value, source in zip(function.params, raw.signature.params):
            if value.ctype == "size_t" and value.kind == "scalar":
                yield Finding(source.where, "size-t", f"use int64_t for {value.name}")
        if function.returns == "size_t" and function.verb != "size":
            yield Finding(raw.where, "size-t", "return int64_t: size_t is for the size of memory")
    for struct, declared in context.structs():
        for value, field in zip(struct.fields, declared.fields):
            if value.ctype == "size_t" and value.kind == "scalar":
                yield Finding(field.where, "size-t", f"use int64_t for {value.name}")


def typedefs(context: Context) -> Iterator[Finding]:
    """A typedef is a handle, a struct, a function pointer, or an integer with the enum that names
    its values right behind it."""
    paired = {alias.name for alias, _ in reader.enum_pairs(context.tree)}
    named = [enum for _, enum in reader.enum_pairs(context.tree) if not enum.name]
    for each in context.tree.declarations:
        if isinstance(each, d.Alias) and each.ctype.function is None and each.name not in paired:
            yield Finding(
                each.where, "typedef", f"let the enum with the values of {each.name} follow at once"
            )
        if isinstance(each, d.Other) and each.what == "enum type":
            yield Finding(
                each.where, "enum-type", "write a typedef of int32_t and an enum behind it"
            )
        if isinstance(each, d.Enum) and each not in named:
            message = "put a typedef of int32_t or uint32_t right before an enum without a name"
            yield Finding(each.where, "enum-type", message)


def enum_values(context: Context) -> Iterator[Finding]:
    """Values are written, unique and not negative; names begin with the typedef's, and a typedef
    that ends in _flags, and no other, is unsigned and holds single bits."""
    for alias, enum in reader.enum_pairs(context.tree):
        is_flags = alias.name.endswith("_flags")
        base = BASES[is_flags]
        if str(alias.ctype) != base:
            yield Finding(alias.where, "enum-base", f"make {alias.name} a typedef of {base}")
        start = alias.name.removesuffix("_flags").upper() + "_"
        start = "MR_" if alias.name == "mr_status" else start
        seen: dict[int, str] = {}
        for value in enum.values:
            if not value.given:
                yield Finding(value.where, "enum-explicit", f"write the value of {value.name}")
            if not 0 <= value.value < 2**31:
                yield Finding(
                    value.where, "enum-range", f"{value.name} is not within int32_t from 0"
                )
            if value.value in seen:
                message = f"{seen[value.value]} is {value.value}, too"
                yield Finding(value.where, "enum-unique", message)
            seen.setdefault(value.value, value.name)
            if not value.name.startswith(start):
                yield Finding(value.where, "enum-prefix", f"let {value.name} begin with {start}")
            if is_flags and value.value.bit_count() != 1:
                yield Finding(value.where, "flag-bit", f"{value.name} is not a single bit")


def struct_names(context: Context) -> Iterator[Finding]:
    """Structs that callers fill are options, those that the library fills are records."""
    for struct, raw in context.structs():
        if struct.role == "hooks" and not any(value.kind == "callback" for value in struct.fields):
            message = f"let the name of {struct.name} end in _options or _record"
            yield Finding(raw.where, "struct-name", message)


def struct_size(context: Context) -> Iterator[Finding]:
    """Every struct begins with its size."""
    for struct, raw in context.structs():
        first = raw.fields[0]
        if first.name != "struct_size" or str(first.ctype) != "uint32_t":
            message = f"begin {struct.name} with uint32_t struct_size"
            yield Finding(first.where, "struct-size", message)


def padding(context: Context) -> Iterator[Finding]:
    """No byte of a struct is without a field: one would be neither zero nor anything."""
    for struct, raw in context.structs():
        if not struct.size:  # a field has no meaning, and so no size
            continue
        at = 0
        for value, field in zip(struct.fields, raw.fields):
            if value.offset != at:
                gap = value.offset - at
                message = f"{gap} bytes before {value.name} are in no field: add a reserved one"
                yield Finding(field.where, "padding", message)
            at = value.offset + value.size
        if at != struct.size:
            last = raw.fields[-1]
            message = (
                f"{struct.size - at} bytes after {last.name} are in no field: add a reserved one"
            )
            yield Finding(last.where, "padding", message)


def reserved(context: Context) -> Iterator[Finding]:
    """What is called reserved is a uint32_t."""
    for struct, raw in context.structs():
        for value, field in zip(struct.fields, raw.fields):
            if value.kind == "reserved" and value.ctype != "uint32_t":
                yield Finding(field.where, "reserved", f"make {value.name} a uint32_t")


def initialiser(context: Context) -> Iterator[Finding]:
    """Structs of the caller have MR_X_INIT, which sets the size and zero for each other field."""
    for struct, raw in context.structs():
        file = context.tree.files[struct.header]
        name = struct.name.upper() + "_INIT"
        found = [define for define in file.defines if define.name == name]
        if struct.role == "record":
            if found:
                message = f"the library makes records: {name} is of no use"
                yield Finding(Where(struct.header, found[0].line), "initialiser", message)
            continue
        if not found:
            yield Finding(raw.where, "initialiser", f"define {name} in the same header")
            continue
        items = split_items(found[0].value)
        where = Where(struct.header, found[0].line)
        if not items or items[0] != f"sizeof({struct.name})":
            yield Finding(where, "initialiser", f"begin {name} with sizeof({struct.name})")
        elif len(items) != len(struct.fields):
            message = f"{name} has {len(items)} values for {len(struct.fields)} fields"
            yield Finding(where, "initialiser", message)
        else:
            for item, value in zip(items[1:], struct.fields[1:]):
                is_number = not value.ctype.endswith("*") and value.kind not in ("callback", "text")
                zero = "0" if is_number else "{0}" if value.kind == "text" else "NULL"
                if item.replace(" ", "") != zero:
                    yield Finding(where, "initialiser", f"{name} sets {value.name} to {zero}")


def split_items(text: str) -> list[str]:
    """The items between the outer braces of an initialiser."""
    match = re.fullmatch(r"\{(.*)\}", text.strip(), re.S)
    if match is None:
        return []
    items, depth = [""], 0
    for mark in match.group(1):
        depth += (mark in "{(") - (mark in "})")
        if mark == "," and depth == 0:
            items.append("")
        else:
            items[-1] += mark
    return [" ".join(item.split()) for item in items]


def callbacks(context: Context) -> Iterator[Finding]:
    """A function of the caller takes void *ctx first, and that ctx follows the function or, in a
    struct of hooks, stands before them all."""
    for signature, where in context.signatures(callbacks=True):
        first = signature.params[0] if signature.params else None
        if first is None or first.name != "ctx" or str(first.ctype) != "void *":
            yield Finding(where, "callback-ctx", "take void *ctx as the first parameter")
    for owner, values, sources in context.value_lists():
        is_hooks = context.names.structs.get(owner) == "hooks"
        if is_hooks and any(value.kind == "context" for value in values):
            continue
        for index, value in enumerate(values):
            if value.kind != "callback":
                continue
            wanted = f"{value.name}_ctx"
            follows = values[index + 1] if index + 1 < len(values) else None
            if follows is None or follows.kind != "context" or follows.name != wanted:
                message = f"let void *{wanted} follow {value.name}"
                yield Finding(sources[index].where, "callback-ctx", message)
