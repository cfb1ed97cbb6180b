#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real quota: a btrfs file system in a file, of which no more than some megabytes may be used.

Needs the tools of btrfs and a root that may mount loop devices; skips elsewhere.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
IMAGE_BYTES = 160 << 20
QUOTA = "32M"
TOOLS = ("mkfs.btrfs", "btrfs", "losetup", "mount", "umount")


class Skip(Exception):
    """What this needs cannot be had here."""


def find_tools() -> None:
    """Skips unless the tools and the rights are there."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Skip("there is no " + ", ".join(missing))
    if os.geteuid() != 0:
        raise Skip("only root may mount a file system")


def need(*words: str) -> None:
    """Runs a tool; skips where it is not allowed to do its work."""
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"{words[0]} fails: " + done.stderr.strip().split("\n")[0])


def work(program: str, place: pathlib.Path) -> int:
    """Mounts the file system and runs the program there; what it answers."""
    image = place / "image"
    folder = place / "mounted"
    folder.mkdir()
    with image.open("wb") as out:
        out.truncate(IMAGE_BYTES)
    need("mkfs.btrfs", "-q", str(image))
    need("mount", "-t", "btrfs", "-o", "loop", str(image), str(folder))
    try:
        need("btrfs", "quota", "enable", str(folder))
        need("btrfs", "qgroup", "limit", QUOTA, str(folder))
        words = (program, str(folder), str(place / "data"))
        return subprocess.run(words, check=False).returncode
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=False)


def main() -> int:
    """0, 1, or 77 with the reason."""
    try:
        find_tools()
        with tempfile.TemporaryDirectory(prefix="modelreg_quota_") as place:
            code = work(sys.argv[1], pathlib.Path(place))
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIP
    if code != 0:
        print(f"failed: the program ended with {code}")
    return 1 if code != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
