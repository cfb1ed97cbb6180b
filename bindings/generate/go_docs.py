# SPDX-License-Identifier: Apache-2.0
"""Doc comments of the headers as doc comments of Go: the names of Go in the place of those of C,
and sentences that begin with the name of what they describe."""

from __future__ import annotations

import re
import textwrap

import go_names
import model

WIDTH = 100
FIRST_RELEASE = "0.1.0"  # what is as old as that need not say so
ARTICLES = ("The", "A", "An", "One", "All", "Some", "Something", "Number")
QUESTIONS = ("What", "Where", "Which", "How", "Whether", "Why", "Who")
# What C has to say about memory and Go has not.
MEMORY_CLAUSES = (
    r",? valid until [^;.]*?(?:freed|changes or is freed)",
    r"a record that lives as long as the handle; ",
    r"[;,] (?:0|NULL) for NULL",
    r"[;,] to be freed by the caller",
    r" of its own(?=, to be freed)",
    r"; (?:free|close) it with [^;.]*",
)


class References:
    """What a C name is called in Go."""

    def __init__(self, api: model.Api) -> None:
        self.names: dict[str, str] = {}
        pages = {handle.name for handle in api.handles if handle.page_of}
        for enum in api.enums:
            self.names[enum.name] = f"[{go_names.type_name(enum.name)}]"
            for constant in enum.constants:
                name = go_names.constant_name(constant.name)
                if enum.name == go_names.STATUS:
                    name = go_names.error_name(constant.name)
                self.names[constant.name] = f"[{name}]"
        self.names["MR_OK"] = "[StatusOK]"
        taken = {go_names.function_name(each) for each in api.functions if not each.is_method}
        for constant in api.constants:
            name = go_names.constant_name(constant.name)
            self.names[constant.name] = f"[{'Header' if name in taken else ''}{name}]"
        for handle in api.handles:
            name = "Page" if handle.name in pages else go_names.type_name(handle.name)
            self.names[handle.name] = f"[{name}]"
        self.names[go_names.BUFFER] = "string"
        # For docs outside of a struct and a function.
        fields = {
            name: go
            for struct in api.structs
            for name, go in go_names.own_fields(struct).names.items()
            if "_" in name
        }
        self.fields = go_names.Own(fields, frozenset())
        for struct in api.structs:
            self.names[struct.name] = f"[{go_names.type_name(struct.name)}]"
        for callback in api.callbacks:
            self.names[callback.name] = "function"
        for function in api.functions:
            name = go_names.function_name(function)
            if function.noun in pages:
                name = "Page"
            elif function.is_method:
                name = f"{go_names.type_name(function.noun)}.{name}"
            self.names[function.name] = f"[{name}]"

    def translate(self, text: str, null: str, own: go_names.Own | None) -> str:
        """Text with the names of Go; `own` are the parameters or fields around it. Outside of
        backquotes only what no plain word looks like is a name."""
        own = own or go_names.Own({}, frozenset())
        for clause in MEMORY_CLAUSES:
            text = re.sub(clause, "", text)

        def absent(match: re.Match[str]) -> str:
            return f'{match.group(1)} is ""' if match.group(2) in own.texts else match.group(0)

        def replace(match: re.Match[str]) -> str:
            word = match.group(0)
            bare = word.removesuffix("()").strip("`")
            if bare in self.names:
                return self.names[bare]
            if bare == "NULL":
                return null
            if bare in own.names and ("_" in bare or word.startswith("`")):
                return own.names[bare]
            return word

        text = re.sub(r"(`?(\w+)`?) is NULL", absent, text)
        # What is indented is shown as it is, and IS NULL is not the NULL of C.
        word = (
            r"IS (?:\[NOT\] )?NULL|`[a-z][a-z0-9_]*`|(?<![\w.\"'/%])[A-Za-z][A-Za-z0-9_]*(?:\(\))?"
        )
        text = "\n".join(
            line if line.startswith("    ") else re.sub(word, replace, line)
            for line in text.split("\n")
        )
        text = re.sub(r"\b([Aa])n (?=\[[^AEIOUaeiou])", r"\1 ", text)
        # A reference is no reference between backquotes, and a pair of brackets is enough.
        text = re.sub(r"`(\[\w[\w.]*\])`", r"\1", text)
        text = text.replace("modelreg.h", "the package comment").replace('"" or ""', '""')
        text = re.sub(r"the MR_[A-Z_]+_ bits", "the bits below", text)
        return re.sub(r"\bfrom (any|one|many) thread", r"from \1 goroutine", text)


def sentence(name: str, text: str, question_verb: str, article_verb: str) -> str:
    """Text that begins with `name`."""
    first = text.split(None, 1)[0] if text else ""
    lowered = text[:1].lower() + text[1:] if text[1:2].islower() or first == "A" else text
    if first in QUESTIONS:
        return f"{name} {question_verb} {lowered}"
    if first == "Number":
        return f"{name} {article_verb} the {lowered}"
    if first in ARTICLES:
        return f"{name} {article_verb} {lowered}"
    return f"{name} {lowered}"


def comment(text: str, indent: str = "") -> str:
    """Text as a Go comment. Paragraphs are parted by empty lines; a line that begins with "- " is
    an item of a list, and one that is indented is shown as it is."""
    lines: list[str] = []
    width = WIDTH - len(indent) - len("// ")
    kind = ""
    for line in text.split("\n"):
        new = "" if not line else "-" if line.startswith("- ") else "+" if line[0] == " " else "."
        if kind and new and new != kind:
            lines.append("")
        kind = new
        if new == "":
            lines.append("")
        elif new == "-":
            item = textwrap.wrap(line[2:], width - 4, break_on_hyphens=False)
            lines += ["  - " + item[0], *("    " + rest for rest in item[1:])]
        elif new == "+":
            lines.append("\t" + line[4:].rstrip())
        else:
            lines += textwrap.wrap(line, width, break_on_hyphens=False, break_long_words=False)
    return "".join(
        f"{indent}//{'' if line.startswith(chr(9)) or not line else ' '}{line}\n" for line in lines
    )


def age(doc: model.Doc, null: str, references: References) -> str:
    """The paragraphs about when something came and what to use in its place."""
    text = ""
    if doc.since and doc.since != FIRST_RELEASE:
        text += f"\n\nSince {doc.since}."
    if doc.deprecated:
        text += f"\n\nDeprecated: {references.translate(doc.deprecated, null, None)}"
    return text


def errors(
    function: model.Function, own: go_names.Own, references: References, with_output: bool
) -> str:
    """What @return says of a call: which errors, without the success and without what cannot happen
    in Go."""
    text = function.failures
    text = re.sub(r"MR_INVALID_ARGUMENT (?:when out_\w+ is|for) NULL(; |$)", "", text)
    text = re.sub(
        r"(MR_\w+ when )out_\w+ is NULL and ([^;]*; )", "" if with_output else r"\1\2", text
    )
    text = references.translate(text, "nil", own).removeprefix("and ").rstrip(".")
    return f"\n\nErrors: {text}." if text else ""


def result(function: model.Function, own: go_names.Own, references: References) -> str:
    """What @return says of a getter."""
    text = references.translate(function.result_doc, "nil", own)
    if function.result == "bool":
        text = truth(text[:1].lower() + text[1:]).replace("True", "true", 1)
    if function.verb == "at":
        return f"\n\nErrors: [ErrInvalidArgument] {text.partition('nil ')[2]}."
    text = re.sub(r"^(?:0 or more|a static string)(?:; |$)|^`count` ", "", text)
    return f"\n\nReturns {text}." if text and function.result != "record" else ""


def truth(text: str) -> str:
    """The doc of a number that is a bool in Go."""
    text = re.sub(r"^1( when|:)", r"True\1", text)
    return re.sub(r", (else )?0(?= \w|$)", r", \1false", text)


def moment(text: str) -> str:
    """The doc of a number that is a time.Time in Go."""
    text = re.sub(r",? (?:in )?Unix microseconds", "", text)
    return re.sub(r"; 0 (?=\w)", "; zero ", text)


def duration(text: str) -> str:
    """The doc of a number that is a time.Duration in Go."""
    text = re.sub(r" in milliseconds, ([\d,]*\d) to ([\d,]*\d)", r", \1 ms to \2 ms", text)
    return re.sub(r",? in milliseconds", "", text)


def without_count(text: str, count: str) -> str:
    """The doc of an array without what it says of its count."""
    if not count:
        return text
    text = re.sub(r"^`(?:count|size)` ", "", text)
    # "NULL when include_count is 0, which takes every file": which is what nil does.
    text = re.sub(rf"; NULL when {count} is 0, which", "; NULL", text)
    text = re.sub(rf"(?<=\.) NULL when {count} is 0\.", "", text)
    return re.sub(rf"(?:; |^)NULL when {count} is 0", "", text)


def closing(text: str) -> str:
    """The doc of a destructor as what Close does."""
    text = text.replace(" nil is a no-op.", "").replace("Frees the handle.", "frees the handle.")
    return text[:1].lower() + text[1:]
