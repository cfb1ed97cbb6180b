# SPDX-License-Identifier: Apache-2.0
"""What the line scanner finds in a header."""

from __future__ import annotations

import pytest

from comments import SourceFile, parse_block


def test_paragraphs_are_joined_and_tables_kept() -> None:
    block = parse_block(
        "\n * One\n * two.\n *\n * Three:\n *\n *     a   1\n *     b   2\n * four\n * five.\n ", 1
    )
    assert block.text == "One two.\n\nThree:\n\n    a   1\n    b   2\nfour five."


def test_tags_are_taken_apart_with_their_lines() -> None:
    block = parse_block(
        "\n * Does it.\n *\n * @param self the\n *        thing\n * @param name its name\n"
        " * @return what\n *         there is\n * @fast\n * @skip\n * @since 0.1.0\n"
        " * @deprecated mr_other()\n ",
        10,
    )
    assert block.text == "Does it."
    assert [(part.name, part.text, part.line) for part in block.params] == [
        ("self", "the thing", 13),
        ("name", "its name", 15),
    ]
    assert block.returns is not None
    assert (block.returns.text, block.returns.line) == ("what there is", 16)
    assert (block.fast, block.skip, block.since) == (True, True, "0.1.0")
    assert block.deprecated == "mr_other()"
    assert block.problems == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("@nullable all defaults", "NULL: all defaults"),
        ("@nullable when size is 0", "NULL when size is 0"),
        ("@nullable receives the handle", "receives the handle"),
        ("@nullable A name; NULL: none.", "A name; NULL: none."),
        ("@nullable `count` times; NULL: now", "`count` times; NULL: now"),
        ("where to put it; @nullable its own name", "where to put it; NULL: its own name"),
        ("@nullable Ends the call early.", "Ends the call early."),
    ],
)
def test_what_nullable_says_is_still_said_without_it(written: str, read: str) -> None:
    part = parse_block(f" Does it. @param p {written} ", 1).params[0]
    assert (part.text, part.nullable) == (read, True)


def test_words_with_an_at_sign_are_no_annotations() -> None:
    block = parse_block(' Finds `model@latest`, "@" and a@b. @since 0.1.0 ', 1)
    assert block.text == 'Finds `model@latest`, "@" and a@b.'
    assert [tag for tag, _ in block.tags] == ["since"]


def test_comment_of_a_file_only_speaks_of_annotations() -> None:
    block = parse_block("\n * @file x.h\n * Unless @nullable says so.\n ", 1)
    assert (block.file, block.nullable) == ("x.h", False)
    assert block.text == "Unless @nullable says so."


def test_comment_belongs_to_what_stands_right_behind_it() -> None:
    text = "/** One. */\nint a; /* no */\n/** Two. */\n\nint b;\nint c;\n"
    file = SourceFile("x.h", text)

    def told(name: str) -> str | None:
        block = file.block_before(text.index(f"int {name}"))
        return block.text if block else None

    assert (told("a"), told("b"), told("c")) == ("One.", "Two.", None)


def test_macros_have_values_comments_and_lines() -> None:
    text = (
        "/** Marks. */\n#if defined(A) /* or */\n#define MR_API __a\n#else\n#define MR_API\n"
        "#endif\n"
        "/** Ten. */\n#define MR_TEN 10 /* not 11 */\n#define MR_INIT \\\n  { 0, \\\n    1 }\n"
        "#define MR_CALL(x) x\n"
    )
    defines = SourceFile("x.h", text).defines
    assert [(d.name, d.function_like, d.value.split(), d.line) for d in defines] == [
        ("MR_API", False, ["__a"], 3),
        ("MR_API", False, [], 5),
        ("MR_TEN", False, ["10"], 8),
        ("MR_INIT", False, ["{", "0,", "1", "}"], 9),
        ("MR_CALL", True, ["x"], 12),
    ]
    texts = [define.block.text if define.block else None for define in defines]
    assert texts == ["Marks.", "Marks.", "Ten.", None, None]


def test_code_has_neither_comments_nor_literals_nor_directives() -> None:
    text = 'int a; // "x\n#define B "/*"\nextern "C" { /* } */ char c = \'}\';\n'
    file = SourceFile("x.h", text)
    assert len(file.code) == len(text)
    assert file.code.split() == ["int", "a;", "extern", "{", "char", "c", "=", ";"]
