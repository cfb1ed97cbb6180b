# SPDX-License-Identifier: Apache-2.0
"""Each rule is broken in otherwise valid headers, and must be reported at its line; what keeps the
rules must not be."""

from __future__ import annotations

import ast
import pathlib

import pytest
from case import HERE, Case
from cases_bindings import BINDINGS, CONDITIONALS, NUMBERS
from cases_functions import DOCS, FUNCTIONS
from cases_types import FILES, TYPES

import headers
import model
import rules

CASES = FILES + CONDITIONALS + TYPES + NUMBERS + FUNCTIONS + BINDINGS + DOCS
GENERATE = pathlib.Path(__file__).resolve().parents[1]


def mutate(include: pathlib.Path, case: Case) -> int:
    """Breaks the rule. Returns the line at which it must be reported."""
    path = include / "modelreg" / case.header
    text = path.read_text(encoding="utf-8")
    assert text.count(case.old) == 1, f"{case.old!r} is there {text.count(case.old)} times"
    text = text.replace(case.old, case.new)
    path.write_text(text.replace(HERE, ""), encoding="utf-8")
    mark = HERE
    if case.at:
        text = (include / "modelreg" / (case.reported or case.header)).read_text(encoding="utf-8")
        mark = case.at
    assert text.count(mark) == 1, f"{mark!r} is there {text.count(mark)} times"
    return text.count("\n", 0, text.index(mark) + len(mark) - 1) + 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{CASES.index(case)}")
def test_broken_rule_is_reported_at_its_line(include: pathlib.Path, case: Case) -> None:
    line = mutate(include, case)
    _, findings = rules.check(include)
    told = [finding for finding in findings if finding.rule == case.rule]
    assert told, findings
    assert {finding.rule for finding in findings} == {case.rule, *case.also}, findings
    assert case.others or len(told) == 1, told
    start = f"include/modelreg/{case.reported or case.header}:{line}: {case.rule}: "
    assert any(str(each).startswith(start) and case.says in each.message for each in told), told


def rule_names() -> set[str]:
    """Every name that the generator can report, from its text."""
    names = set()
    for path in GENERATE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in ("Finding", "report") and isinstance(node.args[1], ast.Constant):
                    names.add(str(node.args[1].value))
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0]
                if isinstance(first, ast.Constant) and path.name == "rules_functions.py":
                    names.add(str(first.value))
    return names


def test_every_rule_is_broken_by_a_case() -> None:
    # The list of headers is broken below: it lies in no header.
    assert rule_names() - {"header-list"} == {case.rule for case in CASES}


def test_small_headers_keep_every_rule(small: model.Api) -> None:
    assert len(small.functions) == 18


def test_public_headers_keep_every_rule(public: model.Api) -> None:
    assert len(public.functions) > 100


def test_text_that_is_no_c_is_reported_with_its_header(include: pathlib.Path) -> None:
    path = include / "modelreg" / "thing.h"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("MR_OPEN_CREATE = 1,", "MR_OPEN_CREATE = = 1,"), encoding="utf-8")
    with pytest.raises(headers.HeaderError, match=r"include/modelreg/thing\.h\b"):
        rules.check(include)


def test_header_list_of_the_build_is_held_to_the_headers(include: pathlib.Path) -> None:
    build = include / "meson.build"
    text = build.read_text(encoding="utf-8")
    build.write_text(text.replace("'thing.h'", "'things.h'"), encoding="utf-8")
    _, findings = rules.check(include)
    assert [str(finding) for finding in findings] == [
        "include/modelreg/thing.h:1: header-list: add it to include/meson.build",
        "include/modelreg/modelreg.h:1: header-list: "
        "include/meson.build lists things.h, which is not",
    ]
