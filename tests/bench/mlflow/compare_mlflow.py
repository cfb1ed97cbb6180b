# SPDX-License-Identifier: Apache-2.0
"""What the same work takes through MLflow and here, on one machine, taking turns.

    tests/bench/mlflow/run [--runs N]

MLflow writes to a SQLite database through its own client, without a server. Ours is the Python
package, and the same calls from C. Every number is the median of a few turns. Durable work ends
with a flush here; MLflow commits each call. Prints a table for a README; nothing is asserted.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pathlib
import platform
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import modelreg
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

PARAMS = {f"param_{index}": f"param_{index}" for index in range(20)}
BATCH = 1000  # the most that one call of MLflow takes
VERSIONS = 20
BOUND = 0.9
BEST = 50


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Theirs:
    """MLflow on a SQLite file."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.path = folder / "mlflow.db"
        uri = f"sqlite:///{self.path}"
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self.experiment = self.client.create_experiment("bench", artifact_location=str(folder))
        self.run = self.new_run()

    def new_run(self) -> str:
        """The id of a new run with params."""
        run = self.client.create_run(self.experiment)
        self.client.log_batch(run.info.run_id, params=[Param(*pair) for pair in PARAMS.items()])
        return str(run.info.run_id)

    def log(self, key: str, count: int) -> None:
        """One call a point."""
        for step in range(count):
            self.client.log_metric(self.run, key, 1.0 / (step + 1), step=step)

    def log_batch(self, key: str) -> None:
        """One call for many points."""
        now = int(time.time() * 1000)
        points = [Metric(key, 1.0 / (step + 1), now, step) for step in range(BATCH)]
        self.client.log_batch(self.run, metrics=points)

    def fill(self, count: int) -> None:
        """Runs with a metric and params: copies of the rows of one, as the client takes minutes."""
        self.searched = self.client.create_experiment("search", artifact_location="unused")
        first = self.client.create_run(self.searched).info.run_id
        self.client.log_batch(first, params=[Param(*pair) for pair in PARAMS.items()])
        self.client.log_metric(first, "loss", 0.5, step=1)
        source = random.Random(1)
        new = [(f"{index:032x}", source.random()) for index in range(1, count)]
        with sqlite3.connect(self.path) as db:
            db.execute("CREATE TEMP TABLE copies (id TEXT, value REAL)")
            db.executemany("INSERT INTO copies VALUES (?, ?)", new)
            for table in ("runs", "params", "tags", "metrics", "latest_metrics"):
                columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                own = {"run_uuid": "copies.id"}
                if table in ("metrics", "latest_metrics"):
                    own["value"] = "copies.value"
                values = ", ".join(own.get(column, f't."{column}"') for column in columns)
                db.execute(
                    f"INSERT INTO {table} SELECT {values} FROM {table} t, copies "
                    "WHERE t.run_uuid = ?",
                    (first,),
                )
        db.close()

    def search(self) -> int:
        """The best runs by a metric."""
        found = self.client.search_runs(
            [self.searched],
            filter_string=f"metrics.loss > {BOUND}",
            order_by=["metrics.loss DESC"],
            max_results=BEST,
        )
        return len(found)

    def publish(self) -> None:
        """A model with versions and an alias."""
        self.client.create_registered_model("digits")
        for _ in range(VERSIONS):
            self.client.create_model_version("digits", f"runs:/{self.run}/model", self.run)
        self.client.set_registered_model_alias("digits", "production", str(VERSIONS))

    def resolve(self, count: int) -> None:
        """What an alias names."""
        for _ in range(count):
            self.client.get_model_version_by_alias("digits", "production")


class Ours:
    """The Python package."""

    def __init__(self, folder: pathlib.Path) -> None:
        path = str(folder / "modelreg.db")
        self.registry = modelreg.Registry.open(path, flags=modelreg.OpenFlags.CREATE)
        self.experiment = self.registry.open_experiment("bench")
        self.run = self.new_run()

    def new_run(self) -> modelreg.Run:
        """A new run with params, durable."""
        run = self.experiment.start_run()
        run.log_params(PARAMS)
        run.flush()
        return run

    def log(self, key: str, count: int) -> None:
        """One call a point, durable."""
        metric = self.run.metric(key)
        for step in range(count):
            metric.log(1.0 / (step + 1), step)
        self.run.flush()

    def log_batch(self, key: str) -> None:
        """One call for many points, durable."""
        values = [1.0 / (step + 1) for step in range(BATCH)]
        self.run.metric(key).log_many(values, range(BATCH))
        self.run.flush()

    def fill(self, count: int) -> None:
        """Runs with a metric and params."""
        experiment = self.registry.open_experiment("search")
        source = random.Random(1)
        for _ in range(count):
            with experiment.start_run() as run:
                run.log_params(PARAMS)
                run.log_metric("loss", source.random(), 1)
        self.registry.flush()

    def search(self) -> int:
        """The best runs by a metric: every run is read, until there is a call that searches."""
        found = []
        for record in self.registry.list_runs(experiment="search", page_limit=1000):
            with self.registry.open_run(record.id) as run:
                for metric in run.list_metrics():
                    if metric.key == "loss" and metric.last > BOUND:
                        found.append((metric.last, record.id))
        return len(sorted(found, reverse=True)[:BEST])

    def publish(self) -> None:
        """A model with versions and a channel."""
        model = self.registry.create_model("digits")
        model.create_channel("production")
        for _ in range(VERSIONS):
            run = self.new_run()
            run.log_artifact_bytes("model.bin", b"\x00")
            run.finish(modelreg.RunStatus.FINISHED)
            number = model.promote(run.info.id).version().info.number
        model.move_channel(channel="production", expected="none", version=number)

    def resolve(self, count: int) -> None:
        """What a channel names."""
        for _ in range(count):
            self.registry.resolve("digits@production").close()


class InC:
    """The same registry, without Python in between."""

    def __init__(self, ours: Ours, folder: pathlib.Path) -> None:
        here = pathlib.Path(__file__).resolve().parent
        path = folder / "mlflow_ours.so"
        compiler = os.environ.get("CC", "cc").split()
        flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-shared", "-fPIC"]
        include = f"-I{here.parents[2] / 'include'}"
        # What it calls is in the process already, but not yet for everyone to see.
        ctypes.CDLL(os.environ["MODELREG_LIBRARY"], mode=ctypes.RTLD_GLOBAL)
        subprocess.run(
            [*compiler, *flags, include, "-o", str(path), str(here / "mlflow_ours.c")], check=True
        )
        self.library: Any = ctypes.CDLL(str(path))
        for name in ("log", "log_many", "create", "resolve", "search"):
            getattr(self.library, f"ours_{name}").restype = ctypes.c_double
        self.ours = ours

    def call(self, name: str, handle: Any, *values: Any) -> float:
        """Seconds that it took."""
        function = getattr(self.library, f"ours_{name}")
        took = float(function(handle._ref, *values))
        if took < 0:
            raise RuntimeError(f"ours_{name} failed")
        return took / 1e9

    def log(self, key: str, count: int) -> float:
        """One call a point, durable."""
        return self.call("log", self.ours.run, key.encode(), ctypes.c_int64(count))

    def log_batch(self, key: str) -> float:
        """One call for many points, durable."""
        values = (ctypes.c_double * BATCH)(*[1.0 / (step + 1) for step in range(BATCH)])
        steps = (ctypes.c_int64 * BATCH)(*range(BATCH))
        size = ctypes.c_size_t(BATCH)
        return self.call("log_many", self.ours.run, key.encode(), values, steps, size)

    def create(self) -> float:
        """A run with params, durable."""
        return self.call("create", self.ours.experiment, ctypes.c_int64(1))

    def search(self) -> float:
        """As in Python."""
        found = ctypes.c_int64()
        bound = ctypes.c_double(BOUND)
        return self.call(
            "search", self.ours.registry, b"search", b"loss", bound, ctypes.byref(found)
        )

    def resolve(self, count: int) -> float:
        """What a channel names."""
        return self.call("resolve", self.ours.registry, b"digits@production", ctypes.c_int64(count))


def medians(turns: int, sides: list[Callable[[int], float]]) -> list[float]:
    """Each side once a turn; after one that does not count."""
    taken = [[side(turn) for side in sides] for turn in range(turns + 1)][1:]
    return [statistics.median(side) for side in zip(*taken, strict=True)]


def shown(seconds: float) -> str:
    """With a unit that fits."""
    for scale, unit in ((1e-6, "ns"), (1e-3, "us"), (1.0, "ms")):
        if seconds < scale:
            return f"{seconds / scale * 1000:.3g} {unit}"
    return f"{seconds:.3g} s"


def row(name: str, taken: list[float]) -> None:
    """One line of the table."""
    theirs, python, in_c = taken
    cells = [name, shown(theirs), shown(python), shown(in_c)]
    cells += [f"{theirs / python:.3g}", f"{theirs / in_c:.3g}"]
    print("| " + " | ".join(cells) + " |", flush=True)


def machine() -> str:
    """What it ran on."""
    model = platform.machine()
    facts = pathlib.Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    from mlflow.version import VERSION as mlflow_version

    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"MLflow {mlflow_version}, modelreg {modelreg.library_version()}"
    )


def compare(folder: pathlib.Path, runs: int) -> None:
    """The whole table."""
    theirs = Theirs(folder)
    ours = Ours(folder)
    in_c = InC(ours, folder)
    print(machine())
    print()
    print("| work | MLflow | Python | C | MLflow / Python | MLflow / C |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    each = 100
    logged = medians(
        5,
        [
            lambda turn: timed(lambda: theirs.log(f"m{turn}", each)) / each,
            lambda turn: timed(lambda: ours.log(f"m{turn}", each * 100)) / each / 100,
            lambda turn: in_c.log(f"c{turn}", each * 100) / each / 100,
        ],
    )
    row("log one point (10,000, then a flush here; MLflow commits each)", logged)
    batched = medians(
        5,
        [
            lambda turn: timed(lambda: theirs.log_batch(f"b{turn}")),
            lambda turn: timed(lambda: ours.log_batch(f"b{turn}")),
            lambda turn: in_c.log_batch(f"d{turn}"),
        ],
    )
    row("log 1,000 points in one call, durable", batched)
    created = medians(
        15,
        [
            lambda _: timed(theirs.new_run),
            lambda _: timed(ours.new_run),
            lambda _: in_c.create(),
        ],
    )
    row("create a run with 20 params, durable", created)
    theirs.fill(runs)
    ours.fill(runs)
    searched = medians(
        3,
        [
            lambda _: timed(theirs.search),
            lambda _: timed(ours.search),
            lambda _: in_c.search(),
        ],
    )
    row(f"the best {BEST} of {runs:,} runs by a metric (here: every run is read)", searched)
    theirs.publish()
    ours.publish()
    resolved = medians(
        7,
        [
            lambda _: timed(lambda: theirs.resolve(each)) / each,
            lambda _: timed(lambda: ours.resolve(each)) / each,
            lambda _: in_c.resolve(each) / each,
        ],
    )
    row("resolve a model by alias (here: channel)", resolved)
    ours.registry.close()


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description="MLflow and modelreg side by side")
    parser.add_argument("--runs", type=int, default=10_000, help="runs to search")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modelreg-mlflow-") as folder:
        compare(pathlib.Path(folder), options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
