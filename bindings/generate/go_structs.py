# SPDX-License-Identifier: Apache-2.0
"""The structs of C as structs of Go: records that are copied, options that are turned into C."""

from __future__ import annotations

import go_docs
import go_names
import model
from go_build import CGO, HEAD, Context, Unsupported, imports, read_name

# The Go forms of what a host may hand to the library; callbacks.go has the rest of it.
CALLBACKS = {"mr_clock_fn": "func() time.Time", "mr_random_fn": "func(out []byte)"}
NATIVE_CALLBACKS = {"mr_clock_fn": "nativeClock", "mr_random_fn": "nativeRandom"}
STRUCTS = {"mr_allocator": "nativeAllocator"}
# Structs that errors.go and callbacks.go have by hand.
BY_HAND = {"error", "hooks"}
# Words that cgo spells with an underscore.
KEYWORDS = {
    "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for",
    "func", "go", "goto", "if", "import", "interface", "map", "package", "range", "return",
    "select", "struct", "switch", "type", "var",
}  # fmt: skip


def c_field(name: str) -> str:
    return f"_{name}" if name in KEYWORDS else name


def go_fields(struct: model.Struct) -> list[model.Value]:
    hidden = {"struct_size", "reserved", "count", "context"}
    return [field for field in struct.fields if field.kind not in hidden]


def field_type(field: model.Value) -> str:
    if go_names.is_time(field):
        return "time.Time"
    if go_names.is_duration(field):
        return "time.Duration"
    if go_names.is_mode(field):
        return "fs.FileMode"
    if field.kind == "scalar":
        return go_names.scalar_type(field.target)
    if field.kind == "callback" and field.target in CALLBACKS:
        return CALLBACKS[field.target]
    if field.kind == "handle" or (field.kind == "struct" and field.target in STRUCTS):
        return "*" + go_names.type_name(field.target)
    plain = {"bool": "bool", "string": "string", "path": "string", "strings": "[]string"}
    if field.kind == "array":
        return "[]" + go_names.SCALARS[field.target]
    if field.kind not in plain:
        raise Unsupported(f"no Go form of the {field.kind} {field.name}")
    return plain[field.kind]


def field_doc(context: Context, struct: model.Struct, field: model.Value) -> str:
    own = go_names.own_fields(struct)
    null = '""' if field.kind in ("string", "path") else "nil"
    text = field.doc.text
    if field.kind == "bool":
        text = go_docs.truth(text)
    if go_names.is_time(field):
        text = go_docs.moment(text)
    if go_names.is_duration(field):
        text = go_docs.duration(text)
    text = context.references.translate(go_docs.without_count(text, field.count), null, own)
    if go_names.is_duration(field):
        text += " Rounded up to whole milliseconds."
    return go_docs.comment(text + go_docs.age(field.doc, null, context.references), "\t")


def write_struct(context: Context, struct: model.Struct) -> str:
    name = go_names.type_name(struct.name)
    references = context.references
    own = go_names.own_fields(struct)
    text = references.translate(struct.doc.text, "nil", own)
    text = go_docs.sentence(name, text, "says", "is")
    out = go_docs.comment(text + go_docs.age(struct.doc, "nil", references))
    out += f"type {name} struct {{\n"
    out += "\n".join(
        field_doc(context, struct, field)
        + f"\t{go_names.field_name(struct, field)} {field_type(field)}\n"
        for field in go_fields(struct)
    )
    return out + "}\n\n"


def read_field(field: model.Value) -> str:
    """The Go value of a field of a record."""
    value = f"c.{c_field(field.name)}"
    if go_names.is_time(field):
        return f"goTime({value})"
    if field.kind == "scalar":
        return f"{go_names.scalar_type(field.target)}({value})"
    if field.kind == "bool":
        return f"{value} != 0"
    if field.kind in ("string", "path"):
        return f"C.GoString({value})"
    if field.kind == "strings":
        return f"goTexts({value}, C.int64_t(c.{c_field(field.count)}))"
    raise Unsupported(f"no Go form of the {field.kind} {field.name} of a record")


def write_reader(struct: model.Struct) -> str:
    """Copies a record. A field that came after the record may be missing in an older library."""
    name = go_names.type_name(struct.name)
    out = f"func {read_name(struct.name)}(c *C.{struct.name}) (r {name}) {{\n"
    for field in go_fields(struct):
        line = f"r.{go_names.field_name(struct, field)} = {read_field(field)}\n"
        if field.doc.since == struct.doc.since:
            out += f"\t{line}"
            continue
        last = field
        if field.count:
            last = next(each for each in struct.fields if each.name == field.count)
        there = f"unsafe.Offsetof(c.{c_field(last.name)})+unsafe.Sizeof(c.{c_field(last.name)})"
        out += f"\tif {there} <= uintptr(c.struct_size) {{\n\t\t{line}\t}}\n"
    return out + "\treturn r\n}\n\n"


def of_role(context: Context, role: str) -> list[model.Struct]:
    known = BY_HAND | {"options", "record"}
    for struct in context.api.structs:
        if struct.role not in known or (struct.role == "hooks" and struct.name not in STRUCTS):
            raise Unsupported(f"no Go form of the struct {struct.name}")
    return [struct for struct in context.api.structs if struct.role == role]


def write_records(context: Context) -> str:
    structs = of_role(context, "record")
    text = "".join(write_struct(context, struct) + write_reader(struct) for struct in structs)
    return HEAD + CGO + imports(text) + text


def native_field(context: Context, struct: model.Struct, field: model.Value) -> list[str]:
    """The statements that set a field of an option struct of C."""
    go = f"o.{go_names.field_name(struct, field)}"
    native = f"n.{c_field(field.name)}"
    name = f'"{go_names.type_name(struct.name)}.{go_names.field_name(struct, field)}"'
    if go_names.is_time(field):
        return [f"{native} = microseconds({go})"]
    if go_names.is_duration(field):
        return [f"{native} = milliseconds({go})"]
    if field.kind == "scalar":
        return [f"{native} = C.{field.target}({go})"]
    if field.kind == "bool":
        return [f"{native} = nativeBool({go})"]
    if field.kind in ("string", "path"):
        return [f"{native} = f.pinnedText({name}, {go})"]
    if field.kind == "handle":
        return [f"{native} = (*C.{field.target})(f.argument({name}, {go}.core(), true))"]
    if field.kind in ("strings", "array"):
        value = f"f.texts({name}, {go})"
        if field.kind == "array":
            value = f"(*C.{field.target})(pinnedArray(f, {go}))"
        return [f"{native} = {value}", *native_count(struct, field, go, name)]
    if field.kind == "callback":
        following = struct.fields[struct.fields.index(field) + 1]
        if following.kind != "context":
            raise Unsupported(f"{struct.name}.{field.name} has no context behind it")
        both = f"{native}, n.{c_field(following.name)}"
        return [f"{both} = f.{NATIVE_CALLBACKS[field.target]}({go})"]
    if field.kind == "struct":
        return [f"{native} = f.{STRUCTS[field.target]}({name}, {go})"]
    raise Unsupported(f"no Go form of the {field.kind} {field.name} of options")


def native_count(struct: model.Struct, field: model.Value, go: str, name: str) -> list[str]:
    """Compares an array with the one before it of the same count, or sets the count."""
    same = [each for each in struct.fields if each.count == field.count]
    if same[0] is field:
        count = next(each for each in struct.fields if each.name == field.count)
        return [f"n.{c_field(count.name)} = C.{count.target}(len({go}))"]
    first = go_names.field_name(struct, same[0])
    other = f'"{go_names.type_name(struct.name)}.{first}", len(o.{first})'
    return [f"f.sameLength({name}, len({go}), {other})"]


def write_native(context: Context, struct: model.Struct) -> str:
    """Turns options into C, in memory that stays where it is until the call has returned."""
    name = go_names.type_name(struct.name)
    out = (
        f"func (o *{name}) native(f *frame) *C.{struct.name} {{\n\tif o == nil {{\n\t\treturn nil\n"
    )
    out += f"\t}}\n\tn := &C.{struct.name}{{struct_size: C.sizeof_{struct.name}}}\n"
    for field in go_fields(struct):
        out += "".join(f"\t{line}\n" for line in native_field(context, struct, field))
    return out + "\treturn n\n}\n\n"


def write_options(context: Context) -> str:
    structs = of_role(context, "options")
    text = "".join(
        write_struct(context, struct) + write_native(context, struct) for struct in structs
    )
    return HEAD + CGO + imports(text) + text
