# SPDX-License-Identifier: Apache-2.0
"""The example of README.md, the package's docstring and bench.py do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import modelreg
from conftest import PACKAGE, Script


def test_example(script: Script) -> None:
    text = (PACKAGE.parent / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 1 and len(blocks[0].splitlines()) <= 25
    done = script(blocks[0])
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"1\.0\.0\+[0-9a-f]{12} \d{4}-.*\+00:00 0\.01", first)
    assert second.endswith(" FINISHED")


def test_docstring(script: Script) -> None:
    text = modelreg.__doc__ or ""
    example = textwrap.dedent("\n".join(re.findall(r"^    .*$", text, re.M)))
    done = script("import modelreg\n" + example + "\nprint(run.info.name)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "first\n", "")


def test_bench() -> None:
    command = [sys.executable, "-B", str(PACKAGE.parent / "bench.py"), "0.01"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = re.findall(
        r"^(\w+) ratio=[\d.]+ ours=[\d.]+ baseline=[\d.]+ unit=[\w/]+$", done.stdout, re.M
    )
    assert lines == [
        "python_trivial_call",
        "python_trivial_call_over_ctypes",
        "python_record",
        "python_logged_point",
        "python_column_numpy",
    ]
