# SPDX-License-Identifier: Apache-2.0
"""Writes the Go layer: enums, records, options, handles with their methods, and the C between.

The text is as gofmt would write it, so that no Go is needed to generate it; a test holds them
against each other.
"""

from __future__ import annotations

import re

import go_docs
import go_names
import model
import threads
from go_build import CGO, HEAD, Context, imports, kind_name, read_name, refused, shim_name
from go_enums import write_enums
from go_methods import method
from go_shims import write_c_header, write_c_source
from go_structs import write_options, write_records

FOLDER = "bindings/go"


def destructor(context: Context, handle: model.Handle) -> model.Function:
    return next(each for each in context.api.functions if each.name == handle.destructor)


def holds_files(handle: model.Handle) -> bool:
    """Whether closing does more than to free memory: its function is a close, not a free."""
    return handle.destructor.endswith("_close")


def flush_of(context: Context, handle: model.Handle) -> model.Function:
    for each in context.api.functions:
        if each.name == f"{handle.name}_flush" and [v.kind for v in each.params[1:]] == ["error"]:
            return each
    raise refused(destructor(context, handle), "has no flush, whose error Close could return")


def write_kind(context: Context, handle: model.Handle) -> str:
    """What all handles of a type share."""
    word = handle.name.removeprefix("mr_").replace("_", " ")
    free = shim_name(destructor(context, handle))
    locked = "true" if threads.locked(context.api, handle) else "false"
    flush = "nil"
    if holds_files(handle):
        function = flush_of(context, handle)
        flush = (
            "func(ptr unsafe.Pointer) C.mrgo_result {\n"
            f"\treturn C.{shim_name(function)}((*C.{handle.name})(ptr))\n}}"
        )
    return (
        f'var {kind_name(handle.name)} = handleKind{{"{word}", func(ptr unsafe.Pointer) uint64 {{\n'
        f"\treturn uint64(C.{free}((*C.{handle.name})(ptr)))\n}}, {locked}, {flush}}}\n\n"
    )


def write_page(context: Context, handle: model.Handle) -> str:
    """A page is copied and freed at once."""
    page, record = go_names.type_name(handle.name), go_names.type_name(handle.page_of)
    return write_kind(context, handle) + (
        f"func take{page}(ptr unsafe.Pointer) Page[{record}] {{\n"
        f"\tpage := (*C.{handle.name})(ptr)\n"
        f"\trecords := make([]{record}, C.{handle.name}_count(page))\n"
        "\tfor i := range records {\n"
        f"\t\trecords[i] = {read_name(handle.page_of)}(C.{handle.name}_at(page, C.int64_t(i)))\n"
        "\t}\n"
        f"\tnext := C.GoString(C.{handle.name}_next_token(page))\n"
        f"\traise({kind_name(handle.name)}.free(ptr))\n"
        f"\treturn Page[{record}]{{records, next}}\n"
        "}\n\n"
    )


def write_buffer(context: Context, handle: model.Handle) -> str:
    """A buffer is copied into a string and freed at once."""
    return write_kind(context, handle) + (
        "func takeBuffer(ptr unsafe.Pointer) string {\n"
        f"\tbuffer := (*C.{handle.name})(ptr)\n"
        f"\tdata := (*byte)(unsafe.Pointer(C.{handle.name}_data(buffer)))\n"
        f"\ttext := string(unsafe.Slice(data, C.{handle.name}_size(buffer)))\n"
        f"\traise({kind_name(handle.name)}.free(ptr))\n"
        "\treturn text\n"
        "}\n\n"
    )


CLOSE_NOTE = (
    "It may be called at any time and more than once. Calls that are under way end as usual, and"
    " the last of them frees the handle; calls that begin later answer [ErrClosed]. The error is"
    " always nil."
)
CLOSE_AND_WAIT_NOTE = (
    "It may be called at any time and more than once. Calls that are under way end as usual, calls"
    " that begin later answer [ErrClosed], and Close returns when all is released. Called by a"
    " callback of this very {word}, it returns nil at once, and the rest happens when the call has"
    " ended.\n\n"
    "The error is that of [{name}.Flush], which comes first: what was logged could not be written."
    " The {word} is closed all the same, and to close it again returns the same error."
)


def write_close(context: Context, handle: model.Handle) -> str:
    name = go_names.type_name(handle.name)
    receiver = go_names.receiver(handle.name)
    function = destructor(context, handle)
    close = context.references.translate(function.doc.text, "nil", None)
    note = CLOSE_NOTE
    if holds_files(handle):
        close = close.partition("\n\nA failure to write")[0]
        note = CLOSE_AND_WAIT_NOTE.format(name=name, word=handle.name.removeprefix("mr_"))
    return go_docs.comment(f"Close {go_docs.closing(close)}\n\n{note}") + (
        f"func ({receiver} *{name}) Close() error {{\n\treturn {receiver}.core().close()\n}}\n\n"
    )


def write_handle(context: Context, handle: model.Handle) -> str:
    name = go_names.type_name(handle.name)
    receiver = go_names.receiver(handle.name)
    references = context.references
    text = go_docs.sentence(name, references.translate(handle.doc.text, "nil", None), "says", "is")
    out = go_docs.comment(text + go_docs.age(handle.doc, "nil", references))
    out += f"type {name} struct {{\n\towner owner\n}}\n\n"
    out += write_kind(context, handle)
    out += (
        f"func new{name}(ptr unsafe.Pointer, host *host, parent any) *{name} {{\n"
        f"\t{receiver} := &{name}{{}}\n"
        f"\t{receiver}.owner.handle = newHandle(ptr, &{kind_name(handle.name)}, host, parent)\n"
        f"\truntime.AddCleanup({receiver}, (*handle).collect, {receiver}.owner.handle)\n"
        f"\treturn {receiver}\n"
        "}\n\n"
        f"func ({receiver} *{name}) core() *owner {{\n"
        f"\tif {receiver} == nil {{\n\t\treturn nil\n\t}}\n"
        f"\treturn &{receiver}.owner\n"
        "}\n\n"
    )
    out += write_close(context, handle)
    for function in functions_of(context, handle.name):
        out += method(context, function)
    refuse_duplicates(context, handle.name, out)
    return out


# Methods that are written by hand.
BY_HAND = {"mr_blob": ["ReadAt"], "mr_semver": ["String"], "mr_semver_range": ["String"]}


def refuse_duplicates(context: Context, noun: str, text: str) -> None:
    """Two functions of C must not become one of Go: mr_x_all and what At gives."""
    names = BY_HAND.get(noun, []) + re.findall(r"^func \(\w+ \*\w+\) (\w+)", text, re.MULTILINE)
    for function in reversed(functions_of(context, noun)):
        made = re.findall(r"^func \(\w+ \*\w+\) (\w+)", method(context, function), re.MULTILINE)
        for name in made:
            if names.count(name) > 1:
                raise refused(function, f"makes a second method {name}")


def functions_of(context: Context, noun: str) -> list[model.Function]:
    return [
        function
        for function in context.api.functions
        if function.noun == noun and function.kind != "destructor" and not function.skip
    ]


def write_handles(context: Context) -> str:
    text = ""
    for handle in context.api.handles:
        if handle.page_of:
            text += write_page(context, handle)
        elif handle.name == go_names.BUFFER:
            text += write_buffer(context, handle)
        else:
            text += write_handle(context, handle)
    text += "".join(method(context, function) for function in functions_of(context, ""))
    return HEAD + CGO + imports(text, "runtime") + text


def write_doc(context: Context) -> str:
    """What the headers say about their areas; it follows the package comment of doc.go, which has
    in terms of Go what modelreg.h says."""
    text, others = "", ""
    for header, doc in zip(context.api.headers, context.api.header_docs, strict=True):
        said = context.references.translate(doc.text, "nil", None)
        if header == "modelreg.h":
            continue
        if "\n" in said:
            text += f"# What {header} says\n\n{said}\n\n"
        else:
            others += f"- {header}: {said}\n"
    text += f"# The other headers\n\n{others}"
    return HEAD + go_docs.comment(text.strip()) + "package modelreg\n"


def write_go(api: model.Api) -> dict[str, str]:
    """All generated files of the Go package."""
    context = Context.of(api)
    files = {
        "go_generated.h": write_c_header(api),
        "go_generated.c": write_c_source(api),
        "generated.go": write_handles(context),
        "generated_doc.go": write_doc(context),
        "generated_enums.go": write_enums(context),
        "generated_options.go": write_options(context),
        "generated_records.go": write_records(context),
    }
    return {f"{FOLDER}/{name}": text.rstrip("\n") + "\n" for name, text in files.items()}
