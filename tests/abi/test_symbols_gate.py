#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_symbols.py catches, and check_calls.py."""

from __future__ import annotations

import pathlib
import re
import sys
import unittest

import gate
import mutants


class SymbolsTest(mutants.GateTest):
    def setUp(self) -> None:
        super().setUp()
        self.map = self.root / "src" / "modelreg.map"
        self.stub = self.root / "tests" / "abi" / "count_calls.c"

    def archive(self, code: str) -> pathlib.Path:
        """A static library with this code."""
        source = self.work / "layer.c"
        source.write_text(code, encoding="utf-8")
        self.compile("-c", "-I", self.root / "include", source, "-o", self.work / "layer.o")
        library = self.work / "liblayer.a"
        gate.run_or_die(["ar", "rcs", library, self.work / "layer.o"])
        return library

    def check(
        self, library: pathlib.Path | None = None, layer: str = "int mri_inside(void);"
    ) -> tuple[int, str]:
        layer_library = self.archive(f"{layer}\nint mri_inside(void) {{ return 0; }}\n")
        return self.run_gate(
            "check_symbols.py", "--api", self.root / gate.API, "--map", self.map,
            "--version", mutants.VERSION, "--library", library or self.build_library(),
            "--layers", layer_library, "--headers", *sorted(self.include.glob("*.h")),
        )  # fmt: skip

    def drop_from_stub(self, name: str) -> None:
        text = self.stub.read_text(encoding="utf-8")
        text, count = re.subn(rf"^SHOWN [^\n]*\b{name}\([^\n]*\n", "", text, flags=re.M)
        self.assertEqual(count, 1)
        self.stub.write_text(text, encoding="utf-8")

    def test_nothing_is_wrong(self) -> None:
        self.expect_good(self.check())

    def test_function_removed_from_the_library(self) -> None:
        self.drop_from_stub("mr_run_free")
        self.expect(self.check(), "mr_run_free is in the headers but not in the shared library")

    def test_function_removed_from_a_header(self) -> None:
        mutants.replace(self.include / "run.h", "MR_API void mr_run_free(mr_run *run);", "")
        self.drop_from_stub("mr_run_free")
        self.expect(
            self.check(),
            "mr_run_free is in api.json but not in the headers",
            "mr_run_free is in modelreg.map but not in the headers",
        )

    def test_function_that_the_generator_missed(self) -> None:
        more = "MR_API void mr_run_more(mr_run *run);\n"
        mutants.replace(self.include / "run.h", "/** What an input points at.", more + "/** What")
        self.expect(self.check(), "mr_run_more is in the headers but not in api.json")

    def test_misspelt_name_in_the_map(self) -> None:
        mutants.replace(self.map, "mr_run_free;", "mr_run_fre;")
        self.expect(
            self.check(),
            "mr_run_fre is in modelreg.map but not in the headers",
            "mr_run_free is in the headers but not in modelreg.map",
            "mr_run_free is in the headers but not in the shared library",
        )

    def test_function_in_the_node_of_another_release(self) -> None:
        mutants.replace(self.map, "  mr_run_free;\n", "")
        text = self.map.read_text(encoding="utf-8")
        node = f"MODELREG_{mutants.NEXT}"
        self.map.write_text(f"{text}{node} {{\nglobal:\n  mr_run_free;\n}} MODELREG_0.1;\n")
        self.expect(self.check(), f"mr_run_free came with 0.1.0 but is in the node {node}")

    def test_function_with_another_node_than_the_map_says(self) -> None:
        library = self.build_library()
        mutants.replace(self.map, "MODELREG_0.1 {", "MODELREG_0.2 {")
        self.expect(self.check(library), "has the version node MODELREG_0.1, not MODELREG_0.2")

    def test_variable_that_is_exported(self) -> None:
        mutants.replace(self.map, "  mr_run_free;\n", "  mr_run_free;\n  mr_version_number;\n")
        with self.stub.open("a", encoding="utf-8") as file:
            file.write("SHOWN int mr_version_number = 1;\n")
        self.expect(self.check(), "mr_version_number is exported but is no function (nm type D)")

    def test_own_call_that_another_library_can_take(self) -> None:
        with self.stub.open("a", encoding="utf-8") as file:
            file.write("uint32_t mr_abi_level_twice(void);\n")
            file.write("SHOWN uint32_t mr_abi_level_twice(void) { return *mr_status_name(0); }\n")
        mutants.replace(self.map, "  mr_abi_level;\n", "  mr_abi_level;\n  mr_abi_level_twice;\n")
        self.expect(self.check(), "does not bind its own call of mr_status_name to itself")

    def test_symbol_without_prefix_in_a_layer(self) -> None:
        for code in ("int helper(void) { return 1; }", "int helper;", "char helper[9] = {1};"):
            with self.subTest(code):
                library = self.work / "stub" / "libmodelreg.so"
                library = library if library.exists() else self.build_library()
                self.expect(self.check(library, layer=code), "shows helper, which has no prefix")

    def test_symbol_without_prefix_in_the_static_library(self) -> None:
        library = self.archive("int helper(void);\nint helper(void) { return 1; }\n")
        kept = library.rename(library.with_name("libmodelreg.a"))
        self.expect(self.check(kept), "helper is in the static library but not in the headers")

    def test_header_that_is_not_installed(self) -> None:
        library = self.build_library()
        headers = sorted(self.include.glob("*.h"))
        (self.include / "more.h").write_text("", encoding="utf-8")
        result = self.run_gate(
            "check_symbols.py", "--api", self.root / gate.API, "--map", self.map,
            "--version", mutants.VERSION, "--library", library,
            "--layers", self.archive("int mri_x;"), "--headers", *headers,
        )  # fmt: skip
        self.expect(result, "more.h is not in include/meson.build")


class CallsTest(mutants.GateTest):
    """count_calls.c before a library that answers each call by a number."""

    def setUp(self) -> None:
        super().setUp()
        self.shim = self.build_library("shim")
        self.api = mutants.API

    def check(self, *arguments: str | pathlib.Path) -> tuple[int, str]:
        return self.run_gate(
            "check_calls.py", "--api", self.root / gate.API, "--language", "C", *arguments
        )

    def build(self, code: str) -> tuple[pathlib.Path, pathlib.Path]:
        """A library with two functions of the real one, and a program that uses it."""
        library, program = self.work / "libreal.so", self.work / "program"
        (self.work / "real.c").write_text(
            '#define SHOWN __attribute__((visibility("default")))\n'
            'SHOWN const char *mr_library_version(void) { return "9.9.9"; }\n'
            "SHOWN unsigned mr_abi_level(void) { return 9; }\n",
            encoding="utf-8",
        )
        (self.work / "program.c").write_text(
            "#include <string.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
            "const char *mr_library_version(void);\nunsigned mr_abi_level(void);\n"
            f"int main(void) {{ {code} }}\n",
            encoding="utf-8",
        )
        self.compile("-shared", self.work / "real.c", "-o", library)
        self.compile(self.work / "program.c", library, f"-Wl,-rpath,{self.work}", "-o", program)
        return library, program

    def test_all_are_called(self) -> None:
        calls = self.work / "calls"
        calls.write_text("".join(f"{each.name}\n" for each in self.api.functions))
        self.expect_good(self.check(calls))

    def test_one_is_left_out(self) -> None:
        calls = self.work / "calls"
        calls.write_text("".join(f"{each.name}\n" for each in self.api.functions[1:]))
        self.expect(self.check(calls), f"{self.api.functions[0].name} is never called in C")

    def test_no_program_ran(self) -> None:
        self.expect(self.check(self.work / "nothing"), "nothing is not there")

    def test_calls_are_handed_on_and_noted_through_fork(self) -> None:
        _, program = self.build(
            'if (strcmp(mr_library_version(), "9.9.9") != 0) return 2;'
            "int status = 0; pid_t child = fork();"
            "if (child == 0) _exit(mr_abi_level() == 9 ? 0 : 3);"
            "waitpid(child, &status, 0); return WEXITSTATUS(status);"
        )
        calls = self.work / "calls"
        calls.write_text("mr_run_free\n")
        result = self.check("--calls", calls, "--preload", self.shim, "--", program, "--", program)
        self.expect(result, "mr_run_free is never called in C")
        self.assertEqual(set(calls.read_text().split()), {"mr_abi_level", "mr_library_version"})
        self.assertEqual(len(calls.read_text().split()), 4)

    def test_a_library_that_is_loaded(self) -> None:
        library, _ = self.build("return 0;")
        calls = self.work / "calls"
        load = (
            "import ctypes, os; library = ctypes.CDLL(os.environ['MODELREG_LIBRARY']);"
            "raise SystemExit(library.mr_abi_level() != 9)"
        )
        result = self.check(
            "--calls", calls, "--load", self.shim, "--library", library, "--",
            sys.executable, "-c", load,
        )  # fmt: skip
        self.expect(result, "mr_library_version is never called")
        self.assertEqual(calls.read_text(), "mr_abi_level\n")

    def test_a_program_that_fails(self) -> None:
        _, program = self.build("return 7;")
        status, said = self.check("--calls", self.work / "c", "--preload", self.shim, "--", program)
        self.assertEqual(status, 7, said)


if __name__ == "__main__":
    unittest.main()
