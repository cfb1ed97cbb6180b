# SPDX-License-Identifier: Apache-2.0
"""The functions of C as methods and functions of Go."""

from __future__ import annotations

import dataclasses
import re

import go_docs
import go_names
import model

MAX_HELD = 4  # maxHeld of frame.go: the most handles that a call may take
# Calls that a method written by hand wraps, in blob.go.
WRAPPED = {"mr_blob_read"}


class Unsupported(Exception):
    """The headers have something for which there is no Go form yet."""


@dataclasses.dataclass(frozen=True)
class Context:
    """What the writers of one description share."""

    api: model.Api
    references: go_docs.References
    handles: dict[str, model.Handle]
    structs: dict[str, model.Struct]

    @staticmethod
    def of(api: model.Api) -> Context:
        return Context(
            api,
            go_docs.References(api),
            {handle.name: handle for handle in api.handles},
            {struct.name: struct for struct in api.structs},
        )

    def is_page(self, handle: str) -> bool:
        return bool(self.handles[handle].page_of)

    def page_record(self, handle: str) -> str:
        return go_names.type_name(self.handles[handle].page_of)


@dataclasses.dataclass
class Code:
    """One function under construction."""

    inputs: list[str]  # "runID string"
    before: list[str]  # what turns them into C
    arguments: list[str]  # for the function in C
    held: int = 0


def own_names(context: Context, function: model.Function) -> dict[str, str]:
    """The parameters whose names look different in Go, and the fields of its options."""
    names: dict[str, str] = {}
    for value in function.params:
        if value.kind == "options":
            names |= go_names.own_fields(context.structs[value.target])
    for value in function.params:
        if go_names.lower_camel(value.name) != value.name:
            names[value.name] = go_names.lower_camel(value.name)
    return names


def go_inputs(function: model.Function) -> list[model.Value]:
    """The parameters that are parameters in Go as well."""
    hidden = {"count", "error", "out_handle", "out_string", "out_bytes", "out_count"}
    return [v for v in function.params[function.is_method :] if v.kind not in hidden]


def parameter(value: model.Value, code: Code) -> None:
    """Adds one parameter to the Go signature and to the call."""
    name = go_names.lower_camel(value.name.removeprefix("out_"))
    target = go_names.type_name(value.target) if value.target.startswith("mr_") else ""
    c_name = "c" + name[0].upper() + name[1:]
    if value.kind == "scalar":
        code.inputs.append(f"{name} {go_names.scalar_type(value.target)}")
        code.arguments.append(f"C.{value.target}({name})")
    elif value.kind == "bool":
        code.inputs.append(f"{name} bool")
        code.arguments.append(f"nativeBool({name})")
    elif value.kind in ("string", "path"):
        code.inputs.append(f"{name} string")
        how = "optionalText" if value.nullable else "text"
        code.before.append(f'{c_name} := f.{how}("{name}", {name})')
        code.arguments.append(c_name)
    elif value.kind == "strings":
        code.inputs.append(f"{name} []string")
        code.before.append(f'{c_name} := f.texts("{name}", {name})')
        code.arguments.append(c_name)
    elif value.kind in ("array", "bytes", "out_memory"):
        element = value.target or "uint8_t"
        code.inputs.append(f"{name} []{go_names.SCALARS[element]}")
        code.arguments.append(f"(*C.{element})(array({name}))")
    elif value.kind == "handle":
        code.inputs.append(f"{name} *{target}")
        absent = "true" if value.nullable else "false"
        code.before.append(f'{c_name} := f.argument("{name}", {name}.core(), {absent})')
        code.arguments.append(f"(*C.{value.target})({c_name})")
        code.held += 1
    elif value.kind == "options":
        code.inputs.append(f"{name} *{target}")
        code.before.append(f"{c_name} := {name}.native(&f)")
        code.arguments.append(c_name)
    else:
        raise Unsupported(f"no Go form of the {value.kind} {value.name}")


def begin(context: Context, function: model.Function) -> Code:
    """Inputs, their lengths and their counts."""
    code = Code([], [], [])
    if function.is_method:
        code.before.append(f"self := f.self({go_names.receiver(function.noun)}.core())")
        code.arguments.append(f"(*C.{function.noun})(self)")
        code.held += 1
    elif function.kind == "call":
        code.before.append("f.abi()")
    arrays: dict[str, str] = {}
    for value in function.params[function.is_method :]:
        if value.kind == "count":
            code.arguments.append(f"C.{value.target}(len({arrays[value.name]}))")
        elif value.kind not in ("error", "out_handle", "out_string", "out_bytes", "out_count"):
            parameter(value, code)
            if value.kind == "options":
                fields = context.structs[value.target].fields
                code.held += sum(field.kind == "handle" for field in fields)
        if value.count:
            same_length(value, arrays, code)
    if code.held > MAX_HELD:
        raise Unsupported(f"{function.name} takes more than {MAX_HELD} handles")
    return code


def same_length(value: model.Value, arrays: dict[str, str], code: Code) -> None:
    """Compares an array with the first one of the same count."""
    name = go_names.lower_camel(value.name.removeprefix("out_"))
    other = arrays.setdefault(value.count, name)
    if other == name:
        return
    check = f'f.sameLength("{name}", len({name}), "{other}", len({other}))'
    if value.nullable:
        code.before += [f"if {name} != nil {{", f"\t{check}", "}"]
    else:
        code.before.append(check)


def signature(function: model.Function, name: str, inputs: list[str], results: str) -> str:
    receiver = ""
    if function.is_method:
        noun = go_names.type_name(function.noun)
        receiver = f"({go_names.receiver(function.noun)} *{noun}) "
    return f"func {receiver}{name}({', '.join(joined(inputs))}) {results}".rstrip()


def joined(inputs: list[str]) -> list[str]:
    """a string, b string -> a, b string"""
    out: list[str] = []
    for i, each in enumerate(inputs):
        name, kind = each.split(" ", 1)
        same = i + 1 < len(inputs) and inputs[i + 1].split(" ", 1)[1] == kind
        out.append(name if same else each)
    return out


def body(code: Code, failure: str) -> list[str]:
    """What every call begins with; `failure` is what it returns beside the error."""
    given = f"return {failure}, f.err" if failure else "return f.err"
    return ["var f frame", "defer f.end()", *code.before, "if f.err != nil {", f"\t{given}", "}"]


def lines(head: str, statements: list[str]) -> str:
    return f"{head} {{\n" + "".join(f"\t{line}\n" for line in statements) + "}\n\n"


def documented(
    context: Context,
    function: model.Function,
    name: str,
    code: Code,
    extra: str = "",
    with_output: bool = True,
) -> str:
    """The doc comment of a function."""
    references, own = context.references, own_names(context, function)
    texts = [value for value in function.params if value.kind in ("string", "path")]
    null = '""' if any(value.nullable for value in texts) else "nil"
    text = references.translate(function.doc.text, null, own)
    text = go_docs.sentence(name, text, "returns", "returns")
    items = ""
    for value in go_inputs(function):
        null = '""' if value.kind in ("string", "path", "strings") else "nil"
        what = go_docs.without_count(value.doc.text, value.count)
        if value.kind == "bool":
            what = go_docs.truth(what)
        what = references.translate(what, null, own)
        if value.nullable and null not in what:
            what = absent(what, value, null)
        items += f"- {go_names.lower_camel(value.name.removeprefix('out_'))}: {what}\n"
    if items and code.inputs:
        text += f"\n\n{items.rstrip()}"
    if extra:
        text += f"\n\n{extra}"
    if function.kind == "call":
        text += go_docs.errors(function, own, references, with_output)
    else:
        text += go_docs.result(function, own, references)
    return go_docs.comment(text.rstrip() + go_docs.age(function.doc, "nil", references))


def absent(what: str, value: model.Value, null: str) -> str:
    """The doc of what may be missing: the headers say what then holds after @nullable."""
    return f"{what}; {null} where there is none" if value.kind == "handle" else f"{null}: {what}"


def output(function: model.Function) -> model.Value | None:
    for value in function.params:
        if value.kind in ("out_handle", "out_string", "out_bytes", "out_memory"):
            return value
    return None


def out_text(context: Context, function: model.Function, value: model.Value) -> str:
    """What a call returns, from the doc of its output parameter."""
    text = context.references.translate(value.doc.text, "nil", own_names(context, function))
    match = re.match(r"receives (.*)", text, re.DOTALL)
    if match is None or match.group(1) in ("the handle", "the page"):
        return ""
    plain = f"[{go_names.type_name(function.noun)}.{go_names.function_name(function)}]"
    return f"Returns {match.group(1)}.".replace("with nil the call itself", plain)


def call(context: Context, function: model.Function) -> str:
    """A call as one Go function, or as two where its output may be left out and is not what its
    name promises: Verify and VerifyReport."""
    value = output(function)
    name = go_names.function_name(function)
    if value is None:
        return plain_call(context, function, name)
    if value.kind == "out_handle" and value.nullable:
        noun = go_names.type_name(value.target)
        if not name.endswith(noun):
            both = f"[{go_names.type_name(function.noun)}.{name}{noun}]"
            note = f"It gives no {noun.lower()}; {both} does."
            return plain_call(context, function, name, note) + handle_call(
                context, function, name + noun, value
            )
    if value.kind == "out_handle":
        if value.target == go_names.BUFFER:
            return text_call(context, function, name, value)
        if context.is_page(value.target):
            return list_call(context, function, name, value)
        return handle_call(context, function, name, value)
    if value.kind == "out_string":
        return text_call(context, function, name, value)
    if value.kind == "out_memory":
        return memory_call(context, function, name)
    return view_call(context, function, name)


def invoke(function: model.Function, code: Code, output: str = "") -> str:
    arguments = ", ".join(code.arguments)
    return f"result := C.{shim_name(function)}{output}({arguments})"


def shim_name(function: model.Function) -> str:
    return "mrgo_" + function.name.removeprefix("mr_")


def plain_call(context: Context, function: model.Function, name: str, note: str = "") -> str:
    code = begin(context, function)
    without = "" if output(function) is None else "_only"
    return documented(context, function, name, code, note, False) + lines(
        signature(function, name, code.inputs, "error"),
        [*body(code, ""), invoke(function, code, without), "return f.done(result, nil)"],
    )


def handle_call(context: Context, function: model.Function, name: str, value: model.Value) -> str:
    code = begin(context, function)
    noun = go_names.type_name(value.target)
    kind = kind_name(value.target)
    parent, host = "nil", "f.host"
    if function.is_method:
        parent = go_names.receiver(function.noun)
        host = f"{parent}.handle.host"
    text = documented(context, function, name, code, out_text(context, function, value))
    return text + lines(
        signature(function, name, code.inputs, f"(*{noun}, error)"),
        [
            *body(code, "nil"),
            invoke(function, code),
            f"if err := f.done(result, &{kind}); err != nil {{",
            "\treturn nil, err",
            "}",
            f"return new{noun}(result.out, {host}, {parent}), nil",
        ],
    )


def text_call(context: Context, function: model.Function, name: str, value: model.Value) -> str:
    code = begin(context, function)
    kind, take = "nil", "C.GoString((*C.char)(result.out))"
    if value.kind == "out_handle":
        kind, take = "&" + kind_name(value.target), "takeBuffer(result.out)"
    text = documented(context, function, name, code, out_text(context, function, value))
    return text + lines(
        signature(function, name, code.inputs, "(string, error)"),
        [
            *body(code, '""'),
            invoke(function, code),
            f"if err := f.done(result, {kind}); err != nil {{",
            '\treturn "", err',
            "}",
            f"return {take}, nil",
        ],
    )


def memory_call(context: Context, function: model.Function, name: str) -> str:
    code = begin(context, function)
    text = ""
    if function.name in WRAPPED:
        name = name[0].lower() + name[1:]
    else:
        text = documented(context, function, name, code)
    return text + lines(
        signature(function, name, code.inputs, "(int, error)"),
        [
            *body(code, "0"),
            invoke(function, code),
            "if err := f.done(result, nil); err != nil {",
            "\treturn 0, err",
            "}",
            "return int(result.size), nil",
        ],
    )


def view_call(context: Context, function: model.Function, name: str) -> str:
    """Bytes that belong to the handle: a copy, and a view for as long as a function runs."""
    code = begin(context, function)
    receiver = go_names.receiver(function.noun)
    noun = go_names.type_name(function.noun)
    given = [each.split(" ")[0] for each in code.inputs]
    size = f"C.{function.noun}_size((*C.{function.noun})(self))"
    copier = "func(data []byte) { copied = append([]byte{}, data...) }"
    arguments = ", ".join([*given, copier])
    copied = documented(context, function, name, code) + lines(
        signature(function, name, code.inputs, "([]byte, error)"),
        [
            "var copied []byte",
            f"err := {receiver}.View{name}({arguments})",
            "return copied, err",
        ],
    )
    note = (
        f"View{name} is [{noun}.{name}] without the copy: view sees the memory of the library, and"
        " must neither change it nor keep it."
    )
    return (
        copied
        + go_docs.comment(note)
        + lines(
            signature(function, f"View{name}", [*code.inputs, "view func(data []byte)"], "error"),
            [
                *body(code, ""),
                invoke(function, code),
                "if err := f.done(result, nil); err != nil {",
                "\treturn err",
                "}",
                f"view(unsafe.Slice((*byte)(result.out), {size}))",
                "return nil",
            ],
        )
    )


def list_call(context: Context, function: model.Function, name: str, value: model.Value) -> str:
    """A list: a sequence over all pages, and one page."""
    code = begin(context, function)
    record = context.page_record(value.target)
    options = function.params[-3]
    if (
        options.kind != "options"
        or code.inputs[-1] != f"options *{go_names.type_name(options.target)}"
    ):
        raise Unsupported(f"{function.name}: a list takes options last")
    receiver = go_names.receiver(function.noun)
    noun = go_names.type_name(function.noun)
    given = [each.split(" ")[0] for each in code.inputs[:-1]]
    sequence = documented(
        context, function, name, code,
        f"The pages are read one by one, when they are needed; [{noun}.{name}Page] reads one. An"
        " error ends the sequence.",
    )  # fmt: skip
    sequence += lines(
        signature(function, name, code.inputs, f"iter.Seq2[{record}, error]"),
        [
            f"var each {go_names.type_name(options.target)}",
            "if options != nil {",
            "\teach = *options",
            "}",
            f"return pages(each.Token, func(token string) (Page[{record}], error) {{",
            "\tnext := each",
            "\tnext.Token = token",
            f"\treturn {receiver}.{name}Page({', '.join([*given, '&next'])})",
            "})",
        ],
    )
    page = go_docs.comment(f"{name}Page reads one page of [{noun}.{name}].")
    page += lines(
        signature(function, f"{name}Page", code.inputs, f"(Page[{record}], error)"),
        [
            *body(code, f"Page[{record}]{{}}"),
            invoke(function, code),
            f"if err := f.done(result, &{kind_name(value.target)}); err != nil {{",
            f"\treturn Page[{record}]{{}}, err",
            "}",
            f"return take{go_names.type_name(value.target)}(result.out), nil",
        ],
    )
    return sequence + page


def kind_name(handle: str) -> str:
    """mr_run -> runKind; not the type RunKind of Go."""
    name = go_names.type_name(handle)
    return "kindOf" + name


def getter(context: Context, function: model.Function) -> str:
    if not function.fast:
        raise Unsupported(f"{function.name}: a getter that is not @fast could run callbacks")
    name = go_names.function_name(function)
    if not function.is_method:
        return free_getter(context, function, name)
    code = begin(context, function)
    value = f"C.{function.name}({', '.join(code.arguments)})"
    if function.result == "column":
        return column_getter(context, function, name, code, value)
    if function.result == "record":
        return record_getter(context, function, name, code, value)
    text = documented(context, function, name, code)
    if function.verb == "count":
        result, none, value = "int", "0", f"int({value})"
    elif function.result == "scalar":
        result, none = go_names.scalar_type(function.target), "0"
        value = f"{result}({value})"
    elif function.result == "string":
        result, none, value = "string", '""', f"C.GoString({value})"
    else:
        raise Unsupported(f"{function.name}: no Go form of a getter of {function.result}")
    return text + lines(
        signature(function, name, code.inputs, f"({result}, error)"),
        [*body(code, none), f"return {value}, nil"],
    )


def free_getter(context: Context, function: model.Function, name: str) -> str:
    code = begin(context, function)
    value = f"C.{function.name}({', '.join(code.arguments)})"
    if function.result == "string":
        result, value = "string", f"C.GoString({value})"
    elif function.result == "scalar":
        result = go_names.scalar_type(function.target)
        value = f"{result}({value})"
    else:
        raise Unsupported(f"{function.name}: no Go form of a getter of {function.result}")
    return documented(context, function, name, code) + lines(
        signature(function, name, code.inputs, result), [f"return {value}"]
    )


def record_getter(
    context: Context, function: model.Function, name: str, code: Code, value: str
) -> str:
    record = go_names.type_name(function.target)
    inputs, statements = code.inputs, body(code, f"{record}{{}}")
    if function.verb == "at":
        inputs = ["index int"]
    statements.append(f"record := {value}")
    if function.result_nullable:
        if function.verb != "at":
            raise Unsupported(f"{function.name}: no Go form of a record that may be missing")
        count = f"C.{function.noun}_count((*C.{function.noun})(self))"
        statements += [
            "if record == nil {",
            f'\treturn {record}{{}}, outOfRange("index", index, int({count}))',
            "}",
        ]
    statements.append(f"return {read_name(function.target)}(record), nil")
    text = documented(context, function, name, code) + lines(
        signature(function, name, inputs, f"({record}, error)"), statements
    )
    if function.verb == "at":
        receiver = go_names.receiver(function.noun)
        text += go_docs.comment("All goes over all of them, in the order of At.") + lines(
            signature(function, "All", [], f"iter.Seq2[{record}, error]"),
            [f"return all({receiver}.Len, {receiver}.At)"],
        )
    return text


def read_name(record: str) -> str:
    return "read" + go_names.type_name(record)


def column_getter(
    context: Context, function: model.Function, name: str, code: Code, value: str
) -> str:
    element = go_names.SCALARS[function.target]
    noun = go_names.type_name(function.noun)
    receiver = go_names.receiver(function.noun)
    argument = go_names.lower_camel(function.verb)
    copy = f"copied = append([]{element}{{}}, {argument}...)"
    copier = f"func({argument} []{element}) {{ {copy} }}"
    note = (
        f"View{name} is [{noun}.{name}] without the copy: view sees the memory of the library, and"
        " must neither change it nor keep it."
    )
    return (
        documented(context, function, name, code)
        + lines(
            signature(function, name, [], f"([]{element}, error)"),
            [
                f"var copied []{element}",
                f"err := {receiver}.View{name}({copier})",
                "return copied, err",
            ],
        )
        + go_docs.comment(note)
        + lines(
            signature(function, f"View{name}", [f"view func({argument} []{element})"], "error"),
            [
                *body(code, ""),
                f"first := (*{element})(unsafe.Pointer({value}))",
                f"view(unsafe.Slice(first, C.{function.noun}_count((*C.{function.noun})(self))))",
                "return nil",
            ],
        )
    )


def action(context: Context, function: model.Function) -> str:
    """An action cannot fail, and does nothing on a handle that was closed."""
    if not function.fast:
        raise Unsupported(f"{function.name}: an action that is not @fast could run callbacks")
    code = begin(context, function)
    name = go_names.function_name(function)
    note = "It does nothing once the handle is closed."
    return documented(context, function, name, code, note) + lines(
        signature(function, name, code.inputs, ""),
        [
            "var f frame",
            "defer f.end()",
            *code.before,
            "if f.err == nil {",
            f"\tC.{function.name}({', '.join(code.arguments)})",
            "}",
        ],
    )


def method(context: Context, function: model.Function) -> str:
    """The Go form of a function that is no destructor and belongs to no page or buffer."""
    if function.kind == "call":
        return call(context, function)
    if function.kind == "getter":
        return getter(context, function)
    return action(context, function)
