# SPDX-License-Identifier: Apache-2.0
"""The version script, the ABI check program and the library that counts calls."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import shlex
import subprocess

import pytest

import headers
import model
from write_abi_check import write_abi_check
from write_count_calls import write_count_calls
from write_map import write_map

COMPILER = shlex.split(os.environ.get("CC", "cc"))


def with_release(api: model.Api, name: str, since: str) -> model.Api:
    """The API, with a function more that came with a release."""
    doc = model.Doc("Does something.", since, "")
    function = dataclasses.replace(api.functions[0], name=name, doc=doc)
    return dataclasses.replace(api, functions=(*api.functions, function))


def compile_alone(text: str, folder: pathlib.Path) -> str:
    """What the compiler says to a program with the public headers; "" when it is content."""
    path = folder / "generated.c"
    path.write_text(text, encoding="utf-8")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    command = [*COMPILER, *flags, "-I", str(headers.ROOT / "include"), str(path)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stderr


def test_version_script_has_a_node_for_each_release(small: model.Api) -> None:
    api = with_release(small, "mr_b", "0.1.10")
    api = with_release(with_release(api, "mr_a", "0.1.10"), "mr_c", "0.1.9")
    text = write_map(api)["src/modelreg.map"]
    nodes = re.findall(r"^(\S+) \{\n(.*?)^\}([^\n;]*);$", text, re.M | re.S)
    assert [(name, after) for name, _, after in nodes] == [
        ("MODELREG_0.1", ""),
        ("MODELREG_0.1.9", " MODELREG_0.1"),
        ("MODELREG_0.1.10", " MODELREG_0.1.9"),
    ]
    first = sorted(function.name for function in small.functions)
    listed = "".join(f"  {name};\n" for name in first)
    assert nodes[0][1] == f"global:\n{listed}local:\n  *;\n"
    assert nodes[1][1] == "global:\n  mr_c;\n"
    assert nodes[2][1] == "global:\n  mr_a;\n  mr_b;\n"


def test_what_is_written_compiles(public: model.Api, tmp_path: pathlib.Path) -> None:
    for text in (*write_abi_check(public).values(), *write_count_calls(public).values()):
        assert compile_alone(text, tmp_path) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("MR_LIST_MAX_LIMIT == 100000", "MR_LIST_MAX_LIMIT == 100", "MR_LIST_MAX_LIMIT"),
        ("MR_VERDICT_FAILED == 2", "MR_VERDICT_FAILED == 3", "MR_VERDICT_FAILED"),
        ("IS(int32_t, (mr_verdict)", "IS(uint32_t, (mr_verdict)", "mr_verdict is int32_t"),
        ("IS(void (*)(mr_run *)", "IS(void (*)(const mr_run *)", "mr_run_free"),
        ("sizeof(mr_error) == 528", "sizeof(mr_error) == 520", "mr_error"),
        (
            "offsetof(mr_history_options, to_step) == 16",
            "offsetof(mr_history_options, to_step) == 24",
            "mr_history_options.to_step",
        ),
        (
            "IS(int64_t, FIELD(mr_history_options, to_step)",
            "IS(uint64_t, FIELD(mr_history_options, to_step)",
            "mr_history_options.to_step",
        ),
    ],
)
def test_check_program_names_what_differs(
    public: model.Api, tmp_path: pathlib.Path, right: str, wrong: str, named: str
) -> None:
    (text,) = write_abi_check(public).values()
    assert text.count(right) == 1
    said = compile_alone(text.replace(right, wrong), tmp_path)
    assert f'"{named}"' in said
    assert said.count("error:") == 1
