#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion of modelreg(1) in bash and zsh, by the scripts that it prints.

    test_cli_completion.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys

import cli_case
from cli_case import DONE, GATE_PENDING, USAGE, COMMANDS, CliTest, edit, environment, read

NOUNS = sorted({command.split()[0] for command in COMMANDS})
COMMON = {"--registry", "-r", "--json", "--color", "--no-progress", "--help", "-h", "--version"}


class Shell:
    """An interactive shell on a terminal, in the folder of a test."""

    def __init__(self, test, command, variables):
        self.test = test
        self.controller, end = pty.openpty()
        test.addCleanup(os.close, self.controller)
        process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, cwd=test.folder,
                                   start_new_session=True, env=variables)
        os.close(end)
        test.addCleanup(process.wait)
        test.addCleanup(process.kill)

    def type(self, text, until):
        os.write(self.controller, text.encode("utf-8"))
        data = b""
        while until not in data:
            ready, _, _ = select.select([self.controller], [], [], 60)
            self.test.assertTrue(ready, f"nothing more within a minute after {data!r}")
            data += os.read(self.controller, 4096)

    def tab(self, line):
        """What a tab makes of a line; the shell writes it to a file for ^X."""
        self.type(line + "\t\x18", b"SHOWN")
        with open(self.test.path("buffer"), encoding="utf-8") as file:
            return file.read().rstrip("\n")


class TestCommand(CliTest):
    def test_it_needs_no_registry(self):
        for shell in ("bash", "zsh"):
            code, out, error = self.call("completion", shell, env=environment())
            self.assertEqual((code, error), (DONE, ""))
            self.assertIn("modelreg", out)

    def test_wrong_usage(self):
        self.assertIn("SHELL must be bash or zsh", self.fails(USAGE, "completion", "fish"))
        self.assertIn("SHELL is missing", self.fails(USAGE, "completion"))
        self.assertIn("--json does not go", self.fails(USAGE, "completion", "bash", "--json"))
        for shell in ("bash", "zsh"):
            self.assertIn("'digits'", self.fails(USAGE, "completion", shell, "digits"))
        for kind in ("channels", "numbers", "selectors"):
            self.assertIn("MODEL is missing", self.fails(USAGE, "completion", kind))

    def test_syntax(self):
        for shell in ("bash", "zsh"):
            script = self.text("completion", shell)
            done = subprocess.run([shell, "-n"], input=script, stderr=subprocess.PIPE,
                                  universal_newlines=True, check=False, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class TestBash(CliTest):
    """Calls the function as bash does, with the words that bash makes of a line."""

    PROGRAM = r"""
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_modelreg modelreg "${COMP_WORDS[COMP_CWORD]}" ''
printf '%s\n' "${COMPREPLY[@]}"
"""

    def complete(self, *words, **variables):
        """The answers for the last word."""
        path = os.path.dirname(cli_case.MODELREG) + os.pathsep + os.environ["PATH"]
        script = self.path("completion.bash")
        if not os.path.exists(script):
            with open(script, "w", encoding="utf-8") as file:
                file.write(self.text("completion", "bash"))
        done = subprocess.run(["bash", "--norc", "-c", self.PROGRAM, "bash", script, "modelreg",
                               *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                              universal_newlines=True, timeout=120, cwd=self.folder,
                              env=environment(PATH=path, **variables))
        self.assertEqual(done.stderr, "")
        return {line for line in done.stdout.splitlines() if line}

    def test_commands(self):
        self.assertEqual(self.complete(""), set(NOUNS))
        self.assertEqual(self.complete("fe"), {"fetch"})
        self.assertEqual(self.complete("-r", "registry.db", "--json", "fe"), {"fetch"})
        self.assertEqual(self.complete("no-such-"), set())

    def test_verbs(self):
        for noun in NOUNS:
            verbs = {command.split()[1] for command in COMMANDS if command.startswith(noun + " ")}
            if verbs:
                self.assertEqual(self.complete(noun, ""), verbs)
                self.assertEqual(self.complete("--color", "never", noun, ""), verbs)
        self.assertEqual(self.complete("run", "--json", "li"), {"list"})

    def test_every_option_of_every_command(self):
        for command in COMMANDS:
            text = self.text(*command.split(), "--help")
            listed = text.split("\nOptions:\n")[1].split("\nExample:\n")[0]
            left = "\n".join(line[:30] for line in listed.splitlines())
            options = set(re.findall(r"(?m)^ {2,6}(--[a-z-]+)", left))
            for short, long in re.findall(r"(?m)^  (-[a-z]), (--[a-z-]+)", left):
                options |= {short, long}
            self.assertTrue(options >= COMMON)
            self.assertEqual(self.complete(*command.split(), "-"), options)
        self.assertEqual(self.complete("-"), COMMON)
        self.assertEqual(self.complete("run", "-"), COMMON)

    def test_words_of_options(self):
        statuses = {"running", "finished", "failed", "killed"}
        self.assertEqual(self.complete("run", "list", "--status", ""), statuses)
        # bash makes three words of --status=f.
        self.assertEqual(self.complete("run", "list", "--status", "="), statuses)
        self.assertEqual(self.complete("run", "list", "--status", "=", "f"),
                         {"finished", "failed"})
        self.assertEqual(self.complete("run", "finish", "--status", "f"), {"finished", "failed"})
        self.assertEqual(self.complete("promote", "--bump", "m"), {"major", "minor"})
        self.assertEqual(self.complete("request", "list", "--state", "a"), {"accepted"})
        for place in ((), ("run",), ("run", "list"), ("run", "show", "x")):
            self.assertEqual(self.complete(*place, "--color", ""), {"auto", "always", "never"})

    def test_words_of_operands(self):
        results = {"passed", "failed", "skipped"}
        self.assertEqual(self.complete("run", "check", ""), set())
        self.assertEqual(self.complete("run", "check", "x", "audit", ""), results)
        self.assertEqual(self.complete("-r", "x", "run", "check", "--note", "n", "x", "a", "p"),
                         {"passed"})
        self.assertEqual(self.complete("run", "check", "--note", "=", "n", "x", "a", "p"),
                         {"passed"})
        self.assertEqual(self.complete("run", "check", "x", "audit", "passed", ""), set())
        self.assertEqual(self.complete("completion", ""), {"bash", "zsh"})

    def test_names_of_the_registry(self):
        models = {line["name"] for line in self.json("model", "list")}
        runs = {line["id"] for line in self.json("run", "list")}
        datasets = {line["id"] for line in self.json("run", "list", "--kind", "dataset")}
        self.assertTrue(models and datasets < runs)
        for place in (("version", "list"), ("promote",), ("resolve",), ("gate", "set"),
                      ("fetch", "-o", "x"), ("model", "show"), ("request", "list", "-m")):
            self.assertEqual(self.complete("-r", self.registry, *place, ""), models, place)
        self.assertEqual(self.complete("--registry", "=", self.registry, "promote", ""), models)
        found = self.complete("run", "show", "", MODELREG_REGISTRY=self.registry)
        self.assertEqual(found, runs)
        found = self.complete("dataset", "show", "", MODELREG_REGISTRY=self.registry)
        self.assertEqual(found, datasets)
        # bash makes three words of sqlite:PATH and of --registry=PATH, and gives ~ as it is.
        for words in (("-r", "sqlite", ":", self.registry),
                      ("--registry", "=", "sqlite", ":", self.registry)):
            self.assertEqual(self.complete(*words, "promote", ""), models)
            self.assertEqual(self.complete(*words, "channel", "move", "digits", "s"), {"staging"})
        self.assertEqual(self.complete("-r", "~/registry.db", "promote", "", HOME=self.shared),
                         models)
        run = sorted(runs)[-1]
        self.assertEqual(self.complete("-r", self.registry, "run", "diff", "x", run[:-1]), {run})
        self.assertEqual(self.complete("-r", self.path("none.db"), "run", "show", ""), set())
        self.assertEqual(self.complete("run", "show", ""), set())
        self.assertFalse(os.path.exists(self.path("none.db")))

    def test_names_of_a_model(self):
        numbers = {"1.0.0", "1.1.0", "1.1.1-rc.0"}
        channels = {"production", "staging"}
        self.assertEqual({version["number"].split("+")[0]
                          for version in self.json("version", "list", "digits")}, numbers)
        here = ("-r", self.registry)
        for verb in ("move", "rollback", "clear", "history"):
            self.assertEqual(self.complete(*here, "channel", verb, "digits", ""), channels)
        self.assertEqual(self.complete(*here, "channel", "create", "digits", ""), set())
        self.assertEqual(self.complete(*here, "channel", "move", "digits", "production", ""),
                         numbers)
        self.assertEqual(self.complete(*here, "channel", "move", "digits", "production", "1.1.1"),
                         {"1.1.1-rc.0"})
        for option in (("move", "--expected"), ("rollback", "--to")):
            self.assertEqual(
                self.complete(*here, "channel", option[0], "digits", option[1], "1.1.0"),
                {"1.1.0"})
        self.assertEqual(self.complete(*here, "gate", "show", "digits", ""),
                         {"promote", "channel/", "channel/production", "channel/staging"})
        self.assertEqual(self.complete(*here, "gate", "test", "--transition", "p"), {"promote"})
        self.assertEqual(self.complete(*here, "channel", "list", "digits", "--limit", ""), set())
        self.assertEqual(self.complete(*here, "channel", "move", "nothing", ""), set())
        # Nobody has said yet whose channel it is.
        self.assertEqual(self.complete(*here, "channel", "move", "--expected", ""), set())

    def test_what_stands_behind_a_model(self):
        models = {model["name"] for model in self.json("model", "list")}
        numbers = {"1.0.0", "1.1.0", "1.1.1-rc.0"}
        selectors = numbers | {"latest", "production", "staging"}
        here = ("-r", self.registry)
        for place in (("resolve",), ("fetch", "-o", "x"), ("verify",)):
            self.assertEqual(self.complete(*here, *place, "dig"), {"digits"})
            # bash makes three words of digits@1, unless it is told not to, and replaces two.
            self.assertEqual(self.complete(*here, *place, "digits", "@"),
                             {"@" + name for name in selectors})
            self.assertEqual(self.complete(*here, *place, "digits", "@", "1.1"),
                             {"@1.1.0", "@1.1.1-rc.0"})
            self.assertEqual(self.complete(*here, *place, "digits@pr"), {"digits@production"})
        for place in (("version", "show"), ("version", "yank", "--reason", "x")):
            self.assertEqual(self.complete(*here, *place, ""), {name + "@" for name in models})
            self.assertEqual(self.complete(*here, *place, "digits", "@"),
                             {"@" + number for number in numbers})
            self.assertEqual(self.complete(*here, *place, "digits", "@", "1.0"), {"@1.0.0"})
            self.assertEqual(self.complete(*here, *place, "digits@1.0"), {"digits@1.0.0"})
            self.assertEqual(self.complete(*here, *place, "nothing", "@"), set())
        for reference in (("digits", "@", "1.0.0"), ("digits@1.0.0",)):
            self.assertEqual(self.complete(*here, "version", "yank", *reference, "--replacement",
                                           ""), numbers)
        self.assertEqual(self.complete(*here, "lineage", "digits", "@", "l"), {"@latest"})

    def test_requests(self):
        registry = self.copy()
        gate = self.path("gate.txt")
        with open(gate, "w", encoding="utf-8") as file:
            file.write("audit: checks.audit = 'passed'\n")
        self.text("gate", "set", "digits", "channel/staging", gate, "-q", registry=registry)
        self.assertEqual(self.call("channel", "move", "digits", "staging", "1.0.0",
                                   registry=registry)[0], GATE_PENDING)
        requests = {line["id"]: line["state"] for line in
                    self.json("request", "list", registry=registry)}
        opened = {line for line, state in requests.items() if state == "open"}
        self.assertEqual(len(opened), 1)
        self.assertLess(opened, set(requests))
        here = ("-r", registry, "request")
        self.assertEqual(self.complete(*here, "show", ""), set(requests))
        for verb in ("complete", "withdraw"):
            self.assertEqual(self.complete(*here, verb, ""), opened)

    def test_asking_changes_nothing(self):
        registry = self.copy()
        before = {name: read(self.folder, name) for name in ("registry.db", "registry.db-wal")}
        for place in (("channel", "move", "digits", ""), ("resolve", "digits", "@"),
                      ("request", "show", ""), ("channel", "move", "nothing", "")):
            self.complete("-r", registry, *place)
        for name, content in before.items():
            self.assertEqual(read(self.folder, name), content, name)

    def test_names_that_a_shell_would_run_are_left_out(self):
        registry = self.copy()
        edit(registry, "UPDATE experiment SET name = 'a$(touch pwned)' WHERE name = 'digits'",
             "INSERT INTO experiment (uuid, name, actor, created_us)"
             " SELECT 'x' || column1, column1, 'tester', 1"
             " FROM (VALUES ('-x'), ('plain-1.0/a_B'), ('two words'), (char(27) || 'c'))")
        found = self.complete("-r", registry, "experiment", "show", "")
        self.assertEqual(found, {"plain-1.0/a_B"})
        self.assertEqual(self.text("completion", "experiments", registry=registry),
                         "plain-1.0/a_B\n")
        self.assertFalse(os.path.exists(self.path("pwned")))

    def test_files(self):
        os.mkdir(self.path("a folder"))
        for name in ("file.db", "an other"):
            with open(self.path(name), "w", encoding="utf-8"):
                pass
        everything = {"a folder", "file.db", "an other", "completion.bash"}
        self.assertEqual(self.complete("--registry", ""), everything)
        self.assertEqual(self.complete("-r", "fi"), {"file.db"})
        self.assertEqual(self.complete("--registry", "=", "fi"), {"file.db"})
        self.assertEqual(self.complete("fetch", "m", "-o", ""), {"a folder"})
        self.assertEqual(self.complete("fetch", "m", "--output", ""), {"a folder"})
        # bash splits MODEL@SELECTOR: it is one operand all the same.
        self.assertEqual(self.complete("verify", "m", "@", "1.0.0", ""), {"a folder"})
        self.assertEqual(self.complete("verify", "m", ""), {"a folder"})
        self.assertEqual(self.complete("verify", ""), set())
        self.assertEqual(self.complete("run", "artifact", "x", "fi"), {"file.db"})

    def test_hostile_words_are_not_run(self):
        for word in ("$(touch pwned)", "`touch pwned`", "a;touch pwned", "*", "\\", "'", '"'):
            self.complete(word, "")
            self.complete("run", word, "")
            self.complete("run", "list", "--status", word)
            self.complete("-r", word, "run", "")
        for word in ("$(touch pwned)", "`touch pwned`", "-x", "--help", "'", "a b"):
            self.complete("-r", self.registry, "channel", "move", word, "")
            self.complete("-r", self.registry, "version", "show", word, "@", "")
            self.complete("-r", self.registry, "resolve", word + "@")
        self.assertFalse(os.path.exists(self.path("pwned")))


class TestReadline(CliTest):
    """Types lines into an interactive bash: what the words are is readline's own business here."""

    def test_lines(self):
        path = os.path.dirname(cli_case.MODELREG) + os.pathsep + os.environ["PATH"]
        with open(self.path("rc"), "w", encoding="utf-8") as file:
            file.write("source <(modelreg completion bash)\nPS1='READ''Y '\n"
                       "show() { printf '%s' \"$READLINE_LINE\" >buffer; READLINE_LINE=; "
                       "echo SHO''WN; }\nbind -x '\"\\C-x\": show'\n")
        shell = Shell(self, ["bash", "--noprofile", "--rcfile", self.path("rc"), "-i"],
                      environment(PATH=path, TERM="dumb", HOME=self.folder,
                                  MODELREG_REGISTRY=self.registry))
        shell.type("", b"READY")
        for line, expected in (
                ("modelreg version show dig", "modelreg version show digits@"),
                ("modelreg version show digits@1.0", "modelreg version show digits@1.0.0 "),
                ("modelreg resolve dig", "modelreg resolve digits "),
                ("modelreg resolve digits@pr", "modelreg resolve digits@production "),
                ("modelreg channel move digits st", "modelreg channel move digits staging "),
                ("modelreg channel move digits staging 1.1.1",
                 "modelreg channel move digits staging 1.1.1-rc.0 "),
                ("modelreg gate show digits channel/p",
                 "modelreg gate show digits channel/production ")):
            self.assertEqual(shell.tab(line), expected)


class TestZsh(CliTest):
    """Types lines into a zsh, and looks at what a tab makes of them."""

    SETUP = ("autoload -U compinit && compinit -u -D; source <(modelreg completion zsh); "
             "show() { print -r -- \"$BUFFER\" >buffer; print -n SHO; print WN; BUFFER= }; "
             "zle -N show; bindkey '^X' show; bindkey '^I' complete-word; print REA''DY\n")

    def setUp(self):
        super().setUp()
        path = os.path.dirname(cli_case.MODELREG) + os.pathsep + os.environ["PATH"]
        self.shell = Shell(self, ["zsh", "-f", "-i"],
                           environment(PATH=path, TERM="dumb", HOME=self.folder))
        self.shell.type(self.SETUP, b"READY")

    def test_lines(self):
        os.mkdir(self.path("folder"))
        self.copy()
        for line, expected in (
                ("modelreg ru", "modelreg run "),
                ("modelreg run li", "modelreg run list "),
                ("modelreg run --js", "modelreg run --json "),
                ("modelreg -r x run li", "modelreg -r x run list "),
                ("modelreg run list --sta", "modelreg run list --status="),
                ("modelreg run list --status=ki", "modelreg run list --status=killed "),
                ("modelreg run list --status ki", "modelreg run list --status killed "),
                ("modelreg run check x audit pa", "modelreg run check x audit passed "),
                ("modelreg run list --color al", "modelreg run list --color always "),
                ("modelreg fetch m@1.0.0 -o fo", "modelreg fetch m@1.0.0 -o folder/"),
                ("modelreg verify m fo", "modelreg verify m folder/"),
                ("modelreg completion z", "modelreg completion zsh "),
                ("modelreg no-such", "modelreg no-such"),
                (f"modelreg -r {self.registry} resolve dig",
                 f"modelreg -r {self.registry} resolve digits "),
                (f"modelreg resolve -r {self.registry} dig",
                 f"modelreg resolve -r {self.registry} digits "),
                (f"modelreg -r {self.registry} resolve digits@pr",
                 f"modelreg -r {self.registry} resolve digits@production "),
                (f"modelreg -r {self.registry} version show dig",
                 f"modelreg -r {self.registry} version show digits@"),
                (f"modelreg version show -r {self.registry} digits@1.0",
                 f"modelreg version show -r {self.registry} digits@1.0.0 "),
                (f"modelreg -r {self.registry} channel move digits st",
                 f"modelreg -r {self.registry} channel move digits staging "),
                (f"modelreg channel -r {self.registry} move digits staging 1.1.1",
                 f"modelreg channel -r {self.registry} move digits staging 1.1.1-rc.0 "),
                (f"modelreg -r {self.registry} channel rollback digits staging --to 1.1.1",
                 f"modelreg -r {self.registry} channel rollback digits staging --to 1.1.1-rc.0 "),
                (f"modelreg -r {self.registry} gate show digits channel/p",
                 f"modelreg -r {self.registry} gate show digits channel/production "),
                ("modelreg -r ~/registry.db channel move digits st",
                 "modelreg -r ~/registry.db channel move digits staging "),
                ("modelreg -r nothing.db channel move digits st",
                 "modelreg -r nothing.db channel move digits st")):
            self.assertEqual(self.shell.tab(line), expected)


if __name__ == "__main__":
    if not (shutil.which("bash") and shutil.which("zsh")):
        print("bash or zsh is not there")
        sys.exit(77)
    cli_case.main(__doc__)
