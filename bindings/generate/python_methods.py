# SPDX-License-Identifier: Apache-2.0
"""The methods and functions of the Python package."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import model
from python_docs import Docs, docstring, note, truth
from python_inputs import Binder, Inputs
from python_layout import bracketed, indented
from python_names import COLUMN_CODES, HIDDEN_HANDLES, Names, camel, reader, ref

ME = "self._ref or _closed(self)"
# What the headers say about memory, and what Python takes care of.
LIFETIME = re.compile(
    r"(?:[;,] (?:(?:NULL|0) for NULL|NULL is below|free it with|close it with)|, valid until"
    r"|, to be freed).*",
    re.S,
)


@dataclass
class Outcome:
    """What a function returns."""

    annotation: str
    text: str = ""  # for "Returns"
    before: list[str] = field(default_factory=list)  # statements that make room for it
    after: list[str] = field(default_factory=list)  # statements that return it
    needs_ref: bool = False  # whether memory of the handle is read after the call


# Without room for its output, such a call fails where it would have told about problems.
OWN_FAILURE = re.compile(r"; with NULL the call itself fails.*", re.S)
ONLY_STRICT = re.compile(r"MR_\w+ when out_\w+ is NULL and [^;]*; ")


def check_names(function: model.Function, inputs: Inputs, taken: Collection[str]) -> None:
    """No parameter may be called like a variable of the body."""
    for each in inputs.parameters:
        if each.name in taken:
            raise ValueError(f"{function.name}: the body has a variable named {each.name}, too")


class Methods:
    """Writes functions, as methods where they have a handle to belong to."""

    def __init__(self, names: Names, docs: Docs) -> None:
        self.names = names
        self.docs = docs
        self.binder = Binder(names, docs)

    def lines(self, function: model.Function) -> list[str]:
        """The text of a function without indentation; some become two."""
        if function.kind == "destructor" or function.skip:
            return []
        if function.kind != "call":
            return self._getter(function)
        if function.result == "out_memory":
            return [*self._read_into(function), "", *self._read(function)]
        if self._is_list(function):
            return [*self._all_pages(function), "", *self._call(function, "_page")]
        strict = OWN_FAILURE.search("".join(each.doc.text for each in function.params))
        if strict is None:
            return self._call(function, "")
        return [*self._call(function, ""), "", *self._call(function, "_or_raise", is_strict=True)]

    def _is_list(self, function: model.Function) -> bool:
        handles = [each.target for each in function.params if each.kind == "out_handle"]
        return any(self.names.handles[each].page_of for each in handles)

    # Getters and actions

    def _getter(self, function: model.Function) -> list[str]:
        inputs = self.binder.inputs(function)
        outcome = self._value(function)
        name = self.names.python_name(function)
        is_row = bool(function.noun) and self.names.is_rows(function.noun) and name == "at"
        is_count = function.is_method and name == "count"
        name = "_at" if is_row else "__len__" if is_count else name
        is_property = self.names.is_property(function) and not is_count
        first = ["self"] if function.is_method else []
        out = ["@property"] if is_property else []
        out += bracketed(f"def {name}", inputs.signature(first), f" -> {outcome.annotation}:")
        if not is_row:
            out += self._getter_docs(function, inputs)
        check_names(function, inputs, {"ref", "value", "text", "view"})
        library = "self._library" if function.is_method else "_library"
        arguments = []
        if function.is_method:
            arguments.append("ref" if outcome.needs_ref else ME)
        arguments += [inputs.arguments[each.name] for each in function.params[len(arguments) :]]
        body = [f"ref = {ME}"] if outcome.needs_ref else []
        target = f"value{self._value_type(function)} = " if outcome.after else ""
        body += bracketed(f"{target}{library}.{function.name}", arguments, "")
        body += outcome.after
        locks = list(inputs.locks)
        if (is_row or is_count) and self.names.locked(function.noun):
            locks.insert(0, "self._lock")
        if locks:
            body = [f"with {', '.join(locks)}:", *indented(body)]
        return [*out, *indented([*inputs.before, *body])]

    def _value_type(self, function: model.Function) -> str:
        """How `value` is annotated, where it is returned as it is."""
        if function.result not in ("scalar", "bool", "order") or (
            function.target in self.names.enums
        ):
            return ""
        return ": float" if function.target == "double" else ": int"

    def _getter_docs(self, function: model.Function, inputs: Inputs) -> list[str]:
        sections = [note(function.doc), self._args(inputs)]
        returned = LIFETIME.sub("", function.result_doc).replace("`count` ", "")
        if function.result == "bool":
            returned = truth(returned)
        if function.kind == "getter" and function.result != "record" and returned:
            sections.append(["Returns:", "    " + self.docs.translate(returned)])
        return docstring(4, self.docs.translate(function.doc.text), *sections)

    def _value(self, function: model.Function) -> Outcome:
        """What a getter returns, and how `value` becomes it."""
        optional = function.result_nullable
        if function.kind == "action":
            return Outcome("None")
        if function.result == "scalar":
            if function.target in self.names.enums:
                kind = camel(function.target)
                return Outcome(kind, after=[f"return {kind}(value)"])
            kind = "float" if function.target == "double" else "int"
            return Outcome(kind, after=["return value"])
        if function.result == "bool":
            return Outcome("bool", after=["return bool(value)"])
        if function.result == "order":
            return Outcome("int", after=["return value"])
        if function.result == "string":
            after = ["text: str = value.decode()", "return text"]
            if optional:
                after = ["return None if value is None else value.decode()"]
            return Outcome("str | None" if optional else "str", after=after)
        needs_ref = function.is_method
        if function.result == "record":
            kind, read = camel(function.target), f"{reader(function.target)}(value)"
            if optional:
                return Outcome(
                    f"{kind} | None", after=[f"return {read} if value else None"], needs_ref=True
                )
            return Outcome(kind, after=[f"return {read}"], needs_ref=needs_ref)
        if function.result in ("column", "bytes"):
            code = "B" if function.result == "bytes" else COLUMN_CODES[function.target]
            how_many = "size" if code == "B" else "count"
            count = f"self._library.{function.noun}_{how_many}(ref)"
            after = [f'return _runtime.column(value, {count}, "{code}", ref)']
            kind = {"B": "Bytes", "q": "Ints", "d": "Floats"}[code]
            after = [f"view: {kind} = {after[0].removeprefix('return ')}", "return view"]
            return Outcome(kind, after=after, needs_ref=True)
        raise ValueError(f"{function.name}: there is no way to return {function.result}")

    # Calls

    def _args(self, inputs: Inputs, leave_out: Sequence[str] = ()) -> list[str]:
        shown = [each for each in inputs.parameters if each.name not in leave_out]
        lines = [f"    {each.name}: {each.doc}" for each in shown]
        return ["Args:", *lines] if lines else []

    def _call_docs(
        self, function: model.Function, inputs: Inputs, returned: str, is_strict: bool
    ) -> list[str]:
        sections = [note(function.doc), self._args(inputs)]
        if returned:
            sections.append(["Returns:", f"    {self.docs.translate(returned)}"])
        failures = function.failures
        if is_strict:
            failures = re.sub(r" when out_\w+ is NULL and", " when", failures)
        sections.append(self.docs.failures(ONLY_STRICT.sub("", failures)))
        return docstring(4, self.docs.translate(function.about), *sections)

    def _output(self, function: model.Function) -> Outcome:
        """What a call returns."""
        out = next((each for each in function.params if each.kind.startswith("out_")), None)
        if out is None:
            return Outcome("None")
        text = re.sub(r"^receives ", "", LIFETIME.sub("", out.doc.text))
        text = OWN_FAILURE.sub("", text)
        if out.kind == "out_handle":
            return self._output_handle(function, out, text)
        if out.kind == "out_string":
            annotation = "str"
            after = ["assert out.value is not None", "return out.value.decode()"]
            if function.result_nullable:
                annotation = "str | None"
                after = ["return None if out.value is None else out.value.decode()"]
            return Outcome(annotation, text, ["out = ctypes.c_char_p()"], after, True)
        if out.kind == "out_bytes":
            count = f"self._library.{function.noun}_size(ref)"
            after = [f'view: Bytes = _runtime.column(out.value, {count}, "B", ref)', "return view"]
            before = ["out = ctypes.c_void_p()"]
            return Outcome("Bytes", "the bytes, not copied", before, after, True)
        raise ValueError(f"{function.name}: there is no way to return {out.kind}")

    def _output_handle(self, function: model.Function, out: model.Value, text: str) -> Outcome:
        library = "self._library" if function.is_method else "library"
        before = [f"out = {ref(out.target)}()", f"out.library = {library}"]
        if out.target in HIDDEN_HANDLES:
            annotation = "str" if out.is_text else "bytes"
            return Outcome(annotation, text, before, [f"return _{annotation}_of(out)"])
        kind = camel(out.target)
        if self.names.is_constructor(function):
            return Outcome("None", "", before, ["self._adopt(out)"])
        annotation, owned = kind, f"{kind}._own(out)"
        if not function.is_method:
            owned = "cls._own(out)"
            if self.names.writes_at_close(out.target):
                owned = f"_runtime.own_root({owned})"
        if function.result_nullable:
            annotation, owned = f"{kind} | None", f"{owned} if out else None"
        return Outcome(annotation, text, before, [f"return {owned}"])

    def _call(self, function: model.Function, suffix: str, is_strict: bool = False) -> list[str]:
        """A call as it is; is_strict: without room for its output."""
        inputs = self.binder.inputs(function)
        outcome = Outcome("None") if is_strict else self._output(function)
        is_constructor = self.names.is_constructor(function)
        is_maker = bool(function.noun) and not function.is_method and not is_constructor
        out = ["@classmethod"] if is_maker else []
        first = ["self"] if function.is_method or is_constructor else ["cls"] if is_maker else []
        name = self.names.python_name(function) + suffix
        out += bracketed(f"def {name}", inputs.signature(first), f" -> {outcome.annotation}:")
        out += self._call_docs(function, inputs, outcome.text, is_strict)
        arguments = self._arguments(function, inputs, outcome, is_strict)
        body = [*self._library(function, inputs), *inputs.before, *outcome.before]
        body += self._invoke(function, inputs, arguments, outcome)
        return [*out, *indented(self._letting_go(inputs.held, body))]

    def _arguments(
        self, function: model.Function, inputs: Inputs, outcome: Outcome, is_strict: bool = False
    ) -> list[str]:
        """What C gets."""
        arguments = []
        for each in function.params:
            if each.kind == "error":
                arguments.append("error")
            elif each.kind.startswith("out_"):
                arguments.append("None" if is_strict else "ctypes.byref(out)")
            elif function.is_method and each is function.params[0]:
                arguments.append("ref" if outcome.needs_ref else ME)
            else:
                arguments.append(inputs.arguments[each.name])
        return arguments

    def _letting_go(self, held: Sequence[str], body: list[str]) -> list[str]:
        """The traceback of a failure keeps the variables, which must not keep the caller's memory:
        a bytearray that is exported cannot grow."""
        if not held:
            return body
        return ["try:", *indented(body), "finally:", f"    {' = '.join(held)} = None"]

    def _library(self, function: model.Function, inputs: Inputs) -> list[str]:
        """Which library a maker uses: one of its own where it takes callbacks."""
        if function.is_method and inputs.hooked:
            raise ValueError(f"{function.name}: only a call without a handle may take callbacks")
        if function.is_method:
            return []
        if not inputs.hooked:
            return ["library = _library"]
        return [
            f"if {' is None and '.join(inputs.hooked)} is None:",
            "    library = _library",
            "else:",
            "    library = _hooks.HookedLibrary(_library)",
        ]

    def _invoke(
        self, function: model.Function, inputs: Inputs, arguments: Sequence[str], outcome: Outcome
    ) -> list[str]:
        """The call itself, with what must not happen meanwhile kept out."""
        library = "self._library" if function.is_method else "library"
        taken = {"library", "out", "error", "ref", "failed", "view"}
        check_names(function, inputs, taken)
        body = [f"ref = {ME}"] if outcome.needs_ref else []
        body += bracketed(f"failed = {library}.{function.name}", arguments, "")
        body += ["if failed:", "    raise _failure(failed, error)", "_give_error(error)"]
        body += outcome.after
        locks = [*(["self._lock"] if self._is_locked(function) else []), *inputs.locks]
        if locks:
            body = [f"with {', '.join(locks)}:", *indented(body)]
        return ["error = _take_error()", *body]

    def _is_locked(self, function: model.Function) -> bool:
        return function.is_method and self.names.locked(function.noun)

    def _read_into(self, function: model.Function) -> list[str]:
        """A call that fills memory of the caller."""
        inputs = self.binder.inputs(function)
        memory = next(each for each in function.params if each.kind == "out_memory")
        name = memory.name.removeprefix("out_")
        signature = [*inputs.signature(["self"]), f"{name}: WriteableBuffer"]
        out = bracketed(f"def {function.verb}_into", signature, " -> int:")
        args = self._args(inputs) or ["Args:"]
        args.append(f"    {name}: memory to be filled, such as a bytearray")
        count = next((each for each in function.params if each.kind == "out_count"), None)
        if count is None:
            raise ValueError(f"{function.name}: nothing says how much was filled")
        returned = re.sub(r"^receives ", "", count.doc.text)
        out += docstring(
            4,
            self.docs.translate(function.about),
            args,
            ["Returns:", f"    {self.docs.translate(returned)}"],
            self.docs.failures(function.failures),
        )
        expressions = {
            **inputs.arguments,
            function.params[0].name: ME,
            memory.name: f"{name}_at",
            memory.count: f"{name}_count",
            count.name: "ctypes.byref(out)",
            "error": "error",
        }
        body = [*inputs.before, f'{name}_at, {name}_count = _convert.room({name}, "{name}")']
        body.append("out = ctypes.c_size_t()")
        arguments = [expressions[each.name] for each in function.params]
        outcome = Outcome("int", after=["return out.value"])
        body += self._invoke(function, inputs, arguments, outcome)
        return [*out, *indented(self._letting_go([*inputs.held, f"{name}_at"], body))]

    def _read(self, function: model.Function) -> list[str]:
        """The same with memory that is made for it."""
        inputs = self.binder.inputs(function)
        memory = next(each for each in function.params if each.kind == "out_memory")
        size = next(each for each in function.params if each.name == memory.count)
        offset = next((each for each in inputs.parameters if each.name == "offset"), None)
        if offset is None or len(inputs.parameters) != 1:
            raise ValueError(f"{function.name}: a read takes an offset and memory")
        args = [*self._args(inputs), f"    {size.name}: {self.docs.translate(size.doc.text)}"]
        args[-1] += "; None: all that are left"
        taken = ["self", "offset: int = 0", f"{size.name}: int | None = None"]
        total = f"self._library.{function.noun}_size({ME})"
        return [
            *bracketed(f"def {function.verb}", taken, " -> bytes:"),
            *docstring(
                4,
                self.docs.translate(function.about),
                args,
                self.docs.failures(function.failures),
            ),
            '    offset = _convert.int64(offset, "offset")',
            f"    left = max(0, {total} - max(0, offset))",
            f"    if {size.name} is not None:",
            f'        left = min(left, _convert.size({size.name}, "{size.name}"))',
            "    data = bytearray(left)",
            f"    count = self.{function.verb}_into(offset, data)",
            "    return bytes(memoryview(data)[:count])",
        ]

    def _all_pages(self, function: model.Function) -> list[str]:
        """A list as an iterator over the records of all its pages."""
        inputs = self.binder.inputs(function)
        page = next(each.target for each in function.params if each.kind == "out_handle")
        item = camel(self.names.handles[page].page_of)
        kept = [each for each in inputs.parameters if each.name not in ("limit", "token")]
        if len(inputs.parameters) != len(kept) + 2:
            raise ValueError(f"{function.name}: a list takes a limit and a token")
        shown = Inputs(parameters=kept)
        signature = shown.signature(["self"])
        if "*" not in signature:
            signature.append("*")
        signature.append("page_limit: int = 0")
        out = bracketed(f"def {function.verb}", signature, f" -> Iterator[{item}]:")
        limit = next(each for each in inputs.parameters if each.name == "limit")
        args = [*(self._args(shown) or ["Args:"]), f"    page_limit: {limit.doc}"]
        out += docstring(
            4,
            self.docs.translate(function.about) + " Pages are fetched when they are needed.",
            args,
            self.docs.failures(function.failures),
        )
        outcome = self._output(function)
        body = [*self._library(function, inputs), *self._first_page(function, inputs)]
        fetch = ["c_options.token = None if token is None else token.encode()", *outcome.before]
        fetch += self._invoke(function, inputs, self._arguments(function, inputs, outcome), outcome)
        body += ["", f"def fetch(token: str | None) -> {outcome.annotation}:", *indented(fetch)]
        return [*out, *indented([*body, "", "return _runtime.pages(fetch)"])]

    def _first_page(self, function: model.Function, inputs: Inputs) -> list[str]:
        """The statements that make the options of the first page: arguments are converted when the
        list is asked for, not when its first record is."""
        lines = []
        replaced = {
            '_convert.optional_text(token, "token")': "None",
            '_convert.int64(limit, "limit")': '_convert.int64(page_limit, "page_limit")',
        }
        for line in inputs.before:
            for old, new in replaced.items():
                line = line.replace(old, new)
            lines.append(line)
        if not any("page_limit" in line for line in lines) or "c_options = " not in str(lines):
            raise ValueError(f"{function.name}: a list takes a limit and a token as options")
        return lines
