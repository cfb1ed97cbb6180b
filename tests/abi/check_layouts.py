#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the compiler measure every public struct by the headers of a release and by the present.

The headers of each kept release of the line are compiled into one table of sizes and offsets, the
present headers into another, for the fields that the release's api.json names; a small program
compares the two. Every field must lie where it lay, and no struct may have become smaller. Where
pointers have 8 bytes the kept headers must also give the numbers in the kept api.json.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import gate
import model

TABLE = """\
#include <modelreg/modelreg.h>
extern const size_t TABLE[][2];
const size_t TABLE[][2] = {{
{rows}}};
"""

PROGRAM = """\
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
extern const size_t kept[][2], present[][2];
static const struct {{ const char *name; int whole; size_t offset, size; }} rows[] = {{
{rows}}};
int main(void) {{
  int wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {{
    int same = kept[i][0] == present[i][0] &&
               (rows[i].whole ? kept[i][1] <= present[i][1] : kept[i][1] == present[i][1]);
    if (!same)
      printf("%s was at %zu with %zu bytes, and is at %zu with %zu\\n", rows[i].name, kept[i][0],
             kept[i][1], present[i][0], present[i][1]);
    int told = sizeof(void *) != 8 || (kept[i][0] == rows[i].offset && kept[i][1] == rows[i].size);
    if (!told)
      printf("%s is at %zu with %zu bytes, which is not what the kept api.json says\\n",
             rows[i].name, kept[i][0], kept[i][1]);
    wrong += !same || !told;
  }}
  return wrong == 0 ? 0 : 1;
}}
"""


def measured(api: model.Api) -> tuple[str, str]:
    """The rows of the table, and those of the program that go with them."""
    table, rows = "", ""
    for struct in api.structs:
        name = struct.name
        table += f"  {{0, sizeof({name})}},\n"
        rows += f'  {{"{name}", 1, 0, {struct.size}}},\n'
        for field in struct.fields:
            size = f"sizeof((({name} *)0)->{field.name})"
            table += f"  {{offsetof({name}, {field.name}), {size}}},\n"
            rows += f'  {{"{name}.{field.name}", 0, {field.offset}, {field.size}}},\n'
    return table, rows


def check(
    release: gate.Release, include: pathlib.Path, work: pathlib.Path, compiler: list[str]
) -> str:
    """What differs, as text."""
    folder = work / release.version
    folder.mkdir(parents=True, exist_ok=True)
    table, rows = measured(release.api)
    (folder / "layout_table.c").write_text(TABLE.format(rows=table), encoding="utf-8")
    (folder / "layout_program.c").write_text(PROGRAM.format(rows=rows), encoding="utf-8")
    command = [*compiler, "-std=c99", "-Wall", "-Wextra", "-Werror"]
    for name, headers in (("kept", release.include), ("present", include)):
        done = gate.run(
            [*command, f"-DTABLE={name}", "-I", headers, "-c", folder / "layout_table.c",
             "-o", folder / f"{name}.o"]
        )  # fmt: skip
        if done.returncode != 0:
            return f"the {name} headers do not compile with all fields:\n{done.stdout}"
    program = folder / "layout_program"
    gate.run_or_die(
        [*command, folder / "layout_program.c", folder / "kept.o", folder / "present.o",
         "-o", program]
    )  # fmt: skip
    done = gate.run([program])
    return done.stdout or ("" if done.returncode == 0 else f"status {done.returncode}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=gate.ROOT)
    parser.add_argument("--version", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("compiler", nargs="+")
    args = parser.parse_args()
    releases = gate.releases_of_line(args.root, args.version)
    errors = []
    for release in releases:
        found = check(release, args.root / "include", args.work, args.compiler)
        errors += [f"{release.version}: {line}" for line in found.splitlines()]
    return gate.judge(errors, f"every struct of {len(releases)} releases lies as it lay")


if __name__ == "__main__":
    sys.exit(main())
