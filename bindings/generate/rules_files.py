# SPDX-License-Identifier: Apache-2.0
"""Rules for a header as a file: its guard, what it includes, its macros, and words C has but a
public header may not. They need no parser, so that they speak first where it would only choke."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comments import NUMBER, SourceFile
from findings import Finding, Where
from headers import UMBRELLA

SYSTEM = ("stddef.h", "stdint.h")
OPEN = re.compile(r'^#ifdef __cplusplus\nextern "C" \{\n#endif\n', re.M)
CLOSE = re.compile(r"^#ifdef __cplusplus\n\}\n#endif\n", re.M)
API_BLOCK = re.compile(
    r"^#if defined\(_WIN32\)\n(?:#(?:elif [^\n]*|else|define MR_API[^\n]*)\n)+#endif\n", re.M
)
INCLUDE = re.compile(r'#\s*include\s*([<"])([^>"]*)[>"]')
LISTED = re.compile(r"'([\w.]+\.h)'")
INITIALISER = re.compile(r"MR_[A-Z0-9_]+_INIT")

Files = dict[str, SourceFile]


def guard(files: Files) -> Iterator[Finding]:
    """#ifndef MODELREG_<NAME>_H, its #define, and the #endif around everything."""
    for name, file in files.items():
        word = f"MODELREG_{name.removesuffix('.h').upper()}_H"
        first = [text for _, text in file.directives[:2]]
        last = [text for _, text in file.directives[-1:]]
        if first != [f"#ifndef {word}", f"#define {word}"] or last != ["#endif"]:
            line = file.directives[0][0] if file.directives else 1
            yield Finding(
                Where(name, line),
                "guard",
                f"begin with #ifndef {word} and #define, end with #endif",
            )


def conditional(files: Files) -> Iterator[Finding]:
    """Everybody sees the same declarations: nothing depends on a macro but the guard, C++'s linkage
    and how MR_API is spelt. Directives that do something else have no place at all."""
    for name, file in files.items():
        allowed = set()
        for pattern in (OPEN, CLOSE, API_BLOCK):
            match = pattern.search(file.text)
            if match is not None:
                last = file.line(match.end()) - 1
                allowed |= set(range(file.line(match.start()), last + 1))
        for index, (line, text) in enumerate(file.directives):
            word = re.sub(r"#\s*", "", text).split(None, 1)[0] if text != "#" else ""
            is_guard = index == 0 and word == "ifndef"
            is_plain = word in ("include", "define", "endif") or is_guard
            if not is_plain and line not in allowed:
                message = f"no #{word} here: everybody must see the same declarations"
                yield Finding(Where(name, line), "conditional", message)


def extern_c(files: Files) -> Iterator[Finding]:
    """A header with declarations gives them C linkage in C++."""
    for name, file in files.items():
        begins, ends = OPEN.search(file.text), CLOSE.search(file.text)
        body = re.search(r"[^\s{}]", file.code.replace("extern", ""))
        if body is None:
            continue
        line = file.line(body.start())
        if begins is None or ends is None or begins.end() > ends.start():
            yield Finding(Where(name, line), "extern-c", 'declare within extern "C" for C++')
            continue
        outside = [*re.finditer(r"[^\s{}]", re.sub("extern", "      ", file.code))]
        for match in outside:
            if not begins.end() <= match.start() < ends.start():
                where = file.where(match.start())
                yield Finding(where, "extern-c", 'this stands outside of extern "C"')
                break


def include_downward(files: Files) -> Iterator[Finding]:
    """Only <stddef.h>, <stdint.h> and public headers, none in a circle, none the umbrella."""
    graph: dict[str, list[str]] = {}
    for name, file in files.items():
        graph[name] = []
        for line, text in file.directives:
            match = INCLUDE.match(text)
            if match is None:
                continue
            bracket, target = match.groups()
            where = Where(name, line)
            other = target.removeprefix("modelreg/")
            if bracket == '"':
                yield Finding(where, "include-downward", f"include <{target}> in angle brackets")
            elif target in SYSTEM:
                continue
            elif other == target or other not in files:
                yield Finding(where, "include-downward", f"<{target}> is no public header")
            elif other == UMBRELLA:
                yield Finding(
                    where, "include-downward", f"{UMBRELLA} is for users: name the header"
                )
            elif name in below(other, graph):
                yield Finding(where, "include-downward", f"{other} includes {name} in turn")
            else:
                graph[name].append(other)


def below(name: str, graph: dict[str, list[str]]) -> set[str]:
    """A header with everything it includes."""
    found = {name}
    for other in graph.get(name, []):
        found |= below(other, graph)
    return found


def umbrella(files: Files) -> Iterator[Finding]:
    """The umbrella includes every other header and declares nothing itself."""
    file = files[UMBRELLA]
    included = [match.group(2) for _, text in file.directives if (match := INCLUDE.match(text))]
    for name in files:
        if name != UMBRELLA and f"modelreg/{name}" not in included:
            yield Finding(Where(UMBRELLA, 1), "umbrella", f"include <modelreg/{name}>")
    body = re.search(r"\S", file.code)
    if body is not None:
        yield Finding(file.where(body.start()), "umbrella", "declare this in a header of its own")


def header_list(files: Files, build: str) -> Iterator[Finding]:
    """include/meson.build installs exactly the headers that are there."""
    listed = LISTED.findall(build)
    for name in files:
        if name not in listed:
            yield Finding(Where(name, 1), "header-list", "add it to include/meson.build")
    for name in listed:
        if name not in files:
            yield Finding(
                Where(UMBRELLA, 1), "header-list", f"include/meson.build lists {name}, which is not"
            )


def macro(files: Files) -> Iterator[Finding]:
    """No function-like macros; the others are guards, MR_API, numbers and initialisers."""
    for name, file in files.items():
        for define in file.defines:
            where = Where(name, define.line)
            if define.function_like:
                yield Finding(
                    where,
                    "no-function-macro",
                    f"make {define.name} a function: bindings see no macro",
                )
            elif define.name.startswith("MODELREG_") and define.name.endswith("_H"):
                continue
            elif define.name != "MR_API" and not INITIALISER.fullmatch(define.name):
                if not re.fullmatch(rf"\(?{NUMBER.pattern}\)?", define.value):
                    yield Finding(where, "macro", f"give {define.name} a plain number as its value")


def words(files: Files) -> Iterator[Finding]:
    """Language extensions and qualifiers that a parser of plain C99 cannot read."""
    banned = re.compile(
        r"\b(restrict|__restrict|_Static_assert|_Noreturn|_Atomic|_Bool|_Complex|__extension__"
        r"|__declspec|__asm__|asm|volatile|register|auto|goto)\b"
    )
    for file in files.values():
        for match in banned.finditer(file.code):
            yield Finding(
                file.where(match.start()),
                "plain-c99",
                f"`{match.group()}` has no place in a header",
            )
