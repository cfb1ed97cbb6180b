#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page that modelreg(1) prints.

    test_cli_man.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import json
import re
import shutil
import subprocess
import sys

import cli_case
from cli_case import COMMANDS, DONE, UNVERIFIED, USAGE, CliTest, environment

TOOLS = ("man", "groff", "mandoc")
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT", "FILES",
            "EXIT STATUS", "JSON OUTPUT", "EXAMPLES", "SEE ALSO")


def keys_of(value):
    """The names of all fields in it."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


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

    def test_json_fields_are_those_that_are_printed(self):
        said = re.split(r"(?m)^\.TP\n\\fB", self.source.split(".SH JSON OUTPUT")[1]
                        .split(".SH EXAMPLES")[0])[1:]
        texts = {}
        for entry in said:
            titles, text = entry.replace("\\-", "-").split("\\fR\n", 1)
            texts.update((title, text) for title in titles.split(", "))
        shared = {"decision": "A decision", "artifacts": "An artifact", "problems": "A report"}
        for command, printed in self.printed():
            text = texts[command]
            for part, title in shared.items():
                text += texts[title] if part in keys_of(printed) else ""
            # Such as "the fields of run list".
            text += "".join(texts[title] for title in texts if " " in title and title in text)
            words = set(re.findall(r"[a-z_]+", text))
            self.assertEqual(keys_of(printed) - words, set(), command)
            self.assertTrue(keys_of(printed), command)
        for name in texts:
            if not name.startswith(("A ", "An ")):
                self.assertIn(name.replace(" --history", ""), COMMANDS)
        without = ("completion", "man")
        self.assertEqual([name for name in COMMANDS if name not in texts and name not in without],
                         [])

    def printed(self):
        """Commands, and what each prints with --json; keys that users choose are left out."""
        uri, out = self.copy(), self.path("out")
        gate = self.path("gate.txt")
        with open(gate, "w", encoding="utf-8") as file:
            file.write("lr: params.lr <= 1\n")
        good, dataset = self.made["good"], self.made["dataset"]
        for command, *operands in (
                ("init", uri), ("migrate",), ("backup", self.path("copy.db")), ("fsck",),
                ("experiment list",), ("experiment show", "digits"), ("run list",),
                ("run show", good), ("run diff", good, self.made["better"]), ("dataset list",),
                ("dataset show", dataset, "--files"), ("dataset diff", dataset, self.folder),
                ("dataset verify", dataset, self.folder), ("model list",), ("model show", "digits"),
                ("gate show", "digits", "promote"), ("gate history", "digits"),
                ("gate set", "digits", "promote", gate),
                ("gate test", "-m", "digits", "--run", good), ("version list", "digits"),
                ("channel list", "digits"), ("channel history", "digits", "production"),
                ("channel create", "digits", "canary"), ("resolve", "digits@production"),
                ("fetch", "digits@production", "-o", out), ("verify", "digits@production", out),
                ("lineage", good), ("promote", "digits", self.made["better"], "--artifact-path",
                                    "logs"), ("request list",),
                ("version deprecate", "digits@1.1.0", "--reason", "x"),
                ("version delete", "digits@1.1.1-rc.0", "--reason", "x")):
            code, text, error = self.call(*command.split(), *operands, "--json", registry=uri)
            self.assertIn(code, (DONE, UNVERIFIED), command + error)
            printed = json.loads(text)
            if command == "run show":
                printed.update(params={}, tags={}, metrics=list(printed["metrics"].values()))
            if command == "run diff":
                printed.update((part, []) for part in printed)
            yield command, printed
        request = self.json("request", "list", registry=uri)[0]["id"]
        yield "request show", self.json("request", "show", request, registry=uri)
        yield "run show --history", self.json("run", "show", good, "--history", "loss")

    def test_wrong_usage(self):
        self.assertIn("too many operands", self.fails(USAGE, "man", "run"))
        self.assertIn("--json does not go", self.fails(USAGE, "man", "--json"))


if __name__ == "__main__":
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print("not there: " + " ".join(missing))
        sys.exit(77)
    cli_case.main(__doc__)
