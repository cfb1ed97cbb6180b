#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the library with the dumps of the kept releases of its line, by libabigail's abidiff.

Any difference fails, but for new functions, and for fields appended to the options and records that
by api.json have more fields than they had: one suppression lets those structs pass. It names them,
since abidiff 2.2 would also let pass other changes of a struct that the suppression fits; of those
few structs check_releases.py sees the rest. Numbers (enums, constants) are in no library.

The dumps are of a debug build by gcc on x86_64. They fit builds by gcc and clang there, in any
folder, with debug information: private types are left out, and paths say no more than the place in
the tree. Skips (77) where abidiff is not installed.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import shutil
import sys
import tempfile

import gate
import model

SKIP = 77
# Neither tool may leave out or shorten locations (--no-show-locs, --short-locs): by them it tells
# public types, which are those in the headers and below /usr/include, from private ones, whose
# changes it does not show.
DUMP_OPTIONS = (
    "--drop-private-types", "--drop-undefined-syms", "--exported-interfaces-only",
    "--no-corpus-path", "--no-comp-dir-path", "--no-elf-needed",
)  # fmt: skip
DIFF_OPTIONS = (
    "--drop-private-types", "--exported-interfaces-only", "--no-added-syms",
    "--header-file2", "stddef.h",
)  # fmt: skip
OWN_PLACE = re.compile(r"path='[^']*/((?:include/modelreg|src|tests/abi)/[^']*)'")
# size_t comes from a header of the compiler, which is below /usr/lib.
COMPILERS_PLACE = re.compile(r"path='/usr/lib/[^']*/include/([^']*)'")
SUPPRESSION = """\
[suppress_type]
  type_kind = struct
  name_regexp = ^({names})$
  has_data_member_inserted_at = end
"""


def dump(library: pathlib.Path, include: pathlib.Path, out: pathlib.Path) -> None:
    """Writes the dump of a library."""
    headers = include / "modelreg"
    gate.run_or_die(["abidw", *DUMP_OPTIONS, "--headers-dir", headers, "--out-file", out, library])
    text = OWN_PLACE.sub(r"path='\1'", out.read_text(encoding="utf-8"))
    text = COMPILERS_PLACE.sub(r"path='/usr/include/\1'", text)
    out.write_text(text, encoding="utf-8")


def grown(old: model.Api, new: model.Api) -> list[str]:
    """The structs that may have more fields than they had, and have."""
    before = {struct.name: len(struct.fields) for struct in old.structs}
    return [
        struct.name
        for struct in new.structs
        if struct.role in ("options", "record")
        and len(struct.fields) > before.get(struct.name, len(struct.fields))
    ]


def has_debug_information(library: pathlib.Path) -> bool:
    return ".debug_info" in gate.run_or_die(["readelf", "--sections", "--wide", library])


def compare(release: gate.Release, library: pathlib.Path, root: pathlib.Path) -> str:
    """What differs, as text."""
    options = [*DIFF_OPTIONS, "--headers-dir2", str(root / "include" / "modelreg")]
    names = grown(release.api, gate.read_api(root / gate.API))
    with tempfile.NamedTemporaryFile("w", suffix=".suppressions") as file:
        if names:
            file.write(SUPPRESSION.format(names="|".join(names)))
            file.flush()
            options += ["--suppressions", file.name]
        done = gate.run(["abidiff", *options, release.dump, library])
    return "" if done.returncode == 0 else f"{done.stdout}abidiff: status {done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=gate.ROOT)
    parser.add_argument("--version", required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    args = parser.parse_args()
    releases = gate.releases_of_line(args.root, args.version)
    if shutil.which("abidiff") is None:
        print("abidiff (abigail-tools) is not installed")
        return SKIP
    errors = []
    if not has_debug_information(args.library):
        errors.append(f"{args.library} has no debug information to compare")
    for release in releases:
        found = compare(release, args.library, args.root)
        errors += [f"{release.version}: {line}" for line in found.splitlines()]
    return gate.judge(errors, f"no difference from {len(releases)} releases")


if __name__ == "__main__":
    sys.exit(main())
