#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the library into a folder and the Python package into a new environment, and uses it.

    check_pip.py BUILD WORK

Nothing is fetched: setuptools, which builds the package, is the one of the interpreter that runs
this script, so the new environment has the package and nothing else.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

PACKAGE = pathlib.Path(__file__).resolve().parents[2] / "bindings" / "python"

USE = """import importlib.metadata
import pathlib
import sys

import modelreg

with modelreg.Registry.open("registry.db", flags=modelreg.OpenFlags.CREATE) as registry:
    with registry.open_experiment("digits") as experiment, experiment.start_run() as run:
        run.log_param("rate", "0.1")
        run.finish(modelreg.RunStatus.FINISHED)
        run_id = run.info.id
    with registry.open_run(run_id) as run:
        assert [record.value for record in run.list_params()] == ["0.1"]
        assert run.info.status == modelreg.RunStatus.FINISHED
folder = pathlib.Path(modelreg.__file__).parent
assert folder.is_relative_to(sys.prefix), f"{folder} is not in {sys.prefix}"
assert (folder / "py.typed").exists(), "the types are not installed"
assert importlib.metadata.version("modelreg") == modelreg.__version__
assert importlib.metadata.requires("modelreg") is None, "it requires another package"
assert "numpy" not in sys.modules
print(f"modelreg {modelreg.__version__} is installed and works")
"""


def run(command: list[str | pathlib.Path], env: dict[str, str], cwd: pathlib.Path) -> None:
    """Runs a command that must succeed."""
    print("+", *command, flush=True)
    subprocess.run(command, env=env, cwd=cwd, check=True)


def main() -> int:
    build, work = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith("MODELREG_")}
    env.pop("LD_LIBRARY_PATH", None)
    env.pop("PYTHONPATH", None)
    place = work / "installed"
    run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", place], env, work)
    library = next(iter(place.rglob("libmodelreg.so")))

    run([sys.executable, "-m", "venv", work / "venv"], env, work)
    python = work / "venv" / "bin" / "python3"
    # setuptools builds in the folder of the sources.
    sources = shutil.copytree(PACKAGE, work / "python", ignore=shutil.ignore_patterns("tests"))
    tools = dict(env, PYTHONPATH=sysconfig.get_path("purelib"))
    run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index",
         "--no-build-isolation", sources], tools, work)  # fmt: skip

    program = work / "use.py"
    program.write_text(USE, encoding="utf-8")
    run([python, program], dict(env, LD_LIBRARY_PATH=str(library.parent)), work)
    missing = subprocess.run(
        [python, program], env=dict(env, MODELREG_LIBRARY=str(work / "nothing.so")), cwd=work,
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    print(missing.stderr)
    if missing.returncode == 0 or "install libmodelreg" not in missing.stderr:
        sys.exit("without a library the import does not say what to install")
    return 0


if __name__ == "__main__":
    sys.exit(main())
