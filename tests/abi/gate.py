# SPDX-License-Identifier: Apache-2.0
"""What the checks in this folder share: the releases that are kept, the changelog, api.json.

A release that is kept is a folder releases/VERSION, made by the script freeze:
  api.json        bindings/api.json as it was
  include/        the public headers as they were
  libmodelreg.abi what abidw saw in the library
Releases of one line have one ABI: those of a minor version in 0.x, later of a major version.
"""

from __future__ import annotations

import functools
import pathlib
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "generate"))

import model  # noqa: E402
import write_json  # noqa: E402

KEPT = pathlib.Path("tests/abi/releases")
API = pathlib.Path("bindings/api.json")
HEADING = re.compile(r"^## +(\d+\.\d+\.\d+)(.*)$", re.M)


def read_api(path: pathlib.Path) -> model.Api:
    return write_json.read_json(path.read_text(encoding="utf-8"))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def line_of(version: str) -> tuple[int, ...]:
    """What is equal for all releases of one line."""
    parts = numbers(version)
    return parts[:2] if parts[0] == 0 else parts[:1]


@dataclass(frozen=True)
class Release:
    folder: pathlib.Path

    @property
    def version(self) -> str:
        return self.folder.name

    @property
    def include(self) -> pathlib.Path:
        return self.folder / "include"

    @property
    def dump(self) -> pathlib.Path:
        return self.folder / "libmodelreg.abi"

    @functools.cached_property
    def api(self) -> model.Api:
        return read_api(self.folder / "api.json")


def kept_releases(root: pathlib.Path) -> list[Release]:
    """All of them, the oldest first."""
    releases = [Release(folder) for folder in (root / KEPT).glob("*.*.*")]
    return sorted(releases, key=lambda release: numbers(release.version))


@dataclass(frozen=True)
class Section:
    """The part of the changelog on one version."""

    version: str
    released: bool
    text: str


def top_section(root: pathlib.Path) -> Section:
    """The first section of CHANGELOG.md: "## 0.1.1 (unreleased)", or a date when it is released."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = list(HEADING.finditer(text))
    if not found:
        sys.exit("CHANGELOG.md has no heading such as: ## 0.1.0 (unreleased)")
    end = found[1].start() if len(found) > 1 else len(text)
    released = "unreleased" not in found[0].group(2)
    return Section(found[0].group(1), released, text[found[0].end() : end])


def releases_of_line(root: pathlib.Path, version: str) -> list[Release]:
    """The kept releases with the ABI that this version must have. There are none only before the
    first release of a later line: a tree that keeps nothing at all has nothing to be compared with,
    and no check may pass for that."""
    kept = kept_releases(root)
    if not kept:
        sys.exit(f"{KEPT} keeps no release: run tests/abi/freeze")
    line = line_of(version)
    releases = [release for release in kept if line_of(release.version) == line]
    top = top_section(root)
    first = numbers(version)[len(line) :] == (0,) * (3 - len(line))
    if not releases and (top.released or not first):
        sys.exit(f"{KEPT} keeps no release of the line of {version}; see tests/abi/freeze")
    return releases


def run(
    command: Sequence[str | pathlib.Path], env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command; its two outputs come as one."""
    return subprocess.run(
        [str(part) for part in command],
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def run_or_die(command: Sequence[str | pathlib.Path]) -> str:
    done = run(command)
    if done.returncode != 0:
        words = shlex.join(str(part) for part in command)
        sys.exit(f"{words}\n{done.stdout}\nended with status {done.returncode}")
    return done.stdout


def build_library(root: pathlib.Path, build: pathlib.Path) -> pathlib.Path:
    """Builds the shared library of a tree for a debugger, and nothing else."""
    parts = [f"-D{part}=disabled" for part in ("tests", "examples", "cli")]
    run_or_die(["meson", "setup", build, root, "--buildtype=debug", *parts])
    run_or_die(["ninja", "-C", build])
    return build / "src" / "libmodelreg.so"


def judge(errors: Sequence[str], good: str) -> int:
    """Says what is wrong, else what is good; the exit status."""
    print("\n".join(errors) if errors else good)
    return 1 if errors else 0
