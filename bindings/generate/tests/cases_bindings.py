# SPDX-License-Identifier: Apache-2.0
"""Cases that break the rules for numbers and for what the bindings have a form for."""

from __future__ import annotations

from case import CPP_END, ERROR_END, FREE, HERE, NAME, Case, about, call, getter

OPTIONAL = "  /** @nullable A name; NULL: none. @since 0.2.0 */\n  const char *name;\n"
STRICT = "  /** 1: be strict. */\n  int32_t strict;"
WEIGHT = "  /** Weight in kilograms. */\n  double weight;\n"
CANCEL = (
    "/** A token. @since 0.1.0 */\ntypedef struct mr_cancel mr_cancel;\n"
    f"{about('cancel')} * @since 0.1.0\n */\n"
    "MR_API void mr_cancel_free(mr_cancel *cancel);\n"
)
PAGE_FREE = "MR_API void mr_thing_page_free(mr_thing_page *page);\n"
LIMIT = "#define MR_THING_LIMIT 0x10\n"
AT = " * @return @nullable the record; NULL when the index is out of range\n"


def field(text: str, said: str) -> str:
    """One more field of a record."""
    return f"{WEIGHT}  /** {said} */\n  {text}\n"


def told(said: str, text: str) -> str:
    """A getter of a thing whose result is said so."""
    return getter(f"{text}(const mr_thing *thing)", "thing").replace(
        "@return it", f"@return {said}"
    )


CONDITIONALS = [
    Case("conditional", LIMIT, f"{HERE}#if 0\n{LIMIT}#endif\n", says="#if"),
    Case(
        "conditional",
        FREE,
        f"{FREE}{HERE}#ifdef MR_MORE\nMR_API void mr_lost(void);\n#endif\n",
        says="#ifdef",
    ),
    Case("conditional", NAME, f"{HERE}#ifdef MR_MORE\n{NAME}#endif\n"),
    Case(
        "conditional",
        LIMIT,
        f"#ifdef MR_MORE\n#define MR_THING_LIMIT 0x20\n#else\n{LIMIT}#endif\n",
        others=True,
        at="#ifdef MR_MORE",
    ),
    Case("conditional", FREE, f"{FREE}#ifdef __cplusplus{HERE}\nint32_t mr_more(void);\n#endif\n"),
    Case("conditional", FREE, f"{FREE}{HERE}#pragma pack(1)\n", says="#pragma"),
    Case("conditional", LIMIT, f"{LIMIT}{HERE}#undef MR_THING_LIMIT\n", says="#undef"),
    Case(
        "conditional",
        "#define MR_API\n#elif",
        "#define MR_API\ntypedef int32_t mr_lost;\n#elif",
        header="types.h",
        at="#if defined(_WIN32)",
        others=True,
        also=("extern-c",),
    ),
    Case("conditional", f"{CPP_END}\n#endif", f"{CPP_END}\n#else{HERE}\n#endif"),
]

NUMBERS = [
    Case("plain-int32", STRICT, f"  /** If set, be strict. */\n  int32_t strict;{HERE}"),
    Case("plain-int32", STRICT, f"  /** 0 or 1,000 things. */\n  int32_t strict;{HERE}"),
    Case("plain-int32", STRICT, f"  /** 1:2 by default. */\n  int32_t strict;{HERE}"),
    Case("plain-int32", FREE, call(f",\n    int32_t level{HERE}", "level", mark="")),
    Case("plain-int32", FREE, told("how sealed it is", f"int32_t {HERE}mr_thing_sealed")),
    Case("byte-by-value", FREE, call(f",\n    uint8_t level{HERE}", "level", mark="")),
    Case(
        "constant-type",
        "  mr_open_flags flags;",
        f"  uint32_t flags;{HERE}",
        says="the typedef of MR_OPEN_CREATE",
    ),
    Case("constant-type", FREE, told("0 or MR_OPEN_LOOK", f"uint32_t {HERE}mr_thing_how")),
    Case("count-type", FREE, told("how many", f"uint32_t {HERE}mr_thing_room_count")),
    Case(
        "count-type",
        WEIGHT,
        field(f"uint32_t room_count;{HERE}", "Rooms.") + "  /** Zero. */\n  uint32_t reserved;\n",
    ),
    Case("count-type", FREE, call(f",\n    double count{HERE}", "count", mark="")),
    Case(
        "count-name",
        "  int64_t warning_count;",
        f"  int64_t total_byte_count;{HERE}",
        says="the count of `warnings`",
    ),
    Case("count-name", "  size_t tag_count;", f"  size_t sample_count;{HERE}", says="`tag_keys`"),
    Case("count-name", "  size_t tag_count;", f"  size_t tag_keys_count;{HERE}", says="values`"),
    Case(
        "count-name",
        FREE,
        call(
            f",\n    const double *weights,\n    size_t step_count{HERE}",
            "weights",
            "step_count",
            mark="",
        ),
    ),
    Case("unit", WEIGHT, field(f"int64_t moved;{HERE}", "Unix microseconds."), says="end in _us"),
    Case("unit", WEIGHT, field(f"int64_t wait_us;{HERE}", "Microseconds to wait."), says="Unix"),
    Case("unit", WEIGHT, field(f"double moved_us;{HERE}", "Unix microseconds."), says="int64_t"),
    Case("unit", FREE, call(f",\n    int64_t wait_ms{HERE}", "wait_ms", mark="")),
    Case("unit", FREE, told("Unix microseconds", f"int64_t {HERE}mr_thing_born")),
    Case(
        "unit",
        FREE,
        call(
            f",\n    const int64_t *times_us,{HERE}\n    size_t count", "times_us", "count", mark=""
        ),
        says="go together",
    ),
]

BINDINGS = [
    *(
        Case("name", FREE, call(f",\n    double {name}{HERE}", name, mark=""), says=name)
        for name in ("lambda", "self", "range", "err", "out", "r")
    ),
    Case("name", "  double weight;", f"  double import;{HERE}"),
    Case("name", "  double weight;", f"  double error;{HERE}"),
    Case(
        "name",
        FREE,
        getter(
            f"int64_t mr_thing_rank(const mr_thing *thing,\n  {HERE}double value)", "thing", "value"
        ),
    ),
    Case(
        "record-field",
        WEIGHT,
        field(f"const int64_t *sizes;{HERE}\n  /** N. */\n  int64_t size_count;", "Sizes."),
        says="the array sizes",
    ),
    Case("record-field", WEIGHT, field(f"const mr_thing *thing;{HERE}", "It."), says="handle"),
    Case("record-field", WEIGHT, field(f"const mr_hooks *hooks;{HERE}", "Those."), says="struct"),
    Case(
        "option-field",
        OPTIONAL,
        f"  /** @nullable A key. */\n  const uint8_t *key;{HERE}\n"
        "  /** Its size. */\n  size_t key_size;\n",
        also=("initialiser",),
    ),
    Case("option-field", OPTIONAL, f"  /** @nullable Its. */\n  void *name_ctx;{HERE}\n"),
    Case("parameter", FREE, call(f",\n    const mr_hooks *hooks{HERE}", "hooks", mark="")),
    Case(
        "parameter",
        FREE,
        call(
            f",\n    mr_clock_fn clock{HERE},\n    void *clock_ctx", "clock", "clock_ctx", mark=""
        ),
        says="clock is a callback",
    ),
    Case("parameter", FREE, call(f",\n    void *clock_ctx{HERE}", "clock_ctx", mark="")),
    Case(
        "callback-options",
        FREE,
        call(f",\n    const mr_open_options *options{HERE}", "options", mark=""),
    ),
    Case(
        "cancel",
        FREE,
        call(f",\n    const mr_cancel *cancel{HERE}", "cancel", mark="").replace(
            FREE, FREE + CANCEL
        ),
    ),
    Case(
        "list-options",
        PAGE_FREE,
        PAGE_FREE + call(", mr_thing_page **out_page", "out_page").removeprefix(FREE),
    ),
    Case(
        "list-options",
        PAGE_FREE,
        PAGE_FREE
        + (
            f"{about('options', 'out_page')} * @param error receives the reason\n"
            " * @return MR_OK; MR_NOT_FOUND\n * @since 0.1.0\n */\n"
            f"MR_API mr_status {HERE}mr_thing_page_open(const mr_open_options *options,\n"
            f"    mr_thing_page **out_page{ERROR_END}"
        ),
    ),
    Case(
        "getter-result",
        FREE,
        getter(f"const char *const *{HERE}mr_thing_labels(const mr_thing *thing)", "thing"),
    ),
    Case(
        "getter-result",
        FREE,
        getter(f"const uint8_t *{HERE}mr_thing_seed(const mr_thing *thing)", "thing"),
        says="mr_buffer",
    ),
    Case(
        "column-nullable",
        " * @return `count` steps\n",
        f" * @return @nullable `count` steps{HERE}\n",
    ),
    Case("at-nullable", AT, f" * @return the record{HERE}\n"),
    Case(
        "at-nullable",
        FREE,
        getter(
            "const char *mr_thing_label(const mr_thing *thing, int64_t index)", "thing", "index"
        ),
        at=" * @return it\n",
    ),
    Case("mr-api", FREE, call("", mark=HERE).replace("MR_API mr_", "mr_"), says="mr_thing_try"),
    Case(
        "doc-failure",
        " * @return MR_OK; MR_INVALID_ARGUMENT; @nullable NULL where",
        f" * @return MR_OK; {HERE}@nullable NULL where",
    ),
    Case(
        "doc-failure",
        " * @return MR_OK; MR_INVALID_ARGUMENT; @nullable NULL where",
        f" * @return MR_OK; {HERE}MR_THING_KIND_BAD; @nullable NULL where",
    ),
]
