# SPDX-License-Identifier: Apache-2.0
"""What the package costs over the C calls below it, in the same process, taking turns.

    python3 bindings/python/bench.py [SECONDS]

Prints lines of the form NAME ratio=R ours=A baseline=B unit=U. The C side is compiled with cc. The
ratios tell how much Python costs; nothing is asserted here. The last line says what a point of a
column costs beyond C.
"""

from __future__ import annotations

import array
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from typing import Any

import modelreg
from modelreg import _convert, _generated

SOURCE = r"""
#include <stdint.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double call_level(uint32_t (*level)(void), long count) {
  volatile uint32_t sum = 0;
  double start = now();
  for (long i = 0; i < count; i++) sum += level();
  return now() - start;
}

/* Touches every byte, as a caller who wants the whole record would. */
double call_info(const unsigned char *(*info)(void *), void *run, long count) {
  volatile unsigned sum = 0;
  double start = now();
  for (long i = 0; i < count; i++) {
    const unsigned char *record = info(run);
    uint32_t size = *(const uint32_t *)(const void *)record;
    for (uint32_t at = 0; at < size; at += 8) sum += record[at];
  }
  return now() - start;
}

double call_log(int32_t (*log)(void *, double, int64_t, void *), void *metric, void *error,
                long count) {
  double start = now();
  for (long i = 0; i < count; i++) {
    if (log(metric, 0.5, i, error) != 0) return -1.0;
  }
  return now() - start;
}

double call_many(int32_t (*many)(void *, const double *, const int64_t *, const int64_t *, size_t,
                                 void *),
                 void *metric, const double *values, const int64_t *steps, const int64_t *times,
                 size_t points, void *error, long count) {
  double start = now();
  for (long i = 0; i < count; i++) {
    if (many(metric, values, steps, times, points, error) != 0) return -1.0;
  }
  return now() - start;
}
"""
POINTS = 1000


def compiled(folder: str) -> Any:
    """The C side."""
    source = pathlib.Path(folder, "bench.c")
    source.write_text("#include <stddef.h>\n" + SOURCE)
    path = pathlib.Path(folder, "bench.so")
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-O2", "-shared", "-fPIC", "-o", path, source], check=True)
    library: Any = ctypes.CDLL(str(path))
    for name in ("call_level", "call_info", "call_log", "call_many"):
        getattr(library, name).restype = ctypes.c_double
    return library


def timed(count: int, statement: str, **names: object) -> float:
    """Nanoseconds for so many times the statement."""
    return timeit.Timer(statement, globals=names).timeit(count) * 1e9


class Bench:
    """Takes turns until the time is up, and keeps the fastest turn of each side."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def compare(
        self,
        name: str,
        unit: str,
        each: int,
        ours: Callable[[], float],
        baseline: Callable[[], float],
    ) -> tuple[float, float]:
        best = [float("inf"), float("inf")]
        end = time.monotonic() + self.seconds
        while time.monotonic() < end or best[0] == float("inf"):
            best = [min(best[0], ours() / each), min(best[1], baseline() / each)]
        print(
            f"{name} ratio={best[0] / best[1]:.2f} ours={best[0]:.2f} baseline={best[1]:.2f} "
            f"unit={unit}",
            flush=True,
        )
        return best[0], best[1]


def columns() -> tuple[list[Any], str]:
    """1,000 points: of numpy where it is installed."""
    made = [
        array.array("d", [index / 7 for index in range(POINTS)]),
        array.array("q", range(POINTS)),
        array.array("q", [1_700_000_000_000_000 + index for index in range(POINTS)]),
    ]
    try:
        import numpy
    except ImportError:
        return made, "array"
    return [numpy.asarray(each) for each in made], "numpy"


def bench_calls(bench: Bench, c: Any, experiment: modelreg.Experiment) -> None:
    """One call, one record."""
    count = 2000
    functions = _generated._library
    level = functions.mr_abi_level
    bench.compare(
        "python_trivial_call",
        "ns",
        count,
        lambda: timed(count, "call()", call=modelreg.abi_level),
        lambda: float(c.call_level(level, ctypes.c_long(count))),
    )
    bench.compare(
        "python_trivial_call_over_ctypes",
        "ns",
        count,
        lambda: timed(count, "call()", call=modelreg.abi_level),
        lambda: timed(count, "call()", call=level),
    )
    with experiment.start_run(name="bench", source_commit="c0ffee") as run:
        bench.compare(
            "python_record",
            "ns",
            count,
            lambda: timed(count, "run.info", run=run),
            lambda: float(c.call_info(functions.mr_run_info, run._ref, ctypes.c_long(count))),
        )


def bench_points(bench: Bench, c: Any, experiment: modelreg.Experiment) -> None:
    """One point, 1,000 points."""
    count, turns = 2000, 20
    functions = _generated._library
    error = _generated._take_error()

    def log_ours() -> float:
        with experiment.start_run() as run, run.metric("m") as metric:
            return timed(count, "metric.log(0.5, 1)", metric=metric)

    def log_baseline() -> float:
        with experiment.start_run() as run, run.metric("m") as metric:
            log = functions.mr_metric_log
            return float(c.call_log(log, metric._ref, error, ctypes.c_long(count)))

    bench.compare("python_logged_point", "ns", count, log_ours, log_baseline)
    made, kind = columns()
    places = [_convert.content(each, "column")[0] for each in made]

    def many_ours() -> float:
        with experiment.start_run() as run, run.metric("m") as metric:
            call = "metric.log_many(values, steps, times)"
            names = dict(zip(("values", "steps", "times"), made))
            return timed(turns, call, metric=metric, **names)

    def many_baseline() -> float:
        with experiment.start_run() as run, run.metric("m") as metric:
            many, points = functions.mr_metric_log_many, ctypes.c_size_t(POINTS)
            last = (points, error, ctypes.c_long(turns))
            return float(c.call_many(many, metric._ref, *places, *last))

    ours, baseline = bench.compare(
        f"python_column_{kind}", "ns/point", turns * POINTS, many_ours, many_baseline
    )
    print(f"over C: {ours - baseline:.2f} ns a point, {(ours - baseline) * POINTS:.0f} ns a call")


def main() -> int:
    bench = Bench(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
    with (
        tempfile.TemporaryDirectory() as folder,
        modelreg.Registry.open("memory:", flags=modelreg.OpenFlags.CREATE) as registry,
        registry.open_experiment("bench") as experiment,
    ):
        c = compiled(folder)
        bench_calls(bench, c, experiment)
        bench_points(bench, c, experiment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
