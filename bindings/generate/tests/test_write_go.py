# SPDX-License-Identifier: Apache-2.0
"""The Go layer that is written: all of the surface, in the words of Go, and nothing by guess."""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Callable

import pytest

import generate
import go_build
import go_docs
import go_enums
import go_names
import go_structs
import model
import write_go


@pytest.fixture(name="files", scope="module")
def written_files(public: model.Api) -> dict[str, str]:
    """The files by their names."""
    return {pathlib.Path(path).name: text for path, text in write_go.write_go(public).items()}


def changed_function(
    api: model.Api, name: str, change: Callable[[model.Function], model.Function]
) -> model.Api:
    assert any(each.name == name for each in api.functions)
    functions = tuple(change(each) if each.name == name else each for each in api.functions)
    return dataclasses.replace(api, functions=functions)


def changed_struct(
    api: model.Api, name: str, change: Callable[[model.Struct], model.Struct]
) -> model.Api:
    assert any(each.name == name for each in api.structs)
    structs = tuple(change(each) if each.name == name else each for each in api.structs)
    return dataclasses.replace(api, structs=structs)


def test_every_file_is_marked_and_stable(public: model.Api, files: dict[str, str]) -> None:
    again = write_go.write_go(public)
    assert list(again.values()) == list(files.values())
    for text in files.values():
        assert generate.has_mark(text.encode())
        assert text.endswith("\n") and not text.endswith("\n\n")


def test_every_function_is_called(public: model.Api, files: dict[str, str]) -> None:
    go, c = files["generated.go"], files["go_generated.c"]
    for function in public.functions:
        if function.kind in ("call", "destructor"):
            assert re.search(rf"[ =]{function.name}\(", c), function.name
            assert f"C.{go_build.shim_name(function)}(" in go, function.name
        else:
            assert f"C.{function.name}(" in go, function.name


def test_skipped_functions_are_left_out(public: model.Api) -> None:
    api = changed_function(
        public, "mr_run_log_param", lambda each: dataclasses.replace(each, skip=True)
    )
    text = "".join(write_go.write_go(api).values())
    assert "mr_run_log_param(" not in text
    assert "mr_run_log_params(" in text


def test_every_field_and_constant_is_there(public: model.Api, files: dict[str, str]) -> None:
    for struct in public.structs:
        name = go_names.type_name(struct.name)
        text = files["generated_records.go"] + files["generated_options.go"]
        if struct.role not in ("record", "options"):
            assert f"type {name} struct" not in text
            continue
        body = text.split(f"type {name} struct {{", 1)[1].split("\n}", 1)[0]
        fields = re.findall(r"^\t(\w+) ", body, re.MULTILINE)
        shown = go_structs.go_fields(struct)
        assert fields == [go_names.field_name(struct, field) for field in shown]
    for enum in public.enums:
        for name, constant, word in go_enums.enum_values(enum):
            assert (
                f"\t{name} {go_names.type_name(enum.name)} = {constant.value}\n"
                in (files["generated_enums.go"])
            )
            assert not word.startswith("MR_")


def test_comments_speak_go(files: dict[str, str]) -> None:
    for name in files:
        if not name.endswith(".go"):
            continue
        comments = [
            line.strip()
            for line in files[name].split("package modelreg", 1)[1].splitlines()
            if line.strip().startswith("// ") and "#include" not in line
        ]
        text = "\n".join(comments)
        for foreign in (r"\bMR_[A-Z]", r"\bmr_\w", r"\bNULL\b", r"\bout_\w", r"valid until"):
            assert re.search(foreign, text) is None, foreign
        assert all(len(line) <= 100 for line in comments)
    declared = re.findall(
        r"^// (\w+) .*\n(?://.*\n)*(?:func (?:\(\w \*?\w+\) )?|type )([A-Z]\w*)",
        "".join(files[name] for name in files if name.endswith(".go")),
        re.MULTILINE,
    )
    assert len(declared) > 150
    assert [pair for pair in declared if pair[0] != pair[1]] == []


def test_newer_fields_of_records_are_read_where_they_are(public: model.Api) -> None:
    def with_newer_field(struct: model.Struct) -> model.Struct:
        last = struct.fields[-1]
        doc = model.Doc("How warm it is.", "0.2.0", "nothing")
        newer = dataclasses.replace(last, name="warmth", doc=doc)
        return dataclasses.replace(struct, fields=(*struct.fields, newer))

    api = changed_struct(public, "mr_channel_record", with_newer_field)
    text = write_go.write_go(api)["bindings/go/generated_records.go"]
    guard = "if unsafe.Offsetof(c.warmth)+unsafe.Sizeof(c.warmth) <= uintptr(c.struct_size) {"
    assert f"\t{guard}\n\t\tr.Warmth = int64(c.warmth)\n\t}}\n" in text
    assert text.count("unsafe.Offsetof") == 1
    said = "\t// How warm it is.\n\t//\n\t// Since 0.2.0.\n\t//\n\t// Deprecated: nothing\n"
    assert f"{said}\tWarmth int64\n" in text


def test_what_has_no_go_form_is_refused(public: model.Api) -> None:
    def field_of(kind: str, target: str) -> Callable[[model.Struct], model.Struct]:
        def change(struct: model.Struct) -> model.Struct:
            field = dataclasses.replace(struct.fields[-1], name="odd", kind=kind, target=target)
            return dataclasses.replace(struct, fields=(*struct.fields, field))

        return change

    def with_handles(function: model.Function) -> model.Function:
        more = (function.params[0],) * go_build.MAX_HELD
        return dataclasses.replace(function, params=(*function.params[:1], *more))

    hooks = dataclasses.replace(
        next(each for each in public.structs if each.role == "hooks"), name="mr_hooks"
    )
    broken = [
        changed_struct(public, "mr_open_options", field_of("callback", "mr_progress_fn")),
        changed_struct(public, "mr_open_options", field_of("struct", "mr_hooks")),
        changed_struct(public, "mr_run_record", field_of("bytes", "")),
        changed_function(
            public, "mr_blob_size", lambda each: dataclasses.replace(each, fast=False)
        ),
        changed_function(
            public, "mr_cancel_trigger", lambda each: dataclasses.replace(each, fast=False)
        ),
        changed_function(
            public, "mr_abi_level", lambda each: dataclasses.replace(each, result="record")
        ),
        changed_function(public, "mr_run_flush", with_handles),
        dataclasses.replace(public, structs=(*public.structs, hooks)),
    ]
    for api in broken:
        with pytest.raises(go_build.Unsupported):
            write_go.write_go(api)


def more_of(
    api: model.Api, name: str, change: Callable[[model.Function], model.Function]
) -> model.Api:
    """The surface with one more function, made from another one."""
    other = next(each for each in api.functions if each.name == name)
    return dataclasses.replace(api, functions=(*api.functions, change(other)))


def test_collisions_of_names_are_refused(public: model.Api) -> None:
    def named_as_receiver(function: model.Function) -> model.Function:
        params = list(function.params)
        params[1] = dataclasses.replace(params[1], name="r")
        return dataclasses.replace(function, params=tuple(params))

    def with_verb(verb: str) -> Callable[[model.Function], model.Function]:
        return lambda each: dataclasses.replace(each, name=f"{each.noun}_{verb}", verb=verb, line=7)

    broken = [
        (changed_function(public, "mr_run_set_tag", named_as_receiver), "run.h:.*mr_run_set_tag"),
        (more_of(public, "mr_manifest_digest", with_verb("all")), "dataset.h:7: mr_manifest_all"),
        (more_of(public, "mr_blob_map", with_verb("read_at")), "artifact.h:7: mr_blob_read_at"),
        (more_of(public, "mr_run_flush", with_verb("list_tags_page")), ":7: mr_run_list_tags_page"),
        (more_of(public, "mr_run_flush", with_verb("close")), ":7: mr_run_close: .*Close"),
    ]
    for api, said in broken:
        with pytest.raises(go_build.Unsupported, match=said):
            write_go.write_go(api)


def test_no_receiver_hides_the_frame(files: dict[str, str]) -> None:
    text = files["generated.go"]
    assert "func (f " not in text and "func (fsck *Fsck) Len()" in text


def test_a_handle_that_may_be_missing_is_nil(public: model.Api) -> None:
    def nullable(function: model.Function) -> model.Function:
        return dataclasses.replace(function, result_nullable=True)

    api = changed_function(public, "mr_registry_open_run", nullable)
    text = write_go.write_go(api)["bindings/go/generated.go"]
    body = text.split(") OpenRun(", 1)[1].split("\n}\n", 1)[0]
    assert "\tif got.out == nil {\n\t\treturn nil, nil\n\t}\n\treturn newRun(" in body
    for name in ("mr_registry_list_runs", "mr_blob_map", "mr_gate_text"):
        with pytest.raises(go_build.Unsupported, match=rf"\.h:\d+: {name}: .*NULL"):
            write_go.write_go(changed_function(public, name, nullable))


def test_what_may_change_is_locked(public: model.Api, files: dict[str, str]) -> None:
    def body(name: str) -> str:
        return files["generated.go"].split(f"{name}(", 1)[1].split("\n}\n", 1)[0]

    locked = [") AddEntry", "*Manifest) Digest", "*Manifest) At", "*Manifest) Len"]
    locked += [") LogDataset", "*Blob) read", "*Blob) ViewMap", ") AttachGate"]
    assert [name for name in locked if "f.lock()" not in body(name)] == []
    free = [") LogParam", ") LogMany", ") Trigger", ") Flush", ") ViewValues", "*Version) Info"]
    assert [name for name in free if "f.lock()" in body(name)] == []
    seen = body("*Blob) ViewMap")
    assert 0 < seen.index("f.unlock()") < seen.index("\tview(")


def test_a_close_without_flush_is_refused(public: model.Api) -> None:
    functions = tuple(each for each in public.functions if each.name != "mr_registry_flush")
    with pytest.raises(go_build.Unsupported, match="registry.h:.*mr_registry_close"):
        write_go.write_go(dataclasses.replace(public, functions=functions))


def test_no_shim_is_left_unused(files: dict[str, str]) -> None:
    for shim in re.findall(r"(mrgo_\w+)\(", files["go_generated.h"]):
        assert f"C.{shim}(" in files["generated.go"], shim


def test_keywords_of_go_are_spelled_for_cgo() -> None:
    assert go_structs.c_field("defer") == "_defer"
    assert go_structs.c_field("import") == "_import"
    assert go_structs.c_field("name") == "name"


def test_a_call_can_hold_as_many_handles_as_the_runtime() -> None:
    frame = pathlib.Path(write_go.__file__).parents[1] / "go" / "frame.go"
    found = re.search(r"^const maxHeld = (\d+)$", frame.read_text(), re.MULTILINE)
    assert found is not None and int(found.group(1)) == go_build.MAX_HELD


@pytest.mark.parametrize(
    ("c_name", "go_name"),
    [("run_id", "RunID"), ("source_uri", "SourceURI"), ("json", "JSON"), ("op_id", "OpID")],
)
def test_names(c_name: str, go_name: str) -> None:
    assert go_names.camel(c_name) == go_name


def test_names_of_parameters() -> None:
    assert go_names.lower_camel("run_id") == "runID"
    assert go_names.lower_camel("uri") == "uri"
    assert go_names.lower_camel("range") == "range_"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Opens a run.", "X opens a run."),
        ("The size in bytes.", "X returns the size in bytes."),
        ("Number of points.", "X returns the number of points."),
        ("What this is.", "X returns what this is."),
        ("A run.", "X returns a run."),
    ],
)
def test_sentences_begin_with_the_name(text: str, said: str) -> None:
    assert go_docs.sentence("X", text, "returns", "returns") == said


def test_comments_are_as_gofmt_writes_them() -> None:
    text = "One line.\n- first\n- second\nNext:\n\n    a  table\n    of two\n\nEnd."
    assert go_docs.comment(text) == (
        "// One line.\n//\n//   - first\n//   - second\n//\n// Next:\n//\n"
        "//\ta  table\n//\tof two\n//\n// End.\n"
    )
