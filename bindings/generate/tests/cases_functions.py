# SPDX-License-Identifier: Apache-2.0
"""Cases that break the rules for functions and for comments."""

from __future__ import annotations

from case import CALL, ERROR_END, FREE, GOOD, HERE, Case, about, add, call, getter, typed

FUNCTIONS = [
    Case(
        "compare",
        FREE,
        getter(f"int64_t {HERE}mr_thing_compare(const mr_thing *thing)", "thing").replace(
            "@return it", "@return -1, 0 or 1; NULL is the lowest"
        ),
        says="declare int32_t mr_thing_compare(const mr_thing *, const mr_thing *)",
        others=True,
    ),
    Case("method-prefix", FREE, call("", name="mr_page_try"), says="begin the name with mr_thing_"),
    Case("method-prefix", FREE, call("", name="mr_thing_page_try"), says="mr_thing_"),
    Case(
        "method-prefix",
        FREE,
        add(
            f"{about('name')}{CALL}MR_API mr_status {HERE}mr_thing_drop(const char *name{ERROR_END}"
        ),
        says="take mr_thing first",
    ),
    Case(
        "method-prefix",
        FREE,
        add(f"{about('name')}{CALL}MR_API mr_status {HERE}mr_drop(const char *name{ERROR_END}"),
        says="handle",
    ),
    Case(
        "error-last",
        FREE,
        add(
            f"{about('thing')} * @return MR_OK; MR_NOT_FOUND\n * @fast\n * @since 0.1.0\n */\n"
            f"MR_API mr_status {HERE}mr_thing_try(const mr_thing *thing);\n"
        ),
    ),
    Case(
        "error-last",
        FREE,
        add(
            f"{about('thing', 'error', 'level')} * @return MR_OK; MR_NOT_FOUND\n * @since 0.1.0"
            f"\n */\nMR_API mr_status {HERE}mr_thing_try(mr_thing *thing, "
            "mr_error *error, int64_t level);\n"
        ),
    ),
    Case(
        "error-last",
        FREE,
        add(
            f"{about('thing', 'problem')} * @return MR_OK; MR_NOT_FOUND\n * @since 0.1.0\n */\n"
            f"MR_API mr_status mr_thing_try(mr_thing *thing,\n   {HERE}"
            "mr_error *problem);\n"
        ),
        says="call it error",
    ),
    Case(
        "fallible-status",
        FREE,
        add(
            f"{about('thing', 'error')} * @return MR_OK; MR_NOT_FOUND\n * @since 0.1.0\n */"
            f"\nMR_API int64_t {HERE}mr_thing_try(mr_thing *thing, "
            "mr_error *error);\n"
        ),
    ),
    Case("output-name", FREE, call(f",\n    mr_thing **copy{HERE}", "copy", mark="")),
    Case("output-name", FREE, call(f",\n    int64_t out_level{HERE}", "out_level", mark="")),
    Case(
        "output-last",
        FREE,
        call(f",\n    mr_thing **out_copy,{HERE}\n    int64_t level", "out_copy", "level", mark=""),
    ),
    Case(
        "output-last",
        FREE,
        getter(
            f"int64_t mr_thing_take(const mr_thing *thing,\n  {HERE}mr_thing **out_copy)",
            "thing",
            "out_copy",
        ),
    ),
    Case(
        "one-output",
        FREE,
        call(
            f",\n    mr_thing **out_copy,\n    const char **out_name{HERE}",
            "out_copy",
            "out_name",
            mark="",
        ),
    ),
    Case(
        "output-memory",
        FREE,
        call(f",\n    uint8_t *out_data{HERE},\n    size_t size", "out_data", "size", mark=""),
    ),
    Case(
        "output-memory",
        FREE,
        call(f",\n    size_t *out_size{HERE}", "out_size", mark=""),
        says="size_t size, size_t *out_size",
    ),
    Case(
        "array-count",
        "  int64_t warning_count;",
        "  int64_t rank;",
        at="  const char *const *warnings;",
    ),
    Case(
        "getter-const",
        "size_t mr_thing_size(const mr_thing *thing)",
        f"size_t mr_thing_size(mr_thing *thing){HERE}",
    ),
    Case(
        "getter-fast",
        " * @return 0 or more\n * @fast\n * @since 0.1.0\n */\nMR_API size_t",
        f" * @return 0 or more\n * @since 0.1.0\n */\n{HERE}MR_API size_t",
    ),
    Case(
        "destructor", FREE, typed(f"{HERE}typedef struct mr_lost mr_lost;"), says="mr_lost_free()"
    ),
    Case(
        "destructor",
        "/** A thing. @since 0.1.0 */\ntypedef struct mr_thing mr_thing;\n",
        f"/** A thing. @since 0.1.0 */\n{HERE}typedef struct mr_thing mr_thing;\n{about('thing')}"
        " * @since 0.1.0\n */\nMR_API void mr_thing_close(mr_thing *thing);\n",
        says="only one",
    ),
    Case(
        "destructor",
        FREE,
        f"MR_API void mr_thing_free(mr_thing *thing, int64_t how);{HERE}\n",
        says="void mr_thing_free(mr_thing *)",
        also=("doc-params",),
    ),
    Case(
        "info-record",
        "const mr_thing_record *mr_thing_info(",
        f"const char *mr_thing_info({HERE}",
        says="mr_thing_record",
    ),
    Case(
        "at",
        "*mr_thing_page_at(const mr_thing_page *page, int64_t index)",
        f"*mr_thing_page_at(const mr_thing_page *page, uint32_t index){HERE}",
    ),
    Case(
        "count",
        "MR_API int64_t mr_thing_count(",
        "MR_API int64_t mr_thing_number(",
        at="const int64_t *mr_thing_steps(",
    ),
    Case(
        "count",
        "MR_API size_t mr_thing_size(",
        "MR_API uint32_t mr_thing_size(",
        at="mr_status mr_thing_map(",
    ),
    Case(
        "page",
        "*mr_thing_page_next_token(",
        "*mr_thing_page_token(",
        says="mr_thing_page_next_token()",
        at="typedef struct mr_thing_page ",
    ),
    Case(
        "too-many-inputs",
        FREE,
        call(
            ", int64_t level, mr_thing_kind kind, double weight, uint32_t mode,\n"
            "    const char *key",
            "level",
            "kind",
            "weight",
            "mode",
            "key",
        ),
        says="5 inputs",
    ),
    Case(
        "swappable-inputs",
        FREE,
        call(f", const char *old,\n    const char *new{HERE}", "old", "new", mark=""),
        says="old and new",
    ),
    Case("array-count", FREE, call(f",\n    const double *values{HERE}", "values", mark="")),
    Case(
        "array-count",
        "  size_t tag_count;",
        "  uint32_t tag_count;\n  /** Z. */\n  uint32_t reserved2;",
        also=("initialiser", "count-type"),
        says="tag_values",
        others=True,
        at="  const char *const *tag_values;",
    ),
    Case(
        "array-count",
        FREE,
        call(f",\n    const uint8_t *data,{HERE}\n    int64_t size", "data", "size", mark=""),
    ),
    Case(
        "string-const", FREE, call(f",\n    char *name{HERE}", "name", mark=""), also=("meaning",)
    ),
    Case(
        "string-const",
        FREE,
        getter(f"char *{HERE}mr_thing_name(const mr_thing *thing)", "thing"),
        also=("meaning",),
    ),
    Case(
        "bytes-const",
        FREE,
        call(f",\n    uint8_t **data{HERE}", "data", mark=""),
        also=("meaning",),
    ),
    Case(
        "bytes-uint8",
        FREE,
        call(f",\n    const char *data,{HERE}\n    size_t size", "data", "size", mark=""),
        also=("size-t",),
    ),
    Case("bytes-uint8", FREE, call(f",\n    void *data{HERE}", "data", mark="")),
]

DOCS = [
    Case("doc-missing", "/** A thing. @since 0.1.0 */\n", HERE, says="what mr_thing is"),
    Case("doc-missing", "  /** Weight in kilograms. */\n", f"  /* Weight. */\n{HERE}"),
    Case(
        "doc-missing",
        "  /** Weight in kilograms. */\n  ",
        f"  /** Weight. */\n\n  /* */\n  {HERE}",
        also=("doc-loose",),
    ),
    Case("doc-missing", GOOD, f"{HERE}  MR_THING_KIND_GOOD = 1,\n"),
    Case("doc-missing", "/** The most things. @since 0.1.0 */\n", HERE),
    Case("doc-missing", "/** The most things. @since 0.1.0 */\n", f"/** @since 0.1.0 */\n{HERE}"),
    Case(
        "doc-loose",
        "/** A thing. @since 0.1.0 */\n",
        f"{HERE}/** Lost. @since 0.1.0 */\n\n/** A thing. @since 0.1.0 */\n",
    ),
    Case("doc-file", "@file thing.h", f"@file things.h{HERE}"),
    Case("doc-since", "/** A thing. @since 0.1.0 */\n", f"/** A thing. */\n{HERE}"),
    Case("doc-since", "/** A thing. @since 0.1.0 */\n", f"/** A thing. @since 0.1 */\n{HERE}"),
    Case(
        "doc-since",
        "/** A thing. @since 0.1.0 */\n",
        f"/** A thing. @since 0.3.0 */\n{HERE}",
        says="these headers are 0.2.3",
    ),
    Case("doc-since", GOOD, f"  /** A good one. */\n{HERE}  MR_THING_KIND_GOOD = 1,\n"),
    Case("annotation", " * Wakes it up.\n", f" * Wakes it up. @thread{HERE}\n", says="@thread"),
    Case(
        "annotation", "  /** Weight in kilograms. */", f"  /** Weight. @fast */{HERE}", says="@fast"
    ),
    Case("annotation", "/** A thing. @since 0.1.0 */", f"{HERE}/** A thing. @since 0.1.0 or so */"),
    Case(
        "annotation",
        " * @fast\n * @since 0.1.0\n */\nMR_API void mr_thing_wake",
        f" * @fast {HERE}mostly\n * @since 0.1.0\n */\nMR_API void mr_thing_wake",
    ),
    Case(
        "annotation", " * @param offset first byte\n", f" * @param offset{HERE}\n", says="nothing"
    ),
    Case("annotation", " * @skip\n", f" * @skip @nullable{HERE}\n"),
    Case(
        "annotation",
        " * @return MR_OK; MR_INVALID_ARGUMENT for a bad\n",
        f" * @return MR_OK; MR_NOT_FOUND\n * @return MR_INVALID_ARGUMENT for a bad{HERE}\n",
        says="second",
    ),
    Case("doc-params", " * @param offset first byte\n", HERE, says="thing, offset, out_data"),
    Case(
        "doc-params",
        " * @param offset first byte\n * @param out_data room for `size` bytes\n",
        f"{HERE} * @param out_data room for `size` bytes\n * @param offset first byte\n",
    ),
    Case(
        "doc-params",
        " * @param offset first byte\n",
        f" * @param offset first byte\n{HERE} * @param more than there is\n",
    ),
    Case(
        "doc-return",
        " * @return 0 or more\n * @fast\n * @since 0.1.0\n */\nMR_API size_t",
        f" * @fast\n * @since 0.1.0\n */\n{HERE}MR_API size_t",
        says="say @return",
    ),
    Case(
        "doc-return",
        " * @param thing the thing; NULL is a no-op\n",
        f" * @param thing the thing; NULL is a no-op\n * @return nothing{HERE}\n",
        says="no @return",
    ),
    Case(
        "doc-return",
        " * @return as mr_thing_open()",
        f" * @return as mr_thing_shut(){HERE}",
        also=("doc-reference",),
    ),
    Case(
        "doc-return",
        " * @return as mr_thing_open()",
        f" * @return whether it worked{HERE}",
        says="MR_OK",
    ),
    Case(
        "doc-reference",
        " *         folder; MR_NOT_FOUND\n",
        f" *         folder; MR_NO_LUCK{HERE}\n",
    ),
    Case("doc-reference", " * Wakes it up.\n", f" * Wakes it up, see mr_thing_sleep().{HERE}\n"),
    Case("doc-reference", " * Wakes it up.\n", f" * Wakes it up with MR_SLEEP.{HERE}\n"),
    Case("doc-nullable", "  /** Its name. */\n", f"  /** Its name, or NULL. */\n{HERE}"),
    Case(
        "doc-nullable",
        "  /** Weight in kilograms. */\n",
        f"  /** @nullable Weight. */\n{HERE}",
        says="no pointer",
    ),
    Case(
        "doc-nullable", " * @param key its key\n", f" * @param key its key; NULL: every key{HERE}\n"
    ),
    Case(
        "doc-nullable",
        " * @param offset first byte\n",
        f" * @param offset @nullable first byte{HERE}\n",
    ),
    Case(
        "doc-nullable",
        " * @return `count` steps\n",
        f" * @return `count` steps, NULL for none{HERE}\n",
    ),
    Case(
        "doc-nullable",
        " * @return as mr_thing_open()\n",
        f" * @return as mr_thing_open() @nullable or so{HERE}\n",
        says="no output",
    ),
    Case("doc-nullable", " * Wakes it up.\n", f" * @nullable Wakes it up.{HERE}\n", says="belongs"),
]
