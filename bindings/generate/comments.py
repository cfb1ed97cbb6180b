# SPDX-License-Identifier: Apache-2.0
"""A line scanner for what the parser never sees: doc comments, macros and where things stand."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field

from findings import Where

TAG = re.compile(r"(?<!\S)@([A-Za-z_]+)")
TAGS = frozenset(
    ("file", "param", "return", "since", "deprecated", "nullable", "fast", "skip"),
)
WORDS_AFTER_NULLABLE = re.compile(r"[a-z`0-9]")
LEXEME = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)"
    r'|(?P<literal>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
    r'|(?P<directive>^[ \t]*#(?:\\\n|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|[^\n])*)',
    re.S | re.M,
)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)]*\))?(.*)", re.S)
NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
CONDITIONAL = re.compile(r"[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|else)\b")


@dataclass(frozen=True)
class Part:
    """The text of @param, @return, or of the comment itself."""

    name: str  # of the parameter, else ""
    text: str
    nullable: bool
    line: int


@dataclass
class Block:
    """A doc comment, taken apart."""

    line: int
    end: int  # its last line
    text: str = ""
    nullable: bool = False
    params: list[Part] = field(default_factory=list)
    returns: Part | None = None
    since: str = ""
    deprecated: str = ""
    fast: bool = False
    skip: bool = False
    file: str | None = None  # what @file names
    tags: list[tuple[str, int]] = field(default_factory=list)  # every tag with its line
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Define:
    name: str
    function_like: bool
    value: str  # continuation lines joined, comments dropped
    line: int
    block: Block | None


def integer(text: str) -> int:
    """The value of a number as C writes it: with a leading 0 it is octal."""
    return int(text, 8 if re.fullmatch(r"-?0[0-7]+", text) else 0)


def paragraphs(text: str) -> str:
    """Joins the lines of a paragraph; keeps lines that are indented by four or more."""
    out: list[str] = []
    kept = False  # the last line stands for itself
    for line in text.split("\n"):
        if not line.strip():
            if out and out[-1]:
                out.append("")
        elif line.startswith("    "):
            out.append(line.rstrip())
            kept = True
        elif out and out[-1] and not kept:
            out[-1] += " " + line.strip()
        else:
            out.append(line.strip())
            kept = False
        if out and not out[-1]:
            kept = False
    return "\n".join(out).strip("\n")


def say_null(before: str, after: str) -> str:
    """The text around a @nullable. Where what follows only makes sense as the meaning of NULL
    ("@nullable all defaults"), the text says so once the annotation is gone."""
    words = after.lstrip()
    meaning = WORDS_AFTER_NULLABLE.match(words) and "NULL" not in words
    if not meaning or words.startswith("receives "):
        joined = words
    elif words.startswith("when "):
        joined = "NULL " + words
    else:
        joined = "NULL: " + words
    return f"{before.rstrip()} {joined}" if before.strip() else joined


def parse_block(body: str, line: int) -> Block:
    """Takes the text between the comment marks apart; `line` is that of its first line."""
    rows = body.split("\n")
    bare = [rows[0].strip(" \t")]
    bare += [re.sub(r"^[ \t]*\*? ?", "", row, count=1).rstrip() for row in rows[1:]]
    text = "\n".join(bare)
    block = Block(line=line, end=line + len(rows) - 1)
    marks = [mark for mark in TAG.finditer(text)]
    edges = [mark.start() for mark in marks] + [len(text)]
    owner = "text"
    current = Part("", text[: edges[0]], False, line)

    def close() -> None:
        nonlocal current
        if owner == "text":
            block.text = paragraphs(current.text)
            block.nullable = current.nullable
            return
        joined = Part(current.name, " ".join(current.text.split()), current.nullable, current.line)
        if owner == "param":
            block.params.append(joined)
        elif block.returns is not None:
            block.problems.append((current.line, "a second @return: there is one result"))
        else:
            block.returns = joined
        if not joined.text:
            block.problems.append((current.line, f"@{owner} says nothing"))

    closed = False
    for index, mark in enumerate(marks):
        tag = mark.group(1)
        at = line + text.count("\n", 0, mark.start())
        after = text[mark.end() : edges[index + 1]]
        block.tags.append((tag, at))
        if block.file is not None:
            # A file's comment explains annotations; it carries none.
            continue
        if tag == "nullable":
            if closed:
                block.problems.append((at, "@nullable follows nothing that could be NULL"))
            else:
                before = current.text
                current = Part(current.name, say_null(before, after), True, current.line)
            continue
        if tag not in TAGS:
            continue
        if not closed:
            close()
        closed = tag not in ("param", "return")
        words = after.split()
        if tag == "param":
            owner = "param"
            rest = re.sub(r"^\s*\S+", "", after, count=1)
            current = Part(words[0] if words else "", rest, False, at)
        elif tag == "return":
            owner = "return"
            current = Part("", after, False, at)
        elif tag == "file":
            block.file = words[0] if words else ""
            named = re.match(r"\s*\S*", text[mark.end() :])
            start = mark.end() + (named.end() if named else 0)
            owner, closed = "text", False
            current = Part("", text[start:], False, line)
        elif tag == "deprecated":
            block.deprecated = " ".join(words)
        else:
            expected = 1 if tag == "since" else 0
            if len(words) != expected:
                told = "one version" if expected else "nothing"
                block.problems.append((at, f"@{tag} is followed by {told}"))
            if tag == "since":
                block.since = words[0] if words else ""
            elif tag == "fast":
                block.fast = True
            else:
                block.skip = True
    if not closed:
        close()
    return block


class SourceFile:
    """One header: its code with comments, directives and literals blanked, and what was there."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.blocks: dict[int, Block] = {}  # by the offset at which the comment ends
        self.defines: list[Define] = []
        self.directives: list[tuple[int, str]] = []  # line and text, comments dropped
        self._lines = [0] + [match.end() for match in re.finditer("\n", text)]
        spans: list[tuple[int, int, str]] = []
        for match in LEXEME.finditer(text):
            kind = match.lastgroup or ""
            spans.append((match.start(), match.end(), kind))
            if kind == "comment" and re.match(r"/\*\*[^*/]", match.group()):
                body = match.group()[3:-2]
                self.blocks[match.end()] = parse_block(body, self.line(match.start()))
        # What an `extern "C" {` opens is closed by a brace that stands alone; both are harmless.
        self.code = self._blank(spans, ("comment", "directive", "literal"))
        without_comments = self._blank(spans, ("comment",))
        for start, end, kind in spans:
            if kind == "directive":
                value = re.sub(r"/\*.*?\*/", " ", text[start:end], flags=re.S)
                value = value.replace("\\\n", " ").strip()
                self.directives.append((self.line(start), value))
                self._add_define(without_comments, start, value)

    def line(self, offset: int) -> int:
        """The line, counted from 1, of an offset."""
        return bisect.bisect_right(self._lines, offset)

    def where(self, offset: int) -> Where:
        return Where(self.name, self.line(offset))

    def block_before(self, offset: int) -> Block | None:
        """The doc comment with nothing but blanks between it and what begins at the offset."""
        end = len(self.text[:offset].rstrip())
        return self.blocks.get(end)

    @property
    def file_block(self) -> Block | None:
        """The @file comment."""
        return next((block for block in self.blocks.values() if block.file is not None), None)

    def _blank(self, spans: list[tuple[int, int, str]], kinds: tuple[str, ...]) -> str:
        out = list(self.text)
        for start, end, kind in spans:
            if kind in kinds:
                for index in range(start, end):
                    if out[index] != "\n":
                        out[index] = " "
        return "".join(out)

    def _add_define(self, code: str, start: int, value: str) -> None:
        match = DEFINE.match(value)
        if not match:
            return
        # A macro with alternatives has its comment before the #if that parts them.
        top = start
        while True:
            head = code[:top].rstrip()
            above = head.rfind("\n") + 1
            line = head[above:]
            again = DEFINE.match(line)
            if not (CONDITIONAL.match(line) or (again and again.group(1) == match.group(1))):
                break
            if self.block_before(top):
                break
            top = above
        block = self.block_before(top)
        name, parenthesis, rest = match.groups()
        self.defines.append(
            Define(name, parenthesis is not None, rest.strip(), self.line(start), block)
        )
