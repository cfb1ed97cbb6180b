#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real loss of power: an ext4 file system in a file is shut down under a process that works on a
registry in it, so that nothing that was not synced reaches the disk. Mounted again, the registry is
whole and has everything that was acknowledged as durable.

Needs a root that may mount loop devices; skips elsewhere.
"""

import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

SKIP = 77
IMAGE_BYTES = 96 << 20
# EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32), and what becomes of the file system's own journal.
SHUTDOWN = 0x8004587D
FLUSH_JOURNAL = 1
DROP_JOURNAL = 2
# Where the number of entries lies in the ledger: after two other ints.
COUNT_OFFSET = 8
TOOLS = ("mkfs.ext4", "losetup", "mount", "umount")


class Skip(Exception):
    """What this needs cannot be had here."""


def rounds() -> int:
    """How often the power is cut."""
    return max(10, int(50 * float(os.environ.get("MR_TEST_SCALE", "0.2"))))


def run(*words: str) -> None:
    """Runs a tool that must succeed."""
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def find_tools() -> None:
    """Skips unless the tools and the rights are there."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Skip("there is no " + ", ".join(missing))
    if os.geteuid() != 0:
        raise Skip("only root may mount a file system")


def mount(image: pathlib.Path, folder: pathlib.Path) -> None:
    """Mounts the image."""
    run("mount", "-t", "ext4", "-o", "loop", str(image), str(folder))


def first_mount(image: pathlib.Path, folder: pathlib.Path) -> None:
    """Makes the file system and mounts it, or skips where that is not allowed."""
    with image.open("wb") as out:
        out.truncate(IMAGE_BYTES)
    run("mkfs.ext4", "-q", "-F", str(image))
    done = subprocess.run(
        ("mount", "-t", "ext4", "-o", "loop", str(image), str(folder)),
        check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip("no loop device can be mounted: " + done.stderr.strip().split("\n")[0])


def shut_down(folder: pathlib.Path, how: int) -> None:
    """Cuts the power of the file system."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", how))
    except OSError as error:
        raise Skip(f"the file system cannot be shut down: {error.strerror}") from error
    finally:
        os.close(fd)


def entries(ledger: pathlib.Path) -> int:
    """How many calls were acknowledged."""
    with ledger.open("rb") as file:
        file.seek(COUNT_OFFSET)
        (count,) = struct.unpack("i", file.read(4))
    return int(count)


def cut(writer: list[str], ledger: pathlib.Path, folder: pathlib.Path, number: int) -> int:
    """Starts the writer and cuts the power some calls later; how many were acknowledged by then.

    What is acknowledged while the file system goes down would not have been by a real machine.
    """
    least = entries(ledger) + 5 + number * 17 % 41
    with subprocess.Popen(writer, stderr=subprocess.DEVNULL) as process:
        try:
            while entries(ledger) < least:
                if process.poll() is not None:
                    raise AssertionError(f"the writer ended with {process.returncode}")
                time.sleep(0.001)
            count = entries(ledger)
            shut_down(folder, FLUSH_JOURNAL if number % 3 == 2 else DROP_JOURNAL)
        finally:
            process.kill()
    return count


def cut_again_and_again(program: str, place: pathlib.Path) -> None:
    """All rounds, on one registry."""
    folder = place / "mounted"
    scratch = place / "scratch"
    ledger = place / "ledger"
    image = place / "image"
    folder.mkdir()
    scratch.mkdir()
    words = [str(folder / "R.db"), str(scratch), str(ledger)]
    first_mount(image, folder)
    try:
        run(program, "make", *words)
        for number in range(rounds()):
            count = cut([program, "write", *words, str(1000 + number)], ledger, folder, number)
            run("umount", str(folder))
            mount(image, folder)
            done = subprocess.run([program, "check", *words, str(count)], check=False)
            if done.returncode != 0:
                raise AssertionError(f"broken after loss of power {number}")
        print(f"{rounds()} losses of power, {entries(ledger)} calls were acknowledged")
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=False, stderr=subprocess.DEVNULL)


def main() -> int:
    """0, 1, or 77 with the reason."""
    try:
        find_tools()
        with tempfile.TemporaryDirectory(prefix="modelreg_crash_") as place:
            cut_again_and_again(sys.argv[1], pathlib.Path(place))
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIP
    except AssertionError as reason:
        print(f"failed: {reason}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
