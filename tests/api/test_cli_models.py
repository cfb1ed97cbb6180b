#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) on models.

    test_cli_models.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import cli_case
from cli_case import NOT_FOUND, REGISTRY, USAGE, edit
from cli_data_case import UNSAFE, DataTest


class TestModels(DataTest):
    FIELDS = ["id", "name", "description", "actor", "created_us"]
    EMPTY = {"latest": None, "versions": {"active": 0, "deprecated": 0, "yanked": 0},
             "channels": [], "gates": []}

    def test_create(self):
        self.assertEqual(self.text("model", "create", "digits", registry=self.uri),
                         "Created model digits\n")
        out = self.text("model", "create", "m2", "--description", "two\nlines", "-q",
                        registry=self.uri)
        shown = self.ask("model", "show", "m2")
        self.assertEqual(out, shown["id"] + "\n")
        self.assertEqual(list(shown), self.FIELDS + list(self.EMPTY))
        self.assertEqual((shown["name"], shown["description"]), ("m2", "two\nlines"))
        made = self.ask("model", "create", "m3")
        self.assertEqual({key: made[key] for key in self.EMPTY}, self.EMPTY)
        self.assertIsNone(made["description"])
        self.assertEqual(self.ask("model", "show", "m3"), made)
        self.assertIn("m3", self.fails(REGISTRY, "model", "create", "m3", registry=self.uri))

    def test_names_that_are_refused(self):
        for name, expected in (("a@b", "@"), ("", "name"), ("a\nb", "U+000A"),
                               ("\x1b[2J", "U+001B"), ("n" * 251, "250")):
            error = self.fails(USAGE, "model", "create", name, registry=self.uri)
            self.assertIn(expected, error)
            self.assertNotRegex(error, UNSAFE)
        self.assertIn("NAME is missing", self.fails(USAGE, "model", "create", registry=self.uri))
        self.fails(REGISTRY, "model", "create", "x", registry=self.path("missing.db"))
        self.assertEqual(self.ask("model", "list"), [])

    def test_list(self):
        for name in ("b", "a", "\u6ce8\u518c"):
            self.text("model", "create", name, "--description", "of " + name, registry=self.uri)
        rows = self.ask("model", "list")
        self.assertEqual([list(row) for row in rows], [self.FIELDS] * 3)
        self.assertEqual([row["name"] for row in rows], ["a", "b", "\u6ce8\u518c"])
        self.assertEqual(self.ask("model", "list", "--limit", "1"), rows[:1])
        lines = self.text("model", "list", registry=self.uri).splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "CREATED", "ACTOR", "DESCRIPTION"])
        self.assertRegex(lines[1], r"^a +\d{4}-\S+Z +\S+ +of a$")
        self.fails(USAGE, "model", "list", "--limit", "none", registry=self.uri)

    def test_show(self):
        shown = self.json("model", "show", "digits")
        self.assertEqual(shown["latest"], self.made["better_version"])
        self.assertEqual(shown["versions"], {"active": 3, "deprecated": 0, "yanked": 0})
        # What has a list of its own is the same there.
        self.assertEqual(shown["channels"], self.json("channel", "list", "digits"))
        self.assertEqual([list(channel) for channel in shown["channels"]],
                         [["model", "name", "version", "sequence", "actor", "moved_us"]] * 2)
        self.assertEqual([(channel["name"], channel["version"], channel["sequence"])
                          for channel in shown["channels"]],
                         [("production", self.made["good_version"], 1), ("staging", None, 0)])
        self.assertEqual(shown["gates"], [self.json("gate", "show", "digits", "promote")])
        self.assertEqual((shown["gates"][0]["transition"], shown["gates"][0]["text"]),
                         ("promote", "accuracy: metrics.accuracy >= 0.9\n"))
        out = self.text("model", "show", "digits")
        for expected in (r"(?m)^Model +digits$", rf"(?m)^Id +{shown['id']}$",
                         r"(?m)^Latest +1\.1\.0\+", r"(?m)^Actor +tester$",
                         r"(?m)^Versions +3 active, 0 deprecated, 0 yanked$",
                         r"(?m)^  production +1\.0\.0\+", r"(?m)^  staging +nothing ",
                         rf"(?m)^  promote +this model +1 .* {shown['gates'][0]['digest']}$"):
            self.assertRegex(out, expected)
        self.fails(NOT_FOUND, "model", "show", "nothing")
        self.fails(USAGE, "model", "show", "digits@1.0.0")

    def test_show_counts_by_status_and_only_gates_in_force(self):
        uri = self.copy()
        self.text("version", "deprecate", "digits@1.1.0", "--reason", "slow", "--json",
                  registry=uri)
        with open(self.path("gate.txt"), "w", encoding="utf-8") as file:
            file.write("tagged: tags.team = 'vision'\n")
        gate = self.path("gate.txt")
        self.text("gate", "set", "digits", "promote", gate, "-q", registry=uri)
        self.text("gate", "set", "--default", "channel/production", gate, "-q", registry=uri)
        shown = self.json("model", "show", "digits", registry=uri)
        self.assertEqual(shown["versions"], {"active": 2, "deprecated": 1, "yanked": 0})
        self.assertEqual(shown["latest"], self.made["good_version"])
        self.assertEqual([(gate["model"], gate["transition"], gate["revision"])
                          for gate in shown["gates"]],
                         [("digits", "promote", 2), (None, "channel/production", 1)])
        self.assertRegex(self.text("model", "show", "digits", registry=uri),
                         r"(?m)^  channel/production +every model +1 ")

    def test_hostile_text_does_not_steer_the_terminal(self):
        self.text("model", "create", "m", registry=self.uri)
        edit(self.uri, "UPDATE model SET description = char(27) || '[2J' || char(8238)")
        for arguments in (("list",), ("show", "m")):
            for form in ((), ("--json",)):
                self.assertNotRegex(self.text("model", *arguments, *form, registry=self.uri),
                                    UNSAFE)


if __name__ == "__main__":
    cli_case.main(__doc__)
