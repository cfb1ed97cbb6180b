#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds api.json to what every release that is kept has promised.

Within a line: nothing is removed; functions, callbacks, types and constants stay as they are;
fields are only appended to a struct, and begin at or behind its old end, where pointers have 8
bytes and where they have 4, since what lies before is padding that an older caller never set. For
ever: a value of an enum keeps its one meaning. What is new says so with @since, which also gives a
function its version node. Once the changelog calls a version released, the headers are its headers.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import gate
import layout
import model

Named = TypeVar("Named", model.Function, model.Struct, model.Callback, model.Handle, model.Enum)


def signature(params: Iterable[model.Value], returns: str) -> str:
    return f"{returns} ({', '.join(param.ctype for param in params) or 'void'})"


def changes(
    what: str, old: Iterable[Named], new: Iterable[Named], promise: Callable[[Named], str]
) -> Iterator[str]:
    """What is gone, and what has another promise: a text that says all that may not change."""
    now = {each.name: each for each in new}
    for each in old:
        if each.name not in now:
            yield f"{what} {each.name} was removed"
        elif promise(each) != promise(now[each.name]):
            yield f"{what} {each.name} was {promise(each)} and is {promise(now[each.name])}"


def field_promise(field: model.Value) -> str:
    return f"{field.name} of type {field.ctype}"


def struct_changes(
    old: model.Struct, new: model.Struct, of: tuple[model.Api, model.Api]
) -> list[str]:
    name = old.name
    errors = []
    if old.role != new.role:
        errors.append(f"{name} was of the role {old.role} and is of the role {new.role}")
    for before, after in zip(old.fields, new.fields):
        if field_promise(before) != field_promise(after):
            place = f"{name}, at byte {before.offset}"
            errors.append(f"{place}: was {field_promise(before)}, is {field_promise(after)}")
            return errors  # what follows is only moved
    for field in old.fields[len(new.fields) :]:
        errors.append(f"{name}.{field.name} was removed")
    for pointer in (layout.LP64, layout.ILP32):
        size = layout.layout_of(old, of[0], pointer).size
        for field in layout.layout_of(new, of[1], pointer).fields[len(old.fields) :]:
            if field.offset < size:
                errors.append(
                    f"{name}.{field.name} begins at byte {field.offset} where pointers have"
                    f" {pointer} bytes, within the {size} bytes that the struct had"
                )
    return errors


def value_changes(old: model.Api, new: model.Api, same_line: bool) -> Iterator[str]:
    """Values of enums are stored in registries, so they hold beyond a line."""
    now = {enum.name: enum for enum in new.enums}
    for enum in old.enums:
        if enum.name not in now:
            continue
        values = {constant.name: constant.value for constant in now[enum.name].constants}
        before = {constant.name: constant.value for constant in enum.constants}
        for name, value in before.items():
            if name not in values and same_line:
                yield f"{name} was removed"
            elif values.get(name, value) != value:
                yield f"{name} was {value} and is {values[name]}"
        for name, value in values.items():
            taken = [other for other, its in before.items() if its == value]
            if name not in before and taken:
                yield f"{name} has the value {value}, which {taken[0]} had"


def constant_changes(old: model.Api, new: model.Api) -> Iterator[str]:
    """Numbers by #define; the version is the one that may change."""
    now = {constant.name: constant.value for constant in new.constants}
    for constant in old.constants:
        if constant.name.startswith("MR_LIBRARY_VERSION_"):
            continue
        if constant.name not in now:
            yield f"{constant.name} was removed"
        elif now[constant.name] != constant.value:
            yield f"{constant.name} was {constant.value} and is {now[constant.name]}"


def since_by_name(api: model.Api) -> dict[str, str]:
    """The release that each public name says it came with."""
    since: dict[str, str] = {}
    groups = (api.constants, api.enums, api.callbacks, api.structs, api.handles, api.functions)
    for group in groups:
        since |= {each.name: each.doc.since for each in group}
    for enum in api.enums:
        since |= {constant.name: constant.doc.since for constant in enum.constants}
    for struct in api.structs:
        since |= {f"{struct.name}.{each.name}": each.doc.since for each in struct.fields}
    return since


def since_changes(old: model.Api, new: model.Api) -> Iterator[str]:
    before, now = since_by_name(old), since_by_name(new)
    for name, version in now.items():
        if name not in before and gate.numbers(version) <= gate.numbers(old.version):
            yield f"{name} is not in {old.version}, but says @since {version}"
        elif before.get(name, version) != version:
            yield f"{name} came with {before[name]}, but says @since {version}"


def line_changes(old: model.Api, new: model.Api) -> Iterator[str]:
    yield from changes(
        "the function", old.functions, new.functions, lambda f: signature(f.params, f.returns)
    )
    yield from changes(
        "the callback", old.callbacks, new.callbacks, lambda f: signature(f.params, f.returns)
    )
    yield from changes("the handle", old.handles, new.handles, lambda h: f"freed by {h.destructor}")
    yield from changes(
        "the type", old.enums, new.enums, lambda e: e.base + (" with flags" if e.flags else "")
    )
    yield from changes("the struct", old.structs, new.structs, lambda s: "a struct")
    now = {struct.name: struct for struct in new.structs}
    for struct in old.structs:
        if struct.name in now:
            yield from struct_changes(struct, now[struct.name], (old, new))
    yield from constant_changes(old, new)
    yield from since_changes(old, new)


def compare(old: model.Api, new: model.Api) -> list[str]:
    """What a release and the present API break of each other."""
    same_line = gate.line_of(old.version) == gate.line_of(new.version)
    errors = list(line_changes(old, new)) if same_line else []
    errors += value_changes(old, new, same_line)
    return [f"{old.version}: {error}" for error in errors]


def header_changes(root: pathlib.Path, include: pathlib.Path, version: str) -> list[str]:
    """What differs from the release that the changelog says this is."""
    top = gate.top_section(root)
    if not top.released:
        return []
    kept = [each for each in gate.kept_releases(root) if each.version == top.version]
    if not kept or top.version != version:
        return [f"CHANGELOG.md calls {top.version} released, but it is not kept, or not this one"]
    old, new = kept[0].include / "modelreg", include / "modelreg"
    names = {path.name for folder in (old, new) for path in folder.glob("*.h")}
    texts = [{path.name: path.read_bytes() for path in each.glob("*.h")} for each in (old, new)]
    return [
        f"{name} is not as in {version}, which is released; begin a version in CHANGELOG.md"
        for name in sorted(names)
        if texts[0].get(name) != texts[1].get(name)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=gate.ROOT)
    args = parser.parse_args()
    api = gate.read_api(args.root / gate.API)
    gate.releases_of_line(args.root, api.version)
    releases = gate.kept_releases(args.root)
    errors = header_changes(args.root, args.root / "include", api.version)
    for release in releases:
        errors += compare(release.api, api)
    return gate.judge(errors, f"{api.version} keeps what {len(releases)} releases promised")


if __name__ == "__main__":
    sys.exit(main())
