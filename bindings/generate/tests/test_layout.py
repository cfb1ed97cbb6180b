# SPDX-License-Identifier: Apache-2.0
"""The layouts that are computed, beside those of the compiler at hand."""

from __future__ import annotations

import os
import pathlib
import shlex
import subprocess

import pytest

import headers
import layout
import model


def program(api: model.Api) -> str:
    """Prints the size of each struct, and the offset and size of each field."""
    lines = ["#include <modelreg/modelreg.h>", "#include <stdio.h>", "int main(void) {"]
    lines.append('  printf("pointer 0 %zu\\n", sizeof(void *));')
    for struct in api.structs:
        name = struct.name
        lines.append(f'  printf("{name} 0 %zu\\n", sizeof({name}));')
        for value in struct.fields:
            label, size = f"{name}.{value.name}", f"sizeof((({name} *)0)->{value.name})"
            offset = f"offsetof({name}, {value.name})"
            lines.append(f'  printf("{label} %zu %zu\\n", {offset}, {size});')
    return "\n".join([*lines, "  return 0;", "}", ""])


def computed(api: model.Api, pointer: int) -> list[str]:
    lines = [f"pointer 0 {pointer}"]
    for each in api.structs:
        struct = layout.layout_of(each, api, pointer)
        lines.append(f"{struct.name} 0 {struct.size}")
        lines += [f"{struct.name}.{v.name} {v.offset} {v.size}" for v in struct.fields]
    return lines


def test_layouts_are_those_of_the_compiler(public: model.Api, tmp_path: pathlib.Path) -> None:
    source, binary = tmp_path / "layout.c", tmp_path / "layout"
    source.write_text(program(public), encoding="utf-8")
    compiler = shlex.split(os.environ.get("CC", "cc"))
    include = headers.ROOT / "include"
    subprocess.run([*compiler, "-std=c11", f"-I{include}", source, "-o", binary], check=True)
    done = subprocess.run([binary], check=True, capture_output=True, text=True)
    seen = done.stdout.splitlines()
    assert seen == computed(public, int(seen[0].split()[2]))


def test_description_has_the_layout_of_64_bits(public: model.Api) -> None:
    for struct in public.structs:
        assert layout.layout_of(struct, public) == struct


def test_layout_of_32_bits(small: model.Api) -> None:
    options = next(each for each in small.structs if each.name == "mr_open_options")
    placed = layout.layout_of(options, small, layout.ILP32)
    assert placed.size == 44
    assert [value.offset for value in placed.fields] == [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40]
    record = next(each for each in small.structs if each.name == "mr_thing_record")
    placed = layout.layout_of(record, small, layout.ILP32)
    assert [value.offset for value in placed.fields] == [0, 4, 8, 16, 24, 32]
    assert placed.size == 40


@pytest.mark.parametrize(
    ("ctype", "pointer", "expected"),
    [
        ("uint8_t", 8, (1, 1)),
        ("char[512]", 8, (512, 1)),
        ("size_t", 4, (4, 4)),
        ("const char *const *", 4, (4, 4)),
        ("void (*)(void *ctx)", 8, (8, 8)),
        ("double", 4, (8, 8)),
    ],
)
def test_size_and_alignment(ctype: str, pointer: int, expected: tuple[int, int]) -> None:
    assert layout.size_of(ctype, "scalar", {}, pointer) == expected
