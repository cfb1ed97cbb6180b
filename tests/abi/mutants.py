# SPDX-License-Identifier: Apache-2.0
"""What the tests of the gates are made with: copies of the tree to break, and a quick library.

The library is count_calls.c with debug information: it has every public function with its type,
and compiles in a second, so that each test can have one that is broken in one way.
"""

from __future__ import annotations

import os
import pathlib
import shlex
import shutil
import sys
import tempfile
import unittest

import gate
import model

COMPILER = shlex.split(os.environ.get("CC", "cc"))
API = gate.read_api(gate.ROOT / gate.API)
VERSION = API.version
NEXT = ".".join([*VERSION.split(".")[:2], str(gate.numbers(VERSION)[2] + 1)])


def replace(path: pathlib.Path, old: str, new: str) -> None:
    """Changes the one place where a text stands."""
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{old!r} stands {text.count(old)} times in {path}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def add_field(path: pathlib.Path, struct: str, field: str, *, before: str = "") -> None:
    """Adds a field to a struct of a header: at its end, or before another one."""
    text = path.read_text(encoding="utf-8")
    start = text.index(f"typedef struct {struct} {{")
    end = text.index(f"}} {struct};", start)
    at = text.index(before, start, end) if before else end
    path.write_text(f"{text[:at]}{field};\n{text[at:]}", encoding="utf-8")


def value(name: str, ctype: str, *, since: str = NEXT) -> model.Value:
    """A field or parameter of a later release."""
    doc = model.Doc("Something new.", since, "")
    return model.Value(name, ctype, "scalar", ctype, "", False, doc, -1, 0)


class GateTest(unittest.TestCase):
    """Has a root with what the gates read, and a release that is kept: the present state."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory(prefix="modelreg_gate_")
        self.addCleanup(place.cleanup)
        self.root = pathlib.Path(place.name).resolve() / "tree"
        self.work = self.root.parent / "work"
        self.work.mkdir()
        self.include = self.root / "include" / "modelreg"
        shutil.copytree(gate.ROOT / "include", self.root / "include")
        for name in (str(gate.API), "src/modelreg.map", "tests/abi/count_calls.c"):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(gate.ROOT / name, target)
        self.set_changelog(f"## {NEXT} (unreleased)\n\n## {VERSION} (2026-01-01)\n")
        self.release = gate.Release(self.root / gate.KEPT / VERSION)
        shutil.copytree(self.root / "include", self.release.include)
        shutil.copyfile(self.root / gate.API, self.release.folder / "api.json")

    def set_changelog(self, text: str) -> None:
        (self.root / "CHANGELOG.md").write_text(f"# Changelog\n\n{text}", encoding="utf-8")

    def compile(self, *more: str | pathlib.Path) -> None:
        gate.run_or_die([*COMPILER, "-std=c11", "-g", "-fPIC", "-fvisibility=hidden", *more])

    def build_library(self, name: str = "stub") -> pathlib.Path:
        """The quick library, of what the root holds now."""
        folder = self.work / name
        folder.mkdir(exist_ok=True)
        library = folder / "libmodelreg.so"
        script = self.root / "src" / "modelreg.map"
        self.compile(
            "-shared", "-I", self.root / "include", self.root / "tests" / "abi" / "count_calls.c",
            f"-Wl,--version-script={script}", "-Wl,-soname,libmodelreg.so.0.1", "-ldl",
            "-o", library,
        )  # fmt: skip
        return library

    def change_stub(self, old: str, new: str) -> None:
        replace(self.root / "tests" / "abi" / "count_calls.c", old, new)

    def run_gate(self, script: str, *arguments: str | pathlib.Path) -> tuple[int, str]:
        """The exit status and what a gate said."""
        done = gate.run([sys.executable, gate.ROOT / "tests" / "abi" / script, *arguments])
        return done.returncode, done.stdout

    def expect(self, result: tuple[int, str], *words: str) -> None:
        """The gate failed, and said why."""
        status, said = result
        self.assertEqual(status, 1, said)
        for word in words:
            self.assertIn(word, said)

    def expect_good(self, result: tuple[int, str]) -> None:
        status, said = result
        self.assertEqual(status, 0, said)
