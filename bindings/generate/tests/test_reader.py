# SPDX-License-Identifier: Apache-2.0
"""What the headers mean, as the description says it."""

from __future__ import annotations

import pathlib

import pytest

import model
import reader
import rules


def function(api: model.Api, name: str) -> model.Function:
    return next(each for each in api.functions if each.name == name)


def struct(api: model.Api, name: str) -> model.Struct:
    return next(each for each in api.structs if each.name == name)


def kinds(values: tuple[model.Value, ...]) -> list[tuple[str, str, str, str]]:
    return [(value.name, value.kind, value.target, value.count) for value in values]


def test_versions_and_constants(small: model.Api) -> None:
    assert (small.version, small.abi_level) == ("0.2.3", 1)
    assert [(each.name, each.value) for each in small.constants][-1] == ("MR_THING_LIMIT", 16)


def test_headers_stand_behind_those_they_include(small: model.Api) -> None:
    assert small.headers == ("types.h", "error.h", "thing.h", "modelreg.h")
    assert small.header_docs[2].text == (
        "Things, which have one of every shape.\n\nThe lines of a paragraph are one.\n\n"
        "    a table        stays\n    as it          is"
    )


def test_enums_have_the_constants_behind_them(small: model.Api) -> None:
    status, kind, flags = small.enums
    assert [each.value for each in status.constants] == [0, 1, 2]
    assert [each.doc.since for each in status.constants] == ["0.1.0", "0.1.0", "0.2.0"]
    assert (kind.name, kind.base, kind.flags) == ("mr_thing_kind", "int32_t", False)
    assert kind.constants[1].doc == model.Doc("A bad one.", "0.2.0", "MR_THING_KIND_GOOD")
    assert (flags.base, flags.flags) == ("uint32_t", True)
    assert [(each.name, each.value) for each in flags.constants] == [
        ("MR_OPEN_CREATE", 1),
        ("MR_OPEN_LOOK", 2),
    ]


def test_fields_of_options(small: model.Api) -> None:
    options = struct(small, "mr_open_options")
    assert (options.role, options.size, options.header) == ("options", 72, "thing.h")
    assert kinds(options.fields) == [
        ("struct_size", "struct_size", "uint32_t", ""),
        ("flags", "scalar", "mr_open_flags", ""),
        ("strict", "bool", "int32_t", ""),
        ("reserved", "reserved", "uint32_t", ""),
        ("name", "string", "", ""),
        ("tag_keys", "strings", "", "tag_count"),
        ("tag_values", "strings", "", "tag_count"),
        ("tag_count", "count", "size_t", ""),
        ("hooks", "struct", "mr_hooks", ""),
        ("clock", "callback", "mr_clock_fn", ""),
        ("clock_ctx", "context", "", ""),
    ]
    name = options.fields[4]
    assert (name.nullable, name.ctype, name.offset, name.size) == (True, "const char *", 16, 8)
    assert name.doc == model.Doc("A name; NULL: none.", "0.2.0", "")
    assert options.fields[5].doc.since == "0.1.0"


def test_fields_of_the_other_structs(small: model.Api) -> None:
    record = struct(small, "mr_thing_record")
    assert kinds(record.fields)[-2:] == [
        ("warnings", "strings", "", "warning_count"),
        ("warning_count", "count", "int64_t", ""),
    ]
    error = struct(small, "mr_error")
    assert (error.role, error.size) == ("error", 520)
    assert kinds(error.fields)[-1] == ("message", "text", "512", "")
    hooks = struct(small, "mr_hooks")
    assert hooks.role == "hooks"
    assert kinds(hooks.fields)[-1] == ("allocate", "callback", "mr_hooks.allocate", "")


def test_callbacks(small: model.Api) -> None:
    allocate, clock = small.callbacks
    assert (allocate.name, allocate.returns) == ("mr_hooks.allocate", "void *")
    assert kinds(allocate.params) == [("ctx", "context", "", ""), ("size", "scalar", "size_t", "")]
    assert (clock.name, clock.returns, clock.doc.text) == ("mr_clock_fn", "int64_t", "A clock.")


def test_handles(small: model.Api) -> None:
    thing, page = small.handles
    assert (thing.name, thing.destructor, thing.page_of) == ("mr_thing", "mr_thing_free", "")
    assert (page.page_of, page.item) == ("mr_thing_record", "mr_thing_record")


def test_maker(small: model.Api) -> None:
    opened = function(small, "mr_thing_open")
    assert (opened.noun, opened.verb, opened.is_method) == ("mr_thing", "open", False)
    assert (opened.kind, opened.result, opened.target) == ("call", "out_handle", "mr_thing")
    assert kinds(opened.params) == [
        ("folder", "path", "", ""),
        ("options", "options", "mr_open_options", ""),
        ("out_thing", "out_handle", "mr_thing", ""),
        ("error", "error", "", ""),
    ]
    assert opened.params[1].nullable
    assert opened.params[1].doc.text == "NULL: all defaults"
    assert opened.result_doc == "MR_OK; MR_INVALID_ARGUMENT for a bad folder; MR_NOT_FOUND"


def test_arrays_bytes_and_memory(small: model.Api) -> None:
    assert kinds(function(small, "mr_thing_log").params)[1:4] == [
        ("values", "array", "double", "count"),
        ("steps", "array", "int64_t", "count"),
        ("count", "count", "size_t", ""),
    ]
    assert kinds(function(small, "mr_thing_store").params)[1:3] == [
        ("data", "bytes", "", "size"),
        ("size", "count", "size_t", ""),
    ]
    read = function(small, "mr_thing_read")
    assert read.result == "out_memory"
    assert kinds(read.params)[1:5] == [
        ("offset", "scalar", "int64_t", ""),
        ("out_data", "out_memory", "", "size"),
        ("size", "count", "size_t", ""),
        ("out_size", "out_count", "", ""),
    ]
    assert function(small, "mr_thing_map").result == "out_bytes"


def test_results(small: model.Api) -> None:
    def result(name: str) -> tuple[str, str, str, bool]:
        each = function(small, name)
        return each.kind, each.result, each.target, each.result_nullable

    assert result("mr_status_name") == ("getter", "string", "", False)
    assert result("mr_thing_info") == ("getter", "record", "mr_thing_record", False)
    assert result("mr_thing_size") == ("getter", "scalar", "size_t", False)
    assert result("mr_thing_steps") == ("getter", "column", "int64_t", False)
    assert result("mr_thing_page_at") == ("getter", "record", "mr_thing_record", True)
    assert result("mr_thing_digest") == ("call", "out_string", "", True)
    assert result("mr_thing_set") == ("call", "", "", False)
    assert result("mr_thing_wake") == ("action", "", "", False)
    assert result("mr_thing_free") == ("destructor", "", "", False)


def test_what_a_function_says_of_itself(small: model.Api) -> None:
    assert function(small, "mr_thing_set").skip
    assert function(small, "mr_thing_info").fast
    assert not function(small, "mr_thing_free").fast
    page = function(small, "mr_thing_page_at")
    assert (page.noun, page.verb, page.is_method) == ("mr_thing_page", "at", True)
    name = function(small, "mr_status_name")
    assert (name.noun, name.verb, name.line) == ("", "status_name", 58)


def test_nothing_public_is_without_a_comment(public: model.Api) -> None:
    docs = [each.doc for each in public.functions] + [each.doc for each in public.structs]
    docs += [each.doc for each in public.enums] + [each.doc for each in public.handles]
    assert all(doc.text and doc.since for doc in docs)
    assert all(doc.text for doc in public.header_docs)
    for called in public.functions:
        assert all(value.doc.text for value in called.params), called.name


def test_path_is_what_names_something_outside_of_the_registry(public: model.Api) -> None:
    paths = {
        (each.name, value.name)
        for each in public.functions
        for value in each.params
        if value.kind == "path"
    }
    assert ("mr_registry_open", "uri") in paths
    assert ("mr_run_log_artifact", "local_path") in paths
    assert ("mr_run_log_artifact", "artifact_path") not in paths


def read_changed(include: pathlib.Path, old: str, new: str) -> model.Api:
    """The description of the small headers after a change that keeps the rules."""
    path = include / "modelreg" / "thing.h"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    api, findings = rules.check(include)
    assert findings == []
    assert api is not None
    return api


@pytest.mark.parametrize(
    ("text", "value"),
    [("0644", 0o644), ("0x1F", 31), ("-1", -1), ("(-010)", -8), ("0", 0), ("100000", 100000)],
)
def test_numbers_are_those_of_c(include: pathlib.Path, text: str, value: int) -> None:
    api = read_changed(include, "LIMIT 0x10", f"LIMIT {text}")
    assert [each.value for each in api.constants if each.name == "MR_THING_LIMIT"] == [value]


@pytest.mark.parametrize("said", ["1 when it is light", "1: it is light", "0 or 1, as it is"])
def test_bool_says_so(include: pathlib.Path, said: str) -> None:
    api = read_changed(
        include,
        " * @return 0 or more\n * @fast\n * @since 0.1.0\n */\n"
        "MR_API int64_t mr_thing_count(const mr_thing *thing);\n",
        " * @return 0 or more\n * @fast\n * @since 0.1.0\n */\n"
        "MR_API int64_t mr_thing_count(const mr_thing *thing);\n\n"
        f"/**\n * Is it?\n *\n * @param thing the thing\n * @return {said}\n * @fast\n"
        " * @since 0.1.0\n */\nMR_API int32_t mr_thing_is_light(const mr_thing *thing);\n",
    )
    light = function(api, "mr_thing_is_light")
    assert (light.kind, light.result, light.target) == ("getter", "bool", "int32_t")
    api = read_changed(include, "  /** 1: be strict. */", f"  /** {said}. */")
    assert kinds(struct(api, "mr_open_options").fields)[2] == ("strict", "bool", "int32_t", "")


@pytest.mark.parametrize(
    ("name", "kind"), [("target_folder", "path"), ("key_file", "path"), ("profile", "string")]
)
def test_folder_and_file_are_paths(include: pathlib.Path, name: str, kind: str) -> None:
    old = "  /** @nullable A name; NULL: none. @since 0.2.0 */\n  const char *name;\n"
    api = read_changed(include, old, old.replace("*name", f"*{name}"))
    assert kinds(struct(api, "mr_open_options").fields)[4] == (name, kind, "", "")


@pytest.mark.parametrize(
    ("count", "arrays"),
    [
        ("count", ("keys", "values")),
        ("size", ("data",)),
        ("tag_count", ("tag_keys", "tag_values")),
        ("include_count", ("include",)),
        ("warning_count", ("warnings",)),
    ],
)
def test_counts_are_named_after_their_arrays(count: str, arrays: tuple[str, ...]) -> None:
    assert all(reader.counts(count, array) for array in arrays)
    assert not reader.counts("total_count", arrays[0])
