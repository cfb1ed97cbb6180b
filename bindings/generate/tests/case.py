# SPDX-License-Identifier: Apache-2.0
"""How the cases are written that break a rule each: as mutations of the small headers."""

from __future__ import annotations

from dataclasses import dataclass

HERE = "<!>"  # in the new text, marks the line that must be reported
FREE = "MR_API void mr_thing_free(mr_thing *thing);\n"
KIND = "/** What kind of thing. @since 0.1.0 */\n"
CALL = " * @param error receives the reason\n * @return MR_OK; MR_NOT_FOUND\n * @since 0.1.0\n */\n"
GET = " * @return it\n * @fast\n * @since 0.1.0\n */\n"
GOOD = "  /** A good one. @since 0.1.0 */\n  MR_THING_KIND_GOOD = 1,\n"
NAME = "  /** Its name. */\n  const char *name;\n"
ERROR_END = ", mr_error *error);\n"
CPP_END = "#ifdef __cplusplus\n}\n#endif\n"


@dataclass(frozen=True)
class Case:
    """`old`, which is there once, becomes `new` and breaks `rule` at the marked line. Where that
    line is another one, `at` is what stands on it, once, in the header `reported`."""

    rule: str
    old: str
    new: str
    says: str = ""  # part of the message
    at: str = ""
    header: str = "thing.h"
    reported: str = ""
    also: tuple[str, ...] = ()  # rules that cannot but be broken with it
    others: bool = False  # the rule is broken at other lines, too


def add(text: str) -> str:
    """Something more behind mr_thing_free()."""
    return f"{FREE}\n{text}"


def about(*names: str) -> str:
    """The beginning of a comment on a function with these parameters."""
    told = "".join(f" * @param {name} that\n" for name in names)
    return f"/**\n * Does it.\n *\n{told}"


def call(params: str, *names: str, name: str = "mr_thing_try", mark: str = HERE) -> str:
    """A call on a thing, with further parameters, that is otherwise as it should be."""
    head = f"{about('thing', *names)}{CALL}MR_API mr_status {mark}{name}(mr_thing *thing"
    return add(f"{head}{params}{ERROR_END}")


def getter(text: str, *names: str) -> str:
    """A getter, declared by the text."""
    return add(f"{about(*names)}{GET}MR_API {text};\n")


def typed(text: str) -> str:
    """A type with a comment."""
    return add(f"/** That. @since 0.1.0 */\n{text}\n")
