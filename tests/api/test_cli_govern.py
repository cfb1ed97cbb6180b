#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) where somebody decides: gates, promotion and requests.

    test_cli_govern.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import json
import os
import re
import signal
import sqlite3
import subprocess

import cli_case
from cli_case import (
    DIGEST, DONE, GATE_FAILED, GATE_PENDING, NOT_FOUND, REGISTRY, USAGE, UUID, CliTest, edit,
    environment, wait_until_handled,
)

NO_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
REQUEST_FIELDS = [
    "id", "request", "state", "transition", "model", "version", "proposed_version", "run_id",
    "artifact_path", "candidate_digest", "gate_digest", "description", "op_id", "expected",
    "actor", "created_us", "closed_by", "closed_reason", "closed_us",
]
DECISION_FIELDS = ["verdict", "sequence", "gate_digest", "incumbent", "created_us", "rule_count",
                   "passed_count"]
RULE_FIELDS = ["name", "required", "observed", "verdict", "unknown", "reason", "from_default"]
GATE_FIELDS = ["model", "transition", "revision", "in_force", "digest", "text", "rules", "actor",
               "created_us"]
STRICT = "accuracy: metrics.accuracy >= 0.96  # as agreed\n\nquiet: params.lr < 1\n"
PENDING = "accuracy: metrics.accuracy >= 0.96\nbias: checks.bias_audit = 'passed'\n"


class GovernTest(CliTest):
    """Every test has a registry of its own."""

    def setUp(self):
        super().setUp()
        self.uri = self.copy()

    def call(self, *arguments, registry=None, **more):
        return super().call(*arguments, registry=registry or self.uri, **more)

    def exits(self, code, *arguments, **more):
        """The JSON and the message of a command that exits with `code` and still has a result."""
        actual, out, error = self.call(*arguments, "--json", **more)
        self.assertEqual(actual, code, out + error)
        return json.loads(out), error

    def gate(self, text, *place):
        """Attaches a gate; to the promotion of digits unless said otherwise."""
        self.text("gate", "set", *(place or ("digits", "promote")), "-", "--quiet",
                  input=text.encode())

    def propose(self, code=DONE, run="better", path="logs", *more):
        """The request, as JSON, of a run and path that are no version yet."""
        return self.exits(code, "promote", "digits", self.made[run], "--artifact-path", path,
                          *more)[0]


class TestGates(GovernTest):
    def test_set_show_and_history(self):
        with open(self.path("gate.txt"), "w", encoding="utf-8") as file:
            file.write(STRICT)
        shown = self.text("gate", "show", "digits", "promote")
        self.assertEqual(shown, "accuracy: metrics.accuracy >= 0.9\n")
        out = self.text("gate", "set", "digits", "promote", self.path("gate.txt"))
        self.assertRegex(out, r"^The gate on promote of digits is revision 2: 2 rules, digest "
                              r"[0-9a-f]{64}\n$")
        shown = self.text("gate", "show", "digits", "promote")
        self.assertEqual(shown, "accuracy: metrics.accuracy >= 0.96\nquiet: params.lr < 1\n")
        # What is shown can be set again, and changes nothing.
        again = self.json("gate", "set", "digits", "promote", "-", input=shown.encode())
        self.assertEqual(again["revision"], 2)
        lines = self.text("gate", "history", "digits").splitlines()
        self.assertEqual(re.split(r"  +", lines[0].strip()),
                         ["TRANSITION", "REVISION", "IN FORCE", "RULES", "MADE", "ACTOR",
                          "DIGEST"])
        self.assertEqual([line.split()[:4] for line in lines[1:]],
                         [["promote", "2", "yes", "2"], ["promote", "1", "no", "1"]])

    def test_json(self):
        made = self.json("gate", "set", "digits", "promote", "-", input=STRICT.encode())
        self.assertEqual(list(made), GATE_FIELDS)
        self.assertEqual((made["model"], made["transition"], made["revision"], made["in_force"]),
                         ("digits", "promote", 2, True))
        self.assertRegex(made["digest"], DIGEST)
        self.assertEqual(made["rules"],
                         [{"name": "accuracy", "expression": "metrics.accuracy >= 0.96"},
                          {"name": "quiet", "expression": "params.lr < 1"}])
        self.assertEqual(made["text"],
                         "accuracy: metrics.accuracy >= 0.96\nquiet: params.lr < 1\n")
        self.assertGreater(made["created_us"], 1767323045000000)
        self.assertEqual(self.json("gate", "show", "digits", "promote"), made)
        history = self.json("gate", "history", "digits")
        self.assertEqual(history[0], made)
        self.assertEqual((history[1]["revision"], history[1]["in_force"], history[1]["actor"]),
                         (1, False, "tester"))
        self.assertEqual(self.text("gate", "set", "digits", "promote", "-", "-q",
                                   input=STRICT.encode()), made["digest"] + "\n")

    def test_expected(self):
        digest = self.json("gate", "show", "digits", "promote")["digest"]
        for wrong in ("none", "0" * 64):
            error = self.fails(REGISTRY, "gate", "set", "digits", "promote", "-", "--expected",
                               wrong, input=STRICT.encode())
            self.assertIn(digest, error)
            self.fails(REGISTRY, "gate", "detach", "digits", "promote", "--expected", wrong)
        self.assertEqual(self.json("gate", "show", "digits", "promote")["digest"], digest)
        made = self.json("gate", "set", "digits", "promote", "-", "--expected", digest,
                         input=STRICT.encode())
        self.json("gate", "detach", "digits", "promote", "--expected", made["digest"])
        self.json("gate", "set", "digits", "promote", "-", "--expected=none",
                  input=STRICT.encode())

    def test_detach(self):
        self.assertEqual(self.text("gate", "detach", "digits", "promote"),
                         "The gate on promote of digits is detached\n")
        error = self.fails(NOT_FOUND, "gate", "show", "digits", "promote")
        self.assertIn("gate set", error)
        self.fails(NOT_FOUND, "gate", "detach", "digits", "promote")
        history = self.json("gate", "history", "digits")
        self.assertEqual([(row["revision"], row["in_force"], row["digest"] is None, row["rules"])
                          for row in history],
                         [(2, False, True, []),
                          (1, False, False, [{"name": "accuracy",
                                              "expression": "metrics.accuracy >= 0.9"}])])
        self.assertIn("detached", self.text("gate", "history", "digits"))
        self.gate(STRICT)
        self.assertIsNone(self.json("gate", "detach", "digits", "promote")["text"])

    def test_default_and_channels(self):
        made = self.json("gate", "set", "--default", "promote", "-", input=STRICT.encode())
        self.assertIsNone(made["model"])
        self.gate("prerelease: version.prerelease IS NULL\n", "digits", "channel/production")
        self.assertEqual(len(self.json("gate", "history", "digits")), 2)
        self.assertEqual(len(self.json("gate", "history", "digits", "--limit", "1")), 1)
        rows = self.json("gate", "history", "digits", "--transition", "channel/production")
        self.assertEqual([row["transition"] for row in rows], ["channel/production"])
        self.assertEqual(self.json("gate", "history", "--default"), [made])
        self.assertIn("of every model", self.text("gate", "detach", "--default", "promote"))
        self.assertIn("every model", self.fails(NOT_FOUND, "gate", "show", "--default", "promote"))

    def test_bad_gates_are_refused_with_the_place(self):
        before = self.json("gate", "history", "digits")
        for text, expected in ((b"a: metrics.x > 1\nb: nonsense > 2", "line 2: rule 'b'"),
                               (b"a: metrics.x >", "standard input: line 1"),
                               (b"a: metrics.x > 1\na: metrics.x > 2", "a"),
                               (b"a: metrics.x > 1\0b: metrics.x > 2", "byte of zero"),
                               (b"a: params.x = '\xff'", "UTF-8"),
                               (b"#" * (1024 * 1024 + 1), "longer than 1048576 bytes"),
                               (b"a: channel.staging.hours > 1", "channel.staging.hours")):
            error = self.fails(USAGE, "gate", "set", "digits", "promote", "-", input=text)
            self.assertIn(expected, error)
        self.assertEqual(self.json("gate", "history", "digits"), before)
        longest = b"a: metrics.x > 1".ljust(1024 * 1024, b"#")
        self.text("gate", "set", "digits", "promote", "-", input=longest)

    def test_a_gate_without_rules_is_refused(self):
        """The output of a generator that has failed must not open the gate."""
        before = self.json("gate", "history", "digits")
        for text in (b"", b"\n# nothing\n"):
            error = self.fails(USAGE, "gate", "set", "digits", "promote", "-", input=text)
            self.assertIn("gate detach", error)
        self.assertEqual(self.json("gate", "history", "digits"), before)

    def test_files_that_cannot_be_read(self):
        self.assertIn("No such file", self.fails(NOT_FOUND, "gate", "set", "digits", "promote",
                                                 self.path("none")))
        self.assertIn("directory",
                      self.fails(REGISTRY, "gate", "set", "digits", "promote", self.folder))
        # Nothing is opened where the gate cannot be read.
        self.fails(NOT_FOUND, "gate", "set", "digits", "promote", self.path("none"),
                   registry=self.path("no.db"))

    def test_usage(self):
        for arguments in (("set", "digits", "promote"), ("set", "digits"), ("set",),
                          ("set", "--default", "digits", "promote", "-"),
                          ("set", "--default", "promote"), ("show", "digits"), ("history",),
                          ("show", "--default", "digits", "promote"),
                          ("history", "--default", "digits"), ("detach", "digits"),
                          ("show", "digits", "bogus"), ("show", "digits", "channel/latest"),
                          ("history", "digits", "--transition", "x"),
                          ("history", "digits", "--limit", "0")):
            self.assertIn("Usage: modelreg gate", self.fails(USAGE, "gate", *arguments))
        for verb in ("show", "detach"):
            self.fails(NOT_FOUND, "gate", verb, "nobody", "promote")
        self.fails(NOT_FOUND, "gate", "set", "nobody", "promote", "-", input=STRICT.encode())
        self.fails(NOT_FOUND, "gate", "history", "nobody")


class TestDryRuns(GovernTest):
    def test_attached_gate(self):
        lines = self.text("gate", "test", "--model", "digits", "--run",
                          self.made["better"], "--artifact-path=logs").splitlines()
        self.assertEqual(re.split(r"  +", lines[0]), ["RULE", "REQUIRED", "OBSERVED", "VERDICT"])
        self.assertEqual(re.split(r"  +", lines[1]),
                         ["accuracy", "metrics.accuracy >= 0.9", "metrics.accuracy = 0.98",
                          "passed"])
        self.assertEqual(lines[2:], ["", "The gate passed: 1 of 1 rule passed; the incumbent was "
                                         + self.made["better_version"]])

    def test_gates_of_files(self):
        with open(self.path("gate.txt"), "w", encoding="utf-8") as file:
            file.write(PENDING)
        judged = ("--model", "digits", "--run")
        code, out, error = self.call("gate", "test", self.path("gate.txt"), *judged,
                                     self.made["bad"])
        self.assertEqual((code, error), (GATE_FAILED, ""))
        self.assertIn("\naccuracy: metrics.accuracy is 0.5, not >= 0.96\n", out)
        self.assertIn("\nbias: checks.bias_audit is missing\n", out)
        self.assertIn("\nThe gate failed: 0 of 2 rules passed", out)
        code, out, error = self.call("gate", "test", "-", *judged, self.made["better"],
                                     "--artifact-path", "logs", input=PENDING.encode())
        self.assertEqual((code, error), (GATE_PENDING, ""))
        self.assertIn("\nThe gate is pending: 1 of 2 rules passed", out)
        self.assertIn("no rules", self.text("gate", "test", "-", *judged, self.made["bad"],
                                            input=b"# nothing\n"))
        # Nothing was kept, sealed or attached.
        self.assertEqual(len(self.json("request", "list")), 5)
        self.assertEqual(len(self.json("gate", "history", "digits")), 1)

    def test_json(self):
        result, error = self.exits(GATE_FAILED, "gate", "test", "--model=digits", "--run",
                                   self.made["bad"], "--number", "3.0.0")
        self.assertEqual(error, "")
        self.assertEqual(list(result), ["model", "transition", "run_id", "proposed_version",
                                        "artifact_path", "decision"])
        self.assertEqual((result["model"], result["transition"], result["run_id"],
                          result["proposed_version"], result["artifact_path"]),
                         ("digits", "promote", self.made["bad"], "3.0.0", None))
        decision = result["decision"]
        self.assertEqual(list(decision), DECISION_FIELDS + ["rules"])
        self.assertEqual((decision["verdict"], decision["sequence"], decision["incumbent"],
                          decision["rule_count"], decision["passed_count"]),
                         ("failed", 0, self.made["better_version"], 1, 0))
        self.assertEqual(decision["rules"],
                         [{"name": "accuracy", "required": "metrics.accuracy >= 0.9",
                           "observed": "metrics.accuracy = 0.5", "verdict": "failed",
                           "unknown": False, "reason": "metrics.accuracy is 0.5, not >= 0.9",
                           "from_default": False}])
        self.assertEqual(list(decision["rules"][0]), RULE_FIELDS)

    def test_numbers_are_judged(self):
        rule = b"release: version.prerelease IS NULL AND version.major = 1\n"
        judged = ("gate", "test", "-", "--model", "digits", "--run", self.made["bad"])
        self.text(*judged, input=rule)
        self.text(*judged, "--line", "1.0", input=rule)
        for options in (("--bump", "major"), ("--bump=prerelease", "--prerelease-id=rc"),
                        ("--number", "1.2.0-rc.1")):
            self.exits(GATE_FAILED, *judged, *options, input=rule)

    def test_default_gate_adds(self):
        self.gate("sure: metrics.accuracy >= 0.6\n", "--default", "promote")
        decision = self.exits(GATE_FAILED, "gate", "test", "-", "--model", "digits", "--run",
                              self.made["bad"], input=b"mine: params.lr < 1\n")[0]["decision"]
        self.assertEqual([(rule["name"], rule["from_default"], rule["verdict"], rule["reason"])
                          for rule in decision["rules"]],
                         [("sure", True, "failed", "metrics.accuracy is 0.5, not >= 0.6"),
                          ("mine", False, "passed", None)])

    def test_channels(self):
        self.gate("release: version.prerelease IS NULL\n", "digits", "channel/canary")
        judged = ("gate", "test", "--model", "digits", "--transition", "channel/canary")
        self.text(*judged, "--number", "1.0.0")
        result = self.exits(GATE_FAILED, *judged, "--number", "1.1.1-rc.0")[0]
        self.assertEqual((result["transition"], result["proposed_version"], result["run_id"]),
                         ("channel/canary", "1.1.1-rc.0", None))

    def test_trouble(self):
        run = self.made["bad"]
        for options in (("--run", run), ("--model", "digits"), ("--model=digits", "--run", "x"),
                        ("--model=digits", "--transition=channel/canary"),
                        ("--model=digits", "--transition=bogus", "--run", run),
                        ("--model=digits", "--run", run, "--number", "1.x"),
                        ("--model=digits", "--run", run, "--number", "2.0.0", "--bump=major"),
                        ("--model=digits", "--run", run, "--number", "2.0.0", "--line=2"),
                        ("--model=digits", "--run", run, "--prerelease-id=rc"),
                        ("--model=digits", "--run", run, "--bump=most"),
                        ("--model=digits", "--run", self.made["dataset"])):
            self.fails(USAGE, "gate", "test", *options)
        for option in (("--run", run), ("--bump", "minor"), ("--artifact-path", "model")):
            error = self.fails(USAGE, "gate", "test", "--model=digits", "--number=1.0.0",
                               "--transition=channel/canary", *option)
            self.assertNotRegex(error, "run_id|artifact_path|prerelease_id")
            self.assertIn(option[0] if option[0] != "--bump" else "--number", error)
        self.fails(NOT_FOUND, "gate", "test", "--model=nobody", "--run", run)
        self.fails(NOT_FOUND, "gate", "test", "--model=digits", "--run", NO_ID)
        self.fails(NOT_FOUND, "gate", "test", "--model=digits", "--run", run,
                   "--artifact-path=none")
        self.fails(REGISTRY, "gate", "test", "--model=digits", "--run", run,
                   "--number=" + self.made["good_version"])


class TestPromotion(GovernTest):
    def test_accepted(self):
        run = self.made["better"]
        out = self.text("promote", "digits", run, "--artifact-path", "logs")
        self.assertEqual(out, f"digits 1.2.0+{run[-12:]}\n")
        out = self.text("promote", "digits", run, "--artifact-path=model/config", "-q")
        self.assertEqual(out, f"1.3.0+{run[-12:]}\n")
        request = self.propose(DONE, "better", "", "--number", "4.0.0-rc.1",
                               "--description", "a\u202eb\nc")
        self.assertEqual(list(request), REQUEST_FIELDS + ["decision"])
        self.assertRegex(request["id"], UUID)
        self.assertEqual(
            [request[key] for key in ("state", "transition", "model", "version",
                                      "proposed_version", "run_id", "artifact_path",
                                      "description", "op_id", "expected", "closed_reason")],
            ["accepted", "promote", "digits", f"4.0.0-rc.1+{run[-12:]}",
             f"4.0.0-rc.1+{run[-12:]}", run, "", "a\u202eb\nc", None, None, None])
        self.assertRegex(request["candidate_digest"], DIGEST)
        self.assertEqual(request["closed_by"], request["actor"])
        self.assertGreaterEqual(request["closed_us"], request["created_us"])
        self.assertEqual((request["decision"]["verdict"], request["decision"]["sequence"]),
                         ("passed", 1))
        self.assertEqual([rule["verdict"] for rule in request["decision"]["rules"]], ["passed"])
        shown = self.text("request", "show", request["id"])
        self.assertIn("a\\u202eb\\nc", shown)
        self.assertIn(request["version"], self.text("version", "list", "digits"))

    def test_numbers(self):
        for number, path, options in (
                ("2.0.0", "logs", ("--bump", "major")),
                ("1.0.1", "model/config", ("--line", "1.0")),
                ("1.0.2", "model/weights.bin", ("--line=1.0", "--bump=patch")),
                ("2.0.1-rc.0", "logs/train.log", ("--bump=prerelease", "--prerelease-id=rc")),
                ("7.1.2", "", ("--number=7.1.2",))):
            out = self.text("promote", "digits", self.made["better"], "--artifact-path", path,
                            *options)
            self.assertEqual(out, f"digits {number}+{self.made['better'][-12:]}\n")

    def test_refused(self):
        code, out, error = self.call("promote", "digits", self.made["bad"])
        self.assertEqual(code, GATE_FAILED)
        self.assertRegex(out, r"^RULE +REQUIRED +OBSERVED +VERDICT\naccuracy +metrics\.accuracy "
                              r">= 0\.9 +metrics\.accuracy = 0\.5 +failed\n")
        self.assertIn("\naccuracy: metrics.accuracy is 0.5, not >= 0.9\n", out)
        self.assertIn("was refused: rule 'accuracy' failed", error)
        self.assertEqual(len(error.splitlines()), 1)
        request, error = self.exits(GATE_FAILED, "promote", "digits", self.made["bad"])
        self.assertEqual((request["state"], request["version"]), ("refused", None))
        self.assertTrue(request["proposed_version"].startswith("1.2.0+"))
        self.assertEqual([(rule["name"], rule["verdict"], rule["observed"])
                          for rule in request["decision"]["rules"]],
                         [("accuracy", "failed", "metrics.accuracy = 0.5")])
        self.assertIn("was refused", error)
        code, out, _ = self.call("promote", "digits", self.made["bad"], "--quiet")
        self.assertEqual(code, GATE_FAILED)
        self.assertEqual(self.json("request", "show", out.strip())["state"], "refused")

    def test_open_and_completed(self):
        self.gate(PENDING)
        code, out, error = self.call("promote", "digits", self.made["better"],
                                     "--artifact-path", "logs")
        self.assertEqual(code, GATE_PENDING)
        self.assertIn("\nThe gate is pending: 1 of 2 rules passed", out)
        again = re.search(r"modelreg request complete (\S+)\n", error).group(1)
        self.assertRegex(again, UUID)
        request = self.exits(GATE_PENDING, "request", "complete", again)[0]
        self.assertEqual((request["id"], request["state"], request["version"],
                          request["closed_us"], request["decision"]["sequence"]),
                         (again, "open", None, None, 1))
        code, out, error = self.call("request", "complete", again, "-q")
        self.assertEqual((code, out), (GATE_PENDING, again + "\n"))
        self.gate(STRICT)
        self.assertEqual(self.text("request", "complete", again),
                         f"digits 1.2.0+{self.made['better'][-12:]}\n")
        # Again is harmless.
        done = self.json("request", "complete", again)
        self.assertEqual((done["state"], done["decision"]["sequence"]), ("accepted", 2))
        self.assertEqual(self.text("request", "complete", again, "-q"), done["version"] + "\n")

    def test_completed_and_refused(self):
        self.gate(PENDING)
        request = self.propose(GATE_PENDING)
        self.gate("accuracy: metrics.accuracy > 1\n")
        code, out, error = self.call("request", "complete", request["id"])
        self.assertEqual(code, GATE_FAILED)
        self.assertIn("The gate failed", out)
        self.assertIn("was refused", error)
        self.assertEqual(self.exits(GATE_FAILED, "request", "complete",
                                    request["id"])[0]["state"], "refused")

    def test_op_id(self):
        first = self.propose(DONE, "better", "logs", "--op-id", "ci-1234")
        self.assertEqual(first["op_id"], "ci-1234")
        self.assertEqual(self.propose(DONE, "better", "logs", "--op-id", "ci-1234"), first)
        self.fails(REGISTRY, "promote", "digits", self.made["better"], "--op-id", "ci-1234")
        refused = self.propose(GATE_FAILED, "bad", "", "--op-id", "ci-1235")
        self.assertEqual(self.propose(GATE_FAILED, "bad", "", "--op-id", "ci-1235"), refused)
        self.fails(USAGE, "promote", "digits", self.made["better"], "--op-id", "")

    def test_trouble(self):
        run = self.made["better"]
        for arguments in ((), ("digits",), ("digits", "x"), ("digits", run, "more"),
                          ("digits", self.made["running"]), ("digits", run, "--number", "1"),
                          ("digits", run, "--number=2.0.0", "--bump=minor"),
                          ("digits", run, "--prerelease-id", "rc"),
                          ("digits", run, "--bump", "x"), ("digits", run, "--line", "x"),
                          ("digits", run, "--op-id", "a\nb"),
                          ("digits", run, "--description", "a\x1b[2J"),
                          ("dig\x1bits\u202e", run)):
            self.assertNotRegex(self.fails(USAGE, "promote", *arguments), "[\x1b\u202e]")
        self.fails(NOT_FOUND, "promote", "nobody", run)
        self.fails(NOT_FOUND, "promote", "digits", NO_ID)
        self.fails(NOT_FOUND, "promote", "digits", run, "--artifact-path", "none")
        self.assertIn(self.made["better_version"],
                      self.fails(REGISTRY, "promote", "digits", run, "--artifact-path=model"))
        self.fails(REGISTRY, "promote", "digits", run, registry=self.path("none.db"))
        self.assertFalse(os.path.exists(self.path("none.db")))

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            code, _, error = self.call("promote", "digits", self.made["better"],
                                       "--artifact-path=logs", stdout=full)
        self.assertEqual(code, REGISTRY)
        self.assertIn("cannot write to standard output", error)
        # What was decided before stays decided, and a repeat says so.
        self.assertIn("1.2.0+", self.fails(REGISTRY, "promote", "digits", self.made["better"],
                                           "--artifact-path=logs"))


class TestWaiting(GovernTest):
    """Whoever waits for another writer can be interrupted, and has changed nothing then."""

    def test_interrupted(self):
        before = self.json("request", "list")
        other = sqlite3.connect(self.uri, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        with subprocess.Popen([cli_case.MODELREG, "-r", self.uri, "promote", "digits",
                               self.made["better"], "--artifact-path", "logs"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment()) as process:
            try:
                wait_until_handled(process, signal.SIGINT)
                process.send_signal(signal.SIGINT)
                out, error = process.communicate(timeout=60)
            finally:
                process.kill()
        self.assertEqual((process.returncode, out), (-signal.SIGINT, b""), error)
        self.assertTrue(error.startswith(b"modelreg: "), error)
        other.execute("ROLLBACK")
        self.assertEqual(self.json("request", "list"), before)


class TestRequests(GovernTest):
    def test_list(self):
        lines = self.text("request", "list").splitlines()
        self.assertEqual(lines[0].split(), ["REQUEST", "STATE", "MODEL", "TRANSITION", "NUMBER",
                                            "RUN", "MADE", "ACTOR"])
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[1].split()[1:4], ["accepted", "digits", "channel/production"])
        requests = self.json("request", "list")
        self.assertEqual([list(request) for request in requests], [REQUEST_FIELDS] * 5)
        self.assertEqual([request["state"] for request in requests],
                         ["accepted", "accepted", "accepted", "refused", "accepted"])
        self.assertEqual((requests[0]["transition"], requests[0]["expected"]),
                         ("channel/production", "none"))
        self.assertEqual(requests[0]["version"], self.made["good_version"])
        refused = self.json("request", "list", "--state", "refused", "--model", "digits")
        self.assertEqual(refused, [requests[3]])
        self.assertIsNone(refused[0]["version"])
        self.assertEqual(self.json("request", "list", "--limit=2"), requests[:2])
        self.assertEqual(self.json("request", "list", "--state=open"), [])
        self.fails(NOT_FOUND, "request", "list", "--model", "nobody")
        self.fails(USAGE, "request", "list", "--state", "done")
        self.fails(USAGE, "request", "list", "--limit", "-1")

    def test_show(self):
        self.gate(PENDING)
        request = self.propose(GATE_PENDING, "better", "logs", "--op-id=ci", "--description=d")
        self.gate(PENDING + "more: params.lr < 1\n")
        self.exits(GATE_PENDING, "request", "complete", request["id"])
        shown = self.json("request", "show", request["id"])
        self.assertEqual(list(shown), REQUEST_FIELDS + ["decision", "decisions"])
        self.assertEqual([(decision["sequence"], decision["verdict"], decision["rule_count"],
                           decision["passed_count"]) for decision in shown["decisions"]],
                         [(1, "pending", 2, 1), (2, "pending", 3, 2)])
        self.assertEqual([list(decision) for decision in shown["decisions"]],
                         [DECISION_FIELDS] * 2)
        self.assertEqual(shown["decision"]["sequence"], 2)
        first = self.json("request", "show", request["id"], "--decision", "1")
        self.assertEqual(first["decision"], request["decision"])
        out = self.text("request", "show", request["id"])
        for expected in (r"(?m)^Request +" + request["id"] + "$", r"(?m)^State +open$",
                         r"(?m)^Proposed number +1\.2\.0\+", r"(?m)^Operation +ci$",
                         r"\n\nDecisions\n  DECISION +VERDICT +PASSED +RULES +MADE +INCUMBENT +GATE"
                         r"\n +1  pending +1 +2 +2.*\n +2  pending +2 +3 +2",
                         r"\n\nDecision 2\nRULE +REQUIRED +OBSERVED +VERDICT\n",
                         r"\nbias: checks\.bias_audit is missing\nThe gate is pending: 2 of 3 "):
            self.assertRegex(out, expected)
        self.assertIn("\nDecision 1\n", self.text("request", "show", request["id"],
                                                  "--decision=1"))
        self.fails(NOT_FOUND, "request", "show", request["id"], "--decision", "3")
        self.fails(USAGE, "request", "show", request["id"], "--decision", "0")

    def test_withdraw(self):
        self.gate(PENDING)
        request = self.propose(GATE_PENDING)["id"]
        self.assertEqual(self.text("request", "withdraw", request, "--reason", "a \u202e mistake"),
                         f"Request {request} is withdrawn\n")
        again = self.json("request", "withdraw", request)
        self.assertEqual((again["state"], again["closed_reason"], again["version"]),
                         ("withdrawn", "a \u202e mistake", None))
        self.assertEqual(again, self.json("request", "show", request))
        self.assertRegex(self.text("request", "show", request),
                         r"(?m)^Reason +a \\u202e mistake$")
        result, error = self.exits(REGISTRY, "request", "complete", request)
        self.assertEqual(result["state"], "withdrawn")
        self.assertIn("was withdrawn by", error)
        self.gate(STRICT)
        accepted = self.propose()["id"]
        self.assertIn("accepted already", self.fails(REGISTRY, "request", "withdraw", accepted))

    def test_trouble(self):
        for verb in ("show", "complete", "withdraw"):
            self.fails(NOT_FOUND, "request", verb, NO_ID)
            self.fails(USAGE, "request", verb, "x\x1b")
            self.fails(USAGE, "request", verb)
        self.gate(PENDING)
        request = self.propose(GATE_PENDING)["id"]
        edit(self.uri, "UPDATE decision_rule SET reason = char(27) || '[2J' || char(8238)")
        for form in ((), ("--json",)):
            out = self.text("request", "show", request, *form)
            self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
        shown = self.json("request", "show", request)
        self.assertEqual(shown["decision"]["rules"][1]["reason"], "\x1b[2J\u202e")


if __name__ == "__main__":
    cli_case.main(__doc__)
