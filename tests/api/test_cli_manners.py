#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manners of modelreg(1): help, text that would steer a terminal, interruptions.

    test_cli_manners.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import fcntl
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import termios

import cli_case
from cli_case import (
    COMMANDS, DONE, NOT_FOUND, REGISTRY, UNVERIFIED, USAGE, CliTest, edit, environment,
    wait_until_handled,
)


class TestHelp(CliTest):
    def test_every_command_has_help_with_an_example(self):
        overview = self.text("--help")
        for command in COMMANDS:
            self.assertRegex(overview, r"(?m)^  " + command + r"\b")
            out = self.text(*command.split(), "--help")
            self.assertTrue(out.startswith(f"Usage: modelreg {command}"), out)
            self.assertRegex(out, r"\nExample:\n  modelreg .*" + command)
            self.assertIn("--registry URI", out)
            self.assertEqual(out, self.text("-h", *command.split()))
            self.assertLessEqual(max(map(len, out.splitlines())), 100)
        self.assertIn("version list", self.text("version", "--help"))
        self.assertNotIn("run list", self.text("version", "--help"))

    def test_examples_are_understood(self):
        for command in COMMANDS:
            example = self.text(*command.split(), "--help").split("Example:\n")[1].split()
            self.assertEqual(example[0], "modelreg")
            code, _, error = self.call(*example[1:], cwd=self.folder)
            self.assertNotEqual(code, USAGE, error)

    def test_version(self):
        self.assertRegex(self.text("--version"), r"^modelreg \d+\.\d+\.\d+ \(libmodelreg \d")


class TestHostileText(CliTest):
    def hostile(self):
        uri = self.copy()
        edit(uri, "UPDATE run SET name = char(27) || '[2J' || char(155) || '31m' || char(8238) ||"
                  " 'x' WHERE name = 'good'",
             "UPDATE param SET value = char(27) || ']0;title' || char(7) WHERE key = 'lr'",
             "UPDATE experiment SET name = 'a' || char(10) || 'b' || char(13)"
             " WHERE name = 'digits'")
        return uri

    def test_nothing_steers_the_terminal(self):
        uri = self.hostile()
        for arguments in (("run", "list"), ("run", "show", self.made["good"]),
                          ("version", "show", "digits@1.0.0")):
            for form in ((), ("--json",)):
                out = self.text(*arguments, *form, registry=uri)
                self.assertNotRegex(out, r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
        out = self.text("run", "list", registry=uri)
        self.assertIn(r"\x1b[2J\u009b31m\u202ex", out)
        self.assertEqual(len(out.splitlines()), 7)

    def test_json_keeps_hostile_text_exactly(self):
        run = self.json("run", "show", self.made["good"], registry=self.hostile())
        self.assertEqual(run["name"], "\x1b[2J\x9b31m\u202ex")
        self.assertEqual(run["params"]["lr"], "\x1b]0;title\x07")
        self.assertEqual(run["experiment_name"], "a\nb\r")

    def test_messages(self):
        error = self.fails(NOT_FOUND, "resolve", "a\u202eb\U0001f680")
        self.assertNotIn("\u202e", error)
        self.assertNotIn("\x1b", self.fails(USAGE, "\x1b[31m"))
        self.assertEqual(self.call(b"resolve", b"\xff\xfe@1.0.0")[0], USAGE)

    def test_of_long_messages_the_ends_are_kept(self):
        """What is wrong stands behind what was given, however long that is."""
        for long in ("x" * 5000, "\u6ce8" * 2000, "a" + "\u6ce8" * 2000, "\x1b" * 5000):
            error = self.fails(USAGE, "run", "log", self.made["running"], long)
            message = error.splitlines()[0]
            self.assertIn(" ... ", message)
            self.assertTrue(message.startswith("modelreg: '"), message)
            self.assertTrue(message.endswith("' is no KEY=VALUE"), message)
            self.assertNotRegex(message, r"\\x[89a-f]|\x1b|\ufffd")
        error = self.fails(USAGE, "run", "log", self.made["running"], "x" * 1500)
        self.assertNotIn(" ... ", error)

    def test_wide_characters_line_up(self):
        lines = self.text("run", "list").splitlines()
        wide = next(line for line in lines if "\u6ce8" in line)
        # Two wide characters take a column more each; a combining one takes none.
        at = wide.index("evaluation")
        columns = at + 2 - wide[:at].count("\u0301")
        self.assertEqual(columns, lines[0].index("KIND"))
        self.assertIn("e\u0301 \\u202egnp.exe", wide)

    def test_names_are_shortened_for_a_terminal_alone(self):
        uri = self.copy()
        edit(uri, f"UPDATE run SET name = '{'n' * 200}' WHERE name = 'good'")
        self.assertIn("n" * 200, self.text("run", "list", registry=uri))
        lines = self.on_terminal(140, "run", "list", registry=uri)
        self.assertEqual(len(lines), 7)
        self.assertTrue(any("nnn\u2026" in line for line in lines))
        for line in lines:
            self.assertLessEqual(len(line), 140)

    def on_terminal(self, columns, *arguments, registry):
        """The lines that the tool prints on a terminal of that width."""
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([cli_case.MODELREG, *arguments], stdin=subprocess.DEVNULL,
                                   stdout=terminal, stderr=subprocess.PIPE,
                                   env=environment(MODELREG_REGISTRY=registry, NO_COLOR="1"))
        os.close(terminal)
        data = b""
        with open(controller, "rb", buffering=0) as file:
            while True:
                try:
                    part = file.read(4096)
                except OSError:
                    part = b""
                if not part:
                    break
                data += part
        self.assertEqual(process.communicate(timeout=120)[1], b"")
        self.assertEqual(process.returncode, DONE)
        return data.decode("utf-8").splitlines()


class TestRegistryNames(CliTest):
    def test_an_empty_option_is_wrong_usage(self):
        """Such as that of a variable that was never set."""
        for command in (("run", "list"), ("fsck",), ("run", "start", "-e", "x")):
            error = self.fails(USAGE, *command, "--registry", "")
            self.assertIn("--registry is empty", error)
        self.assertIn("MODELREG_REGISTRY", self.fails(
            USAGE, "run", "list", env=environment(MODELREG_REGISTRY="")))

    def test_memory_is_of_no_use_to_a_command(self):
        for command in (("run", "list"), ("fsck",), ("model", "create", "a")):
            error = self.fails(REGISTRY, *command, "-r", "memory:")
            self.assertIn("give a path", error)
            self.assertNotIn("init", error)

    def test_a_variable_that_is_wrong_is_named(self):
        """Nobody sees on the command line what it holds."""
        missing = self.path("missing.db")
        for place, expected in ((missing, f"there is no registry at {missing}; 'modelreg init'"),
                                (self.folder, "a folder, not a registry file")):
            error = self.fails(REGISTRY, "run", "list", registry=place)
            self.assertTrue(error.startswith("modelreg: MODELREG_REGISTRY: "), error)
            self.assertIn(expected, error)
            error = self.fails(REGISTRY, "run", "list", "-r", place)
            self.assertNotIn("MODELREG_REGISTRY", error)
            self.assertIn(expected, error)
        for actor in ("a\nb", "\x1b[2J", "n" * 251, b"\xff"):
            for command in (("run", "list"), ("model", "create", "m"), ("fsck",),
                            ("init", self.path("new.db"))):
                error = self.fails(REGISTRY, *command, env=environment(
                    MODELREG_REGISTRY=self.registry, MODELREG_ACTOR=actor))
                self.assertTrue(error.startswith("modelreg: MODELREG_ACTOR: "), error)
                self.assertNotRegex(error, "[\x1b\ufffd]")
        self.assertEqual(os.listdir(self.folder), [])
        error = self.fails(REGISTRY, "run", "list", env=environment(
            MODELREG_REGISTRY=self.folder, MODELREG_ACTOR="tester"))
        self.assertNotIn("MODELREG_ACTOR", error)

    def test_messages_speak_of_commands_and_not_of_flags(self):
        empty = self.path("empty.db")
        with open(empty, "wb"):
            pass
        for uri in (empty, "sqlite:" + empty):
            for command in (("run", "list"), ("model", "create", "m"), ("migrate",)):
                error = self.fails(REGISTRY, *command, "-r", uri)
                self.assertEqual(error, f"modelreg: {uri} is empty, no registry yet; "
                                        "'modelreg init' makes it one\n")
        code, out, error = self.call("fsck", "-r", empty)
        self.assertEqual(code, UNVERIFIED)
        self.assertIn("'modelreg init' makes it one", out)
        self.assertNotIn("CREATE", out + error)
        self.assertEqual(os.path.getsize(empty), 0)
        self.text("init", empty)
        self.assertEqual(self.json("run", "list", "-r", empty), [])

    def test_one_place_for_a_new_one(self):
        for place in ("new.db", ""):
            self.fails(USAGE, "init", "-r", "other.db", place, cwd=self.folder)
        self.fails(USAGE, "init", "", cwd=self.folder)
        self.assertEqual(os.listdir(self.folder), [])
        # The environment is what is used when nothing is said.
        self.text("init", "new.db", cwd=self.folder,
                  env=environment(MODELREG_REGISTRY="other.db"))
        self.assertIn("new.db", os.listdir(self.folder))
        self.assertNotIn("other.db", os.listdir(self.folder))


class TestInterrupted(CliTest):
    def test_a_run_that_was_being_started_does_not_stay_running(self):
        uri = self.copy()
        before = self.json("run", "list", "--status", "running", registry=uri)
        other = sqlite3.connect(uri, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        with subprocess.Popen([cli_case.MODELREG, "-r", uri, "run", "start", "-e", "digits"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment()) as process:
            try:
                wait_until_handled(process, signal.SIGINT)
                process.send_signal(signal.SIGINT)
                other.execute("ROLLBACK")
                out, error = process.communicate(timeout=60)
            finally:
                process.kill()
        self.assertEqual((process.returncode, out), (-signal.SIGINT, b""), error)
        self.assertEqual(self.json("run", "list", "--status", "running", registry=uri), before)


if __name__ == "__main__":
    cli_case.main(__doc__)
