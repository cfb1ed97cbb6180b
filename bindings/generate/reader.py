# SPDX-License-Identifier: Apache-2.0
"""From what the headers declare to what it means: declarations become the description in model.py.

What a parameter or field means is told by its type, its name and its neighbours, as conventions.md
has it; a type that means nothing there is reported.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

import declarations as d
import layout
import model
from comments import NUMBER, Block, Define, integer
from findings import Finding, Where

SCALARS = ("int64_t", "double", "uint32_t", "int32_t", "size_t", "uint8_t")
ENUM_BASES = ("int32_t", "uint32_t")
PATHS = ("folder", "local_path", "artifact_root")
PATH_PARAMS = (("mr_registry_open", "uri"),)
PATH_NAME = re.compile(r"(?:^|_)folder$|_file$")
BOOL = re.compile(r"1 when\b|1:(?!\d)|0 or 1\b(?![,.]?\d)")
DESTRUCTORS = ("_free", "_close")
COMPARE = "_compare"
COUNT = re.compile(r"(?:^|_)(?:count|size)$")
ARRAYS = ("strings", "array", "bytes", "out_memory")


@dataclass(frozen=True)
class Names:
    """What each public name stands for."""

    handles: tuple[str, ...]
    structs: dict[str, str]  # name to role
    enums: dict[str, str]  # name to base
    callbacks: tuple[str, ...]


def role_of(name: str) -> str:
    """What a struct is for, by its name."""
    if name.endswith("_options"):
        return "options"
    if name.endswith("_record"):
        return "record"
    return "error" if name == "mr_error" else "hooks"


def enum_pairs(tree: d.Tree) -> list[tuple[d.Alias, d.Enum]]:
    """Each typedef of a fixed width with the enum that stands right behind it."""
    out = []
    for before, after in zip(tree.declarations, tree.declarations[1:]):
        if not isinstance(before, d.Alias) or not isinstance(after, d.Enum) or after.typedef:
            continue
        if str(before.ctype) in ENUM_BASES and before.where.header == after.where.header:
            out.append((before, after))
    return out


def names_of(tree: d.Tree) -> Names:
    every = tree.declarations
    return Names(
        tuple(each.name for each in every if isinstance(each, d.Opaque)),
        {each.name: role_of(each.name) for each in every if isinstance(each, d.Struct)},
        {alias.name: str(alias.ctype) for alias, _ in enum_pairs(tree)},
        tuple(each.name for each in every if isinstance(each, d.Alias) and each.ctype.function),
    )


def noun_of(name: str, handles: Sequence[str]) -> str:
    """The longest handle whose name a function's name begins with."""
    fitting = [handle for handle in handles if name.startswith(f"{handle}_")]
    return max(fitting, key=len, default="")


def doc_of(block: Block | None, since: str = "") -> model.Doc:
    if block is None:
        return model.Doc("", since, "")
    return model.Doc(block.text, block.since or since, block.deprecated)


def number_of(define: Define) -> int | None:
    """The value of a macro that is a number."""
    text = define.value.strip("() ")
    return integer(text) if not define.function_like and NUMBER.fullmatch(text) else None


def counts(name: str, array: str) -> bool:
    """Whether a count of this name may be that of the array."""
    stem = COUNT.sub("", name)
    return stem in ("", array) or array == f"{stem}s" or array.startswith(f"{stem}_")


class Reader:
    """Builds the description and collects what has no meaning."""

    def __init__(self, tree: d.Tree) -> None:
        self.tree = tree
        self.names = names_of(tree)
        self.findings: list[Finding] = []

    def report(self, where: Where, rule: str, message: str) -> None:
        self.findings.append(Finding(where, rule, message))

    # Values

    def pointer_kind(self, value: d.Value, owner: str) -> tuple[str, str]:
        """Kind and target of something whose type is a pointer."""
        ctype, base = value.ctype, value.ctype.base
        text = str(ctype)
        if text == "const char *":
            is_path = value.name in PATHS or PATH_NAME.search(value.name) is not None
            is_path = is_path or (owner, value.name) in PATH_PARAMS
            return ("path" if is_path else "string"), ""
        fixed = {
            "const char *const *": ("strings", ""),
            "const char **": ("out_string", ""),
            "const uint8_t *": ("bytes", ""),
            "const uint8_t **": ("out_bytes", ""),
            "uint8_t *": ("out_memory", ""),
            "size_t *": ("out_count", ""),
            "mr_error *": ("error", ""),
        }
        if text in fixed:
            return fixed[text]
        if text == "void *":
            is_context = value.name == "ctx" or value.name.endswith("_ctx")
            return ("context" if is_context else "memory"), ""
        if base in self.names.handles and not any(ctype.pointers):
            if ctype.depth == 1:
                return "handle", base
            if ctype.depth == 2 and not ctype.const:
                return "out_handle", base
        if ctype.depth == 1 and ctype.const:
            if base in self.names.structs:
                role = self.names.structs[base]
                return ("options" if role == "options" else "struct"), base
            if base in SCALARS:
                return "array", base
        return "", ""

    def kind_of(self, value: d.Value, owner: str, text: str) -> tuple[str, str]:
        """Kind and target, without regard to the neighbours; ("", "") where it has no meaning."""
        ctype = value.ctype
        if ctype.function is not None:
            return "callback", f"{owner}.{value.name}"
        if ctype.array is not None:
            is_text = owner == "mr_error" and ctype.base == "char" and ctype.depth == 0
            return ("text", ctype.array) if is_text else ("", "")
        if ctype.depth:
            return self.pointer_kind(value, owner)
        if ctype.base in self.names.callbacks:
            return "callback", ctype.base
        if ctype.base not in SCALARS and ctype.base not in self.names.enums:
            return "", ""
        if owner in self.names.structs:
            if value.name == "struct_size":
                return "struct_size", ctype.base
            if value.name.startswith("reserved"):
                return "reserved", ctype.base
        if ctype.base == "int32_t" and BOOL.match(text):
            return "bool", "int32_t"
        return "scalar", ctype.base

    def values(
        self,
        owner: str,
        values: Sequence[d.Value],
        docs: Sequence[tuple[model.Doc, bool]],
    ) -> tuple[model.Value, ...]:
        """Parameters or fields, the arrays tied to their counts."""
        out: list[model.Value] = []
        is_struct = owner in self.names.structs
        for value, (doc, nullable) in zip(values, docs):
            kind, target = self.kind_of(value, owner, doc.text)
            if not kind:
                message = f"`{value.ctype}` has no meaning for {value.name}: see Value in model.py"
                self.report(value.where, "meaning", message)
            types = ("size_t", "int64_t") if is_struct else ("size_t",)
            is_count = kind == "scalar" and target in types and COUNT.search(value.name)
            if is_count and out and out[-1].kind in ARRAYS:
                kind = "count"
                for index in range(len(out) - 1, -1, -1):
                    if out[index].kind not in ARRAYS or out[index].count:
                        break
                    out[index] = dataclasses.replace(out[index], count=value.name)
            spelled = str(value.ctype)
            out.append(model.Value(value.name, spelled, kind, target, "", nullable, doc, -1, 0))
        return tuple(out)

    # Declarations

    def callback(
        self, name: str, where: Where, signature: d.Signature, doc: model.Doc
    ) -> model.Callback:
        nothing = [(model.Doc("", doc.since, ""), False)] * len(signature.params)
        params = self.values(name, signature.params, nothing)
        return model.Callback(name, str(signature.returns), params, doc, where.header)

    def struct(self, each: d.Struct) -> model.Struct:
        doc = doc_of(each.block)
        docs = [
            (doc_of(value.block, doc.since), bool(value.block and value.block.nullable))
            for value in each.fields
        ]
        fields = self.values(each.name, each.fields, docs)
        size = 0
        if all(value.kind for value in fields):
            fields, size = layout.place(fields, self.names.enums)
        return model.Struct(
            each.name,
            self.names.structs[each.name],
            fields,
            size,
            doc,
            each.where.header,
            each.where.line,
        )

    def enum(self, alias: d.Alias, enum: d.Enum) -> model.Enum:
        doc = doc_of(alias.block)
        constants = tuple(
            model.Constant(value.name, value.value, doc_of(value.block, doc.since))
            for value in enum.values
        )
        base, flags = str(alias.ctype), alias.name.endswith("_flags")
        return model.Enum(alias.name, base, flags, constants, doc, alias.where.header)

    def handle(self, each: d.Opaque, functions: Sequence[model.Function]) -> model.Handle:
        by_name = {function.name: function for function in functions}
        ends = [each.name + end for end in DESTRUCTORS if each.name + end in by_name]
        at = by_name.get(f"{each.name}_at")
        item = at.target if at else ""
        is_page = each.name.endswith("_page")
        doc = doc_of(each.block)
        return model.Handle(
            each.name,
            ends[0] if ends else "",
            item if is_page else "",
            item,
            doc,
            each.where.header,
        )

    def result(self, each: d.Function, params: Sequence[model.Value]) -> tuple[str, str, str]:
        """The kind of a function, and kind and target of its result."""
        returns = each.signature.returns
        text = str(returns)
        if any(value.kind == "error" for value in params):
            outputs = [value for value in params if value.kind.startswith("out_")]
            outputs = [value for value in outputs if value.kind != "out_count"]
            return ("call", outputs[0].kind, outputs[0].target) if outputs else ("call", "", "")
        if text == "void":
            ends = any(each.name.endswith(end) for end in DESTRUCTORS)
            return ("destructor" if ends else "action"), "", ""
        if text == "const char *":
            return "getter", "string", ""
        if text == "const char *const *":
            return "getter", "strings", ""
        if text == "const uint8_t *":
            return "getter", "bytes", ""
        if returns.depth == 0 and (returns.base in SCALARS or returns.base in self.names.enums):
            told = each.block.returns.text if each.block and each.block.returns else ""
            if returns.base == "int32_t" and BOOL.match(told):
                return "getter", "bool", "int32_t"
            if returns.base == "int32_t" and each.name.endswith(COMPARE):
                return "getter", "order", "int32_t"
            return "getter", "scalar", returns.base
        if returns.depth == 1 and returns.const:
            if self.names.structs.get(returns.base) == "record":
                return "getter", "record", returns.base
            if returns.base in ("int64_t", "double"):
                return "getter", "column", returns.base
        self.report(each.where, "meaning", f"`{text}` has no meaning as the result of {each.name}")
        return "getter", "", ""

    def function(self, each: d.Function) -> model.Function:
        block = each.block
        doc = doc_of(block)
        told = {part.name: part for part in block.params} if block else {}
        docs = []
        for value in each.signature.params:
            part = told.get(value.name)
            text = part.text if part else ""
            docs.append((model.Doc(text, doc.since, ""), bool(part and part.nullable)))
        params = self.values(each.name, each.signature.params, docs)
        kind, result, target = self.result(each, params)
        noun = noun_of(each.name, self.names.handles)
        first = params[0] if params else None
        returns = block.returns if block else None
        return model.Function(
            name=each.name,
            noun=noun,
            verb=each.name.removeprefix(f"{noun}_" if noun else "mr_"),
            kind=kind,
            is_method=bool(noun and first and first.kind == "handle" and first.target == noun),
            returns=str(each.signature.returns),
            result=result,
            target=target,
            result_nullable=bool(returns and returns.nullable),
            result_doc=returns.text if returns else "",
            params=params,
            fast=bool(block and block.fast),
            skip=bool(block and block.skip),
            doc=doc,
            header=each.where.header,
            line=each.where.line,
        )

    def constants(self) -> tuple[model.Constant, ...]:
        out = []
        for file in self.tree.files.values():
            for define in file.defines:
                value = number_of(define)
                if value is not None and define.name.startswith("MR_"):
                    out.append(model.Constant(define.name, value, doc_of(define.block)))
        return tuple(out)

    def callbacks(self) -> tuple[model.Callback, ...]:
        out = []
        for each in self.tree.declarations:
            if isinstance(each, d.Alias) and each.ctype.function is not None:
                doc = doc_of(each.block)
                out.append(self.callback(each.name, each.where, each.ctype.function, doc))
            if isinstance(each, d.Struct):
                since = doc_of(each.block).since
                for value in each.fields:
                    if value.ctype.function is not None:
                        name, doc = f"{each.name}.{value.name}", doc_of(value.block, since)
                        signature = value.ctype.function
                        out.append(self.callback(name, value.where, signature, doc))
        return tuple(out)

    def api(self) -> model.Api:
        every = self.tree.declarations
        constants = self.constants()
        values = {constant.name: constant.value for constant in constants}
        needed = [f"MR_LIBRARY_VERSION_{part}" for part in ("MAJOR", "MINOR", "PATCH")]
        for name in (*needed, "MR_ABI_LEVEL"):
            if name not in values:
                last = list(self.tree.files)[-1]
                self.report(Where(last, 1), "meaning", f"no header defines the number {name}")
        functions = tuple(self.function(each) for each in every if isinstance(each, d.Function))
        return model.Api(
            version=".".join(str(values.get(name, 0)) for name in needed),
            abi_level=values.get("MR_ABI_LEVEL", 0),
            headers=tuple(self.tree.files),
            constants=constants,
            enums=tuple(self.enum(alias, enum) for alias, enum in enum_pairs(self.tree)),
            callbacks=self.callbacks(),
            structs=tuple(self.struct(each) for each in every if isinstance(each, d.Struct)),
            handles=tuple(
                self.handle(each, functions) for each in every if isinstance(each, d.Opaque)
            ),
            functions=functions,
            header_docs=tuple(doc_of(file.file_block) for file in self.tree.files.values()),
        )


def read(tree: d.Tree) -> tuple[model.Api, list[Finding]]:
    """The description, and everything in the headers that has no meaning in it."""
    reader = Reader(tree)
    api = reader.api()
    return api, reader.findings
