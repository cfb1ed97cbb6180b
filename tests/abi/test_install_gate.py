#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_install.py catches: the library is installed once, and something is taken away."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
import unittest

import check_install
import gate
import mutants

SONAME = "libmodelreg.so." + ".".join(str(part) for part in gate.line_of(mutants.VERSION))


class InstallTest(unittest.TestCase):
    place: tempfile.TemporaryDirectory[str]
    installed: pathlib.Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.place = tempfile.TemporaryDirectory(prefix="modelreg_gate_")
        cls.addClassCleanup(cls.place.cleanup)
        os.environ["CC"] = " ".join(mutants.COMPILER)
        os.environ.pop("LD_LIBRARY_PATH", None)
        folder = pathlib.Path(cls.place.name).resolve()
        cls.installed = folder / "installed"
        check_install.install(gate.ROOT, folder / "build", cls.installed)

    def setUp(self) -> None:
        work = tempfile.TemporaryDirectory(prefix="modelreg_gate_")
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name).resolve()
        self.prefix = self.work / "shared"
        shutil.copytree(self.installed, self.prefix, symlinks=True)

    def use(self, soname: str = SONAME, version: str = mutants.VERSION) -> None:
        check_install.use_installed(mutants.COMPILER, self.prefix, self.work, version, soname)

    def expect(self, words: str, soname: str = SONAME, version: str = mutants.VERSION) -> None:
        """The check failed, and said why."""
        with self.assertRaises(SystemExit) as failed:
            self.use(soname, version)
        self.assertIn(words, str(failed.exception.code))

    def take_away(self, pattern: str) -> None:
        found = sorted(self.prefix.glob(pattern))
        self.assertTrue(found, pattern)
        for path in found:
            path.unlink()

    def test_nothing_is_wrong(self) -> None:
        self.use()

    def test_header(self) -> None:
        self.take_away("include/modelreg/channel.h")
        self.expect("channel.h")

    def test_shared_library(self) -> None:
        self.take_away("lib/libmodelreg.so*")
        self.expect("libmodelreg.so")

    def test_static_library(self) -> None:
        self.take_away("lib/libmodelreg.a")
        self.expect("modelreg")

    def test_pkg_config(self) -> None:
        self.take_away("lib/pkgconfig/modelreg.pc")
        self.expect("modelreg.pc")

    def test_cmake(self) -> None:
        self.take_away("lib/cmake/modelreg/*onfig.cmake")
        self.expect("modelreg")

    def test_cmake_version(self) -> None:
        self.expect("version", version="99.0.0")

    def test_soname(self) -> None:
        self.expect("the soname is not libmodelreg.so.99", soname="libmodelreg.so.99")


if __name__ == "__main__":
    unittest.main()
