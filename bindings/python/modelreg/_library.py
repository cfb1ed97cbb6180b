# SPDX-License-Identifier: Apache-2.0
"""Finds libmodelreg, checks that it fits and makes its functions callable."""

from __future__ import annotations

import ctypes
import os
import pathlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from ._runtime import Handle, Ref, close_ref

VARIABLE = "MODELREG_LIBRARY"


class LibraryError(ImportError):
    """There is no libmodelreg, or none that this package can use."""


class Prototype(NamedTuple):
    """A function of the library."""

    name: str
    fast: bool  # never blocks and never locks: called without giving up the interpreter's lock
    result: Any
    arguments: list[Any]


class Library:
    """The functions of the library as attributes, set by load()."""

    def close(self, handle: Handle) -> None:
        """Drops a handle's hold on its C handle."""
        close_ref(handle)

    def in_call(self) -> bool:
        """Whether this runs inside a callback, in a call that has not returned."""
        return False

    def postpones(self, ref: Ref) -> bool:
        """Whether a C handle is freed later, because this thread is inside a call."""
        return False


def candidates(soname: str) -> list[str]:
    """Where to look, the first first."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return [chosen]
    inside = pathlib.Path(__file__).with_name(soname)
    return [str(inside), soname] if inside.exists() else [soname]


def find(soname: str) -> ctypes.CDLL:
    """Opens the library."""
    failures = []
    for candidate in candidates(soname):
        try:
            return ctypes.CDLL(candidate)
        except OSError as error:
            failures.append(str(error))
    raise LibraryError(
        f"libmodelreg cannot be loaded ({'; '.join(failures)}): install libmodelreg, so that the "
        f"dynamic loader finds {soname} (ldconfig or LD_LIBRARY_PATH), or set {VARIABLE} to the "
        "path of the library"
    )


def load(prototypes: Iterable[Prototype], soname: str, version: str, abi_level: int) -> Library:
    """Finds and checks the library, and binds every function."""
    releasing = find(soname)
    holding = ctypes.PyDLL(releasing._name, handle=releasing._handle)
    try:
        library_version, library_level = releasing.mr_library_version, releasing.mr_abi_level
    except AttributeError:
        raise LibraryError(
            f"{releasing._name} is no libmodelreg: install libmodelreg {version}, or set "
            f"{VARIABLE} to its path"
        ) from None
    library_version.restype = ctypes.c_char_p
    library_level.restype = ctypes.c_uint32
    found = library_version().decode()
    if library_level() != abi_level:
        raise LibraryError(
            f"{releasing._name} is libmodelreg {found} with ABI level {library_level()}, and this "
            f"package, modelreg {version}, needs ABI level {abi_level}: install the libmodelreg or "
            f"the modelreg that fits, or set {VARIABLE} to another library"
        )
    library = Library()
    for prototype in prototypes:
        try:
            function = (holding if prototype.fast else releasing)[prototype.name]
        except AttributeError:
            raise LibraryError(
                f"{releasing._name} is libmodelreg {found} and has no {prototype.name}, which "
                f"this package, modelreg {version}, needs: install libmodelreg {version} or "
                f"newer, or set {VARIABLE} to such a library"
            ) from None
        function.restype = prototype.result
        function.argtypes = prototype.arguments
        setattr(library, prototype.name, function)
    return library
