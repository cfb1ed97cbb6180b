# SPDX-License-Identifier: Apache-2.0
"""What the rules look at: the declarations with their places, and what the reader made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import declarations as d
import model
import reader
from comments import Define
from findings import Where


class Context:
    def __init__(self, tree: d.Tree, api: model.Api) -> None:
        self.tree = tree
        self.api = api
        self.names = reader.names_of(tree)

    def functions(self) -> Iterator[tuple[model.Function, d.Function]]:
        """Each function with its declaration."""
        raw = [each for each in self.tree.declarations if isinstance(each, d.Function)]
        yield from zip(self.api.functions, raw)

    def structs(self) -> Iterator[tuple[model.Struct, d.Struct]]:
        raw = [each for each in self.tree.declarations if isinstance(each, d.Struct)]
        yield from zip(self.api.structs, raw)

    def handles(self) -> Iterator[tuple[model.Handle, d.Opaque]]:
        raw = [each for each in self.tree.declarations if isinstance(each, d.Opaque)]
        yield from zip(self.api.handles, raw)

    def handle(self, name: str) -> model.Handle:
        return next(each for each in self.api.handles if each.name == name)

    def constants(self) -> Iterator[tuple[d.EnumValue, d.Enum]]:
        """Each constant of an enum."""
        for each in self.tree.declarations:
            if isinstance(each, d.Enum):
                for value in each.values:
                    yield value, each

    def is_name(self, name: str) -> bool:
        """Whether there is a constant or a macro of this name."""
        return any(value.name == name for value, _ in self.constants()) or any(
            define.name == name for define, _ in self.defines()
        )

    def defines(self) -> Iterator[tuple[Define, Where]]:
        """Each macro but the guards."""
        for name, file in self.tree.files.items():
            for define in file.defines:
                if not (define.name.startswith("MODELREG_") and define.name.endswith("_H")):
                    yield define, Where(name, define.line)

    def value_lists(self) -> Iterator[tuple[str, Sequence[model.Value], Sequence[d.Value]]]:
        """The parameters of each function and the fields of each struct, by their owner."""
        for function, raw in self.functions():
            yield function.name, function.params, raw.signature.params
        for struct, source in self.structs():
            yield struct.name, struct.fields, source.fields

    def signatures(self, *, callbacks: bool = False) -> Iterator[tuple[d.Signature, Where]]:
        """Functions, and with callbacks only those of the caller."""
        for each in self.tree.declarations:
            if isinstance(each, d.Function) and not callbacks:
                yield each.signature, each.where
            if isinstance(each, d.Alias) and each.ctype.function is not None:
                yield each.ctype.function, each.where
            if isinstance(each, d.Struct):
                for field in each.fields:
                    if field.ctype.function is not None:
                        yield field.ctype.function, field.where

    def every_value(self) -> Iterator[d.Value]:
        """Parameters, those of callbacks too, and fields."""
        for signature, _ in self.signatures():
            yield from signature.params
        for each in self.tree.declarations:
            if isinstance(each, d.Struct):
                yield from each.fields

    def types(self) -> Iterator[tuple[d.CType, Where]]:
        """The type of everything that has one."""
        for signature, where in self.signatures():
            yield signature.returns, where
        for value in self.every_value():
            yield value.ctype, value.where
        for each in self.tree.declarations:
            if isinstance(each, d.Alias):
                yield each.ctype, each.where
