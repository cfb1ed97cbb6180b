# SPDX-License-Identifier: Apache-2.0
"""What the tests share."""

from __future__ import annotations

import gc
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

import hypothesis.configuration
import modelreg
import pytest
from modelreg import _runtime

# The same examples each time, however slow the machine, and nothing left in the tree.
hypothesis.configuration.set_hypothesis_home_dir(f"{tempfile.gettempdir()}/modelreg-hypothesis")
hypothesis.settings.register_profile("tests", database=None, deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")

PACKAGE = pathlib.Path(modelreg.__file__).parent
SCALE = float(os.environ.get("MR_TEST_SCALE", "1"))  # smaller makes long tests shorter
API = PACKAGE.parents[1] / "api.json"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test gives back every C handle that it got, at the latest when it is collected."""
    gc.collect()
    before = _runtime.live_handles()
    yield
    gc.collect()
    assert _runtime.live_handles() == before


@pytest.fixture
def registry() -> Iterator[modelreg.Registry]:
    """An empty registry in memory."""
    with modelreg.Registry.open("memory:", flags=modelreg.OpenFlags.CREATE) as registry:
        yield registry


@pytest.fixture
def experiment(registry: modelreg.Registry) -> Iterator[modelreg.Experiment]:
    with registry.open_experiment("tests") as experiment:
        yield experiment


@pytest.fixture
def run(experiment: modelreg.Experiment) -> Iterator[modelreg.Run]:
    with experiment.start_run() as run:
        yield run


@pytest.fixture
def on_disk(tmp_path: pathlib.Path) -> Iterator[modelreg.Registry]:
    """An empty registry in a file."""
    with modelreg.Registry.open(tmp_path / "R.db", flags=modelreg.OpenFlags.CREATE) as registry:
        yield registry


Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def script(tmp_path: pathlib.Path) -> Script:
    """Runs a program in an interpreter of its own, where modelreg is the same package."""

    def execute(
        text: str, *arguments: object, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), **variables}
        command = [sys.executable, "-B", "-X", "faulthandler", "-c", text, *map(str, arguments)]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    return execute


def finished(
    experiment: modelreg.Experiment, *, accuracy: float = 0.9, name: str = "model.bin"
) -> str:
    """A finished run with a metric and an artifact; its id."""
    with experiment.start_run() as run:
        run.log_metric("accuracy", accuracy, 1)
        run.log_artifact_bytes(name, b"weights of " + run.info.id.encode())
        run.finish(modelreg.RunStatus.FINISHED)
        return run.info.id
