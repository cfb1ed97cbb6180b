# SPDX-License-Identifier: Apache-2.0
"""The inputs of a function: the parameters that Python shows, and the arguments that C gets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import model
from python_docs import Docs
from python_layout import bracketed, indented
from python_names import (
    COLUMN_CODES,
    LIMITS,
    NUMBERS,
    Names,
    c_struct,
    camel,
    member,
    safe,
)

REQUIRED = ""
# What checks a member of an enum, by the type below it.
ENUM_CHECKS = {"int32_t": "member", "uint32_t": "bits"}
# What stands in for a callback that raised; the others answer 0.
FALLBACKS = {"mr_clock_fn": "_hooks.system_time_us", "mr_random_fn": "os.urandom"}


@dataclass
class Parameter:
    """A parameter of the Python function."""

    name: str
    annotation: str
    default: str  # REQUIRED, or what it is
    keyword: bool
    doc: str  # translated

    def declaration(self) -> str:
        text = f"{self.name}: {self.annotation}"
        return f"{text} = {self.default}" if self.default else text


@dataclass
class Inputs:
    """Everything between the head of a function and its call."""

    parameters: list[Parameter] = field(default_factory=list)
    before: list[str] = field(default_factory=list)  # statements
    arguments: dict[str, str] = field(default_factory=dict)  # expression by C parameter
    locks: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)  # variables that hold memory of the caller
    hooked: list[str] = field(default_factory=list)  # parameters with Python functions

    def signature(self, first: list[str]) -> list[str]:
        """The parameters as they are declared."""
        out = list(first)
        positional = [each for each in self.parameters if not each.keyword]
        # A default before a parameter without one is none.
        for index, each in enumerate(positional):
            rest = positional[index + 1 :]
            if each.default and any(not later.default for later in rest):
                each = Parameter(each.name, each.annotation, REQUIRED, False, each.doc)
            out.append(each.declaration())
        keywords = [each for each in self.parameters if each.keyword]
        keywords.sort(key=lambda each: bool(each.default))
        if keywords:
            out += ["*", *(each.declaration() for each in keywords)]
        return out


def plural(word: str) -> str:
    return word if word.endswith("s") else word + "s"


class Binder:
    """Makes the inputs of functions."""

    def __init__(self, names: Names, docs: Docs) -> None:
        self.names = names
        self.docs = docs

    def inputs(self, function: model.Function) -> Inputs:
        """What goes into a function, its own handle and its outputs left out."""
        out = Inputs()
        values = function.params[1:] if function.is_method else function.params
        last_word = function.verb.rsplit("_", 1)[-1]
        for name, expression in self._values(values, out, keyword=False, pair_name=last_word):
            out.arguments[name] = expression
        return out

    def _values(
        self, values: tuple[model.Value, ...], out: Inputs, keyword: bool, pair_name: str
    ) -> list[tuple[str, str]]:
        """The C names of values with the expressions for them."""
        result: list[tuple[str, str]] = []
        counts: dict[str, str] = {}
        pairs = self._pairs(values, pair_name)
        for value in values:
            if value.kind in ("struct_size", "reserved", "context", "error") or (
                value.kind.startswith("out_")
            ):
                continue
            if value.kind == "count":
                if value.name in counts:
                    result.append((value.name, counts[value.name]))
                continue
            if value.name in pairs:
                expression = self._pair(value, pairs[value.name], out, keyword, counts)
            elif value.kind in ("strings", "array", "bytes"):
                expression = self._array(value, out, keyword, counts)
            elif value.kind == "options":
                expression = self._options(value, out)
            else:
                expression = self._single(value, out, keyword)
            result.append((value.name, expression))
        return result

    def _pairs(self, values: tuple[model.Value, ...], name: str) -> dict[str, str]:
        """Arrays of keys and of values that make one mapping, by the name of each."""
        found: dict[str, str] = {}
        for keys, items in zip(values, values[1:]):
            match = re.fullmatch(r"(?:(\w+)_)?keys", keys.name)
            if match and keys.kind == "strings" and items.count == keys.count:
                both = plural(match[1] or name)
                found[keys.name] = found[items.name] = both
        return found

    def _pair(
        self, value: model.Value, name: str, out: Inputs, keyword: bool, counts: dict[str, str]
    ) -> str:
        if value.count not in counts:
            counts[value.count] = f"len({name}_keys)"
            other = "float" if "double" in self._pair_type(value) else "str"
            annotation = f"Mapping[str, {other}] | Iterable[tuple[str, {other}]]"
            doc = "A mapping, or pairs of a key and a value." + self._pair_doc("Keys", value)
            out.parameters.append(
                Parameter(name, annotation, "()" if keyword else REQUIRED, keyword, doc)
            )
            out.before.append(f'{name}_keys, {name}_items = _convert.pairs({name}, "{name}")')
            return f"{name}_keys"
        out.parameters[-1].doc += self._pair_doc("Values", value)
        values = f"{name}_values"
        if value.kind == "strings":
            out.before.append(f'{values} = _convert.texts({name}_items, "{name} values")')
            return values
        code = COLUMN_CODES[value.target]
        out.before.append(f'{values}, _ = _convert.column({name}_items, "{name} values", "{code}")')
        return values

    def _pair_doc(self, title: str, value: model.Value) -> str:
        """What is said about keys or values beyond that they are there."""
        text = re.sub(rf"^{title}\b(?: of the first \w+|,)?\s*", "", self.docs.value(value))
        text = text.strip("; .")
        return f" {title}: {text}." if text else ""

    def _pair_type(self, keys: model.Value) -> str:
        """The C type of the values that belong to the keys."""
        for function in self.names.api.functions:
            if keys in function.params:
                return function.params[function.params.index(keys) + 1].ctype
        return ""

    def _array(self, value: model.Value, out: Inputs, keyword: bool, counts: dict[str, str]) -> str:
        name = safe(value.name)
        text = self.docs.value(value)
        if value.kind == "array":
            return self._column(value, name, text, out, keyword, counts)
        if value.kind == "strings":
            default = "()" if value.nullable else REQUIRED
            out.parameters.append(Parameter(name, "Iterable[str]", default, keyword, text))
            out.before.append(f'{name}_at = _convert.texts({name}, "{name}")')
            expression, count = f"{name}_at", f"len({name}_at)"
        else:
            out.parameters.append(Parameter(name, "ReadableBuffer", REQUIRED, keyword, text))
            out.before.append(f'{name}_at, {name}_count = _convert.content({name}, "{name}")')
            out.held.append(f"{name}_at")
            expression, count = f"{name}_at", f"{name}_count"
        if value.count in counts:
            raise ValueError(f"{name}: only numbers may share a count")
        counts[value.count] = count
        return expression

    def _column(
        self,
        value: model.Value,
        name: str,
        text: str,
        out: Inputs,
        keyword: bool,
        counts: dict[str, str],
    ) -> str:
        """Numbers, which may share a count with those before."""
        out.held.append(f"{name}_at")
        item = "int | datetime.datetime" if name.endswith("_us") else "int"
        item = "float" if value.target == "double" else item
        annotation, default = f"ReadableBuffer | Iterable[{item}]", REQUIRED
        code = COLUMN_CODES[value.target]
        make = f'{name}_at, {name}_count = _convert.column({name}, "{name}", "{code}")'
        first = counts.setdefault(value.count, f"{name}_count")
        other = first.removesuffix("_count")
        check = []
        if other != name:
            check = [
                f"if {name}_count != {first}:",
                f'    raise _convert.lengths("{other}", {first}, "{name}", {name}_count)',
            ]
        if value.nullable:
            if not check:
                raise ValueError(f"{name}: what tells a count must be there")
            annotation, default = f"{annotation} | None", "None"
            out.before.append(f"{name}_at = _convert.NULL")
            out.before += [f"if {name} is not None:", *indented([make, *check])]
        else:
            out.before += [make, *check]
        out.parameters.append(Parameter(name, annotation, default, keyword, text))
        return f"{name}_at"

    def _single(self, value: model.Value, out: Inputs, keyword: bool) -> str:
        """One number, text, handle, struct of callbacks or callback."""
        name = safe(value.name)
        text = self.docs.value(value)
        if value.kind in ("string", "path"):
            return self._string(value, name, text, out, keyword)
        if value.kind == "bool":
            default = "False" if keyword else REQUIRED
            out.parameters.append(Parameter(name, "bool", default, keyword, text))
            return f'_convert.truth({name}, "{name}")'
        if value.kind == "handle":
            return self._handle(value, name, text, out, keyword)
        if value.kind in ("struct", "callback"):
            return self._hook(value, name, text, out)
        if value.kind == "scalar":
            return self._number(value, name, text, out, keyword)
        raise ValueError(f"{value.name}: there is no way to pass {value.kind} from Python")

    def _string(self, value: model.Value, name: str, text: str, out: Inputs, keyword: bool) -> str:
        annotation, function = "str", "text"
        if value.kind == "path":
            annotation, function = "str | os.PathLike[str]", "path"
        default = REQUIRED
        if value.nullable:
            annotation, default, function = f"{annotation} | None", "None", f"optional_{function}"
        out.parameters.append(Parameter(name, annotation, default, keyword, text))
        return f'_convert.{function}({name}, "{name}")'

    def _handle(self, value: model.Value, name: str, text: str, out: Inputs, keyword: bool) -> str:
        kind = camel(value.target)
        checked = f'_convert.handle({name}, "{name}", {kind})'
        if not value.nullable:
            out.parameters.append(Parameter(name, kind, REQUIRED, keyword, text))
            out.before.append(checked)
            if self.names.locked(value.target):
                out.locks.append(f"{name}._lock")
            return f"{name}._ref or _closed({name})"
        out.parameters.append(Parameter(name, f"{kind} | None", "None", keyword, text))
        out.before += [
            f"{name}_ref = None",
            f"if {name} is not None:",
            f"    {name}_ref = {checked}._ref or _closed({name})",
        ]
        if self.names.locked(value.target):
            out.locks.append(f"_runtime.lock_of({name})")
        return f"{name}_ref"

    def _number(self, value: model.Value, name: str, text: str, out: Inputs, keyword: bool) -> str:
        number = self.names.number(value.target)
        check = f'_convert.{NUMBERS[number][1]}({name}, "{name}")'
        if value.target in self.names.enums:
            enum = self.names.enums[value.target]
            kind = camel(enum.name)
            check = f'_convert.{ENUM_CHECKS[number]}({name}, "{name}", {kind})'
            if enum.flags:
                out.parameters.append(Parameter(name, kind, f"{kind}(0)", keyword, text))
                return check
            if not keyword:
                out.parameters.append(Parameter(name, kind, REQUIRED, keyword, text))
                return check
            zero = [constant.name for constant in enum.constants if constant.value == 0]
            if zero:
                default = f"{kind}.{member(enum, zero[0])}"
                out.parameters.append(Parameter(name, kind, default, keyword, text))
                return check
            text = re.sub(r"\b0( is|:)", r"None\1", text)
            out.parameters.append(Parameter(name, f"{kind} | None", "None", keyword, text))
            return f"0 if {name} is None else {check}"
        if number == "double":
            out.parameters.append(
                Parameter(name, "float", "0.0" if keyword else REQUIRED, keyword, text)
            )
            out.before += [f"if type({name}) is not float:", f"    {name} = {check}"]
            return name
        default = "0" if keyword else REQUIRED
        if name.endswith("_us"):
            out.parameters.append(
                Parameter(name, "int | datetime.datetime", default, keyword, text)
            )
            return f'_convert.time_us({name}, "{name}")'
        if value.nullable:
            text += " None: it does not count."
            out.parameters.append(Parameter(name, "int | None", "None", keyword, text))
            return f"0 if {name} is None else {check}"
        out.parameters.append(Parameter(name, "int", default, keyword, text))
        if keyword or number not in LIMITS:
            return check
        low, high = LIMITS[number]
        out.before += [
            f"if type({name}) is not int or not {low} <= {name} <= {high}:",
            f"    {name} = {check}",
        ]
        return name

    def _hook(self, value: model.Value, name: str, text: str, out: Inputs) -> str:
        """Functions of Python that C may call."""
        out.hooked.append(name)
        if value.kind == "callback":
            callback = self.names.callbacks[value.target]
            annotation = self.callable_type(callback)
            made = self._callback(callback, name, f"{name}_hook = ")
        else:
            annotation = camel(value.target)
            struct = self.names.structs[value.target]
            parts: list[str] = []
            for each in struct.fields:
                if each.kind == "struct_size":
                    part = [f"ctypes.sizeof({c_struct(struct.name)})"]
                elif each.kind == "callback":
                    full = f"{name}.{each.name}"
                    part = self._callback(self.names.callbacks[each.target], full, "")
                else:
                    part = ["0" if each.kind == "reserved" else "None"]
                part[-1] += ","
                parts += part
            made = [f"{c_struct(struct.name)}(", *indented(parts), ")"]
            made = [f"{name}_hook = library.keep(", *indented(made), ")"]
        out.parameters.append(Parameter(name, f"{annotation} | None", "None", True, text))
        null = "None" if value.kind == "struct" else f"{self.prototype(value.target)}()"
        local = f"{name}_hook"
        out.before += [f"{local} = {null}", f"if {name} is not None:"]
        out.before += indented(made)
        return f"{local} and ctypes.addressof({local})" if value.kind == "struct" else local

    def prototype(self, callback: str) -> str:
        """The name of a callback's type."""
        return f"_C{camel(callback.replace('.', '_'))}"

    def _fills(self, callback: model.Callback) -> bool:
        return any(value.kind == "out_memory" for value in callback.params)

    def callable_type(self, callback: model.Callback) -> str:
        """The annotation of the Python function."""
        if self._fills(callback):
            return "Callable[[int], ReadableBuffer]"
        inputs = ", ".join("int" for value in callback.params if value.kind != "context")
        results = {"void": "object", "void *": "int | None"}
        return f"Callable[[{inputs}], {results.get(callback.returns, 'int')}]"

    def _callback(self, callback: model.Callback, name: str, start: str) -> list[str]:
        fallback = FALLBACKS.get(callback.name, "_hooks.nothing")
        prototype = self.prototype(callback.name)
        if self._fills(callback):
            return bracketed(f"{start}library.filler", [prototype, f'"{name}"', name, fallback], "")
        kinds = {"void": '"none"', "void *": '"address"'}
        result = kinds.get(callback.returns, '"number"')
        parts = [prototype, f'"{name}"', name, result, fallback]
        return bracketed(f"{start}library.callback", parts, "")

    def _options(self, value: model.Value, out: Inputs) -> str:
        """A struct of options as parameters of their own."""
        struct = self.names.structs[value.target]
        flags, chosen = self._choice(struct)
        fields = tuple(
            replace(each, nullable=True) if each.name in chosen else each
            for each in struct.fields
            if each is not flags
        )
        expressions = dict(self._values(fields, out, keyword=True, pair_name=value.name))
        if flags is not None:
            expressions[flags.name] = f"c_{flags.name}"
            out.before.append(f"c_{flags.name} = {camel(flags.target)}(0)")
            for name, bit in chosen.items():
                out.before += [f"if {name} is not None:", f"    c_{flags.name} |= {bit}"]
        out.before.append(f"c_{value.name} = {c_struct(struct.name)}(")
        for each in struct.fields:
            empty = "0" if each.kind == "reserved" else "None"
            if each.kind == "struct_size":
                empty = f"ctypes.sizeof({c_struct(struct.name)})"
            out.before.append(f"    {expressions.get(each.name, empty)},")
        out.before.append(")")
        return f"ctypes.byref(c_{value.name})"

    def _choice(self, struct: model.Struct) -> tuple[model.Value | None, dict[str, str]]:
        """Flags whose every bit says that the field of its name counts, and bit by field."""
        own = {each.name for each in struct.fields}
        for each in struct.fields:
            enum = self.names.enums.get(each.target)
            if enum is None or not enum.flags:
                continue
            bits = {
                member(enum, constant.name).lower(): self.names.members[constant.name]
                for constant in enum.constants
            }
            if own.issuperset(bits):
                return each, bits
        return None, {}
