# SPDX-License-Identifier: Apache-2.0
"""Finding the library, and what is said where there is none that fits."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import modelreg
import pytest
from conftest import PACKAGE, Script
from modelreg import VERSION, _generated, _library
from modelreg._generated import SONAME

IMPORT = """
try:
    import modelreg
except ImportError as error:
    assert type(error).__name__ == "LibraryError", error
    print(error)
else:
    print("loaded", modelreg.library_version(), modelreg._generated._library.mr_run_info)
"""


def library(folder: pathlib.Path, text: str, name: str = "libfake.so") -> str:
    """Compiles a library."""
    source = folder / "fake.c"
    source.write_text(text)
    path = folder / name
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-shared", "-fPIC", "-o", path, source], check=True)
    return str(path)


def fake(version: str, level: int, functions: list[str]) -> str:
    """A library of functions that do nothing."""
    others = "\n".join(f"int {name}(void) {{ return 0; }}" for name in functions)
    return f"""
const char *mr_library_version(void) {{ return "{version}"; }}
unsigned mr_abi_level(void) {{ return {level}; }}
{others}
"""


ALL = [
    each.name
    for each in _generated._PROTOTYPES
    if each.name not in ("mr_library_version", "mr_abi_level")
]


def said(script: Script, **variables: str) -> str:
    done = script(IMPORT, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()


def test_missing_library(script: Script) -> None:
    message = said(script, MODELREG_LIBRARY="/nowhere/libmodelreg.so")
    assert "/nowhere/libmodelreg.so" in message
    assert f"install libmodelreg, so that the dynamic loader finds {SONAME}" in message
    assert "or set MODELREG_LIBRARY to the path" in message


def test_no_library_at_all(script: Script, tmp_path: pathlib.Path) -> None:
    installed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False)
    message = said(script, MODELREG_LIBRARY="", LD_LIBRARY_PATH=str(tmp_path))
    if SONAME in installed.stdout:
        assert message.startswith("loaded")
    else:
        assert SONAME in message and "LD_LIBRARY_PATH" in message


def test_another_file(script: Script, tmp_path: pathlib.Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    message = said(script, MODELREG_LIBRARY=str(tmp_path / "text.so"))
    assert "text.so" in message and "install libmodelreg" in message


def test_another_library(script: Script, tmp_path: pathlib.Path) -> None:
    path = library(tmp_path, "int something_else(void) { return 0; }")
    message = said(script, MODELREG_LIBRARY=path)
    assert message == (
        f"{path} is no libmodelreg: install libmodelreg {VERSION}, or set MODELREG_LIBRARY to its "
        "path"
    )


@pytest.mark.parametrize("level", [0, modelreg.ABI_LEVEL + 1])
def test_another_abi_level(script: Script, tmp_path: pathlib.Path, level: int) -> None:
    path = library(tmp_path, fake("0.7.3", level, ALL))
    message = said(script, MODELREG_LIBRARY=path)
    assert f"is libmodelreg 0.7.3 with ABI level {level}" in message
    assert f"modelreg {VERSION}, needs ABI level {modelreg.ABI_LEVEL}" in message


@pytest.mark.parametrize("missing", ["mr_version_verify", "mr_run_log_metric", ALL[0], ALL[-1]])
def test_an_older_library(script: Script, tmp_path: pathlib.Path, missing: str) -> None:
    names = [name for name in ALL if name != missing]
    path = library(tmp_path, fake("0.0.9", modelreg.ABI_LEVEL, names))
    message = said(script, MODELREG_LIBRARY=path)
    assert f"{path} is libmodelreg 0.0.9 and has no {missing}, which this package" in message
    assert f"install libmodelreg {VERSION} or newer" in message


def test_a_newer_library(script: Script, tmp_path: pathlib.Path) -> None:
    path = library(tmp_path, fake("0.1.7", modelreg.ABI_LEVEL, [*ALL, "mr_something_new"]))
    assert said(script, MODELREG_LIBRARY=path).startswith("loaded 0.1.7 ")


def test_inside_the_package(script: Script, tmp_path: pathlib.Path) -> None:
    package = tmp_path / "site" / "modelreg"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    library(package, fake("0.1.8", modelreg.ABI_LEVEL, ALL), SONAME)
    variables = {"PYTHONPATH": str(package.parent), "MODELREG_LIBRARY": ""}
    assert said(script, **variables).startswith("loaded 0.1.8 ")
    chosen = library(tmp_path, fake("0.1.9", modelreg.ABI_LEVEL, ALL))
    variables["MODELREG_LIBRARY"] = chosen  # what the user says comes first
    assert said(script, **variables).startswith("loaded 0.1.9 ")


def test_by_soname(script: Script, tmp_path: pathlib.Path) -> None:
    library(tmp_path, fake("0.1.5", modelreg.ABI_LEVEL, ALL), SONAME)
    message = said(script, MODELREG_LIBRARY="", LD_LIBRARY_PATH=str(tmp_path))
    assert message.startswith("loaded 0.1.5 ")


def test_soname() -> None:
    major, minor, _ = VERSION.split(".")
    assert SONAME == (f"libmodelreg.so.0.{minor}" if major == "0" else f"libmodelreg.so.{major}")
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_the_variable_is_read_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELREG_LIBRARY", "somewhere")
    assert _library.candidates(SONAME) == ["somewhere"]
    monkeypatch.delenv("MODELREG_LIBRARY")
    assert _library.candidates(SONAME)[-1] == SONAME


def test_pip_install(script: Script, tmp_path: pathlib.Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(PACKAGE.parent, tree, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    command += ["--no-index", "--no-deps", "--no-build-isolation"]
    command += ["--target", str(tmp_path / "site"), str(tree)]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    installed = {path.name for path in (tmp_path / "site" / "modelreg").iterdir()}
    sources = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert sources <= installed and "py.typed" in installed
    text = """
import importlib.metadata, modelreg
print(modelreg.__file__)
assert importlib.metadata.version("modelreg") == modelreg.__version__ == modelreg.library_version()
assert importlib.metadata.requires("modelreg") is None
"""
    done = script(text, PYTHONPATH=str(tmp_path / "site"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(tmp_path / "site" / "modelreg" / "__init__.py")
