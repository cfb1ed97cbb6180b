# SPDX-License-Identifier: Apache-2.0
"""Where the fields of the public structs lie, as every ABI does it on which the library runs: each
type is aligned to its size. On 32-bit machines int64_t and double are taken as 8-aligned; the few
that align them to 4 are told apart by the ABI check program that the compiler builds."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

import model

SIZES = {
    "int8_t": 1,
    "uint8_t": 1,
    "char": 1,
    "int16_t": 2,
    "uint16_t": 2,
    "int32_t": 4,
    "uint32_t": 4,
    "int64_t": 8,
    "uint64_t": 8,
    "double": 8,
}
LP64 = 8
ILP32 = 4


def size_of(ctype: str, kind: str, bases: Mapping[str, str], pointer: int) -> tuple[int, int]:
    """Size and alignment of a field. `bases` tells what each enum typedef is."""
    if kind == "callback" or ctype.endswith("*") or "(*)" in ctype:
        return pointer, pointer
    array = re.fullmatch(r"(\w+)\[(\d+)\]", ctype)
    if array:
        size, align = size_of(array.group(1), "scalar", bases, pointer)
        return size * int(array.group(2)), align
    if ctype == "size_t":
        return pointer, pointer
    size = SIZES[bases.get(ctype, ctype)]
    return size, size


def place(
    fields: Iterable[model.Value], bases: Mapping[str, str], pointer: int = LP64
) -> tuple[tuple[model.Value, ...], int]:
    """The fields with offset and size, and the size of the struct."""
    placed: list[model.Value] = []
    at, widest = 0, 1
    for value in fields:
        size, align = size_of(value.ctype, value.kind, bases, pointer)
        at = round_up(at, align)
        placed.append(dataclasses.replace(value, offset=at, size=size))
        at += size
        widest = max(widest, align)
    return tuple(placed), round_up(at, widest)


def round_up(value: int, step: int) -> int:
    return (value + step - 1) // step * step


def bases_of(api: model.Api) -> dict[str, str]:
    """The fixed-width type behind each enum typedef."""
    return {each.name: each.base for each in api.enums}


def layout_of(struct: model.Struct, api: model.Api, pointer: int = LP64) -> model.Struct:
    """The struct as it lies on a machine whose pointers have that many bytes."""
    fields, size = place(struct.fields, bases_of(api), pointer)
    return dataclasses.replace(struct, fields=fields, size=size)
