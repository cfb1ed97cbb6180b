#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the public headers, api.json, the version script and the built library to one list.

GNU ld accepts names in a version script that nothing defines, so they are compared here. The
headers are searched by this script itself and the library by nm: a mistake of the generator, which
writes api.json and the version script, shows as a difference. Also: every function has the version
node of its release, every symbol that a layer shows to another carries one of our prefixes, no
public variable exists, no other library can take the place of a function that the library calls
itself, and the version in version.h is the project's.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator

import gate


def read(path: pathlib.Path) -> str:
    """The text without comments."""
    return re.sub(r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.S)


def header_functions(paths: Iterable[pathlib.Path]) -> list[str]:
    names: list[str] = []
    for path in paths:
        code = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", read(path), flags=re.M)
        names += re.findall(r"\bMR_API\b[^;(]*?\b(\w+)\s*\(", code)
    return names


def header_version(paths: Iterable[pathlib.Path]) -> str:
    text = "".join(read(path) for path in paths if path.name == "version.h")
    names = r"^#define MR_LIBRARY_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)"
    return ".".join(re.findall(names, text, flags=re.M))


def map_functions(path: pathlib.Path) -> dict[str, str]:
    """The node of each function."""
    nodes: dict[str, str] = {}
    for node, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", read(path), flags=re.S):
        shown = body.split("local:")[0].replace("global:", "")
        nodes |= {name: node for name in re.findall(r"[^\s;]+", shown)}
    return nodes


def api_functions(path: pathlib.Path) -> dict[str, str]:
    """The release that each function came with."""
    return {function.name: function.doc.since for function in gate.read_api(path).functions}


def symbols(path: pathlib.Path, *options: str) -> Iterator[tuple[str, str, str]]:
    """(type, name, version node) of each defined symbol."""
    output = gate.run_or_die(["nm", "--defined-only", "-g", *options, path])
    for line in output.splitlines():
        fields = line.split()
        if len(fields) == 3:
            name, _, node = fields[2].partition("@")
            yield fields[1], name, node.lstrip("@")


def difference(what: str, have: Iterable[str], other: str, want: Iterable[str]) -> list[str]:
    have, want = set(have), set(want)
    lines = [f"{name} is in {what} but not in {other}" for name in sorted(have - want)]
    return lines + [f"{name} is in {other} but not in {what}" for name in sorted(want - have)]


def check_static(path: pathlib.Path, public: list[str]) -> list[str]:
    exported = [name for _, name, _ in symbols(path) if not name.startswith("mri_")]
    return difference("the static library", exported, "the headers", public)


def check_shared(path: pathlib.Path, public: list[str], nodes: dict[str, str]) -> list[str]:
    errors, exported = [], []
    for kind, name, node in symbols(path, "-D"):
        if kind == "A":
            continue
        exported.append(name)
        if kind != "T":
            errors.append(f"{name} is exported but is no function (nm type {kind})")
        if node != nodes.get(name):
            errors.append(f"{name} has the version node {node or 'none'}, not {nodes.get(name)}")
    # What the library would look for in the whole process, where another copy may lie.
    outside = gate.run_or_die(["readelf", "--relocs", "--wide", path])
    for name in sorted(set(re.findall(r"\s(mr_\w+)@", outside))):
        errors.append(f"the library does not bind its own call of {name} to itself")
    return errors + difference("the shared library", exported, "the headers", public)


def check_headers(paths: list[pathlib.Path], version: str) -> list[str]:
    public = header_functions(paths)
    twice = sorted({name for name in public if public.count(name) > 1})
    errors = [f"{name} is declared twice" for name in twice]
    errors += [f"{name} has no mr_ prefix" for name in public if not name.startswith("mr_")]
    listed = {path.name for path in paths}
    for path in sorted(paths[0].parent.glob("*.h")):
        if path.name not in listed:
            errors.append(f"{path.name} is not in include/meson.build")
    if not public:
        errors.append("the headers declare no function")
    if header_version(paths) != version:
        errors.append(f"version.h says {header_version(paths)}, meson.build {version}")
    return errors


def check_nodes(since: dict[str, str], nodes: dict[str, str]) -> list[str]:
    errors = []
    for name, version in since.items():
        node = f"MODELREG_{version.removesuffix('.0')}"
        if nodes.get(name, node) != node:
            errors.append(f"{name} came with {version} but is in the node {nodes[name]}")
    return errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", type=pathlib.Path, required=True)
    parser.add_argument("--map", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--layers", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--headers", type=pathlib.Path, nargs="+", required=True)
    args = parser.parse_args()
    public = header_functions(args.headers)
    since = api_functions(args.api)
    nodes = map_functions(args.map)
    errors = check_headers(args.headers, args.version)
    errors += difference("the headers", public, "api.json", since)
    errors += difference("the headers", public, args.map.name, nodes)
    errors += check_nodes(since, nodes)
    if args.library.suffix == ".a":
        errors += check_static(args.library, public)
    else:
        errors += check_shared(args.library, public, nodes)
    for layer in args.layers:
        for _, name, _ in symbols(layer):
            if not name.startswith(("mr_", "mri_")):
                errors.append(f"{layer} shows {name}, which has no prefix of ours")
    return gate.judge(errors, f"{len(public)} functions agree")


if __name__ == "__main__":
    sys.exit(main())
