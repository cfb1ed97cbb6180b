# SPDX-License-Identifier: Apache-2.0
"""All header rules of conventions.md, in the order in which they speak."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable

import declarations
import headers
import model
import reader
import rules_bindings
import rules_docs
import rules_files
import rules_functions
import rules_numbers
import rules_types
from comments import SourceFile
from findings import Finding
from rules_context import Context

FILE_RULES: tuple[Callable[[rules_files.Files], Iterable[Finding]], ...] = (
    rules_files.guard,
    rules_files.conditional,
    rules_files.extern_c,
    rules_files.include_downward,
    rules_files.umbrella,
    rules_files.macro,
    rules_files.words,
)
RULES: tuple[Callable[[Context], Iterable[Finding]], ...] = (
    rules_types.prefix,
    rules_types.banned,
    rules_types.fixed_width,
    rules_types.sizes_are_memory,
    rules_types.typedefs,
    rules_types.enum_values,
    rules_types.struct_names,
    rules_types.struct_size,
    rules_types.padding,
    rules_types.reserved,
    rules_types.initialiser,
    rules_types.callbacks,
    rules_functions.method_prefix,
    rules_functions.fallible_shape,
    rules_functions.outputs,
    rules_functions.getters,
    rules_functions.destructors,
    rules_functions.info,
    rules_functions.comparisons,
    rules_functions.sequences,
    rules_functions.inputs,
    rules_functions.arrays,
    rules_functions.text_and_bytes,
    rules_numbers.int32,
    rules_numbers.uint8,
    rules_numbers.constants,
    rules_numbers.counts,
    rules_numbers.count_names,
    rules_numbers.units,
    rules_bindings.names,
    rules_bindings.record_fields,
    rules_bindings.option_fields,
    rules_bindings.parameters,
    rules_bindings.hooked,
    rules_bindings.cancel,
    rules_bindings.lists,
    rules_bindings.results,
    rules_bindings.exported,
    rules_bindings.failing_status,
    rules_docs.present,
    rules_docs.since,
    rules_docs.tags,
    rules_docs.params,
    rules_docs.returns,
    rules_docs.references,
    rules_docs.nullable,
)


def ordered(found: Iterable[Finding], names: list[str]) -> list[Finding]:
    """By header, line and rule, each once."""
    unique = dict.fromkeys(found)
    return sorted(
        unique, key=lambda each: (names.index(each.where.header), each.where.line, each.rule)
    )


def check(include_dir: pathlib.Path) -> tuple[model.Api | None, list[Finding]]:
    """Reads the headers and holds them to every rule. There is no description where the files
    themselves are not fit to be parsed."""
    texts = headers.read_texts(include_dir)
    names = list(texts)
    files = {name: SourceFile(name, text) for name, text in texts.items()}
    found = [finding for rule in FILE_RULES for finding in rule(files)]
    build = include_dir / "meson.build"
    found += rules_files.header_list(files, build.read_text(encoding="utf-8"))
    if found:
        return None, ordered(found, names)
    tree = declarations.parse(include_dir, files)
    api, found = reader.read(tree)
    context = Context(tree, api)
    found += [finding for rule in RULES for finding in rule(context)]
    return api, ordered(found, names)
