# SPDX-License-Identifier: Apache-2.0
"""Fork, and the end of the interpreter with open handles."""

from __future__ import annotations

import pathlib

import pytest
from conftest import Script
from modelreg import OpenFlags, Registry

FORK = """
import os, sys, modelreg
registry = modelreg.Registry.open(sys.argv[1], flags=modelreg.OpenFlags.CREATE)
experiment = registry.open_experiment("e")
run = experiment.start_run()
metric = run.metric("m")
metric.log(1.0, 1)
child = os.fork()
if child == 0:
    calls = [run.flush, lambda: metric.log(2.0, 2), lambda: run.log_param("a", "1"),
             registry.list_runs_page, experiment.start_run, registry.flush]
    for call in calls:
        try:
            call()
        except modelreg.ForkedError as error:
            assert isinstance(error, RuntimeError)
        else:
            os._exit(3)
    assert run.info.id and experiment.info.name == "e"
    {end}
assert os.waitpid(child, 0)[1] == 0
metric.log(3.0, 3)
run.finish(modelreg.RunStatus.FINISHED)
assert list(run.history("m").values) == [1.0, 3.0], list(run.history("m").values)
again = modelreg.Registry.open(sys.argv[1])
assert [each.status.name for each in again.list_runs()] == ["FINISHED"]
"""


@pytest.mark.parametrize(
    "end",
    [
        "os._exit(0)",
        "sys.exit(0)",
        "run.close(); registry.close(); metric.close(); experiment.close(); os._exit(0)",
        "del run, metric, experiment, registry, calls, call; os._exit(0)",
        "with modelreg.Registry.open(sys.argv[1]) as mine: len(mine.list_runs_page()); os._exit(0)",
    ],
)
def test_fork(script: Script, tmp_path: pathlib.Path, end: str) -> None:
    done = script(FORK.replace("{end}", end), tmp_path / "R.db")
    assert (done.returncode, done.stderr) == (0, "")


EXIT = """
import sys, threading, modelreg
registry = modelreg.Registry.open(sys.argv[1], flags=modelreg.OpenFlags.CREATE)
experiment = registry.open_experiment("e")
run = experiment.start_run()
metric = run.metric("m")
for step in range(100):
    metric.log(1.0, step)
page, params = registry.list_runs_page(), run.list_params()
view = run.history("m").values
{end}
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise SystemExit('x')", 1),
        ("cycle = [registry]; cycle.append(cycle); del registry", 0),
        ("sys.modules.clear()", 0),
        (
            "def work():\n"
            "    try:\n"
            "        while True: metric.log(2.0, 1000)\n"
            "    except modelreg.ClosedError: pass\n"
            "threading.Thread(target=work, daemon=True).start()",
            0,
        ),
        ("import atexit; atexit.register(lambda: metric.log(2.0, 1000))", 0),
    ],
)
def test_interpreter_exit(script: Script, tmp_path: pathlib.Path, end: str, code: int) -> None:
    done = script(EXIT.replace("{end}", end), tmp_path / "R.db")
    assert done.returncode == code, done.stderr
    assert done.stderr == ("x\n" if code == 1 else "")
    with Registry.open(tmp_path / "R.db", flags=OpenFlags.READ_ONLY) as registry:
        run = registry.open_run(next(registry.list_runs()).id)
        assert list(run.history("m", to_step=99).steps) == list(range(100))


FORK_IN_A_CALL = """
import os, signal, sys, threading, modelreg
manifest, other = modelreg.Manifest(), modelreg.Manifest()
locked, forked = threading.Event(), threading.Event()

def use():
    with manifest._lock:
        locked.set()
        forked.wait()

thread = threading.Thread(target=use)
thread.start()
locked.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    try:
        len(manifest)
    except modelreg.ForkedError as error:
        assert "while the process forked" in str(error)
        assert len(other) == 0
        manifest.close()
        os._exit(0)
    os._exit(3)
forked.set()
thread.join()
assert os.waitpid(child, 0)[1] == 0
assert len(manifest) == 0
"""


def test_fork_while_another_thread_is_in_a_call(script: Script) -> None:
    done = script(FORK_IN_A_CALL)
    assert (done.returncode, done.stderr) == (0, "")


EXIT_RACE = """
import threading, sys, modelreg
sys.setswitchinterval(1e-6)
started = threading.Event()
def work():
    kept = []
    while True:
        kept.append(modelreg.Registry.open("memory:", flags=modelreg.OpenFlags.CREATE))
        del kept[:-20]
        started.set()
threading.Thread(target=work, daemon=True).start()
started.wait()
"""


def test_exit_while_registries_are_opened(script: Script) -> None:
    done = script(EXIT_RACE)
    assert (done.returncode, done.stderr) == (0, "")


LOST_POINTS = """
import sqlite3, sys, modelreg
registry = modelreg.Registry.open(sys.argv[1], flags=modelreg.OpenFlags.CREATE, busy_timeout_ms=50)
registry.open_experiment("e").start_run().metric("m").log(1.0, 1)
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
"""


def test_exit_tells_what_was_not_written(script: Script, tmp_path: pathlib.Path) -> None:
    assert "BusyError" in script(LOST_POINTS, tmp_path / "R.db").stderr
