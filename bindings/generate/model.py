# SPDX-License-Identifier: Apache-2.0
"""The description of the public ABI: what is read from the headers and what every writer reads.

Everything here is plain data without defaults that hide something, in the order of the headers, so
that the same headers always give the same description.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# "MR_OK", "MR_OK, also when it is there already" or "MR_OK: ask for the outcome".
SUCCESS = re.compile(r"^MR_OK(?:, also (?P<also>when .*?)|: (?P<then>.*?))?(?:; |\.?$)")


@dataclass(frozen=True)
class Doc:
    """A doc comment, without its annotations. Text keeps its paragraphs, parted by an empty line;
    lines within a paragraph are joined, lines that are indented by four or more are kept."""

    text: str
    since: (
        str  # "0.1.0"; a field or parameter has that of what it belongs to unless it says its own
    )
    deprecated: str  # what to use instead, or ""


@dataclass(frozen=True)
class Constant:
    """A value: of an enum, or a number given by #define."""

    name: str  # MR_RUN_KIND_TRAINING
    value: int
    doc: Doc


@dataclass(frozen=True)
class Enum:
    """A typedef of a fixed width with its constants: `typedef int32_t mr_x;` and the enum that
    follows it. Typedefs that end in _flags hold bits."""

    name: str  # mr_run_kind
    base: str  # int32_t or uint32_t
    flags: bool
    constants: tuple[Constant, ...]
    doc: Doc
    header: str  # run.h


@dataclass(frozen=True)
class Value:
    """A parameter or a field: its C spelling, and what it means, told by the rules.

    kind, and what `target` then names:
      scalar       a number by value; target: int64_t, double, uint32_t, int32_t, size_t, uint8_t
                   or an Enum
      bool         int32_t that is 0 or 1: its doc begins with "1 when", "1:" or "0 or 1", and no
                   other int32_t is without a typedef; target: int32_t
      string       const char *, NUL-terminated UTF-8
      path         const char * that names something in the file system or a URI for it
      strings      const char *const *, an array of strings, see count
      array        const T *, an array of numbers, see count; target: T
      bytes        const uint8_t *, see count
      count        how many elements the arrays right before it have; its name is, or ends in,
                   count or size
      handle       mr_x *, a handle; target: mr_x (the first parameter of a method is one, too)
      options      const mr_x_options *; target: the struct
      struct       const mr_x *, another struct that the caller fills, such as mr_allocator
      callback     a function pointer; target: the Callback
      context      void *, the first argument of the callback before it
      error        mr_error *
      out_handle   mr_x **, receives a handle that the caller must free; target: mr_x
      out_string   const char **, receives a string that belongs to the first parameter
      out_bytes    const uint8_t **, receives bytes that belong to the first parameter; the noun's
                   _size function says how many
      out_memory   uint8_t *, memory of the caller to be filled, see count
      out_count    size_t *, receives how many elements of out_memory were filled
      struct_size  the first field of every struct
      reserved     a field that must be 0
      text         char[N], only in mr_error; target: N
      memory       void *, a block of the host's memory, only in the functions of mr_allocator
    """

    name: str
    ctype: str  # as C spells it: "const char *const *"
    kind: str
    target: str  # "" where the kind needs none
    count: str  # for arrays, the parameter or field that holds the number of elements, else ""
    nullable: bool
    doc: Doc
    offset: int  # of a field in bytes where pointers have 8; -1 for a parameter
    size: int  # of a field in bytes where pointers have 8; 0 for a parameter

    @property
    def is_text(self) -> bool:
        """Whether what a buffer receives is text, and not bytes."""
        return self.name.rpartition("_")[2] in ("text", "json")


@dataclass(frozen=True)
class Struct:
    name: str  # mr_run_options
    role: str  # options, record, error or hooks (mr_allocator)
    fields: tuple[Value, ...]
    size: int  # in bytes where pointers have 8
    doc: Doc
    header: str
    line: int  # for messages; 0 when read from api.json, which does not keep it


@dataclass(frozen=True)
class Callback:
    """A function type, or a function pointer in a struct (then named mr_struct.field)."""

    name: str
    returns: str  # C spelling
    params: tuple[Value, ...]
    doc: Doc
    header: str


@dataclass(frozen=True)
class Function:
    """kind:
      call         returns mr_status, takes mr_error last
      getter       returns a value and cannot fail
      action       returns void, and is no destructor
      destructor   returns void and frees its handle

    result, for a getter:
      scalar (target: type), bool (target: int32_t), order (-1, 0 or 1), string, record (target:
      struct), column (target: double or int64_t, as many as the noun's _count), bytes (as many as
      the noun's _size)
    and for a call what its output is: "" or one of out_handle, out_string, out_bytes, out_memory.
    """

    name: str  # mr_run_log_param
    noun: str  # the handle whose method or maker it is, "mr_run"; "" for a free function
    verb: str  # what is left of the name, "log_param"
    kind: str
    is_method: bool  # its first parameter is the noun's handle
    returns: str  # C spelling
    result: str
    target: str
    # What is returned, or put into the output, may be NULL: @nullable in @return. Whether the
    # caller may pass NULL for an output is told by that parameter.
    result_nullable: bool
    result_doc: str  # text of @return
    params: tuple[Value, ...]  # all of them, the handle first and the error last
    fast: bool
    skip: bool
    doc: Doc
    header: str
    line: int  # for messages; 0 when read from api.json, which does not keep it

    @property
    def about(self) -> str:
        """What it does, with what @return says of its success."""
        match = SUCCESS.match(self.result_doc)
        if self.kind != "call" or match is None or not (match["also"] or match["then"]):
            return self.doc.text
        said = f"It is no failure {match['also']}" if match["also"] else match["then"]
        return f"{self.doc.text}\n\n{said[:1].upper()}{said[1:]}."

    @property
    def failures(self) -> str:
        """What @return of a call says of its failures alone."""
        return SUCCESS.sub("", self.result_doc)


@dataclass(frozen=True)
class Handle:
    name: str  # mr_run_page
    destructor: str  # mr_run_page_free
    page_of: str  # for a page the record it holds, "mr_run_record"; "" for every other handle
    item: str  # what _at gives, for a page or another sequence (mr_manifest): the record; else ""
    doc: Doc
    header: str


@dataclass(frozen=True)
class Api:
    version: str  # "0.1.0"
    abi_level: int
    headers: tuple[str, ...]
    constants: tuple[Constant, ...]  # those given by #define
    enums: tuple[Enum, ...]
    callbacks: tuple[Callback, ...]
    structs: tuple[Struct, ...]
    handles: tuple[Handle, ...]
    functions: tuple[Function, ...]
    header_docs: tuple[Doc, ...]  # of each of `headers`, its @file comment
