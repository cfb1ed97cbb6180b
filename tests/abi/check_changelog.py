#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when the public headers have changed and CHANGELOG.md does not say so.

By git, where the tree is a clone: the last change under include/, committed or not, must not be
newer than the last one of CHANGELOG.md. In a shallow clone the oldest commits that are there look
as if they had made every file; what only they could answer is left to the names, and said.

By names, also in a tree without git: every public name that the last kept release has not must be
in the first section of CHANGELOG.md, and while there are any, that section is of a later version or
not released.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import sys

import gate
from check_releases import since_by_name

HEADERS = "include"
CHANGELOG = "CHANGELOG.md"


class Git:
    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        # A hook sets what would lead to another place.
        self.env = {key: text for key, text in os.environ.items() if not key.startswith("GIT_")}

    def ask(self, *words: str) -> str:
        """The answer of a command that must succeed."""
        # The tree may belong to somebody else, as it does in a container.
        command = ["git", "-c", f"safe.directory={self.root}", "-C", str(self.root), *words]
        done = gate.run(command, env=self.env)
        if done.returncode != 0:
            sys.exit(f"git {' '.join(words)}: {done.stdout}")
        return done.stdout.strip()

    def is_dirty(self, path: str) -> bool:
        return self.ask("status", "--porcelain", "--untracked-files=all", "--", path) != ""

    def last_commit(self, path: str) -> str:
        return self.ask("log", "-1", "--format=%H", "--", path)

    def is_cut_off(self, commit: str) -> bool:
        """The parents of this commit were not cloned."""
        shallow = self.root / self.ask("rev-parse", "--git-path", "shallow")
        return shallow.exists() and commit in shallow.read_text(encoding="utf-8").split()

    def is_ancestor(self, commit: str, of: str) -> bool:
        # What leads to the one without leading to the other is counted.
        return self.ask("rev-list", "--count", f"{of}..{commit}") == "0"


def by_git(root: pathlib.Path) -> list[str]:
    if not (root / ".git").exists():
        print("no clone: only the names are compared")
        return []
    git = Git(root)
    if git.is_dirty(CHANGELOG):
        return []
    if git.is_dirty(HEADERS):
        return [f"{HEADERS}/ has changes that are not committed, {CHANGELOG} has none"]
    headers, changelog = git.last_commit(HEADERS), git.last_commit(CHANGELOG)
    if not headers or git.is_cut_off(headers):
        print("a shallow clone, which ends before the last change of the headers: only names count")
        return []
    if not changelog or not git.is_ancestor(headers, changelog):
        return [f"commit {headers[:12]} changes {HEADERS}/, and {CHANGELOG} was not changed since"]
    return []


def by_names(root: pathlib.Path) -> list[str]:
    releases = gate.kept_releases(root)
    if not releases:
        return [f"{gate.KEPT} keeps no release whose names could be compared: run tests/abi/freeze"]
    known = since_by_name(releases[-1].api)
    names = [name for name in since_by_name(gate.read_api(root / gate.API)) if name not in known]
    top = gate.top_section(root)
    print(f"{len(names)} public names are new since {releases[-1].version}")
    words = set(re.findall(r"\w+(?:\.\w+)?", top.text)) | set(re.findall(r"\w+", top.text))
    errors = [
        f"{name} is new since {releases[-1].version}, and the section on {top.version} of"
        f" {CHANGELOG} does not name it"
        for name in names
        if name not in words
    ]
    if names and top.released and top.version == releases[-1].version:
        errors.append(f"{CHANGELOG} has no section for what comes after {top.version}")
    return errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=gate.ROOT)
    args = parser.parse_args()
    root: pathlib.Path = args.root.resolve()
    return gate.judge(by_git(root) + by_names(root), f"{CHANGELOG} goes with the headers")


if __name__ == "__main__":
    sys.exit(main())
