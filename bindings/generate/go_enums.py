# SPDX-License-Identifier: Apache-2.0
"""The constants of C as enums, errors and constants of Go."""

from __future__ import annotations

import dataclasses

import go_docs
import go_names
import model
from go_build import HEAD, Context


def enum_values(enum: model.Enum) -> list[tuple[str, model.Constant, str]]:
    """Go name, constant and the word for it: (RunKindTraining, ..., TRAINING)."""
    values = []
    prefix = enum.name.upper() + "_"
    if enum.flags:
        prefix = enum.name.upper().removesuffix("FLAGS")
    for constant in enum.constants:
        if enum.name == go_names.STATUS:
            name, word = go_names.status_name(constant.name), constant.name.removeprefix("MR_")
        else:
            name, word = go_names.constant_name(constant.name), constant.name.removeprefix(prefix)
        values.append((name, constant, word))
    return values


def constant_doc(context: Context, doc: model.Doc) -> str:
    text = context.references.translate(doc.text, "nil", context.references.fields)
    return go_docs.comment(text + go_docs.age(doc, "nil", context.references), "\t")


def write_enum(context: Context, enum: model.Enum) -> str:
    name = go_names.type_name(enum.name)
    base = go_names.SCALARS[enum.base]
    references = context.references
    text = go_docs.sentence(name, references.translate(enum.doc.text, "nil", None), "says", "is")
    values = enum_values(enum)
    out = go_docs.comment(text + go_docs.age(enum.doc, "nil", references))
    out += f"type {name} {base}\n\n"
    out += "const (\n"
    out += "\n".join(
        f"{constant_doc(context, constant.doc)}\t{go_name} {name} = {constant.value}\n"
        for go_name, constant, _ in values
    )
    out += ")\n\n"
    out += go_docs.comment(
        "String returns the names of the bits." if enum.flags else
        "String returns the name of the value, also where this package does not know it."
    )  # fmt: skip
    out += f"func (v {name}) String() string {{\n"
    if enum.flags:
        out += "\treturn bitNames(uint64(v), []bitName{\n"
        out += "".join(f'\t\t{{uint64({go_name}), "{word}"}},\n' for go_name, _, word in values)
        out += "\t})\n"
    else:
        out += "\tswitch v {\n"
        out += "".join(f'\tcase {go_name}:\n\t\treturn "{word}"\n' for go_name, _, word in values)
        out += f'\t}}\n\treturn unknownName("{name}", int64(v))\n'
    return out + "}\n\n"


def write_errors(context: Context) -> str:
    """What errors.Is finds: one for each status but success."""
    enum = next(each for each in context.api.enums if each.name == go_names.STATUS)
    out = "// What errors.Is finds in an [Error] of each status.\nvar (\n"
    out += "\n".join(
        constant_doc(context, constant.doc)
        + f"\t{go_names.error_name(constant.name)} error = &Error{{Status: {go_name}}}\n"
        for go_name, constant, _ in enum_values(enum)
        if constant.value != 0
    )
    return out + ")\n\n"


def in_go(constant: model.Constant) -> model.Doc:
    """The doc of a constant that has its unit in its type."""
    if not constant.name.endswith("_MS"):
        return constant.doc
    return dataclasses.replace(constant.doc, text=go_docs.duration(constant.doc.text))


def write_constants(context: Context) -> str:
    out = "const (\n"
    out += "\n".join(
        constant_doc(context, in_go(constant))
        + f"\t{context.references.names[constant.name].strip('[]')} = {constant.value}"
        + (" * time.Millisecond\n" if constant.name.endswith("_MS") else "\n")
        for constant in context.api.constants
    )
    return out + ")\n\n"


def write_enums(context: Context) -> str:
    out = HEAD + 'package modelreg\n\nimport "time"\n\n' + write_constants(context)
    out += "".join(write_enum(context, enum) for enum in context.api.enums)
    return out + write_errors(context)
