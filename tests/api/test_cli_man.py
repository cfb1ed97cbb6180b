#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page that modelreg(1) prints.

    test_cli_man.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import re
import shutil
import subprocess
import sys

import cli_case
from cli_case import DONE, USAGE, COMMANDS, CliTest, environment

TOOLS = ("man", "groff", "mandoc")
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT", "FILES",
            "EXIT STATUS", "JSON OUTPUT", "EXAMPLES", "SEE ALSO")


class TestMan(CliTest):
    def setUp(self):
        super().setUp()
        self.page = self.path("modelreg.1")
        code, self.source, error = self.call("man", env=environment())
        self.assertEqual((code, error), (DONE, ""))
        with open(self.page, "w", encoding="utf-8") as file:
            file.write(self.source)

    def run_tool(self, *command):
        done = subprocess.run([*command, self.page], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, check=False,
                              env=environment(LC_ALL="C.UTF-8", MANWIDTH="78"), timeout=120)
        return done.stdout, done.stderr

    def test_man_and_groff_have_nothing_to_say(self):
        _, error = self.run_tool("man", "--warnings=w", "-l")
        self.assertEqual(error, "")
        for device in ("utf8", "ascii"):
            _, error = self.run_tool("groff", "-man", "-ww", "-T" + device)
            self.assertEqual(error, "")

    def test_mandoc_misses_the_date_alone(self):
        """There is none, so that two builds of one source make the same page."""
        said, error = self.run_tool("mandoc", "-T", "lint", "-W", "warning")
        self.assertEqual(error, "")
        self.assertEqual([line for line in said.splitlines() if "missing date" not in line], [])

    def test_what_is_read_is_what_is_typed(self):
        text, _ = self.run_tool("man", "-l")
        text = re.sub(r".\x08", "", text)
        for section in SECTIONS:
            self.assertRegex(text, rf"(?m)^{section}$")
        flat = " ".join(text.split())
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^       modelreg {command}( |$)")
            said = self.text(*command.split(), "--help")
            self.assertIn(" ".join(said.split("\nExample:\n")[1].split()), flat)
            for option in re.findall(r"(?m)^ {2}(?:-[a-z],|   ) (--[a-z-]+)", said):
                self.assertIn(option, text)
        for code in range(7):
            self.assertRegex(text, rf"(?m)^       {code} ")
        for name in ("MODELREG_REGISTRY", "MODELREG_ACTOR", "NO_COLOR"):
            self.assertRegex(text, rf"(?m)^       {name}$")
        self.assertIn("run=$(modelreg run start --experiment digits", text)
        self.assertIn("a range such as ^1.2,", flat)
        # Dashes and quotes of typography cannot be pasted into a shell.
        self.assertNotRegex(text, "[\u2010-\u2015\u2018\u2019\u201c\u201d\u2212]")

    def test_wrong_usage(self):
        self.assertIn("too many operands", self.fails(USAGE, "man", "run"))
        self.assertIn("--json does not go", self.fails(USAGE, "man", "--json"))


if __name__ == "__main__":
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print("not there: " + " ".join(missing))
        sys.exit(77)
    cli_case.main(__doc__)
