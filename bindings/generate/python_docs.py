# SPDX-License-Identifier: Apache-2.0
"""Docstrings from the doc comments of the headers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

import model
from python_layout import COLUMNS
from python_names import Names, camel, enum_prefix, error_class

INDENT = 4  # what the text is indented by in the end, at most
WORD = re.compile(r"`?\b(mr_[a-z0-9_]+(?:\(\))?|MR_[A-Z0-9_]+)`?")


class Docs:
    """Puts the text of doc comments into Python's words."""

    def __init__(self, names: Names) -> None:
        self._words: dict[str, str] = dict(names.members)
        for enum in names.api.enums:
            self._words[enum.name] = camel(enum.name)
            self._words[enum_prefix(enum)] = camel(enum.name)
        for constant in names.enums["mr_status"].constants:
            if constant.value != 0:
                self._words[constant.name] = error_class(constant.name)
        for define in names.api.constants:
            self._words[define.name] = define.name.removeprefix("MR_")
        for handle in names.api.handles:
            self._words[handle.name] = camel(handle.name)
        for struct in names.api.structs:
            self._words[struct.name] = camel(struct.name)
        for function in names.api.functions:
            self._words[function.name + "()"] = names.spelling(function)

    def translate(self, text: str) -> str:
        """C names that have another one in Python, and NULL."""

        def word(match: re.Match[str]) -> str:
            return self._words.get(match[1], match[0])

        text = WORD.sub(word, text)
        text = re.sub(r"\bNULL\b", "None", text)
        return text.replace("\\", "\\\\").replace('"""', "'''")

    def value(self, value: model.Value) -> str:
        """The text of a parameter or field, as a sentence."""
        text = re.sub(r"^`\w+` (?=\w)", "", value.doc.text).removesuffix("; the caller keeps it")
        if value.kind == "bool":
            text = truth(text)
        elif value.kind == "strings":
            text = re.sub(r"; NULL when \w+ is 0, which ", "; none at all ", text)
            text = re.sub(r"[;.] NULL when \w+ is 0", "", text)
        return self.translate(text[:1].upper() + text[1:])

    def item(self, name: str, text: str) -> list[str]:
        """An entry of a section."""
        return [f"    {name}: {self.translate(text)}"]

    def failures(self, text: str) -> list[str]:
        """The section of what is raised, from what is said of the failures of a call."""
        # What Python never passes.
        text = re.sub(r"MR_INVALID_ARGUMENT (?:for|when out_\w+ is) NULL(?:; |$)", "", text)
        text = text.replace("the common ones of modelreg.h", "what every call may raise")
        return ["Raises:", *self.item("ModelregError", text)] if text else []


def truth(text: str) -> str:
    """What is said of a number that is a bool in Python."""
    return re.sub(r"\b1\b", "True", re.sub(r"\b0\b", "False", text))


def fill(lines: Sequence[str], indent: int) -> list[str]:
    """Wraps paragraphs, each with a hanging indent where it is an entry; code stays as it is."""
    out: list[str] = []
    for line in lines:
        body = line.lstrip(" ")
        depth = len(line) - len(body)
        is_entry = depth == 4 and re.match(r"[\w*]+: ", body)
        if not body:
            out.append("")
        elif depth >= 4 and not is_entry:
            out.append(" " * indent + line)
        else:
            prefix = " " * (indent + depth)
            out += textwrap.wrap(
                body,
                COLUMNS - INDENT,
                initial_indent=prefix,
                subsequent_indent=prefix + ("    " if is_entry else ""),
                break_long_words=False,
                break_on_hyphens=False,
            )
    return out


def docstring(indent: int, text: str, *sections: Sequence[str]) -> list[str]:
    """The lines of a docstring: text, already translated, and its sections."""
    body = ('"""' + text).split("\n")
    for section in sections:
        if section:
            body += ["", *section]
    lines = fill(body, indent)
    if len(lines) == 1 and len(lines[0]) + 3 <= COLUMNS - INDENT and not lines[0].endswith('"'):
        return [lines[0] + '"""']
    return [*lines, " " * indent + '"""']


def comment(text: str, indent: int = 0) -> list[str]:
    """A comment."""
    prefix = " " * indent + "# "
    return textwrap.wrap(text, COLUMNS, initial_indent=prefix, subsequent_indent=prefix)


def note(doc: model.Doc) -> list[str]:
    """What a docstring says about versions."""
    return [f"Deprecated: {doc.deprecated}"] if doc.deprecated else []
