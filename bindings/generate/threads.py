# SPDX-License-Identifier: Apache-2.0
"""Which handles a binding must keep from being used by two threads at a time."""

from __future__ import annotations

import model


def any_thread(handle: model.Handle) -> bool:
    """Whether the header lets every thread use the handle at any time."""
    return "any thread" in handle.doc.text


def changes(api: model.Api, handle: model.Handle) -> bool:
    """Whether a call may change what other calls on the same handle read."""
    return any(
        function.kind == "call"
        and function.is_method
        and function.noun == handle.name
        and not function.params[0].ctype.startswith("const ")
        for function in api.functions
    )


def locked(api: model.Api, handle: model.Handle) -> bool:
    """Whether calls on the handle must wait for each other."""
    return not any_thread(handle) and changes(api, handle)
