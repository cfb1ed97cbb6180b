#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) on a terminal: colors, the width, and the line that says how far it is.

    test_cli_terminal.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import termios

import cli_case
from cli_case import DONE, REGISTRY, USAGE, CliTest, edit, environment

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
GREEN, RED, YELLOW, CYAN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[36m"
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
LINE = re.compile(rb"\r[0-9.]+ [KMG]?i?B of [0-9.]+ [KMG]?i?B")


class Terminal:
    """A terminal of some width; what is written to it comes from read()."""

    def __init__(self, columns):
        self.controller, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def close_end(self):
        if self.end >= 0:
            os.close(self.end)
            self.end = -1

    def read(self, until=None):
        """All that is written, or until something matches; b"" at the end is none."""
        self.close_end()
        data = b""
        while until is None or not until.search(data):
            ready, _, _ = select.select([self.controller], [], [], 60)
            if not ready:
                raise AssertionError(f"nothing more within a minute after {data!r}")
            try:
                part = os.read(self.controller, 4096)
            except OSError:
                break
            if not part:
                break
            data += part
        return data

    def close(self):
        self.close_end()
        os.close(self.controller)


def shown(data):
    """What a terminal shows after these bytes: carriage returns go back to where the line began."""
    lines = []
    for line in data.decode("utf-8").replace("\r\n", "\n").split("\n"):
        cells = []
        at = 0
        for character in line:
            if character == "\r":
                at = 0
                continue
            cells[at:at + 1] = [character]
            at += 1
        lines.append("".join(cells).rstrip(" "))
    return "\n".join(lines)


class TerminalTest(CliTest):
    """Runs the program with some of its streams on a terminal."""

    def start(self, *arguments, columns=200, streams=("stdout",), registry=None, **variables):
        terminal = Terminal(columns)
        self.addCleanup(terminal.close)
        variables = {"MODELREG_REGISTRY": registry or self.registry, "TERM": "xterm", **variables}
        clean = {k: v for k, v in environment().items() if k not in ("NO_COLOR", "COLUMNS")}
        others = {name: subprocess.PIPE for name in ("stdout", "stderr") if name not in streams}
        process = subprocess.Popen([cli_case.MODELREG, *arguments], stdin=subprocess.DEVNULL,
                                   env={**clean, **variables}, **others,
                                   **{name: terminal.end for name in streams})
        self.addCleanup(self.end, process)
        return process, terminal

    def end(self, process):
        if process.poll() is None:
            process.kill()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
        process.wait()

    def on_terminal(self, *arguments, **more):
        """What a command that must succeed prints there."""
        process, terminal = self.start(*arguments, **more)
        data = terminal.read()
        _, error = process.communicate(timeout=120)
        self.assertEqual((process.returncode, error), (DONE, b""), data)
        return data.decode("utf-8").replace("\r\n", "\n")


class TestColor(TerminalTest):
    def test_a_terminal_alone_has_colors(self):
        plain = self.text("run", "list")
        self.assertNotIn("\x1b", plain)
        colored = self.on_terminal("run", "list")
        self.assertTrue(colored.startswith(f"{BOLD}ID{PLAIN} "), colored)
        self.assertEqual(ESCAPE.sub("", colored), plain)

    def test_who_wants_none_gets_none(self):
        plain = self.text("run", "list")
        for variables in ({"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"TERM": "dumb"}, {"TERM": ""}):
            self.assertEqual(self.on_terminal("run", "list", **variables), plain)
        self.assertEqual(self.on_terminal("run", "list", "--color", "never"), plain)
        self.assertEqual(self.on_terminal("--color=never", "run", "list"), plain)
        self.assertIn(BOLD, self.on_terminal("run", "list", NO_COLOR=""))
        self.assertIn(BOLD, self.on_terminal("run", "list", "--color=auto"))

    def test_who_wants_them_gets_them(self):
        plain = self.text("run", "list")
        colored = self.text("run", "list", "--color", "always")
        self.assertIn(BOLD, colored)
        self.assertEqual(ESCAPE.sub("", colored), plain)
        self.assertEqual(colored, self.on_terminal("run", "list", "--color=always", NO_COLOR="1"))
        # The overview of commands has headings, too.
        self.assertIn(f"\n{BOLD}Runs:{PLAIN}\n", self.text("--help", "--color=always"))
        self.assertNotIn("\x1b", self.text("--help"))

    def test_json_has_no_colors(self):
        self.assertNotIn("\x1b", self.on_terminal("run", "list", "--json", "--color=always"))
        self.assertNotIn("\x1b", self.text("run", "list", "--json", "--color=always"))

    def test_text_of_the_registry_has_no_colors(self):
        uri = self.copy()
        edit(uri, "UPDATE run SET name = char(27) || '[31mfailed' WHERE name = 'good'")
        out = self.on_terminal("run", "list", registry=uri)
        self.assertIn(r"\x1b[31mfailed", out)
        self.assertNotIn("\x1b[31mfailed", out)

    def test_wrong_words(self):
        for words in (("--color", "yes"), ("--color=",), ("--color", "AUTO")):
            error = self.fails(USAGE, "run", "list", *words)
            self.assertIn("--color must be auto, always or never", error)
        self.assertIn("needs a value", self.fails(USAGE, "run", "list", "--color"))


class TestWidth(TerminalTest):
    def long_names(self):
        uri = self.copy()
        edit(uri, f"UPDATE run SET name = '{'n' * 200}' WHERE name = 'good'")
        return uri

    def longest(self, text):
        return max(len(ESCAPE.sub("", line)) for line in text.splitlines())

    def longest_of_table(self, text):
        lines = text.splitlines()
        return self.longest("\n".join(line for line in lines if re.match("  (?!modelreg)", line)))

    def test_tables_fit(self):
        uri = self.long_names()
        for columns in (140, 160):
            out = self.on_terminal("run", "list", columns=columns, registry=uri)
            self.assertEqual(self.longest(out), columns)
            self.assertIn("nnn\u2026", out)

    def test_help_fits(self):
        wide = self.on_terminal("run", "list", "--help", columns=200)
        narrow = self.on_terminal("run", "list", "--help", columns=60)
        self.assertEqual(wide.split(), narrow.split())
        self.assertLessEqual(self.longest_of_table(narrow), 60)
        self.assertGreater(self.longest_of_table(wide), 60)
        self.assertLessEqual(self.longest_of_table(self.on_terminal("--help", columns=60)), 60)

    def test_columns_are_those_of_a_terminal_that_does_not_say(self):
        uri = self.long_names()
        whole = self.longest(self.text("run", "list", registry=uri))
        for told, expected in (("150", 150), ("", whole), ("x", whole), ("150x", whole),
                               ("0", whole), ("-150", whole), ("9" * 30, whole)):
            out = self.on_terminal("run", "list", columns=0, registry=uri, COLUMNS=told)
            self.assertEqual(self.longest(out), expected, told)
        out = self.on_terminal("run", "list", columns=140, registry=uri, COLUMNS="150")
        self.assertEqual(self.longest(out), 140)
        # Files and pipes are no terminals.
        out = self.text("run", "list", env=environment(MODELREG_REGISTRY=uri, COLUMNS="150"))
        self.assertEqual(self.longest(out), whole)


class TestProgress(TerminalTest):
    """Logging an artifact copies the file, and then waits as long as somebody else writes."""

    def setUp(self):
        super().setUp()
        self.uri = self.copy()
        self.run_id = self.text("run", "start", "-e", "progress", "-q", registry=self.uri).strip()
        with open(self.path("model.bin"), "wb") as file:
            file.write(bytes(range(256)) * 40)

    @contextlib.contextmanager
    def somebody_writes(self):
        database = sqlite3.connect(self.uri, isolation_level=None)
        try:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        finally:
            database.close()

    def log(self, *more, **streams):
        return self.start("run", "artifact", self.run_id, self.path("model.bin"), *more,
                          registry=self.uri, **streams)

    def test_the_line_comes_and_goes(self):
        with self.somebody_writes():
            process, terminal = self.log(streams=("stdout", "stderr"))
            data = terminal.read(LINE)
        data += terminal.read()
        self.assertEqual(process.wait(timeout=120), DONE)
        self.assertIn(b"\r10.0 KiB of 10.0 KiB", data)
        self.assertNotIn(b"\x1b", data)
        # Only the result stays.
        self.assertRegex(shown(data), r"^Logged [^\r\n]*\n$")

    def test_results_elsewhere_stay_clean(self):
        with self.somebody_writes():
            process, terminal = self.log("--json", streams=("stderr",))
            data = terminal.read(LINE)
        data += terminal.read()
        out, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, DONE)
        self.assertEqual(shown(data), "")
        self.assertTrue(out.startswith(b"{") or out.startswith(b"["), out)
        self.assertTrue(out.endswith(b"}\n") or out.endswith(b"]\n"), out)
        self.assertNotIn(b"\r", out)

    def test_errors_come_after_it(self):
        """The run is sealed while the file is on its way in."""
        with self.somebody_writes() as database:
            process, terminal = self.log(streams=("stdout", "stderr"))
            data = terminal.read(LINE)
            sealed = database.execute("UPDATE run SET sealed_by = 'digits@1.0.0' WHERE uuid = ?",
                                      (self.run_id,))
            self.assertEqual(sealed.rowcount, 1)
        data += terminal.read()
        self.assertEqual(process.wait(timeout=120), REGISTRY)
        self.assertRegex(shown(data), r"^modelreg: [^\r\n]*\n$")

    def test_interrupted_it_is_gone(self):
        with self.somebody_writes():
            process, terminal = self.start(
                "dataset", "snapshot", self.folder, "-e", "progress", "--include", "model.bin",
                "--freeze", registry=self.uri, streams=("stdout", "stderr"))
            data = terminal.read(LINE)
            process.send_signal(signal.SIGINT)
            data += terminal.read()
            self.assertEqual(process.wait(timeout=120), -signal.SIGINT)
        self.assertRegex(shown(data), r"^modelreg: [^\r\n]*cancel[^\r\n]*\n$")

    def test_who_wants_none_gets_none(self):
        """They have started before one that shows its line, and have said nothing by then."""
        with self.somebody_writes():
            quiet = [self.log(option, streams=("stderr",))
                     for option in ("--no-progress", "--quiet")]
            quiet.append(self.log())
            _, terminal = self.log(streams=("stderr",))
            terminal.read(LINE)
        for process, its in quiet:
            self.assertNotIn(b"\r1", its.read())
            _, error = process.communicate(timeout=120)
            self.assertIn(error, (None, b""))
            self.assertEqual(process.returncode, DONE)

    def test_a_narrow_terminal_shows_what_fits(self):
        with self.somebody_writes():
            _, terminal = self.log(columns=12, streams=("stderr",))
            data = terminal.read(re.compile(rb"\r10\.0 KiB of"))
        data += terminal.read()
        self.assertEqual(shown(data), "")
        for line in data.split(b"\r"):
            self.assertLess(len(line), 12)


if __name__ == "__main__":
    cli_case.main(__doc__)
