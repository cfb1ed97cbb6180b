# SPDX-License-Identifier: Apache-2.0
"""Puts the generator's modules on the path, and what several of its tests need."""

from __future__ import annotations

import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

import model  # noqa: E402
import rules  # noqa: E402


@pytest.fixture(name="include")
def include_folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the small headers, to be changed."""
    return pathlib.Path(shutil.copytree(HERE / "include", tmp_path / "include"))


@pytest.fixture(scope="session")
def small() -> model.Api:
    """The description of the small headers."""
    api, findings = rules.check(HERE / "include")
    assert findings == []
    assert api is not None
    return api


@pytest.fixture(scope="session")
def public() -> model.Api:
    """The description of the public headers."""
    api, findings = rules.check(HERE.parents[2] / "include")
    assert findings == []
    assert api is not None
    return api
