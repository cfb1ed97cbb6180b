# SPDX-License-Identifier: Apache-2.0
"""Rules for doc comments: the header is normative, so everything in it is said there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import declarations as d
from comments import TAGS, Block
from findings import Finding, Where
from rules_context import Context

STATUS = re.compile(r"\bMR_[A-Z0-9_]*[A-Z0-9]\b")
CALL = re.compile(r"\b(mr_[a-z0-9_]+)\(\)")
AS_OTHER = re.compile(r"as (mr_[a-z0-9_]+)\(\)")
# NULL as what is done for or to a missing handle, not as a value that means something.
NOT_A_VALUE = re.compile(r"\bNULL for NULL\b|\bNULL is a no-op\b|\b(?:never|not) NULL\b")
VERSION = re.compile(r"\d+\.\d+\.\d+")
Owned = tuple[str, Where, Block | None, str]  # name, place, comment, what it is


def documented(context: Context) -> Iterator[Owned]:
    """Everything that needs a comment, with the one it has."""
    for each in context.tree.declarations:
        if isinstance(each, d.Enum) and not each.typedef:
            continue
        kind = "function" if isinstance(each, d.Function) else "type"
        yield each.name, each.where, each.block, kind
        if isinstance(each, d.Struct):
            for field in each.fields:
                yield f"{each.name}.{field.name}", field.where, field.block, "field"
    for value, _ in context.constants():
        yield value.name, value.where, value.block, "constant"
    seen = set()
    for define, where in context.defines():
        if define.name not in seen:  # the alternatives of a macro share a comment
            yield define.name, where, define.block, "macro"
        seen.add(define.name)


def present(context: Context) -> Iterator[Finding]:
    """Everything has a comment that says something, and each header says what it is."""
    for name, where, block, _ in documented(context):
        if block is None or not block.text:
            yield Finding(where, "doc-missing", f"say in /** */ what {name} is")
    for name, file in context.tree.files.items():
        block = file.file_block
        if block is None or block.file != name or not block.text:
            line = 1 if block is None else block.tags[0][1]
            yield Finding(
                Where(name, line), "doc-file", f"begin with /** @file {name} and what it is"
            )


def since(context: Context) -> Iterator[Finding]:
    """Everything but a field says since when it is there, in a version that exists."""
    now = numbers(context.api.version)
    for name, where, block, kind in documented(context):
        if block is None:
            continue
        if not block.since and kind != "field":
            yield Finding(where, "doc-since", f"say @since for {name}")
        elif block.since and not VERSION.fullmatch(block.since):
            yield Finding(
                where, "doc-since", f"@since is a version such as 0.1.0, not {block.since}"
            )
        elif block.since and numbers(block.since) > now:
            message = f"{name} is since {block.since}; these headers are {context.api.version}"
            yield Finding(where, "doc-since", message)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def tags(context: Context) -> Iterator[Finding]:
    """Only the annotations that are known, where they mean something."""
    places = {
        "param": ("function",),
        "return": ("function",),
        "fast": ("function",),
        "skip": ("function",),
        "nullable": ("function", "field"),
        "file": (),
    }
    owners = {id(block): kind for _, _, block, kind in documented(context) if block}
    for name, file in context.tree.files.items():
        for block in file.blocks.values():
            if block.file is not None:
                owner = ("file",)
            else:
                owner = (owners.get(id(block), "nothing"),)
            if owner == ("nothing",):
                message = "nothing that is public stands right behind this comment"
                yield Finding(Where(name, block.line), "doc-loose", message)
            for line, problem in block.problems:
                yield Finding(Where(name, line), "annotation", problem)
            for tag, line in block.tags:
                where = Where(name, line)
                if tag not in TAGS:
                    yield Finding(where, "annotation", f"there is no annotation @{tag}")
                elif owner[0] not in ("file", "nothing"):
                    if tag in places and owner[0] not in places[tag]:
                        yield Finding(where, "annotation", f"@{tag} means nothing for a {owner[0]}")


def params(context: Context) -> Iterator[Finding]:
    """Each parameter has its @param, in order, and there are no others."""
    for function, raw in context.functions():
        block = raw.block
        if block is None:
            continue
        told = [part.name for part in block.params]
        wanted = [value.name for value in function.params]
        if told == wanted:
            continue
        line = next(
            (part.line for part, name in zip(block.params, [*wanted, ""]) if part.name != name),
            raw.where.line,
        )
        message = f"the @param of {function.name} are {', '.join(wanted) or 'none'}, in this order"
        yield Finding(Where(raw.where.header, line), "doc-params", message)


def returns(context: Context) -> Iterator[Finding]:
    """What returns something says what; a call names its statuses, or the call that it is like."""
    known = {function.name for function in context.api.functions}
    for function, raw in context.functions():
        block = raw.block
        if block is None:
            continue
        part = block.returns
        if (part is None) != (function.returns == "void"):
            message = "say @return" if part is None else "it returns nothing: no @return"
            where = raw.where if part is None else Where(raw.where.header, part.line)
            yield Finding(where, "doc-return", message)
            continue
        if part is None or function.kind != "call":
            continue
        where = Where(raw.where.header, part.line)
        other = AS_OTHER.match(part.text)
        if other is not None:
            if other.group(1) not in known:
                yield Finding(where, "doc-return", f"there is no function {other.group(1)}()")
        elif not part.text.startswith("MR_OK"):
            yield Finding(where, "doc-return", "begin with MR_OK, or with: as mr_other_call()")


def references(context: Context) -> Iterator[Finding]:
    """What a comment names exists."""
    known = {function.name for function in context.api.functions}
    for name, file in context.tree.files.items():
        for match in re.finditer(r"/\*\*.*?\*/", file.text, re.S):
            for word in STATUS.finditer(match.group()):
                where = file.where(match.start() + word.start())
                is_prefix = match.group()[word.end() : word.end() + 1] == "_"
                if not is_prefix and not context.is_name(word.group()):
                    yield Finding(where, "doc-reference", f"there is no {word.group()}")
            for call in CALL.finditer(match.group()):
                if call.group(1) not in known:
                    where = file.where(match.start() + call.start())
                    yield Finding(where, "doc-reference", f"there is no {call.group(1)}()")


def nullable(context: Context) -> Iterator[Finding]:
    """A pointer whose comment gives NULL a meaning is @nullable, and nothing else is."""
    for struct, raw in context.structs():
        for value, field in zip(struct.fields, raw.fields):
            pointer = is_pointer(field.ctype, value.kind)
            told = field.block.text if field.block else ""
            yield from null(field.where, value.name, pointer, value.nullable, told)
    for function, source in context.functions():
        block = source.block
        parts = {part.name: part for part in block.params} if block else {}
        for value, raw_value in zip(function.params, source.signature.params):
            part = parts.get(value.name)
            if part is not None:
                pointer = is_pointer(raw_value.ctype, value.kind)
                where = Where(source.where.header, part.line)
                yield from null(where, value.name, pointer, part.nullable, part.text)
        result = block.returns if block else None
        if result is not None:
            gives_pointer = source.signature.returns.depth > 0
            where = Where(source.where.header, result.line)
            if function.kind == "call":
                has_output = function.result in ("out_string", "out_handle")
                if result.nullable and not has_output:
                    yield Finding(where, "doc-nullable", "there is no output that could be NULL")
            else:
                text = result.text
                yield from null(where, "the result", gives_pointer, result.nullable, text)
        if block is not None and block.nullable:
            line = next(line for tag, line in block.tags if tag == "nullable")
            where = Where(source.where.header, line)
            yield Finding(where, "doc-nullable", "@nullable belongs to a @param or to @return")


def is_pointer(ctype: d.CType, kind: str) -> bool:
    return ctype.depth > 0 or kind == "callback"


def null(where: Where, name: str, pointer: bool, said: bool, text: str) -> Iterator[Finding]:
    if said and not pointer:
        yield Finding(where, "doc-nullable", f"{name} is no pointer: it cannot be NULL")
    speaks = re.search(r"\bNULL\b", NOT_A_VALUE.sub("", text)) is not None
    if pointer and speaks and not said:
        yield Finding(where, "doc-nullable", f"NULL means something for {name}: say @nullable")
