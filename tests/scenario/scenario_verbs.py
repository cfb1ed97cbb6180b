# SPDX-License-Identifier: Apache-2.0
"""The verbs of a scenario: calls of the package modelreg, found by the names they have in C."""

from __future__ import annotations

import array
import enum
import inspect
import math
import os
import pathlib
import struct
from collections.abc import Callable, Iterable, Sized
from typing import Any

import modelreg

from scenario_step import Argument, ScenarioError, Step, to_integer

MAX_WRITTEN = 400  # longer ones are written as their size and fingerprint
MASK = 2**64 - 1
# The verbs that need no handle.
MAKERS = frozenset(
    "registry_open cancel_new manifest_new gate_new gate_parse"
    " semver_parse semver_range_parse".split()
)
ESCAPED = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x22: '\\"', 0x5C: "\\\\"}


# --- how values are written ------------------------------------------------------------------


def fingerprint(data: bytes) -> str:
    """FNV-1a with 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return f"{value:016x}"


def quoted(data: bytes, is_text: bool) -> str:
    """Text or bytes in quotes; of bytes only ASCII stays as it is."""
    if len(data) > MAX_WRITTEN:
        return f"({len(data)} bytes, fingerprint {fingerprint(data)})"
    out = bytearray()
    for byte in data:
        if byte in ESCAPED:
            out += ESCAPED[byte].encode()
        elif byte >= 0x20 and byte != 0x7F and (byte < 0x80 or is_text):
            out.append(byte)
        else:
            out += b"\\x%02x" % byte
    return f'"{out.decode()}"'


def quoted_text(text: str | None) -> str:
    return "null" if text is None else quoted(text.encode(), is_text=True)


def written(value: Any) -> str:
    """A value of a record."""
    if value is None or isinstance(value, str):
        return quoted_text(value)
    if isinstance(value, tuple):
        return f"[{' '.join(quoted_text(text) for text in value)}]"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else f"{value:.17g}"
    if isinstance(value, enum.Enum):
        is_named = value.name and not value.name.startswith("UNKNOWN_")
        return value.name if is_named else str(value.value)
    return str(int(value))


def class_name(noun: str) -> str:
    """semver_range -> SemverRange"""
    return "".join(word.capitalize() for word in noun.split("_"))


def noun_of(verb: str) -> str:
    """The longest name of a class that a verb begins with; "" for none."""
    words = verb.split("_")
    nouns = ("_".join(words[:count]) for count in range(len(words) - 1, 0, -1))
    return next((noun for noun in nouns if hasattr(modelreg, class_name(noun))), "")


# --- steps -----------------------------------------------------------------------------------


class World:
    """What the steps of a scenario work on."""

    def __init__(self, folder: str, uri: str) -> None:
        self.folder = folder
        self.uri = uri
        self.moment = 0  # the number of the step, which clock and randomness are made of
        self.random_at = 0
        self.names: dict[str, Any] = {}  # what names stand for: a handle or a text
        self.out: list[str] = []
        self.special: dict[str, Callable[[Step], None]] = {
            "close": self.close_handles,
            "info": lambda step: self.say_record(step, self.info(self.handle(step, 0))),
            "history_points": self.say_points,
            "manifest_entries": lambda step: self.say_all(step, self.handle(step, 0)),
            "decision_rules": lambda step: self.say_all(step, self.handle(step, 0)),
            "lineage_edges": lambda step: self.say_all(step, self.handle(step, 0)),
            "fsck_findings": lambda step: self.say_all(step, self.handle(step, 0)),
            "now": lambda step: self.take(step, str(self.clock())),
            "check_id": self.find_check,
            "make_folder": lambda step: os.mkdir(self.file(step)),
            "write_file": self.write_file,
            "read_file": self.read_file,
            "remove_file": lambda step: os.remove(self.file(step)),
            "damage_file": lambda step: flip_bit(self.file(step)),
            "damage_blob": self.damage_blob,
        }

    def begin(self, step: Step) -> None:
        self.random_at = 0
        self.out = []

    def run(self, step: Step) -> None:
        if step.verb in self.special:
            self.special[step.verb](step)
            return
        function, used = self.callee(step)
        if function is None:
            return
        self.take(step, self.call(step, function, used))

    def say(self, line: str) -> None:
        self.out.append(line.replace(self.folder, "${DIR}"))

    def say_record(self, step: Step, record: Any) -> None:
        fields = list(type(record).__dataclass_fields__)
        show = step.options.get("show")
        if show is None:
            for name in fields:
                self.say(f"{name} {written(getattr(record, name))}")
            return
        names = (show.text() or "").split(",")
        for name in names:
            if name not in fields:
                raise ScenarioError(f"there is no field {name}")
        self.say(" ".join(f"{name}={written(getattr(record, name))}" for name in names))

    def say_all(self, step: Step, records: Iterable[Any]) -> None:
        count = 0
        for count, record in enumerate(records, start=1):
            self.say_record(step, record)
        if isinstance(records, Sized) and len(records) != count:
            raise ScenarioError(f"{records!r} has {count} records, not {len(records)}")

    # --- names ---

    def named(self, name: str) -> Any:
        if name not in self.names:
            raise ScenarioError(f"there is no {name}")
        return self.names[name]

    def handle(self, step: Step, index: int) -> Any:
        return self.named(step.place(index).text() or "null")

    def info(self, handle: Any) -> Any:
        if not hasattr(type(handle), "info"):
            raise ScenarioError(f"{handle!r} has no record")
        return handle.info

    def substitute(self, name: str) -> str:
        """What ${name} or ${name.field} stands for."""
        if name in ("DIR", "URI"):
            return self.folder if name == "DIR" else self.uri
        name, _, field = name.partition(".")
        value = self.named(name)
        text = getattr(self.info(value), field, None) if field else value
        if isinstance(text, str) and not isinstance(text, enum.Enum):
            return text
        if not field or text is None:
            raise ScenarioError(f"${{{name}}} stands for nothing")
        return written(text)

    def keep(self, step: Step, value: Any) -> None:
        """Keeps a result under its name; a handle without one is closed."""
        if step.result:
            self.drop(self.names.get(step.result))
            self.names[step.result] = value
        else:
            self.drop(value)

    def drop(self, value: Any) -> None:
        if value is not None and not isinstance(value, str):
            value.close()

    def close_handles(self, step: Step) -> None:
        for argument in step.places:
            name = argument.text() or "null"
            self.named(name).close()
            del self.names[name]

    def close_all(self) -> None:
        for value in self.names.values():
            self.drop(value)
        self.names.clear()

    # --- calls ---

    def clock(self) -> int:
        return 1767225600000000 + self.moment * 1000000

    def random(self, size: int) -> bytes:
        out = bytearray()
        for _ in range(size):
            z = ((self.moment << 32) + self.random_at // 8 + 1) * 0x9E3779B97F4A7C15 & MASK
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
            z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
            z ^= z >> 31
            out.append(z >> 8 * (self.random_at % 8) & 0xFF)
            self.random_at += 1
        return bytes(out)

    def callee(self, step: Step) -> tuple[Callable[..., Any] | None, int]:
        """The function of the verb, and how many places name what it is a method of. None where the
        verb is a property, whose value is said."""
        if step.verb in ("library_version", "abi_level", "status_name"):
            return getattr(modelreg, step.verb), 0
        noun = noun_of(step.verb)
        method = step.verb[len(noun) + 1 :]
        if not noun:
            raise ScenarioError(f"there is no verb {step.verb}")
        kind = getattr(modelreg, class_name(noun))
        if step.verb in MAKERS:
            maker: Callable[..., Any] = kind if method == "new" else getattr(kind, method)
            return maker, 0
        handle = self.handle(step, 0)
        if not isinstance(handle, kind) or not hasattr(kind, method):
            raise ScenarioError(f"there is no verb {step.verb} of {handle!r}")
        if method.startswith("list_") and {"pages", "token"} & set(step.options):
            method += "_page"
        if isinstance(getattr(kind, method), property):
            self.say(written(getattr(handle, method)))
            return None, 1
        bound: Callable[..., Any] = getattr(handle, method)
        return bound, 1

    def call(self, step: Step, function: Callable[..., Any], used: int) -> Any:
        places = step.places[used:]
        given: list[Any] = []
        named: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            annotation = str(parameter.annotation)
            if annotation.startswith("Mapping["):
                keys, values = self.pair(step, name, places)
                if keys is not None and values is not None:
                    convert = values.reals if "float" in annotation else values.texts
                    pairs = list(zip(keys.texts(), convert(), strict=True))
                    if parameter.kind is parameter.KEYWORD_ONLY:
                        named[name] = pairs
                    else:
                        given.append(pairs)
            elif parameter.kind is not parameter.KEYWORD_ONLY and places:
                given.append(self.convert(annotation, places.pop(0)))
            else:
                option = step.options.get("limit" if name == "page_limit" else name)
                if option is not None:
                    named[name] = self.convert(annotation, option)
        if step.verb == "registry_open":
            named.update(clock=self.clock, random=self.random)
        return function(*given, **named)

    def pair(
        self, step: Step, name: str, places: list[Argument]
    ) -> tuple[Argument | None, Argument | None]:
        """The keys and the values of a mapping: two places, or two options."""
        if len(places) >= 2:
            return places.pop(0), places.pop(0)
        name = name.removesuffix("s")
        return step.options.get(f"{name}_keys"), step.options.get(f"{name}_values")

    def convert(self, annotation: str, argument: Argument) -> Any:
        """What a parameter of this type takes."""
        argument.used = True
        kind = annotation.removesuffix(" | None").removesuffix(" | datetime.datetime")
        if kind.startswith("str"):
            return argument.text()
        if not argument.is_list and argument.items == [None]:
            return None
        if kind == "ReadableBuffer":
            return argument.data()
        if "Iterable[float]" in kind:
            return array.array("d", argument.reals())
        if "Iterable[int" in kind:
            return array.array("q", argument.integers())
        if kind == "Iterable[str]":
            return argument.texts()
        if kind == "float":
            return argument.real()
        if kind in ("int", "bool"):
            return argument.integer() if kind == "int" else bool(argument.integer())
        cls = getattr(modelreg, kind)
        if issubclass(cls, enum.Enum):
            return enumeration(cls, argument.text() or "null")
        return self.named(argument.text() or "null")

    def take(self, step: Step, result: Any) -> None:
        """Says and keeps what a call returned."""
        if isinstance(result, str):
            if step.verb.endswith(("_text", "_json")):
                for line in result.splitlines():
                    self.say(f"| {line}")
            else:
                self.say(quoted_text(result))
                self.keep(step, result)
        elif isinstance(result, (bytes, memoryview)):
            count = f"{len(result)} " if step.verb == "blob_read" else ""
            self.say(count + quoted(bytes(result), is_text=False))
        elif isinstance(result, int):
            self.say(str(int(result)))
        elif isinstance(result, modelreg.Report):
            sums = result.info
            self.say(
                f"{sums.file_count} files, {sums.total_size} bytes, {sums.problem_count} problems"
            )
            self.say_all(step, result)
            self.keep(step, result)
        elif "_list_" in step.verb:
            self.take_list(step, result)
        elif result is not None:
            if isinstance(result, (modelreg.Version, modelreg.Request)) and (
                "_open_" not in step.verb
            ):
                self.say_record(step, result.info)
            self.keep(step, result)

    def take_list(self, step: Step, records: Any) -> None:
        """All pages, or with pages=1 one of them and the token of the next."""
        while hasattr(records, "next_token"):
            with records:
                self.say_all(step, records)
                token = records.next_token
            if "pages" in step.options:
                step.options["pages"].used = True
                self.say(quoted_text(token))
                self.keep(step, token)
                return
            if token is None:
                return
            step.options["token"] = Argument([token.encode()])
            function, used = self.callee(step)
            assert function is not None
            records = self.call(step, function, used)
        self.say_all(step, records)

    def say_points(self, step: Step) -> None:
        history = self.handle(step, 0)
        steps, times, values = history.steps, history.times_us, history.values
        if len(history) > 20:
            marks = " ".join(fingerprint(column.tobytes()) for column in (steps, times, values))
            self.say(f"{len(history)} points, fingerprints {marks}")
            return
        for at in range(len(history)):
            bits = struct.unpack("=Q", values[at : at + 1].tobytes())[0]
            self.say(f"{steps[at]} {times[at]} {written(values[at])} {bits:016x}")

    def find_check(self, step: Step) -> None:
        """Says and keeps the id of the report of a name that counts."""
        name = step.place(1).text()
        for check in self.handle(step, 0).list_checks():
            if check.latest and check.name == name:
                self.take(step, check.id)

    # --- files ---

    def file(self, step: Step) -> str:
        return f"{self.folder}/{step.place(0).text()}"

    def write_file(self, step: Step) -> None:
        pathlib.Path(self.file(step)).write_bytes(step.place(1).data())

    def read_file(self, step: Step) -> None:
        self.say(quoted(pathlib.Path(self.file(step)).read_bytes(), is_text=False))

    def damage_blob(self, step: Step) -> None:
        root = self.handle(step, 0).info.artifact_root
        digest = step.place(1).text() or ""
        flip_bit(f"{root}/blobs/{digest[:2]}/{digest[2:]}")


def enumeration(cls: type[Any], text: str) -> Any:
    """Names or numbers, several with + between them."""
    value = 0
    for part in text.split("+"):
        value |= int(cls[part]) if part in cls.__members__ else to_integer(part.encode())
    return cls(value)


def flip_bit(path: str) -> None:
    """Changes the last bit of the first byte, of a file that nobody may write, too."""
    data = bytearray(pathlib.Path(path).read_bytes())
    data[0] ^= 1
    os.chmod(path, 0o600)
    pathlib.Path(path).write_bytes(data)
