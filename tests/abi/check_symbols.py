#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the public headers, the version script and the built library to the same functions.

GNU ld accepts names in a version script that nothing defines, so the three are compared here.
Also: every symbol that a layer shows to another carries one of our prefixes, no public variable
exists, and the version in version.h is the project's.
"""

import argparse
import pathlib
import re
import subprocess
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S)


def header_functions(paths):
    names = []
    for path in paths:
        code = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", read(path), flags=re.M)
        names += re.findall(r"\bMR_API\b[^;(]*?\b(\w+)\s*\(", code)
    return names


def header_version(paths):
    text = "".join(read(path) for path in paths if path.endswith("/version.h"))
    parts = re.findall(r"^#define MR_LIBRARY_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text, flags=re.M)
    return ".".join(parts)


def map_functions(path):
    shown = re.search(r"global:(.*?)local:\s*\*;", read(path), flags=re.S)
    return re.findall(r"(\w+);", shown.group(1)) if shown else []


def symbols(path, *options):
    """(type, name, version node) of each defined symbol."""
    output = subprocess.run(
        ["nm", "--defined-only", "-g", *options, path], check=True, capture_output=True, text=True
    ).stdout
    for line in output.splitlines():
        fields = line.split()
        if len(fields) == 3:
            name, _, node = fields[2].partition("@")
            yield fields[1], name, node.lstrip("@")


def difference(what, have, other, want):
    lines = [f"{name} is in {what} but not in {other}" for name in sorted(set(have) - set(want))]
    return lines + [f"{name} is in {other} but not in {what}" for name in sorted(set(want) - set(have))]


def check_library(path, public):
    if path.endswith(".a"):
        exported = [name for _, name, _ in symbols(path) if not name.startswith("mri_")]
        return difference("the static library", exported, "the headers", public)
    errors, exported = [], []
    for kind, name, node in symbols(path, "-D"):
        if kind == "A":
            continue
        exported.append(name)
        if kind != "T":
            errors.append(f"{name} is exported but is no function (nm type {kind})")
        if not node.startswith("MODELREG_"):
            errors.append(f"{name} has no version node")
    return errors + difference("the shared library", exported, "the headers", public)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--map", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--layers", nargs="+", required=True)
    parser.add_argument("--headers", nargs="+", required=True)
    args = parser.parse_args()
    public = header_functions(args.headers)
    errors = [f"{name} is declared twice" for name in sorted({n for n in public if public.count(n) > 1})]
    errors += [f"{name} has no mr_ prefix" for name in public if not name.startswith("mr_")]
    folder = pathlib.Path(args.headers[0]).parent
    listed = {pathlib.Path(path).name for path in args.headers}
    for path in sorted(folder.glob("*.h")):
        if path.name not in listed:
            errors.append(f"{path.name} is not in include/meson.build")
    if not public:
        errors.append("the headers declare no function")
    errors += difference("the headers", public, "modelreg.map", map_functions(args.map))
    errors += check_library(args.library, public)
    for layer in args.layers:
        for _, name, _ in symbols(layer):
            if not name.startswith(("mr_", "mri_")):
                errors.append(f"{layer} shows {name}, which has no prefix of ours")
    if header_version(args.headers) != args.version:
        errors.append(f"version.h says {header_version(args.headers)}, meson.build {args.version}")
    print("\n".join(errors) if errors else f"{len(public)} functions agree")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
