# SPDX-License-Identifier: Apache-2.0
"""Cases that break the rules for files and for types."""

from __future__ import annotations

from case import CPP_END, FREE, GOOD, HERE, KIND, NAME, Case, about, add, call, getter, typed

FILES = [
    Case("guard", "#ifndef MODELREG_THING_H", f"{HERE}#ifndef MODELREG_THINGS_H"),
    Case(
        "guard", "#define MODELREG_TYPES_H\n", "\n", header="types.h", at="#ifndef MODELREG_TYPES_H"
    ),
    Case(
        "extern-c",
        '#ifdef __cplusplus\nextern "C" {\n#endif\n\n/** A thing. @since 0.1.0 */\n',
        f"/** A thing. @since 0.1.0 */\n{HERE}",
    ),
    Case(
        "extern-c",
        FREE,
        f"{FREE}{CPP_END}{HERE}MR_API void mr_lost(void);\n#ifdef TWO\n",
        says="outside",
        also=("conditional",),
        others=True,
    ),
    Case("include-downward", "<modelreg/error.h>", f'{HERE}"modelreg/error.h"', says="brackets"),
    Case("include-downward", "<modelreg/error.h>", f"<stdio.h>{HERE}", says="no public header"),
    Case("include-downward", "<modelreg/error.h>", f"<modelreg/erorr.h>{HERE}", says="no public"),
    Case("include-downward", "<modelreg/error.h>", f"<modelreg/modelreg.h>{HERE}", says="users"),
    Case(
        "include-downward",
        "<stdint.h>\n",
        "<stdint.h>\n#include <modelreg/error.h>\n",
        header="types.h",
        reported="error.h",
        at="#include <modelreg/types.h>",
        says="types.h includes error.h in turn",
    ),
    Case(
        "umbrella",
        "#include <modelreg/thing.h>\n",
        "",
        header="modelreg.h",
        at="/* SPDX",
        says="thing.h",
    ),
    Case(
        "umbrella",
        "<modelreg/types.h>\n",
        f"<modelreg/types.h>\n{HERE}typedef struct mr_own mr_own;\n",
        header="modelreg.h",
        also=("extern-c",),
    ),
    Case("no-function-macro", FREE, add(f"/** Twice. */\n{HERE}#define MR_TWICE(x) ((x) + (x))\n")),
    Case("macro", "LIMIT 0x10", f"LIMIT (1 + 1){HERE}", says="plain number"),
    Case("macro", "LIMIT 0x10", f'LIMIT "ten"{HERE}'),
    Case("plain-c99", FREE, add(f"{HERE}volatile int32_t *mr_thing_cell(void);\n")),
]

TYPES = [
    Case("prefix", FREE, typed(f"{HERE}typedef struct lost lost;"), also=("destructor",)),
    Case(
        "prefix",
        "struct mr_thing mr_thing;",
        f"struct thing mr_thing;{HERE}",
        says="tag the struct mr_thing",
    ),
    Case("prefix", "MR_THING_KIND_BAD = 2", f"THING_KIND_BAD = 2{HERE}", also=("enum-prefix",)),
    Case("prefix", "#define MR_THING_LIMIT", f"{HERE}#define THING_LIMIT"),
    Case("no-global", FREE, typed(f"{HERE}extern int32_t mr_level;")),
    Case("no-union", FREE, typed(f"{HERE}typedef union mr_any {{\n  int64_t i;\n}} mr_any;")),
    Case(
        "no-union",
        NAME,
        f"  /** Any. */\n  union {{\n    int64_t i;\n  }} any;{HERE}\n{NAME}",
        also=("meaning",),
    ),
    Case(
        "prefix",
        "typedef struct mr_thing_record {",
        "typedef struct {",
        at="} mr_thing_record;",
        says="tag the struct mr_thing_record",
    ),
    Case("struct-typedef", FREE, typed(f"{HERE}struct mr_bare {{\n  int64_t i;\n}};")),
    Case(
        "no-inline",
        FREE,
        getter(
            f"static inline int64_t {HERE}mr_thing_one(const mr_thing *thing) "
            "{\n  return thing ? 1 : 0;\n}",
            "thing",
        ),
    ),
    Case(
        "no-inline",
        FREE,
        call("", mark=HERE).replace("MR_API mr_", "extern mr_"),
        also=("mr-api",),
    ),
    Case(
        "no-varargs",
        FREE,
        add(
            f"{about('thing')} * @since 0.1.0\n */\nMR_API void "
            f"{HERE}mr_thing_print(mr_thing *thing, ...);\n"
        ),
    ),
    Case("no-bit-field", "  int32_t strict;", f"  int32_t strict : 1;{HERE}"),
    Case(
        "no-struct-by-value",
        FREE,
        call(f",\n    mr_open_options how{HERE}", "how", mark=""),
        also=("meaning",),
    ),
    Case(
        "no-struct-by-value",
        FREE,
        getter(f"mr_thing_record {HERE}mr_thing_copy(const mr_thing *thing)", "thing"),
        also=("meaning",),
    ),
    Case(
        "fixed-width",
        FREE,
        call(f",\n    int amount{HERE}", "amount", mark=""),
        also=("meaning",),
        says="int64_t",
    ),
    Case(
        "fixed-width",
        FREE,
        call(f",\n    long long amount{HERE}", "amount", mark=""),
        also=("meaning",),
    ),
    Case(
        "fixed-width",
        FREE,
        call(f",\n    const float *weights, size_t count{HERE}", "weights", "count", mark=""),
        also=("meaning", "size-t"),
        says="double",
    ),
    Case("fixed-width", "  double weight;", f"  unsigned long weight;{HERE}", also=("meaning",)),
    Case("fixed-width", "  int32_t strict;", f"  int strict;{HERE}", also=("meaning",)),
    Case(
        "enum-type", FREE, typed(f"{HERE}typedef enum {{ MR_A = 1 }} mr_a;"), also=("doc-missing",)
    ),
    Case(
        "enum-type",
        KIND + "typedef int32_t mr_thing_kind;\n\nenum {",
        KIND + f"typedef int32_t mr_thing_kind;\n\nenum mr_e {HERE}{{",
    ),
    Case("size-t", FREE, call(f",\n    size_t limit{HERE}", "limit", mark=""), says="int64_t"),
    Case("size-t", FREE, getter(f"size_t {HERE}mr_thing_rooms(const mr_thing *thing)", "thing")),
    Case("size-t", "  double weight;", f"  double weight;\n  /** Rooms. */\n  size_t rooms;{HERE}"),
    Case("typedef", FREE, typed(f"{HERE}typedef int64_t mr_id;"), says="enum"),
    Case("enum-base", "typedef int32_t mr_thing_kind", f"typedef uint32_t mr_thing_kind{HERE}"),
    Case("enum-base", "typedef uint32_t mr_open_flags", f"typedef int32_t mr_open_flags{HERE}"),
    Case("enum-explicit", "MR_THING_KIND_BAD = 2", f"MR_THING_KIND_BAD{HERE}"),
    Case("enum-range", "MR_THING_KIND_BAD = 2", f"MR_THING_KIND_BAD = -2{HERE}"),
    Case(
        "enum-unique",
        "MR_THING_KIND_BAD = 2",
        f"MR_THING_KIND_BAD = 1{HERE}",
        says="MR_THING_KIND_GOOD is 1",
    ),
    Case("enum-prefix", GOOD, GOOD + f"  /** O. @since 0.1.0 */\n  MR_KIND_OLD = 3,{HERE}\n"),
    Case("flag-bit", "MR_OPEN_LOOK = 1 << 1", f"MR_OPEN_LOOK = 3{HERE}"),
    Case(
        "struct-name",
        FREE,
        typed(
            f"typedef struct {HERE}mr_bag {{\n  /** Size. */\n  uint32_t "
            "struct_size;\n  /** Zero. */\n  uint32_t reserved;\n} mr_bag;\n"
            "/** I. @since 0.1.0 */\n"
            "#define MR_BAG_INIT { sizeof(mr_bag), 0 }"
        ),
    ),
    Case(
        "struct-size",
        "  uint32_t struct_size;\n  /** Kind of",
        f"  uint32_t size;{HERE}\n  /** Kind of",
    ),
    Case(
        "struct-size",
        "  uint32_t struct_size;\n  /** Kind of",
        f"  int32_t struct_size;{HERE}\n  /** Kind of",
    ),
    Case(
        "padding",
        "  /** 1: be strict. */\n  int32_t strict;\n",
        "",
        also=("initialiser",),
        at="@nullable A name; NULL: none. @since 0.2.0 */\n  const char *name",
        says="4 bytes before name",
    ),
    Case(
        "padding",
        "  int64_t warning_count;",
        f"  int64_t warning_count;\n  /** Last. */\n  {HERE}uint32_t last;",
        says="4 bytes after last",
    ),
    Case(
        "reserved",
        "  uint32_t reserved;\n  /** @nullable A name",
        f"  int32_t reserved;{HERE}\n  /** @nullable A name",
    ),
    Case(
        "initialiser",
        "#define MR_OPEN_OPTIONS_INIT ",
        "#define MR_OPENING_INIT ",
        says="MR_OPEN_OPTIONS_INIT",
        at="typedef struct mr_open_options",
    ),
    Case(
        "initialiser",
        "{ sizeof(mr_open_options), 0, 0, 0, NULL",
        "{ sizeof(mr_open_options), 0, 0, NULL",
        says="10 values for 11 fields",
        at="#define MR_OPEN_OPTIONS_INIT",
    ),
    Case(
        "initialiser",
        "{ sizeof(mr_open_options), 0, 0, 0",
        "{ sizeof(mr_open_options), 0, 1, 0",
        says="sets strict to 0",
        at="#define MR_OPEN_OPTIONS_INIT",
    ),
    Case(
        "initialiser",
        "{ sizeof(mr_open_options)",
        "{ sizeof(mr_thing_record)",
        says="sizeof",
        at="#define MR_OPEN_OPTIONS_INIT",
    ),
    Case("initialiser", FREE, typed(f"{HERE}#define MR_THING_RECORD_INIT {{ 0 }}"), says="no use"),
    Case(
        "callback-ctx",
        "(*mr_clock_fn)(void *ctx)",
        f"(*mr_clock_fn)(int64_t zone){HERE}",
        header="types.h",
    ),
    Case(
        "callback-ctx",
        "(*allocate)(void *ctx, size_t size)",
        f"(*allocate)(size_t size){HERE}",
        header="types.h",
    ),
    Case("callback-ctx", "  void *clock_ctx;", "  void *other_ctx;", at="  mr_clock_fn clock;"),
    Case(
        "callback-ctx",
        FREE,
        call(f",\n    mr_clock_fn clock{HERE}", "clock", mark=""),
        also=("parameter",),
    ),
    Case("meaning", FREE, call(f",\n    mr_thing_record *record{HERE}", "record", mark="")),
    Case("meaning", "  const char *const *warnings;", f"  const char *warnings[2];{HERE}"),
    Case(
        "meaning",
        FREE,
        getter(f"const mr_thing *{HERE}mr_thing_parent(const mr_thing *thing)", "thing"),
    ),
    Case(
        "meaning",
        "#define MR_ABI_LEVEL 1",
        "#define MR_AB_LEVEL 1",
        header="types.h",
        reported="modelreg.h",
        at="/* SPDX",
        says="MR_ABI_LEVEL",
    ),
]
