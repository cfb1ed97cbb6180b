# SPDX-License-Identifier: Apache-2.0
"""The functions of C as methods and functions of Go."""

from __future__ import annotations

import go_docs
import go_names
import model
from go_build import (
    Code,
    Context,
    begin,
    body,
    documented,
    kind_name,
    lines,
    must_lock,
    out_text,
    output,
    read_name,
    refused,
    shim_name,
    signature,
    splits,
)

# Calls that a method written by hand wraps, in blob.go.
WRAPPED = {"mr_blob_read"}


def call(context: Context, function: model.Function) -> str:
    """A call as one Go function, or as two where its output may be left out and is not what its
    name promises: Verify and VerifyReport."""
    value = output(function)
    name = go_names.function_name(function)
    if value is None:
        return plain_call(context, function, name)
    may_be_missing = value.kind == "out_handle" and not is_taken(context, value)
    if function.result_nullable and not may_be_missing and value.kind != "out_string":
        raise refused(function, f"no Go form of a {value.kind} that may be NULL")
    if splits(function):
        noun = go_names.type_name(value.target)
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


def is_taken(context: Context, value: model.Value) -> bool:
    """Whether what a handle holds is copied, and the handle freed at once."""
    return value.target == go_names.BUFFER or context.is_page(value.target)


def invoke(function: model.Function, code: Code, output: str = "") -> str:
    arguments = ", ".join(code.arguments)
    return f"got := C.{shim_name(function)}{output}({arguments})"


def plain_call(context: Context, function: model.Function, name: str, note: str = "") -> str:
    code = begin(context, function)
    without = "" if output(function) is None else "_only"
    return documented(context, function, name, code, note, False) + lines(
        signature(function, name, code.inputs, "error"),
        [*body(code, ""), invoke(function, code, without), "return f.done(got, nil)"],
    )


def handle_call(context: Context, function: model.Function, name: str, value: model.Value) -> str:
    code = begin(context, function)
    noun = go_names.type_name(value.target)
    kind = kind_name(value.target)
    parent, host = "nil", "f.host"
    if function.is_method:
        parent = go_names.receiver(function.noun)
        host = f"{parent}.owner.handle.host"
    text = documented(context, function, name, code, out_text(context, function, value))
    return text + lines(
        signature(function, name, code.inputs, f"(*{noun}, error)"),
        [
            *body(code, "nil"),
            invoke(function, code),
            f"if err := f.done(got, &{kind}); err != nil {{",
            "\treturn nil, err",
            "}",
            *(["if got.out == nil {", "\treturn nil, nil", "}"] * function.result_nullable),
            f"return new{noun}(got.out, {host}, {parent}), nil",
        ],
    )


def text_call(context: Context, function: model.Function, name: str, value: model.Value) -> str:
    """Text of the handle, or what a buffer holds: text or bytes."""
    code = begin(context, function)
    kind, take, result, none = "nil", "C.GoString((*C.char)(got.out))", "string", '""'
    if value.kind == "out_handle":
        kind, take = "&" + kind_name(value.target), "takeBuffer(got.out)"
        if not value.is_text:
            take, result, none = "[]byte(takeBuffer(got.out))", "[]byte", "nil"
    text = documented(context, function, name, code, out_text(context, function, value))
    return text + lines(
        signature(function, name, code.inputs, f"({result}, error)"),
        [
            *body(code, none),
            invoke(function, code),
            f"if err := f.done(got, {kind}); err != nil {{",
            f"\treturn {none}, err",
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
            "if err := f.done(got, nil); err != nil {",
            "\treturn 0, err",
            "}",
            "return int(got.size), nil",
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
                "if err := f.done(got, nil); err != nil {",
                "\treturn err",
                "}",
                *(["f.unlock()"] if code.locked else []),
                f"view(unsafe.Slice((*byte)(got.out), {size}))",
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
        raise refused(function, "a list takes options last")
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
            f"if err := f.done(got, &{kind_name(value.target)}); err != nil {{",
            f"\treturn Page[{record}]{{}}, err",
            "}",
            f"return take{go_names.type_name(value.target)}(got.out), nil",
        ],
    )
    return sequence + page


def getter(context: Context, function: model.Function) -> str:
    if not function.fast:
        raise refused(function, "a getter that is not @fast could run callbacks")
    name = go_names.function_name(function)
    if not function.is_method:
        return free_getter(context, function, name)
    if function.result == "order":
        return order_getter(context, function, name)
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
    elif function.result == "bool":
        result, none, value = "bool", "false", f"{value} != 0"
    elif function.result == "string":
        result, none, value = "string", '""', f"C.GoString({value})"
    else:
        raise refused(function, f"no Go form of a getter of {function.result}")
    return text + lines(
        signature(function, name, code.inputs, f"({result}, error)"),
        [*body(code, none), f"return {value}, nil"],
    )


def order_getter(context: Context, function: model.Function, name: str) -> str:
    """A comparison without an error, which is what package slices sorts by."""
    values, code = function.params, Code([], [], [])
    names = [go_names.receiver(function.noun), go_names.parameter_name(values[1])]
    noun = go_names.type_name(function.noun)
    code.inputs.append(f"{names[1]} *{noun}")
    note = f"slices.SortFunc takes it as (*{noun}).{name}. A closed one counts as nil."
    statements = ["var f frame", "defer f.end()"]
    for each, value in zip(names, values):
        c_name = f"c{go_names.camel(value.name)}"
        statements.append(f"{c_name} := (*C.{function.noun})(f.present({each}.core()))")
        code.arguments.append(c_name)
    call = f"C.{function.name}({', '.join(code.arguments)})"
    return documented(context, function, name, code, note) + lines(
        signature(function, name, code.inputs, "int"), [*statements, f"return int({call})"]
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
        raise refused(function, f"no Go form of a getter of {function.result}")
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
            raise refused(function, "no Go form of a record that may be missing")
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


def column_getter(
    context: Context, function: model.Function, name: str, code: Code, value: str
) -> str:
    if must_lock(context, function.noun):
        raise refused(function, "no Go form of a column that may change while it is seen")
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
        raise refused(function, "an action that is not @fast could run callbacks")
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
            *(["\tf.lock()"] if code.locked else []),
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
