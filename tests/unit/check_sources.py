#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what no compiler checks: that the layers include only downward, that only one file
allocates, and the other rules of the house that a search can find.
"""

import collections
import pathlib
import re
import sys

RANKS = {
    "base": 0, "semver": 1, "query": 1, "trust": 1, "metrics": 1, "store": 2, "blob": 2,
    "registry": 3, "cli": 4,
}
FOLDERS = ("include", "src", "tests", "examples", "bindings", "subprojects/packagefiles")
LONGEST = {"src": 600, "include": 800, "tests": 800, "examples": 800, "bindings": 800}

# A call of one of these is only allowed in the files that match.
CALLS = {
    r"malloc|calloc|realloc|free|strdup|strndup|aligned_alloc|posix_memalign":
        r"base/mem\.c|cli/cli_memory\.c",
    r"getenv|secure_getenv|setenv|putenv|unsetenv": r"base/os_env\.c|cli/main\.c",
    r"printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror|fopen|fdopen|fwrite|fread":
        r"cli/.*",
    r"exit|_exit|_Exit|atexit|quick_exit|abort|system|popen|signal|sigaction|setlocale|umask|chdir|fchdir|"
    r"setjmp|longjmp|strtok|strerror|localtime|gmtime|rand|srand|gets|strcpy|strcat|sprintf|alloca":
        r"cli/.*",
    r"socket|connect|bind|listen|accept": r"$^",
    r"sqlite3_config|sqlite3_shutdown|sqlite3_auto_extension|sqlite3_enable_load_extension": r"$^",
}


def without_comments(text):
    """The code with comments and the insides of strings blanked, line breaks kept."""
    pattern = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"

    def blank(match):
        token = match.group(0)
        return "\n" * token.count("\n") if token.startswith("/") else token[0] * 2

    return re.sub(pattern, blank, text, flags=re.S)


def check_includes(name, text):
    layer = name.split("/")[1]
    own = RANKS.get(layer)
    if own is None:
        yield f"{name}: the layer {layer} has no rank"
        return
    for target in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text, flags=re.M):
        other = target.split("/")[0]
        if layer == "cli" and other in RANKS and other != "cli":
            yield f"{name}: the tool includes {target}, which is not public"
        elif other in RANKS and other != layer and RANKS[other] >= own:
            yield f"{name}: {layer} must not include {target}"
        elif target.startswith(".") or ("/" not in target and f'"{target}"' in text):
            yield f"{name}: write #include \"layer/file.h\" instead of \"{target}\""


def check_calls(name, code):
    inside = name.split("/", 1)[1]
    for words, allowed in CALLS.items():
        if re.fullmatch(allowed, inside):
            continue
        for match in re.finditer(rf"(?<![\w.>])({words})\s*\(", code):
            line = code.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {match.group(1)}() is not for this file"
    if "_GNU_SOURCE" in code and not re.fullmatch(r"base/os_\w+\.c", inside):
        yield f"{name}: _GNU_SOURCE is only for src/base/os_*.c"


def check_text(name, text):
    top = name.split("/")[0]
    head = text.splitlines()[:2]
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
        yield f"{name}: the first line does not name the licence"
    lines = text.count("\n")
    if lines > LONGEST.get(top, 800) and "_generated" not in name:
        yield f"{name}: {lines} lines are more than {LONGEST[top]}"
    for marker in ("TO" + "DO", "FIX" + "ME", "XX" + "X"):
        if re.search(rf"\b{marker}\b", text):
            yield f"{name}: {marker} without an issue"


def check_names(names):
    seen = collections.defaultdict(list)
    for name in names:
        path = pathlib.PurePath(name)
        if path.suffix in (".c", ".h", ".py") and path.name != "__init__.py":
            if path.parts[0] != "examples":  # named for the reader of one example
                seen[path.name].append(name)
            if not re.fullmatch(r"[a-z_][a-z0-9_]*\.(c|h|py)", path.name):
                yield f"{name}: file names are snake_case"
    for same in seen.values():
        if len(same) > 1:
            yield "one name for several files: " + ", ".join(same)


def main():
    root = pathlib.Path(sys.argv[1])
    names = []
    errors = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".c", ".h", ".cpp", ".py") and path.name != "meson.build":
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            names.append(name)
            errors += check_text(name, text)
            if name.startswith("src/") and path.suffix in (".c", ".h"):
                errors += check_includes(name, text)
                errors += check_calls(name, without_comments(text))
    if not any(name.startswith("src/") for name in names):
        errors.append(f"there are no sources in {root}")
    errors += check_names(names)
    print("\n".join(errors) if errors else f"{len(names)} files keep the rules")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
