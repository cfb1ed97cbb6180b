# SPDX-License-Identifier: Apache-2.0
"""What the headers declare, as C has it: the parser's tree in plain data, each thing with its place
and its doc comment. Nothing is judged here but what no rule could judge later."""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass
from typing import Any

import pycparser  # type: ignore[import-untyped]
from pycparser import c_ast

import headers
from comments import Block, SourceFile, integer
from findings import Where


@dataclass(frozen=True)
class CType:
    """A type: what the base is, how many pointers, and which of them are const."""

    base: str  # "int64_t", "struct mr_x" where no typedef is used, "union", "enum"
    const: bool
    pointers: tuple[bool, ...] = ()  # innermost first; True where the pointer is const
    array: str | None = None  # the number of elements, "" where none is given
    function: Signature | None = None  # of a function pointer; base is then ""

    def __str__(self) -> str:
        if self.function is not None:
            params = ", ".join(join(value.ctype, value.name) for value in self.function.params)
            return f"{join(self.function.returns, '')}(*)({params or 'void'})"
        out = ("const " if self.const else "") + self.base
        if self.pointers:
            out += " " + "".join("*const " if const else "*" for const in self.pointers)
        return out.rstrip() + (f"[{self.array}]" if self.array is not None else "")

    @property
    def depth(self) -> int:
        return len(self.pointers)


def join(ctype: CType, name: str) -> str:
    """A type before a name, as C spells it."""
    text = str(ctype)
    return text + name if text.endswith("*") else f"{text} {name}"


@dataclass(frozen=True)
class Value:
    """A parameter or a field."""

    name: str
    ctype: CType
    where: Where
    block: Block | None = None
    bits: bool = False


@dataclass(frozen=True)
class Signature:
    returns: CType
    params: tuple[Value, ...]
    variadic: bool


@dataclass(frozen=True)
class Declaration:
    name: str
    where: Where
    block: Block | None


@dataclass(frozen=True)
class Function(Declaration):
    signature: Signature
    specifiers: tuple[str, ...]  # inline, static, extern as written
    exported: bool  # the declaration begins with MR_API
    defined: bool


@dataclass(frozen=True)
class Struct(Declaration):
    tag: str
    fields: tuple[Value, ...]


@dataclass(frozen=True)
class Opaque(Declaration):
    """`typedef struct x x;`"""

    tag: str


@dataclass(frozen=True)
class Alias(Declaration):
    """A typedef of anything else."""

    ctype: CType


@dataclass(frozen=True)
class EnumValue:
    name: str
    value: int
    given: bool  # the value is written
    where: Where
    block: Block | None


@dataclass(frozen=True)
class Enum(Declaration):
    values: tuple[EnumValue, ...]
    typedef: bool


@dataclass(frozen=True)
class Other(Declaration):
    """What has no place in a public header; `what` names it."""

    what: str


@dataclass(frozen=True)
class Tree:
    include_dir: pathlib.Path
    files: dict[str, SourceFile]  # in dependency order
    declarations: tuple[Declaration, ...]

    def of(self, header: str) -> list[Declaration]:
        return [each for each in self.declarations if each.where.header == header]


def number(node: Any, known: dict[str, int]) -> int:
    """The value of a constant expression."""
    if isinstance(node, c_ast.Constant):
        return integer(re.sub(r"[uUlL]+$", "", str(node.value)))
    if isinstance(node, c_ast.ID) and node.name in known:
        return known[node.name]
    if isinstance(node, c_ast.UnaryOp):
        value = number(node.expr, known)
        return {"-": -value, "+": value, "~": ~value}[node.op]
    if isinstance(node, c_ast.BinaryOp):
        left, right = number(node.left, known), number(node.right, known)
        return {
            "<<": lambda: left << right,
            "|": lambda: left | right,
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
        }[node.op]()
    raise KeyError(type(node).__name__)


# What may stand between two declarations, once comments and directives are gone.
BETWEEN = re.compile(r"(?:\s|extern\s*\{|[};])*")


def after(code: str, start: int, has_body: bool = False) -> int:
    """Behind a declaration: past its braces, and past its semicolon unless it is a body."""
    depth = 0
    for index in range(start, len(code)):
        depth += (code[index] in "{(") - (code[index] in "})")
        if depth == 0 and code[index] == ("}" if has_body else ";"):
            return index + 1
    return len(code)


class Builder:
    """Turns the parser's tree of all headers into declarations."""

    def __init__(self, files: dict[str, SourceFile]) -> None:
        self.files = files
        self.known: dict[str, int] = {}
        self.seen: dict[str, int] = {}  # how far each header was read

    def find(self, header: str, name: str, start: int) -> int:
        """The first place of a name in the code. The parser's own columns are not used: they differ
        between its versions."""
        match = re.compile(rf"\b{re.escape(name)}\b").search(self.files[header].code, start)
        if match is None:
            raise headers.HeaderError(f"{header}: cannot find the declaration of {name}")
        return match.start()

    def build(self, unit: Any) -> tuple[Declaration, ...]:
        out: list[Declaration] = []
        for node in unit.ext:
            header = str(node.coord.file)
            if header in self.files:
                out.append(self.top(header, node))
        return tuple(out)

    def top(self, header: str, node: Any) -> Declaration:
        file = self.files[header]
        body = node.decl if isinstance(node, c_ast.FuncDef) else node
        inner = body.type
        name = str(getattr(body, "name", None) or getattr(inner, "name", None) or "")
        start = BETWEEN.match(file.code, self.seen.get(header, 0)).end()  # type: ignore[union-attr]
        self.seen[header] = after(file.code, start, isinstance(node, c_ast.FuncDef))
        offset = self.find(header, name, start) if name else start
        where, block = file.where(offset), file.block_before(start)
        if isinstance(node, c_ast.Typedef):
            return self.typedef(header, node, Declaration(name, where, block), start)
        if isinstance(inner, c_ast.FuncDecl):
            signature = self.signature(header, inner, offset + len(name))
            specifiers = (*body.funcspec, *body.storage)
            is_defined = isinstance(node, c_ast.FuncDef)
            exported = re.compile(r"MR_API\b").match(file.code, start) is not None
            return Function(name, where, block, signature, specifiers, exported, is_defined)
        if isinstance(inner, c_ast.Enum) and inner.values is not None:
            return Enum(name, where, block, self.enumerators(header, inner, start), False)
        what = "global variable"
        if isinstance(inner, (c_ast.Struct, c_ast.Union, c_ast.Enum)):
            what = f"{type(inner).__name__.lower()} without typedef"
        return Other(name, where, block, what)

    def typedef(self, header: str, node: Any, head: Declaration, start: int) -> Declaration:
        inner, name, where, block = node.type, head.name, head.where, head.block
        base = inner.type if isinstance(inner, c_ast.TypeDecl) else None
        if isinstance(base, c_ast.Struct):
            tag = str(base.name or "")
            if base.decls is None:
                return Opaque(name, where, block, tag)
            return Struct(name, where, block, tag, self.fields(header, base, start))
        if isinstance(base, c_ast.Union):
            return Other(name, where, block, "union")
        if isinstance(base, c_ast.Enum):
            if base.values is None:
                return Other(name, where, block, "enum type")
            return Enum(name, where, block, self.enumerators(header, base, start), True)
        return Alias(name, where, block, self.ctype(header, inner, start))

    def fields(self, header: str, node: Any, start: int) -> tuple[Value, ...]:
        file = self.files[header]
        out: list[Value] = []
        at = file.code.index("{", start) + 1
        for decl in node.decls:
            at = BETWEEN.match(file.code, at).end()  # type: ignore[union-attr]
            name = str(decl.name or "")
            offset = self.find(header, name, at) if name else at
            ctype = self.ctype(header, decl.type, offset)
            is_bits = decl.bitsize is not None
            out.append(Value(name, ctype, file.where(offset), file.block_before(at), is_bits))
            at = after(file.code, at)
        return tuple(out)

    def enumerators(self, header: str, node: Any, start: int) -> tuple[EnumValue, ...]:
        file = self.files[header]
        values: list[EnumValue] = []
        at, following = file.code.index("{", start), 0
        for item in node.values.enumerators:
            at = self.find(header, item.name, at)
            where = file.where(at)
            if item.value is not None:
                try:
                    following = number(item.value, self.known)
                except (KeyError, ValueError) as error:
                    message = f"{where}: the value of {item.name} is no plain number"
                    raise headers.HeaderError(message) from error
            self.known[item.name] = following
            is_given = item.value is not None
            values.append(EnumValue(item.name, following, is_given, where, file.block_before(at)))
            following += 1
        return tuple(values)

    def signature(self, header: str, node: Any, offset: int) -> Signature:
        params: list[Value] = []
        variadic = False
        at = offset
        file = self.files[header]
        for param in node.args.params if node.args is not None else []:
            if isinstance(param, c_ast.EllipsisParam):
                variadic = True
                continue
            name = str(param.name or "")
            ctype = self.ctype(header, param.type, at)
            if not name and str(ctype) == "void":
                continue
            match = re.compile(rf"\b{re.escape(name)}\b").search(file.code, at) if name else None
            if match is not None:
                at = match.end()
            place = file.where(match.start() if match is not None else at)
            params.append(Value(name, ctype, place))
        return Signature(self.ctype(header, node.type, offset), tuple(params), variadic)

    def ctype(self, header: str, node: Any, offset: int) -> CType:
        if isinstance(node, (c_ast.Struct, c_ast.Union, c_ast.Enum)):  # without a name of its own
            return CType(f"{type(node).__name__.lower()} {node.name or ''}".strip(), False)
        if isinstance(node, c_ast.ArrayDecl):
            inner = self.ctype(header, node.type, offset)
            try:
                dim = "" if node.dim is None else str(number(node.dim, self.known))
            except (KeyError, ValueError):
                dim = ""
            return CType(inner.base, inner.const, inner.pointers, dim, inner.function)
        if isinstance(node, c_ast.PtrDecl):
            if isinstance(node.type, c_ast.FuncDecl):
                return CType("", False, function=self.signature(header, node.type, offset))
            inner = self.ctype(header, node.type, offset)
            pointers = (*inner.pointers, "const" in node.quals)
            return CType(inner.base, inner.const, pointers, inner.array, inner.function)
        if isinstance(node, c_ast.FuncDecl):
            return CType("function", False)
        base = node.type
        const = "const" in node.quals
        if isinstance(base, c_ast.IdentifierType):
            return CType(" ".join(base.names), const)
        kind = type(base).__name__.lower()
        return CType(f"{kind} {base.name or ''}".strip(), const)


def parse(include_dir: pathlib.Path, files: dict[str, SourceFile]) -> Tree:
    """Reads the headers below a folder of includes, which the scanner has read before."""
    try:
        unit = pycparser.CParser().parse(headers.preprocess(include_dir, list(files)), "elsewhere")
    except Exception as error:
        # The class of a syntax error is another one in each version of the parser.
        if type(error).__name__ != "ParseError":
            raise
        raise headers.HeaderError(f"include/modelreg/{error}") from error
    return Tree(include_dir, files, Builder(files).build(unit))
