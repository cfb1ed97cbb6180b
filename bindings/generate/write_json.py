# SPDX-License-Identifier: Apache-2.0
"""bindings/api.json: the description of the ABI that people review, and its way back."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any

import model

PATH = "bindings/api.json"
GENERATED_BY = "bindings/generate/run"


def plain(value: Any) -> Any:
    """A dataclass as a dictionary in the order of its fields. What is empty or false is left out,
    so that what is there is worth reading, and so are the lines of the headers, which no caller can
    see, and the place of a parameter, which has none."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out: dict[str, Any] = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.name == "line" or item is False or item in ("", ()):
                continue
            is_param = isinstance(value, model.Value) and value.offset < 0
            if is_param and field.name in ("offset", "size"):
                continue
            out[field.name] = plain(item)
        return out
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def build(kind: Any, value: Any) -> Any:
    """The inverse of plain() for a type of model.py."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        known = {field.name for field in dataclasses.fields(kind)}
        if not isinstance(value, dict) or not known.issuperset(value):
            raise ValueError(f"{kind.__name__} cannot have {value!r:.80}")
        if kind is model.Value:
            value = {"offset": -1, **value}
        return kind(**{name: build(hints[name], value.get(name)) for name in hints})
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        return tuple(build(item, each) for each in value or [])
    if isinstance(kind, types.GenericAlias) or kind not in (str, int, bool):
        raise TypeError(f"no way back to {kind}")
    if value is None:
        return kind()
    if type(value) is not kind:
        raise ValueError(f"{value!r:.80} is no {kind.__name__}")
    return value


def write_json(api: model.Api) -> dict[str, str]:
    """The whole description as JSON."""
    text = json.dumps({"generated_by": GENERATED_BY, **plain(api)}, indent=2, ensure_ascii=False)
    return {PATH: text + "\n"}


def read_json(text: str) -> model.Api:
    """What write_json() wrote, of this version or of a release that is kept."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.pop("generated_by", None) != GENERATED_BY:
        raise ValueError(f"this is not what {GENERATED_BY} writes")
    api = build(model.Api, data)
    assert isinstance(api, model.Api)
    return api
