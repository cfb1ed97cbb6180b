# SPDX-License-Identifier: Apache-2.0
"""What the tests of modelreg(1) share: a filled registry, and calling the program."""

import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

MODELREG = ""
FIXTURE = ""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"2026-01-02T\d\d:\d\d:\d\dZ")
DIGEST = re.compile(r"[0-9a-f]{64}")
DONE, NOT_FOUND, USAGE, REGISTRY, UNVERIFIED = 0, 1, 2, 3, 6
GATE_FAILED, GATE_PENDING = 4, 5
COMMANDS = (
    "init", "migrate", "backup", "fsck",
    "experiment list", "experiment show", "run start", "run log", "run metric", "run tag",
    "run check", "run input", "run artifact", "run finish", "run list", "run show", "run diff",
    "dataset snapshot", "dataset list", "dataset show", "dataset verify", "dataset fetch",
    "dataset diff", "model create", "model list", "model show",
    "gate set", "gate show", "gate detach", "gate history", "gate test", "promote",
    "request list", "request show", "request complete", "request withdraw",
    "version list", "version show", "version deprecate", "version undeprecate", "version yank",
    "version unyank", "version delete",
    "channel create", "channel list", "channel move", "channel rollback", "channel clear",
    "channel history",
    "resolve", "fetch", "verify", "lineage", "completion", "man",
)


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MODELREG_", "LC_", "LANG"))}
    return {**kept, **more}


def another_user():
    """How subprocess becomes one that permissions hold for: root may write everywhere."""
    if os.geteuid() != 0:
        return {}
    nobody = {"user": 65534, "group": 65534, "extra_groups": ()}
    try:
        subprocess.run([MODELREG, "--version"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True, **nobody)
    except (OSError, subprocess.SubprocessError):
        # The build is where nobody else may look: then only the modes are tested.
        return {}
    return nobody


def small_files(size):
    """How subprocess starts a program that can make no file longer than this: a disk that is full
    for who writes more than a little."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
            # Python has the signal ignored that would end the program.
            "restore_signals": False}


class CliTest(unittest.TestCase):
    """A filled registry that no test changes, and a folder for each test."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="modelreg_cli_")
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.registry = os.path.join(cls.shared, "registry.db")
        said = subprocess.run([FIXTURE, cls.registry], check=True, stdout=subprocess.PIPE,
                              universal_newlines=True).stdout
        cls.made = dict(line.split(" ", 1) for line in said.splitlines())

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="modelreg_cli_")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def copy(self):
        """A registry of this test's own, with all that lies beside it."""
        for name in os.listdir(self.shared):
            place = os.path.join(self.shared, name)
            copy = shutil.copytree if os.path.isdir(place) else shutil.copy
            copy(place, self.path(name))
        return self.path("registry.db")

    def call(self, *arguments, registry=None, **more):
        """(exit status, standard output, standard error)."""
        more.setdefault("env", environment(MODELREG_REGISTRY=registry or self.registry))
        more.setdefault("stdout", subprocess.PIPE)
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([MODELREG, *arguments], stderr=subprocess.PIPE, check=False,
                              timeout=120, **more)
        out = done.stdout.decode("utf-8") if done.stdout is not None else ""
        error = done.stderr.decode("utf-8")
        for line in error.splitlines():
            self.assertRegex(line, r"^(modelreg: |Usage: modelreg |Try 'modelreg )")
        return done.returncode, out, error

    def feed(self, data, *arguments, **more):
        """The same with `data` as standard input."""
        return self.call(*arguments, input=data, **more)

    def text(self, *arguments, **more):
        """What a command that must succeed prints."""
        code, out, error = self.call(*arguments, **more)
        self.assertEqual((code, error), (DONE, ""), out)
        return out

    def json(self, *arguments, **more):
        return json.loads(self.text(*arguments, "--json", **more))

    def fails(self, code, *arguments, **more):
        """The message of a command that must exit with `code`."""
        actual, out, error = self.call(*arguments, **more)
        self.assertEqual(actual, code, out + error)
        self.assertTrue(error.startswith("modelreg: "), error)
        return error


def edit(uri, *statements):
    """Does what only somebody with write access to the file can do behind the library's back."""
    database = sqlite3.connect(uri)
    with database:
        for statement in statements:
            if database.execute(statement).rowcount < 1:
                raise AssertionError("no row was changed by: " + statement)
    database.close()


def read(*names):
    with open(os.path.join(*names), "rb") as file:
        return file.read()


def wait_until_handled(process, number):
    """Until the process has a handler of its own for the signal, as Linux tells."""
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            caught = next(line for line in file if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & 1 << (number - 1):
            return
        time.sleep(0.01)
    raise AssertionError("the command ended before it could be interrupted")


def main(usage):
    """Runs the tests of the program that calls it: PROGRAM MODELREG CLI_FIXTURE [ARGUMENT...]."""
    global MODELREG, FIXTURE
    if len(sys.argv) < 3:
        sys.exit(usage)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    MODELREG, FIXTURE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[3:]])
