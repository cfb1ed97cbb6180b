#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) on lineage.

    test_cli_lineage.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import cli_case
from cli_case import DONE, NOT_FOUND, USAGE
from cli_data_case import NOBODY, DataTest


class TestLineage(DataTest):
    def tree(self, *arguments, **more):
        """Depth and text of every line."""
        lines = self.text("lineage", *arguments, **more).splitlines()
        return [((len(line) - len(line.lstrip())) // 2, line.strip()) for line in lines]

    def test_upstream(self):
        good, number = self.made["good"], self.made["good_version"]
        below = [f"version digits@{number}", f"<- promotion: run {good}  training 'good'",
                 f"<- training: dataset {self.made['dataset_digest']}  'digits-data'",
                 f"<- snapshot: run {self.made['dataset']}  dataset 'digits-data'"]
        for start in ("digits@1.0.0", f"digits@{number}", "digits@<1.1"):
            self.assertEqual(self.tree(start), list(enumerate(below)))
        self.assertEqual(self.tree("digits@production"), list(enumerate(
            ["channel digits@production", "<- held: " + below[0]] + below[1:])))
        self.assertEqual(self.tree("digits@staging"), [(0, "channel digits@staging")])
        self.assertEqual(self.tree(good), [(0, f"run {good}  training 'good'"),
                                           (1, below[2]), (2, below[3])])

    def test_downstream_and_both(self):
        digest, good = self.made["dataset_digest"], self.made["good"]
        out = self.tree(digest[:12], "--direction", "downstream")
        self.assertEqual(out, self.tree(digest.upper(), "-d", "downstream"))
        self.assertEqual(out[:4], [
            (0, f"dataset {digest}  'digits-data'"),
            (1, f"-> training: run {good}  training 'good'"),
            (2, f"-> promotion: version digits@{self.made['good_version']}"),
            (3, "-> held: channel digits@production")])
        self.assertEqual(sum(depth == 1 for depth, _ in out), 4)
        both = self.tree(good, "--direction=both")
        self.assertEqual([(depth, text.split(":")[0]) for depth, text in both[1:]],
                         [(1, "<- training"), (2, "<- snapshot"), (1, "-> promotion"),
                          (2, "-> held")])

    def test_json(self):
        result = self.json("lineage", "digits@production", "--depth", "2")
        self.assertEqual(list(result), ["start_kind", "start", "node_count", "edge_count",
                                        "truncated", "nodes", "edges"])
        number = f"digits@{self.made['good_version']}"
        self.assertEqual((result["start_kind"], result["start"], result["truncated"]),
                         ("channel", "digits@production", True))
        self.assertEqual((result["node_count"], result["edge_count"]), (3, 2))
        self.assertEqual(sorted((node["kind"], node["name"]) for node in result["nodes"]),
                         [("channel", "digits@production"), ("run", self.made["good"]),
                          ("version", number)])
        self.assertEqual(result["edges"], [
            {"source_kind": "version", "source": number, "target_kind": "channel",
             "target": "digits@production", "role": "held", "distance": -1},
            {"source_kind": "run", "source": self.made["good"], "target_kind": "version",
             "target": number, "role": "promotion", "distance": -2}])
        self.assertIs(self.json("lineage", "digits@production")["truncated"], False)

    def test_limits(self):
        code, out, error = self.call("lineage", self.made["dataset_digest"], "-d", "downstream",
                                     "--limit", "2")
        self.assertEqual((code, len(out.splitlines())), (DONE, 3))
        self.assertIn("warning: there is more", error)
        code, out, error = self.call("lineage", "digits@1.0.0", "--depth=1")
        self.assertEqual((code, len(out.splitlines())), (DONE, 2))
        self.assertIn("--depth", error)
        for options in (("--depth", "0"), ("--depth", "1025"), ("--limit", "0"),
                        ("--limit", "100001"), ("--direction", "sideways")):
            self.fails(USAGE, "lineage", "digits@1.0.0", *options)

    def start(self, name, *inputs):
        options = [part for one in inputs for part in ("--input", one)]
        return self.text("run", "start", "-e", "x", "--name", name, "-q", *options,
                         registry=self.uri).strip()

    def test_what_hangs_below_a_node_is_there_once(self):
        base = self.start("base")
        low = self.start("low", f"start=run:{base}")
        left, right = self.start("left", f"init=run:{low}"), self.start("right", f"init=run:{low}")
        top = self.start("top", f"a=run:{left}", f"b=run:{right}", f"c=run:{base}")
        lines = self.tree(top, registry=self.uri)
        self.assertEqual(len(lines), 7)
        self.assertEqual(sum(f"run {low} " in text for _, text in lines), 2)
        above = [(depth, text) for depth, text in lines if text.endswith("  (above)")]
        self.assertEqual(above, [(2, f"<- init: run {low}  training 'low'  (above)")])
        # Nothing hangs below the base, so nothing is left out where it comes again.
        self.assertEqual(sum(text.endswith("training 'base'") for _, text in lines), 2)
        self.assertEqual(self.ask("lineage", top)["edge_count"], 6)

    def test_cycles_end(self):
        first = self.start("first")
        second = self.start("second", f"teacher=run:{first}")
        self.text("run", "input", first, "student", f"run:{second}", "--json", registry=self.uri)
        for direction, arrow in (("upstream", "<-"), ("downstream", "->")):
            lines = self.tree(first, "-d", direction, registry=self.uri)
            self.assertEqual([depth for depth, _ in lines], [0, 1, 2])
            self.assertTrue(lines[1][1].startswith(f"{arrow} "))
            self.assertTrue(lines[2][1].endswith("'first'  (above)"))
        self.assertEqual(len(self.tree(first, "-d", "both", registry=self.uri)), 5)

    def test_a_dataset_that_is_not_recorded_here(self):
        self.start("far", "training=digest:" + "ab" * 32)
        lines = self.tree("ab" * 32, "-d", "downstream", registry=self.uri)
        self.assertEqual([lines[0], lines[1][1].split(":")[0]],
                         [(0, "dataset " + "ab" * 32), "-> training"])
        self.assertEqual(self.ask("lineage", "0" * 64)["edges"], [])
        self.fails(NOT_FOUND, "lineage", "0" * 12, registry=self.uri)

    def test_what_is_not_there(self):
        for start in (NOBODY, "digits@9.9.9", "digits@nothing", "nothing@1.0.0",
                      "nothing@production", "digits@^9", "nothing@latest"):
            self.fails(NOT_FOUND, "lineage", start)
        for start in ("digits", "", NOBODY[:-1], "@", "@1.0.0", "digits@", "digits@^1."):
            self.fails(USAGE, "lineage", start)
        self.assertIn("MODEL@NUMBER", self.fails(USAGE, "lineage", "digits"))
        self.assertIn("WHAT is missing", self.fails(USAGE, "lineage"))


if __name__ == "__main__":
    cli_case.main(__doc__)
