# SPDX-License-Identifier: Apache-2.0
"""Rules for numbers: what one means is told by its type and its name, never by its comment alone,
so that a better wording never changes what a binding makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import model
import reader
from findings import Finding, Where
from rules_context import Context

NUMBERS = ("int64_t", "double", "uint32_t", "int32_t", "uint8_t")
CONSTANTS = re.compile(r"\b(?:[Aa]ny of|[Oo]ne of|0 or) (MR_[A-Z0-9_]+)")
COUNT = re.compile(r"(?:^|_)count$")
# How the name of a time or a duration ends, and what its comment says.
UNITS = (("_us", "Unix microseconds"), ("_ms", "milliseconds"))
Number = tuple[Where, str, str, str, str]  # place, name, kind, C type, comment


def numbers(context: Context) -> Iterator[Number]:
    """Each parameter and field, and each scalar result, that is a number."""
    for _, values, sources in context.value_lists():
        for value, source in zip(values, sources):
            if value.kind in ("scalar", "bool") and value.ctype in NUMBERS:
                yield source.where, value.name, value.kind, value.ctype, value.doc.text
    for function, raw in context.functions():
        if function.kind == "getter" and function.result in ("scalar", "bool"):
            if function.returns in NUMBERS:
                text = function.result_doc
                yield raw.where, function.verb, function.result, function.returns, text


def int32(context: Context) -> Iterator[Finding]:
    """An int32_t without a typedef is a bool, and says so in one of three forms."""
    for where, name, kind, ctype, _ in numbers(context):
        if ctype == "int32_t" and kind != "bool":
            message = (
                f"begin what is said of {name} with `1 when`, `1:` or `0 or 1`,"
                " or make it a typedef or an int64_t"
            )
            yield Finding(where, "plain-int32", message)


def uint8(context: Context) -> Iterator[Finding]:
    """A byte is only an element of an array."""
    for where, name, _, ctype, _ in numbers(context):
        if ctype == "uint8_t":
            yield Finding(where, "byte-by-value", f"make {name} a uint32_t")


def constants(context: Context) -> Iterator[Finding]:
    """What takes constants of an enum has its typedef."""
    for where, name, _, ctype, text in numbers(context):
        match = CONSTANTS.search(text)
        if match is not None and ctype in ("uint32_t", "int64_t"):
            message = f"make {name} the typedef of {match.group(1)}, not a {ctype}"
            yield Finding(where, "constant-type", message)


def counts(context: Context) -> Iterator[Finding]:
    """Counts are int64_t; that of an array may be a size_t."""
    for where, name, _, ctype, _ in numbers(context):
        if COUNT.search(name) and ctype != "int64_t":
            yield Finding(where, "count-type", f"make {name} an int64_t, not a {ctype}")


def units(context: Context) -> Iterator[Finding]:
    """Unix microseconds end in _us, milliseconds in _ms; both are int64_t, and nothing else ends
    so."""
    for where, name, _, ctype, text in numbers(context):
        for end, unit in UNITS:
            is_named, is_told = name.endswith(end), unit in text
            if is_named and ctype != "int64_t":
                yield Finding(where, "unit", f"make {name} an int64_t")
            elif is_named != is_told and ctype == "int64_t":
                message = f"let {name} end in {end}"
                if is_named:
                    message = f"{name} ends in {end}: say {unit}, or call it something else"
                yield Finding(where, "unit", message)
    for _, values, sources in context.value_lists():
        for value, source in zip(values, sources):
            if value.kind == "array" and value.target == "int64_t":
                yield from array_unit(value, source.where)


def array_unit(value: model.Value, where: Where) -> Iterator[Finding]:
    for end, unit in UNITS:
        if value.name.endswith(end) != (unit in value.doc.text):
            yield Finding(where, "unit", f"{value.name}: {end} and {unit} go together")


def count_names(context: Context) -> Iterator[Finding]:
    """The count of arrays is `count` or `size`, or is named after them: tag_count for tag_keys and
    tag_values. Another number that stands there is no count of theirs."""
    for _, values, sources in context.value_lists():
        for value, source in zip(values, sources):
            arrays = [each.name for each in values if value.name == each.count]
            if not all(reader.counts(value.name, array) for array in arrays):
                named = " and ".join(f"`{array}`" for array in arrays)
                message = f"{value.name} stands where the count of {named} belongs: call it count"
                yield Finding(source.where, "count-name", message)
