#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_releases.py catches: the description of the API against that of a release."""

from __future__ import annotations

import pathlib
import shutil
import unittest
from dataclasses import replace
from typing import Any

import check_releases
import gate
import layout
import model
import mutants
import write_json

STRUCT = "mr_history_options"  # struct_size, flags, from_step, to_step


class Changed:
    """The present API, changed in one way and called the next version."""

    def __init__(self, api: model.Api) -> None:
        self.api = replace(api, version=mutants.NEXT)

    def set(self, group: str, items: tuple[Any, ...]) -> None:
        what: dict[str, Any] = {group: items}
        self.api = replace(self.api, **what)

    def function(self, name: str, **what: object) -> Changed:
        return self.each("functions", name, **what)

    def each(self, group: str, name: str, **what: object) -> Changed:
        items = getattr(self.api, group)
        assert any(item.name == name for item in items), name
        changed = tuple(replace(item, **what) if item.name == name else item for item in items)
        self.set(group, changed)
        return self

    def drop(self, group: str, name: str) -> Changed:
        left = tuple(item for item in getattr(self.api, group) if item.name != name)
        assert len(left) == len(getattr(self.api, group)) - 1, name
        self.set(group, left)
        return self

    def fields(self, struct: str, *fields: model.Value) -> Changed:
        old = next(each for each in self.api.structs if each.name == struct)
        new = layout.layout_of(replace(old, fields=fields), self.api)
        return self.each("structs", struct, fields=new.fields, size=new.size)


class CompareTest(unittest.TestCase):
    def setUp(self) -> None:
        self.old = mutants.API
        self.new = Changed(self.old)
        structs = {struct.name: struct for struct in self.old.structs}
        self.fields = structs[STRUCT].fields

    def expect(self, changed: Changed, *words: str) -> None:
        errors = check_releases.compare(self.old, changed.api)
        for word in words:
            self.assertTrue(any(word in error for error in errors), errors)
        self.assertEqual(len(errors), len(words), errors)

    def params(self, name: str) -> list[model.Value]:
        return list(next(each for each in self.old.functions if each.name == name).params)

    def test_nothing_is_wrong(self) -> None:
        self.expect(self.new)

    def test_what_may_be_added(self) -> None:
        doc = model.Doc("Something new.", mutants.NEXT, "")
        function = replace(self.old.functions[0], name="mr_new_thing", doc=doc)
        enum = self.old.enums[0]
        constants = (*enum.constants, model.Constant("MR_STATUS_NEW", 1000, doc))
        self.new.api = replace(self.new.api, functions=(*self.old.functions, function))
        self.new.each("enums", enum.name, constants=constants)
        self.new.fields(STRUCT, *self.fields, mutants.value("limit", "int64_t"))
        self.expect(self.new)

    def test_function_removed(self) -> None:
        self.expect(self.new.drop("functions", "mr_run_free"), "mr_run_free was removed")

    def test_function_with_another_parameter(self) -> None:
        params = self.params("mr_metric_log")
        params[2] = replace(params[2], ctype="int32_t")
        self.expect(
            self.new.function("mr_metric_log", params=tuple(params)),
            "mr_metric_log was mr_status (mr_metric *, double, int64_t, mr_error *) and is"
            " mr_status (mr_metric *, double, int32_t, mr_error *)",
        )

    def test_function_with_one_more_parameter(self) -> None:
        params = (*self.params("mr_run_free"), mutants.value("flags", "uint32_t"))
        self.expect(self.new.function("mr_run_free", params=params), "mr_run_free was void")

    def test_function_with_another_result(self) -> None:
        self.expect(self.new.function("mr_blob_size", returns="uint64_t"), "mr_blob_size was int64")

    def test_function_that_moves_to_another_release(self) -> None:
        doc = model.Doc("", mutants.NEXT, "")
        self.expect(
            self.new.function("mr_run_free", doc=doc),
            f"mr_run_free came with 0.1.0, but says @since {mutants.NEXT}",
        )

    def test_new_function_in_an_old_release(self) -> None:
        function = replace(self.old.functions[0], name="mr_new_thing")
        self.new.api = replace(self.new.api, functions=(*self.old.functions, function))
        self.expect(self.new, f"mr_new_thing is not in {mutants.VERSION}, but says @since 0.1.0")

    def test_field_removed(self) -> None:
        self.expect(self.new.fields(STRUCT, *self.fields[:-1]), "to_step was removed")

    def test_field_in_the_middle(self) -> None:
        fields = (*self.fields[:2], mutants.value("more", "int64_t"), *self.fields[2:])
        self.expect(
            self.new.fields(STRUCT, *fields),
            "at byte 8: was from_step of type int64_t, is more of type int64_t",
        )

    def test_field_renamed(self) -> None:
        fields = (*self.fields[:-1], replace(self.fields[-1], name="end_step"))
        self.expect(
            self.new.fields(STRUCT, *fields),
            "was to_step of type int64_t, is end_step of type int64_t",
            f"{STRUCT}.end_step is not in {mutants.VERSION}, but says @since 0.1.0",
        )

    def test_field_of_another_type(self) -> None:
        for ctype in ("double", "uint64_t", "int32_t"):
            with self.subTest(ctype):
                fields = (*self.fields[:-1], replace(self.fields[-1], ctype=ctype))
                self.expect(
                    Changed(self.old).fields(STRUCT, *fields),
                    f"was to_step of type int64_t, is to_step of type {ctype}",
                )

    def test_fields_swapped(self) -> None:
        fields = (*self.fields[:2], self.fields[3], self.fields[2])
        self.expect(self.new.fields(STRUCT, *fields), "was from_step of type int64_t, is to_step")

    def test_struct_removed(self) -> None:
        self.expect(self.new.drop("structs", STRUCT), f"{STRUCT} was removed")

    def test_struct_with_another_role(self) -> None:
        self.expect(self.new.each("structs", STRUCT, role="record"), "was of the role options")

    def test_field_in_the_padding_at_the_end(self) -> None:
        """What an older caller has there is not zero."""
        half = (*self.fields[:2], self.fields[2], replace(self.fields[3], ctype="int32_t"))
        self.old = Changed(self.old).fields(STRUCT, *half).api
        self.old = replace(self.old, version=mutants.VERSION)
        self.new = Changed(self.old).fields(STRUCT, *half, mutants.value("more", "uint32_t"))
        self.expect(
            self.new,
            "more begins at byte 20 where pointers have 8 bytes, within the 24 bytes",
            "more begins at byte 20 where pointers have 4 bytes, within the 24 bytes",
        )

    def test_field_in_the_padding_of_32_bits_alone(self) -> None:
        """An int64_t and an odd number of pointers: only a 32-bit layout ends with padding."""
        fields = (*self.fields[:3], mutants.value("name", "const char *", since="0.1.0"))
        self.old = replace(Changed(self.old).fields(STRUCT, *fields).api, version=mutants.VERSION)
        self.new = Changed(self.old).fields(STRUCT, *fields, mutants.value("more", "const char *"))
        self.expect(self.new, "more begins at byte 20 where pointers have 4 bytes, within the 24")
        wide = Changed(self.old).fields(STRUCT, *fields, mutants.value("more", "int64_t"))
        self.expect(wide)

    def test_value_changed(self) -> None:
        enum = next(each for each in self.old.enums if each.name == "mr_verdict")
        first, second, *rest = enum.constants
        swapped = (replace(first, value=second.value), replace(second, value=first.value), *rest)
        self.expect(
            self.new.each("enums", "mr_verdict", constants=swapped),
            "MR_VERDICT_PASSED was 1 and is 2",
            "MR_VERDICT_FAILED was 2 and is 1",
        )

    def test_value_removed_or_reused(self) -> None:
        enum = next(each for each in self.old.enums if each.name == "mr_verdict")
        self.new.each("enums", "mr_verdict", constants=enum.constants[1:])
        self.expect(self.new, "MR_VERDICT_PASSED was removed")
        doc = model.Doc("", "0.2.0", "")
        reused = (model.Constant("MR_VERDICT_GREEN", 1, doc), *enum.constants[1:])
        self.new.each("enums", "mr_verdict", constants=reused)
        green = "MR_VERDICT_GREEN has the value 1, which MR_VERDICT_PASSED had"
        self.expect(self.new, green, "MR_VERDICT_PASSED was removed")
        # Registries that were written before are read by the next line, too.
        self.new.api = replace(self.new.api, version="0.2.0")
        self.expect(self.new, green)

    def test_type_of_an_enum(self) -> None:
        self.expect(self.new.each("enums", "mr_verdict", base="uint32_t"), "mr_verdict was int32_t")

    def test_number_changed(self) -> None:
        self.new.each("constants", "MR_LIST_MAX_LIMIT", value=5)
        self.expect(self.new, "MR_LIST_MAX_LIMIT was 100000 and is 5")
        self.new.drop("constants", "MR_LIST_MAX_LIMIT")
        self.expect(self.new, "MR_LIST_MAX_LIMIT was removed")

    def test_version_numbers_may_change(self) -> None:
        self.expect(self.new.each("constants", "MR_LIBRARY_VERSION_PATCH", value=77))

    def test_callback_and_handle(self) -> None:
        callback = self.old.callbacks[0]
        self.new.each("callbacks", callback.name, params=callback.params[:-1])
        self.new.each("handles", "mr_run", destructor="mr_run_close")
        self.expect(self.new, callback.name, "the handle mr_run was freed by mr_run_free")

    def test_next_line_may_break(self) -> None:
        self.new.drop("functions", "mr_run_free").fields(STRUCT, *self.fields[:-1])
        self.new.api = replace(self.new.api, version="0.2.0")
        self.expect(self.new)


class TreeTest(mutants.GateTest):
    """The script on a tree."""

    def check(self) -> tuple[int, str]:
        return self.run_gate("check_releases.py", "--root", self.root)

    def write_api(self, api: model.Api) -> None:
        (self.root / gate.API).write_text(write_json.write_json(api)[str(gate.API)])

    def test_nothing_is_wrong(self) -> None:
        self.expect_good(self.check())

    def test_every_release_counts(self) -> None:
        """What the second release brought holds for the third."""
        api = mutants.API
        doc = model.Doc("", mutants.NEXT, "")
        more = replace(api.functions[0], name="mr_new_thing", doc=doc)
        later = replace(api, version=mutants.NEXT, functions=(*api.functions, more))
        folder = self.release.folder.with_name(mutants.NEXT)
        shutil.copytree(self.release.folder, folder)
        (folder / "api.json").write_text(write_json.write_json(later)[str(gate.API)])
        self.write_api(replace(api, version=mutants.NEXT))
        self.expect(self.check(), f"{mutants.NEXT}: the function mr_new_thing was removed")

    def test_no_release_of_the_line_is_kept(self) -> None:
        self.write_api(replace(mutants.API, version="0.2.0"))
        self.set_changelog("## 0.2.0 (2026-01-01)\n")
        self.expect(self.check(), "keeps no release of the line of 0.2.0")
        self.write_api(replace(mutants.API, version="0.2.1"))
        self.set_changelog("## 0.2.1 (unreleased)\n")
        self.expect(self.check(), "keeps no release of the line of 0.2.1")

    def test_nothing_is_kept_at_all(self) -> None:
        shutil.rmtree(self.release.folder)
        self.set_changelog(f"## {mutants.VERSION} (unreleased)\n")
        missing = self.work / "libmodelreg.so"
        of_version = ["--version", mutants.VERSION]
        with_library = ["--library", str(missing)]
        with_compiler = ["--work", str(self.work), "--", *mutants.COMPILER]
        for script, arguments in (
            ("check_releases.py", []),
            ("check_layouts.py", [*of_version, *with_compiler]),
            ("check_program.py", [*of_version, *with_library, *with_compiler]),
            ("check_abidiff.py", [*of_version, *with_library]),
        ):
            with self.subTest(script):
                result = self.run_gate(script, "--root", self.root, *arguments)
                self.expect(result, "keeps no release: run")

    def test_before_the_first_release_of_a_line(self) -> None:
        api = mutants.API
        self.write_api(replace(api, version="0.2.0"))
        self.set_changelog("## 0.2.0 (unreleased)\n")
        self.expect_good(self.check())

    def test_headers_of_a_version_that_is_released(self) -> None:
        self.set_changelog(f"## {mutants.VERSION} (2026-01-01)\n")
        self.expect_good(self.check())
        mutants.replace(self.include / "run.h", "Starts a run.", "Begins a run.")
        self.expect(self.check(), "run.h is not as in")
        self.set_changelog(f"## {mutants.NEXT} (unreleased)\n")
        self.expect_good(self.check())


class LayoutTest(mutants.GateTest):
    """check_layouts.py: the headers of a release against the present ones, in the compiler."""

    def check(self) -> tuple[int, str]:
        return self.run_gate(
            "check_layouts.py", "--root", self.root, "--version", mutants.NEXT,
            "--work", self.work, "--", *mutants.COMPILER,
        )  # fmt: skip

    def expect_change(self, path: pathlib.Path, *words: str) -> None:
        self.expect(self.check(), *words)
        shutil.copyfile(self.release.include / "modelreg" / path.name, path)

    def test_nothing_is_wrong(self) -> None:
        self.expect_good(self.check())

    def test_field_appended(self) -> None:
        mutants.add_field(self.include / "metric.h", STRUCT, "int64_t limit")
        self.expect_good(self.check())

    def test_what_is_caught(self) -> None:
        header = self.include / "metric.h"
        mutants.add_field(header, STRUCT, "int64_t more", before="/** Lowest")
        self.expect_change(header, f"{STRUCT}.from_step was at 8 with 8 bytes, and is at 16")
        mutants.replace(header, "  int64_t to_step;\n", "")
        self.expect_change(header, "the present headers do not compile", "to_step")
        mutants.replace(header, "  int64_t to_step;\n", "  int32_t to_step;\n")
        self.expect_change(header, f"{STRUCT}.to_step was at 16 with 8 bytes, and is at 16 with 4")
        header = self.include / "error.h"
        mutants.replace(header, "char message[512]", "char message[256]")
        self.expect_change(header, "mr_error was at 0 with 528 bytes, and is at 0 with 272")

    def test_kept_headers_that_were_changed(self) -> None:
        """Both change, so that only api.json remembers."""
        for include in (self.include, self.release.include / "modelreg"):
            mutants.add_field(include / "metric.h", STRUCT, "int64_t more", before="/** Lowest")
        self.expect(self.check(), "which is not what the kept api.json says")


class FreezeTest(mutants.GateTest):
    """What the script freeze refuses, before it builds anything."""

    def refused(self, words: str) -> None:
        before = self.release.api
        self.expect(self.run_gate("freeze", "--root", self.root), words)
        self.assertEqual(gate.Release(self.release.folder).api, before)

    def test_release_that_is_out(self) -> None:
        self.set_changelog(f"## {mutants.VERSION} (2026-01-01)\n")
        self.refused(f"{mutants.VERSION} is released; what it was is kept and does not change")

    def test_version_that_the_changelog_is_not_on(self) -> None:
        self.refused(f"the first section of CHANGELOG.md is on {mutants.NEXT}")

    def test_version_before_one_that_is_kept(self) -> None:
        self.set_changelog(f"## {mutants.VERSION} (unreleased)\n")
        self.release.folder.rename(self.release.folder.with_name(mutants.NEXT))
        self.release = gate.Release(self.release.folder.with_name(mutants.NEXT))
        self.refused(f"{mutants.NEXT} is kept already, and is later than {mutants.VERSION}")


if __name__ == "__main__":
    unittest.main()
