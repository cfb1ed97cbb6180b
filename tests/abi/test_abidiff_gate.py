#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_abidiff.py catches, on quick libraries with the public functions and no private code.

Skips (77) where libabigail is not installed.
"""

from __future__ import annotations

import filecmp
import re
import shutil
import sys
import unittest
from dataclasses import replace

import check_abidiff
import gate
import model
import mutants
import write_json

OPTIONS = "mr_history_options"


class AbidiffTest(mutants.GateTest):
    def setUp(self) -> None:
        super().setUp()
        self.header = self.include / "metric.h"
        check_abidiff.dump(self.build_library("old"), self.root / "include", self.release.dump)

    def check(self) -> tuple[int, str]:
        return self.run_gate(
            "check_abidiff.py", "--root", self.root, "--version", mutants.NEXT,
            "--library", self.build_library(),
        )  # fmt: skip

    def change_log_signature(self, old: str, new: str) -> None:
        """In the header and in the library."""
        line = f"MR_API mr_status mr_metric_log(mr_metric *metric, {old}, mr_error *error);"
        mutants.replace(self.header, line, line.replace(old, new))
        self.change_stub(
            f"SHOWN mr_status mr_metric_log(mr_metric *metric, {old},",
            f"SHOWN mr_status mr_metric_log(mr_metric *metric, {new},",
        )

    def test_nothing_is_wrong(self) -> None:
        self.expect_good(self.check())

    def test_the_place_of_a_build_does_not_show(self) -> None:
        for name in ("one", "another"):
            folder = self.work / name
            check_abidiff.dump(self.build_library(name), self.root / "include", folder / "dump")
            self.assertTrue(filecmp.cmp(folder / "dump", self.release.dump, shallow=False))
        self.assertFalse(str(self.root.parent) in self.release.dump.read_text())

    def test_function_removed(self) -> None:
        text = (self.root / "src" / "modelreg.map").read_text(encoding="utf-8")
        self.assertIn("  mr_run_free;\n", text)
        text = text.replace("  mr_run_free;\n", "")
        (self.root / "src" / "modelreg.map").write_text(text, encoding="utf-8")
        self.expect(self.check(), "1 Removed", "mr_run_free")

    def test_function_added(self) -> None:
        with (self.root / "tests" / "abi" / "count_calls.c").open("a", encoding="utf-8") as file:
            file.write("void mr_new_thing(void);\nSHOWN void mr_new_thing(void) {}\n")
        script = self.root / "src" / "modelreg.map"
        mutants.replace(script, "  mr_run_free;\n", "  mr_run_free;\n  mr_new_thing;\n")
        self.expect_good(self.check())

    def test_parameter_of_another_type(self) -> None:
        self.change_log_signature("double value, int64_t step", "double value, int32_t step")
        self.expect(self.check(), "mr_metric_log", "parameter 3")

    def test_parameters_swapped(self) -> None:
        self.change_log_signature("double value, int64_t step", "int64_t step, double value")
        self.expect(self.check(), "mr_metric_log", "parameter 2", "parameter 3")

    def test_sizes_of_another_type(self) -> None:
        """size_t comes from the compiler's own headers."""
        mutants.replace(
            self.include / "buffer.h",
            "MR_API size_t mr_buffer_size(",
            "MR_API uint32_t mr_buffer_size(",
        )
        self.change_stub("SHOWN size_t mr_buffer_size(", "SHOWN uint32_t mr_buffer_size(")
        level = "uint32_t mr_abi_level("
        mutants.replace(self.include / "version.h", level, "size_t mr_abi_level(")
        self.change_stub(f"SHOWN {level}", "SHOWN size_t mr_abi_level(")
        self.expect(self.check(), "mr_buffer_size", "mr_abi_level")

    def append_fields(self, struct: str, field: model.Value) -> None:
        """In api.json alone."""
        path = self.root / gate.API
        api = gate.read_api(path)
        structs = tuple(
            replace(each, fields=(*each.fields, field)) if each.name == struct else each
            for each in api.structs
        )
        path.write_text(write_json.write_json(replace(api, structs=structs))[str(gate.API)])

    def test_fields_appended(self) -> None:
        mutants.add_field(self.header, OPTIONS, "int64_t limit")
        mutants.add_field(self.header, "mr_metric_record", "const char *unit")
        self.append_fields(OPTIONS, mutants.value("limit", "int64_t"))
        self.expect(self.check(), "mr_metric_record")
        self.append_fields("mr_metric_record", mutants.value("unit", "const char *"))
        self.expect_good(self.check())

    def test_field_in_the_middle_beside_one_that_is_appended(self) -> None:
        mutants.add_field(self.header, OPTIONS, "int64_t more", before="/** Lowest")
        mutants.add_field(self.header, OPTIONS, "int64_t limit")
        self.append_fields(OPTIONS, mutants.value("limit", "int64_t"))
        self.expect(self.check(), OPTIONS, "more")

    def test_field_in_the_middle(self) -> None:
        mutants.add_field(self.header, OPTIONS, "int64_t more", before="/** Lowest")
        self.expect(self.check(), OPTIONS, "more")

    def test_field_removed(self) -> None:
        mutants.replace(self.header, "  int64_t to_step;\n", "")
        self.expect(self.check(), OPTIONS, "to_step")

    def test_field_of_another_type(self) -> None:
        mutants.replace(self.header, "  int64_t from_step;\n", "  double from_step;\n")
        self.expect(self.check(), OPTIONS, "from_step")

    def test_struct_that_may_not_grow(self) -> None:
        mutants.add_field(self.include / "types.h", "mr_allocator", "void *more")
        self.expect(self.check(), "mr_allocator")

    def test_type_behind_an_enum(self) -> None:
        header = self.include / "request.h"
        mutants.replace(header, "typedef int32_t mr_verdict;", "typedef uint32_t mr_verdict;")
        self.expect(self.check(), "mr_verdict")

    def test_library_without_debug_information(self) -> None:
        library = self.build_library("bare")
        gate.run_or_die(["strip", "--strip-debug", library])
        result = self.run_gate(
            "check_abidiff.py", "--root", self.root, "--version", mutants.NEXT,
            "--library", library,
        )  # fmt: skip
        self.expect(result, "has no debug information")

    def test_dumps_that_are_kept(self) -> None:
        """They hold what is public and no path of a machine."""
        for release in gate.kept_releases(gate.ROOT):
            text = release.dump.read_text(encoding="utf-8")
            self.assertFalse("mri_" in text)
            places = re.findall(r"path='([^']*)'", text)
            own = re.compile("src/|include/|/usr/include/")
            self.assertEqual([place for place in places if not own.match(place)], [])


if __name__ == "__main__":
    if shutil.which("abidiff") is None:
        print("abidiff (abigail-tools) is not installed")
        sys.exit(check_abidiff.SKIP)
    unittest.main()
