#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the library into a private prefix and uses it in every way that is promised.

pkg-config (shared, and static from a prefix that was moved), CMake's find_package (the same two),
and as a Meson subproject. Each builds and runs use_library.c, without a warning.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

PROGRAM = pathlib.Path(__file__).with_name("use_library.c")
OFF = ["-Dtests=disabled", "-Dexamples=disabled", "-Dcli=disabled", "--buildtype=debug"]

CMAKE = """cmake_minimum_required(VERSION 3.16)
project(use C)
find_package(modelreg {version} REQUIRED)
add_executable(use "{program}")
target_link_libraries(use modelreg::modelreg)
"""

MESON = """project('use', 'c')
modelreg = dependency('modelreg', version: '>={version}')
executable('use', 'use_library.c', dependencies: modelreg)
"""


def run(*command: str | pathlib.Path, env: dict[str, str] | None = None) -> str:
    words = [str(part) for part in command]
    print("+", " ".join(words), flush=True)
    result = subprocess.run(
        words, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if result.returncode:
        sys.exit(result.stdout + f"failed with status {result.returncode}")
    return result.stdout


def meson(source: pathlib.Path, build: pathlib.Path, *options: str) -> None:
    if not (build / "build.ninja").exists():
        run("meson", "setup", build, source, *options)
    run("ninja", "-C", build)


def expect(condition: bool, message: str) -> None:
    if not condition:
        sys.exit(message)


def with_pkg_config(
    cc: list[str], prefix: pathlib.Path, work: pathlib.Path, *options: str
) -> pathlib.Path:
    env = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib" / "pkgconfig"))
    flags = run("pkg-config", "--cflags", "--libs", *options, "modelreg", env=env).split()
    program = work / f"use-{prefix.name}"
    run(*cc, "-std=c99", "-Wall", "-Wextra", "-Werror", PROGRAM, "-o", program, *flags)
    return program


def with_cmake(prefix: pathlib.Path, work: pathlib.Path, version: str) -> pathlib.Path:
    folder = work / f"cmake-{prefix.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(CMAKE.format(version=version, program=PROGRAM))
    run("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build",
        f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", folder / "build")
    return folder / "build" / "use"


def with_subproject(source: pathlib.Path, work: pathlib.Path, version: str) -> pathlib.Path:
    folder = work / "subproject"
    (folder / "subprojects").mkdir(parents=True, exist_ok=True)
    shutil.copy(PROGRAM, folder)
    (folder / "meson.build").write_text(MESON.format(version=version))
    link = folder / "subprojects" / "modelreg"
    if not link.exists():
        link.symlink_to(source)
    (folder / "subprojects" / "modelreg.wrap").write_text(
        "[wrap-file]\ndirectory = modelreg\n[provide]\nmodelreg = modelreg_dep\n"
    )
    meson(folder, folder / "build", "--force-fallback-for=modelreg")
    return folder / "build" / "use"


def install(source: pathlib.Path, build: pathlib.Path, prefix: pathlib.Path) -> None:
    """Both libraries with everything that goes with them."""
    shutil.rmtree(prefix, ignore_errors=True)
    meson(source, build, f"-Dprefix={prefix}", "-Dlibdir=lib",
          "-Ddefault_library=both", "-Dpkgconfig.relocatable=true", *OFF)
    run("meson", "install", "-C", build, "--no-rebuild", "--quiet")


def use_installed(
    cc: list[str], shared: pathlib.Path, work: pathlib.Path, version: str, soname: str
) -> None:
    """In the four ways that begin with a prefix; a copy of it has the static library alone."""
    static = work / "static"
    shutil.rmtree(static, ignore_errors=True)
    shutil.copytree(shared, static, symlinks=True)
    for name in (static / "lib").glob("libmodelreg.so*"):
        name.unlink()

    dynamic = run("readelf", "-d", shared / "lib" / "libmodelreg.so")
    expect(f"[{soname}]" in dynamic, f"the soname is not {soname}")
    expect("NODELETE" in dynamic, "the library is not marked nodelete")
    loaded = dict(os.environ, LD_LIBRARY_PATH=str(shared / "lib"))
    run(with_pkg_config(cc, shared, work), env=loaded)
    program = with_pkg_config(cc, static, work, "--static")
    expect(soname not in run("readelf", "-d", program), "--static linked the shared library")
    run(program)
    run(with_cmake(shared, work, version))
    run(with_cmake(static, work, version))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--soname", required=True)
    parser.add_argument("compiler", nargs="+")
    args = parser.parse_args()
    work: pathlib.Path = args.work
    os.environ["CC"] = " ".join(args.compiler)
    # It names the build that this test belongs to, and would win over every rpath.
    os.environ.pop("LD_LIBRARY_PATH", None)

    install(args.source, work / "build", work / "shared")
    use_installed(args.compiler, work / "shared", work, args.version, args.soname)
    run(with_subproject(args.source, work, args.version))
    print("usable in five ways")


if __name__ == "__main__":
    main()
