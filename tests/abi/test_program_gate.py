#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_program.py catches: the whole library is built from changed headers, and a program
that was compiled with the headers as they are now must notice what breaks it, and only that.
"""

from __future__ import annotations

import pathlib
import shutil
import unittest

import gate
import mutants


class ProgramTest(mutants.GateTest):
    def setUp(self) -> None:
        super().setUp()
        for name in ("meson.build", "meson_options.txt"):
            shutil.copyfile(gate.ROOT / name, self.root / name)
        shutil.copyfile(gate.ROOT / "include" / "meson.build", self.root / "include/meson.build")
        shutil.copytree(gate.ROOT / "src", self.root / "src", dirs_exist_ok=True)
        (self.root / "bindings" / "meson.build").write_text("", encoding="utf-8")

    def check(self, library: pathlib.Path) -> tuple[int, str]:
        return self.run_gate(
            "check_program.py", "--root", self.root, "--version", mutants.NEXT,
            "--library", library, "--work", self.work / "program", "--", *mutants.COMPILER,
        )  # fmt: skip

    def build(self) -> pathlib.Path:
        return gate.build_library(self.root, self.work / "build")

    def test_library_whose_structs_have_grown(self) -> None:
        grown = [s for s in mutants.API.structs if s.role in ("options", "record", "error")]
        self.assertGreater(len(grown), 30)
        for struct in grown:
            mutants.add_field(self.include / struct.header, struct.name, "int64_t new_field")
        self.expect_good(self.check(self.build()))

    def test_options_with_a_field_in_the_middle(self) -> None:
        header = self.include / "run.h"
        mutants.add_field(header, "mr_run_options", "int64_t more", before="/** @nullable Host")
        self.expect(self.check(self.build()), "use_release.c:")

    def test_records_with_a_field_in_the_middle(self) -> None:
        header = self.include / "metric.h"
        mutants.add_field(header, "mr_metric_record", "double more", before="/** Smallest")
        self.expect(self.check(self.build()), "use_release.c:", "record->max")

    def test_function_removed(self) -> None:
        script = self.root / "src" / "modelreg.map"
        mutants.replace(script, "  mr_run_free;\n", "")
        self.expect(self.check(self.build_library()), "mr_run_free")

    def test_program_that_needs_what_was_not_there(self) -> None:
        """The kept headers are the ones that count."""
        mutants.replace(
            self.release.include / "modelreg" / "run.h", "MR_API void mr_run_free(mr_run *run);", ""
        )
        self.expect(self.check(self.build_library()), "the program does not compile", "mr_run_free")


if __name__ == "__main__":
    unittest.main()
