# SPDX-License-Identifier: Apache-2.0
"""Writes the program that holds headers and library to api.json, as a compiler sees them."""

from __future__ import annotations

from c_code import HEAD, UNFORMATTED, pointer_type
from model import Api, Struct, Value

PATH = "tests/abi/abi_check.c"

START = """\
/* Holds the headers to the values, types and layouts that bindings/api.json describes, and the
 * library to the functions: this compiles, links and answers 0, or something has changed. */
#include <modelreg/modelreg.h>
#include <stdio.h>
#include <string.h>

#define IS(type, expression) _Generic((expression), type: 1, default: 0)
#define FIELD(type, name)    (((type *)0)->name)
"""

MAIN = """\

static int complaints;

/* An initialiser gives the size, and the default, which is zero, for everything else. */
static void check_init(const char *name, const void *value, size_t size) {
  const unsigned char *bytes = value;
  uint32_t struct_size = 0;
  memcpy(&struct_size, value, sizeof struct_size);
  if (struct_size != size) {
    fprintf(stderr, "%s says size %u instead of %zu\\n", name, (unsigned)struct_size, size);
    complaints++;
  }
  for (size_t i = sizeof struct_size; i < size; i++) {
    if (bytes[i] == 0) continue;
    fprintf(stderr, "%s is not zero at byte %zu\\n", name, i);
    complaints++;
    return;
  }
}

int main(void) {
"""

END = """\
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (functions[i].address != NULL) continue;
    fprintf(stderr, "%s has no address\\n", functions[i].name);
    complaints++;
  }
  if (mr_abi_level() != MR_ABI_LEVEL) {
    fprintf(stderr, "the library is of ABI level %u\\n", (unsigned)mr_abi_level());
    complaints++;
  }
  if (strcmp(mr_library_version(), version) != 0) {
    fprintf(stderr, "the library is of version %s, not %s\\n", mr_library_version(), version);
    complaints++;
  }
  if (complaints == 0) printf("%zu functions agree\\n", sizeof functions / sizeof functions[0]);
  return complaints == 0 ? 0 : 1;
}
"""


def check(condition: str, message: str) -> str:
    return f'_Static_assert({condition}, "{message}");\n'


def field_type(field: Value) -> str:
    """The type of the field where it is used as a value: an array has become a pointer."""
    return field.ctype.split("[")[0].rstrip() + " *" if "[" in field.ctype else field.ctype


def init_macro(struct: Struct) -> str:
    return struct.name.upper() + "_INIT"


def write_values(api: Api) -> str:
    text = "\n/* The numbers. */\n"
    for constant in api.constants:
        text += check(f"{constant.name} == {constant.value}", constant.name)
    for enum in api.enums:
        text += check(f"IS({enum.base}, ({enum.name})0)", f"{enum.name} is {enum.base}")
        for constant in enum.constants:
            text += check(f"{constant.name} == {constant.value}", constant.name)
    return text


def write_structs(api: Api) -> str:
    text = "\n/* The types of the fields. */\n"
    for struct in api.structs:
        for field in struct.fields:
            where = f"{struct.name}.{field.name}"
            text += check(f"IS({field_type(field)}, FIELD({struct.name}, {field.name}))", where)
    text += "\n/* The layouts where pointers have 8 bytes. */\n#if UINTPTR_MAX == UINT64_MAX\n"
    for struct in api.structs:
        text += check(f"sizeof({struct.name}) == {struct.size}", struct.name)
        for field in struct.fields:
            where = f"{struct.name}.{field.name}"
            size = f"sizeof(FIELD({struct.name}, {field.name})) == {field.size}"
            place = f"offsetof({struct.name}, {field.name}) == {field.offset}"
            text += check(f"{place} && {size}", where)
    return text + "#endif\n"


def write_functions(api: Api) -> str:
    text = "\n/* The functions, by type and by address. */\n"
    for function in api.functions:
        text += check(f"IS({pointer_type(function)}, &{function.name})", function.name)
    text += "\nstatic const struct {\n  const char *name;\n  void (*address)(void);\n"
    text += "} functions[] = {\n"
    for function in api.functions:
        text += f'    {{"{function.name}", (void (*)(void)){function.name}}},\n'
    return text + "};\n"


def write_abi_check(api: Api) -> dict[str, str]:
    text = HEAD + UNFORMATTED + START
    text += write_values(api) + write_structs(api) + write_functions(api)
    text += f'\nstatic const char version[] = "{api.version}";\n' + MAIN
    for struct in api.structs:
        if struct.role != "record":
            name, init = struct.name, init_macro(struct)
            text += f'  {{ {name} value = {init}; check_init("{init}", &value, sizeof value); }}\n'
    return {PATH: text + END}
