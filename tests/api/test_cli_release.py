#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) after a promotion: the status of versions, and channels.

    test_cli_release.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import cli_case
from cli_case import GATE_FAILED, GATE_PENDING, NOT_FOUND, REGISTRY, USAGE
from test_cli_govern import REQUEST_FIELDS, GovernTest

CHANNEL_FIELDS = ["model", "name", "version", "sequence", "actor", "moved_us"]


class TestVersionStatus(GovernTest):
    def test_deprecate(self):
        made = self.made["good_version"]
        out = self.text("version", "deprecate", "digits@1.0.0", "--reason", "slow",
                        "--replacement", "1.1.0")
        self.assertEqual(out, f"digits {made} deprecated\n")
        shown = self.json("version", "deprecate", "digits@1.0.0", "--reason", "s\u202elow")
        self.assertEqual(shown, self.json("version", "show", "digits@1.0.0"))
        self.assertEqual((shown["status"], shown["status_reason"], shown["replacement"]),
                         ("deprecated", "s\u202elow", None))
        self.assertIn("artifacts", shown)
        _, _, error = self.call("resolve", "digits@1.0.0")
        self.assertIn("s\\u202elow", error)
        self.assertEqual(self.text("version", "undeprecate", "digits@1.0.0", "--reason=better"),
                         f"digits {made} active\n")
        shown = self.json("version", "undeprecate", "digits@1.0.0")
        self.assertEqual((shown["status"], shown["warnings"]), ("active", []))

    def test_yank_and_its_channels(self):
        self.assertIn("'production'", self.fails(REGISTRY, "version", "yank", "digits@1.0.0",
                                                 "--reason", "bad"))
        out = self.text("version", "yank", "digits@1.0.0", "--reason=bad", "--replacement=1.1.0")
        self.assertEqual(out, f"digits {self.made['good_version']} yanked\n")
        self.assertEqual(self.holds("production"), self.made["better_version"])
        self.assertEqual(self.text("version", "unyank", "digits@1.0.0"),
                         f"digits {self.made['good_version']} active\n")
        shown = self.json("version", "yank", "digits@1.1.0", "--reason=worse",
                          "--channels=rollback")
        self.assertEqual((shown["status"], shown["status_reason"]), ("yanked", "worse"))
        self.assertEqual(self.holds("production"), self.made["good_version"])
        self.text("version", "yank", "digits@1.0.0", "--reason=bad", "--channels", "clear")
        self.assertIsNone(self.holds("production"))
        self.fails(REGISTRY, "version", "deprecate", "digits@1.0.0", "--reason=x")

    def test_yank_asks_the_gate_of_the_channel(self):
        self.gate("never: metrics.accuracy > 1\n", "digits", "channel/production")
        yank = ("version", "yank", "digits@1.0.0", "--reason=bad", "--replacement=1.1.0",
                "--channels=replace")
        self.assertIn("never", self.fails(GATE_FAILED, *yank))
        self.gate("audit: checks.audit = 'passed'\n", "digits", "channel/production")
        self.fails(GATE_PENDING, *yank)
        self.assertEqual(self.json("version", "show", "digits@1.0.0")["status"], "active")

    def test_delete(self):
        self.assertIn("'production'", self.fails(REGISTRY, "version", "delete", "digits@1.0.0",
                                                 "--reason", "x"))
        version = self.json("version", "show", "digits@1.1.0")
        deleted = self.json("version", "delete", "digits@1.1.0", "--reason", "x")
        self.assertEqual(deleted, {"model": "digits", "number": version["number"],
                                   "id": version["id"], "run_id": version["run_id"],
                                   "deleted": True})
        self.fails(NOT_FOUND, "version", "show", "digits@1.1.0")
        out = self.text("version", "delete", "digits@1.1.1-rc.0", "--reason", "x")
        self.assertEqual(out, f"digits {self.made['candidate_version']} deleted\n")
        self.fails(NOT_FOUND, "version", "delete", "digits@1.1.1-rc.0", "--reason", "x")

    def test_trouble(self):
        for verb in ("deprecate", "yank", "delete"):
            self.assertIn("--reason", self.fails(USAGE, "version", verb, "digits@1.0.0"))
            self.fails(USAGE, "version", verb, "digits@1.0.0", "--reason", "")
        for verb in ("deprecate", "undeprecate", "yank", "unyank", "delete"):
            for operand in ("digits", "digits@", "@1.0.0", "digits@1", "digits@production"):
                self.fails(USAGE, "version", verb, operand, "--reason=x")
            self.fails(NOT_FOUND, "version", verb, "digits@9.9.9", "--reason=x")
            self.fails(NOT_FOUND, "version", verb, "nobody@1.0.0", "--reason=x")
        self.fails(USAGE, "version", "yank", "digits@1.0.0", "--reason=x", "--channels=drop")
        self.fails(USAGE, "version", "undeprecate", "digits@1.0.0", "--replacement=1.1.0")
        self.fails(NOT_FOUND, "version", "yank", "digits@1.0.0", "--reason=x",
                   "--replacement=9.9.9")
        self.fails(USAGE, "version", "deprecate", "digits@1.0.0", "--reason=x",
                   "--replacement=1.0.0")

    def holds(self, channel):
        return {row["name"]: row["version"]
                for row in self.json("channel", "list", "digits")}[channel]


class TestChannels(GovernTest):
    def test_create_and_list(self):
        self.assertEqual(self.text("channel", "create", "digits", "canary"),
                         "digits canary none\n")
        created = self.json("channel", "create", "digits", "beta")
        self.assertEqual(list(created), CHANNEL_FIELDS)
        self.assertEqual((created["model"], created["name"], created["version"],
                          created["sequence"]), ("digits", "beta", None, 0))
        channels = self.json("channel", "list", "digits")
        self.assertEqual([row["name"] for row in channels],
                         ["beta", "canary", "production", "staging"])
        self.assertEqual(channels[0], created)
        self.assertEqual((channels[2]["version"], channels[2]["sequence"], channels[2]["actor"]),
                         (self.made["good_version"], 1, "tester"))
        self.assertEqual(self.json("channel", "list", "digits", "--limit=1"), channels[:1])
        lines = self.text("channel", "list", "digits").splitlines()
        self.assertEqual(lines[0].split(), ["CHANNEL", "VERSION", "MOVES", "CHANGED", "ACTOR"])
        self.assertEqual(lines[3].split()[:3], ["production", self.made["good_version"], "1"])
        self.fails(REGISTRY, "channel", "create", "digits", "beta")
        for name in ("latest", "1.0", "a b", "", "a\nb", "\x1b[31m", "\u202ea", "x" * 251):
            error = self.fails(USAGE, "channel", "create", "digits", name)
            self.assertNotRegex(error, "[\x1b\u202e]")

    def test_move(self):
        good, better = self.made["good_version"], self.made["better_version"]
        self.assertEqual(self.text("channel", "move", "digits", "staging", "1.0.0"),
                         f"digits staging {good}\n")
        error = self.fails(REGISTRY, "channel", "move", "digits", "staging", "1.1.0",
                           "--expected", "none")
        self.assertIn(good, error)
        request = self.json("channel", "move", "digits", "staging", "1.1.0", "--expected=1.0.0",
                            "--reason", "it is better")
        self.assertEqual(list(request), REQUEST_FIELDS + ["decision"])
        self.assertEqual([request[key] for key in ("state", "transition", "version", "expected",
                                                   "run_id")],
                         ["accepted", "channel/staging", better, good, self.made["better"]])
        self.assertEqual(self.text("channel", "move", "digits", "staging", "1.0.0", "-q"),
                         good + "\n")
        self.assertIn("holds 1.0.0 already",
                      self.fails(REGISTRY, "channel", "move", "digits", "staging", "1.0.0"))
        self.assertEqual(self.text("resolve", "digits@staging"), f"digits@{good}\n")

    def test_op_id(self):
        move = ("channel", "move", "digits", "staging", "1.0.0", "--op-id", "ci-1")
        self.assertIn("--expected", self.fails(USAGE, *move))
        first = self.json(*move, "--expected", "none")
        self.assertEqual(self.json(*move, "--expected", "none"), first)
        self.assertEqual(len(self.json("channel", "history", "digits", "staging")), 1)
        self.fails(REGISTRY, "channel", "move", "digits", "staging", "1.1.0", "--op-id", "ci-1",
                   "--expected", "1.0.0")

    def test_gates(self):
        self.gate("never: metrics.accuracy > 1\n", "digits", "channel/production")
        move = ("channel", "move", "digits", "production", "1.1.0")
        code, out, error = self.call(*move)
        self.assertEqual(code, GATE_FAILED)
        self.assertIn("\nnever: metrics.accuracy is 0.98, not > 1\n", out)
        self.assertIn("was refused", error)
        self.gate("seen: channel.staging.hours >= 0\n", "digits", "channel/production")
        request = self.exits(GATE_PENDING, *move)[0]
        self.assertEqual((request["state"], request["version"], request["proposed_version"]),
                         ("open", None, self.made["better_version"]))
        self.assertIn(request["id"], self.fails(REGISTRY, *move))
        self.text("channel", "move", "digits", "staging", "1.1.0")
        self.assertEqual(self.text("request", "complete", request["id"]),
                         f"digits production {self.made['better_version']}\n")

    def test_rollback(self):
        good, better = self.made["good_version"], self.made["better_version"]
        self.assertIn("nothing to go back to",
                      self.fails(NOT_FOUND, "channel", "rollback", "digits", "production"))
        self.text("channel", "move", "digits", "production", "1.1.0")
        self.fails(REGISTRY, "channel", "rollback", "digits", "production", "--expected=1.0.0")
        self.assertEqual(self.text("channel", "rollback", "digits", "production",
                                   "--expected=1.1.0", "--reason", "errors\u202e"),
                         f"digits production {good}\n")
        row = self.json("channel", "rollback", "digits", "production", "--to", "1.1.0")
        self.assertEqual(list(row), CHANNEL_FIELDS)
        self.assertEqual((row["version"], row["sequence"]), (better, 4))
        self.assertEqual(self.text("channel", "rollback", "digits", "production", "-q",
                                   "--to=1.0.0"), good + "\n")
        self.fails(REGISTRY, "channel", "rollback", "digits", "production", "--to=1.1.1-rc.0")
        history = self.json("channel", "history", "digits", "production")
        self.assertEqual(
            [(move["sequence"], move["kind"], move["version"], move["previous"], move["reason"])
             for move in history],
            [(5, "rolled_back", good, better, None), (4, "rolled_back", better, good, None),
             (3, "rolled_back", good, better, "errors\u202e"), (2, "moved", better, good, None),
             (1, "moved", good, None, None)])
        self.assertEqual(list(history[0]), ["sequence", "kind", "version", "previous",
                                            "request_id", "reason", "actor", "moved_us"])
        self.assertEqual([move["request_id"] is None for move in history],
                         [True, True, True, False, False])
        lines = self.text("channel", "history", "digits", "production").splitlines()
        self.assertEqual(lines[0].split(), ["MOVE", "KIND", "VERSION", "PREVIOUS", "REQUEST",
                                            "MOVED", "ACTOR", "REASON"])
        self.assertEqual(lines[5].split()[:4], ["1", "moved", good, "none"])
        self.assertIn("errors\\u202e", lines[3])
        self.assertEqual(self.json("channel", "history", "digits", "production", "-n2"),
                         history[:2])

    def test_clear(self):
        self.fails(REGISTRY, "channel", "clear", "digits", "production", "--expected", "1.1.0")
        self.assertEqual(self.text("channel", "clear", "digits", "production", "--reason=over"),
                         "digits production none\n")
        row = self.json("channel", "clear", "digits", "production", "--expected=none")
        self.assertEqual((row["version"], row["sequence"]), (None, 2))
        self.assertEqual(self.json("channel", "history", "digits", "production")[0]["kind"],
                         "cleared")
        self.fails(NOT_FOUND, "resolve", "digits@production")

    def test_trouble(self):
        for verb, more in (("move", ("1.0.0",)), ("rollback", ()), ("clear", ()),
                           ("history", ())):
            self.fails(NOT_FOUND, "channel", verb, "digits", "canary", *more)
            self.fails(NOT_FOUND, "channel", verb, "nobody", "production", *more)
            self.fails(USAGE, "channel", verb, "digits", "a b", *more)
            self.fails(USAGE, "channel", verb, "digits")
        self.fails(NOT_FOUND, "channel", "list", "nobody")
        self.fails(NOT_FOUND, "channel", "move", "digits", "staging", "9.9.9")
        self.fails(USAGE, "channel", "move", "digits", "staging", "1.x")
        self.fails(USAGE, "channel", "move", "digits", "staging", "1.0.0", "--expected=x")
        self.text("version", "yank", "digits@1.1.0", "--reason=bad")
        self.fails(REGISTRY, "channel", "move", "digits", "staging", "1.1.0")


if __name__ == "__main__":
    cli_case.main(__doc__)
