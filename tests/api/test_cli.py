#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What modelreg(1) prints of a registry, in text and JSON.

    test_cli.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import os
import re
import subprocess

import cli_case
from cli_case import UUID, TIME, DIGEST, NOT_FOUND, USAGE, REGISTRY, CliTest, read


class TestInit(CliTest):
    def test_creates_and_says_where(self):
        uri = self.path("new.db")
        out = self.text("init", uri)
        self.assertIn("Created registry " + os.path.realpath(uri), out)
        self.assertIn(os.path.realpath(uri) + ".d", out)
        self.assertEqual(self.json("run", "list", registry=uri), [])

    def test_existing_registry_is_fine(self):
        uri = self.path("new.db")
        first = self.json("init", "-r", uri)
        again = self.json("init", uri)
        self.assertIs(first["created"], True)
        self.assertIs(again["created"], False)
        self.assertEqual(first["id"], again["id"])
        self.assertRegex(first["id"], UUID)
        self.assertEqual(first["driver"], "sqlite")
        self.assertEqual(first["location"], os.path.realpath(uri))
        self.assertIsInstance(first["warnings"], list)
        self.assertIn("exists already", self.text("init", uri))

    def test_place_from_environment(self):
        uri = self.path("new.db")
        self.text("init", registry=uri)
        self.assertTrue(os.path.exists(uri))

    def test_another_kind_of_file_is_an_error_and_stays(self):
        name = self.path("notes.txt")
        with open(name, "w", encoding="utf-8") as file:
            file.write("These are notes and no registry.\n" * 100)
        before = read(name)
        self.fails(REGISTRY, "init", name)
        self.assertEqual(read(name), before)
        self.fails(REGISTRY, "init", self.folder)
        self.fails(REGISTRY, "init", self.path("no", "such", "folder.db"))

    def test_memory_makes_no_sense(self):
        self.fails(USAGE, "init", "memory:")


class TestRuns(CliTest):
    def test_list(self):
        lines = self.text("run", "list").splitlines()
        self.assertEqual(
            lines[0].split(),
            ["ID", "EXPERIMENT", "NAME", "KIND", "STATUS", "STARTED", "ENDED", "ACTOR"])
        self.assertEqual(len(lines), 7)
        good = next(line for line in lines if line.startswith(self.made["good"]))
        cells = good.split()
        self.assertEqual(cells[1:5], ["digits", "good", "training", "finished"])
        self.assertRegex(cells[5], TIME)
        self.assertRegex(cells[6], TIME)
        self.assertEqual(cells[7], "tester")

    def test_list_json(self):
        runs = self.json("run", "list")
        self.assertEqual([run["id"] for run in runs],
                         [self.made[name] for name in
                          ("running", "candidate", "better", "bad", "good", "dataset")])
        good = runs[4]
        self.assertEqual(good["name"], "good")
        self.assertEqual(good["kind"], "training")
        self.assertEqual(good["status"], "finished")
        self.assertIs(good["sealed"], True)
        self.assertEqual(good["experiment_name"], "digits")
        self.assertRegex(good["experiment_id"], UUID)
        self.assertIsNone(good["parent_run_id"])
        self.assertEqual(good["actor"], "tester")
        self.assertGreater(good["started_us"], 1767323045000000)
        self.assertGreater(good["ended_us"], good["started_us"])
        self.assertEqual(good["source_commit"], "0123456789abcdef" * 2 + "01234567")
        self.assertEqual(good["source_entry_point"], "train.c")
        self.assertEqual(good["source_state"], "dirty")
        self.assertEqual(good["environment_host"], "host-1")
        self.assertIsNone(good["environment_packages_digest"])
        self.assertIsNone(good["environment_image_digest"])
        self.assertIsNone(runs[0]["ended_us"])
        self.assertIs(runs[0]["sealed"], False)

    def test_filters(self):
        def names(*options):
            return [run["name"] for run in self.json("run", "list", *options)]

        self.assertEqual(names("--experiment", "digits", "--kind=training", "--limit", "2"),
                         ["candidate", "better"])
        self.assertEqual(len(names("--experiment=\u6ce8\u518c")), 1)
        self.assertEqual(len(names("-e", "digits", "--kind", "dataset")), 1)
        self.assertEqual(len(names("--status", "running")), 1)
        self.assertEqual(names("--status", "killed"), [])
        self.assertEqual(len(names("-n1")), 1)
        self.assertEqual(len(names("-n", "1000000")), 6)
        self.fails(NOT_FOUND, "run", "list", "--experiment", "nothing")

    def test_lists_go_on_past_the_first_page(self):
        uri = self.path("many.db")
        subprocess.run([cli_case.FIXTURE, uri, "runs", "1003"], check=True)
        runs = self.json("run", "list", registry=uri)
        self.assertEqual([run["name"] for run in runs],
                         [f"run-{i}" for i in reversed(range(1003))])
        self.assertEqual(self.json("run", "list", "--limit", "1002", registry=uri), runs[:1002])
        self.assertEqual(self.json("run", "list", "--limit", "1000", registry=uri), runs[:1000])
        self.assertEqual(len(self.text("run", "list", registry=uri).splitlines()), 1004)

    def test_show(self):
        out = self.text("run", "show", self.made["good"])
        for expected in (
                r"(?m)^Run +" + self.made["good"] + "$", r"(?m)^Name +good$",
                r"(?m)^Status +finished$", r"(?m)^Experiment +digits$", r"(?m)^Started +2026-",
                r"(?m)^Commit +0123456789abcdef", r"\n\nParams\n  lr +0\.1\n",
                r'  notes +two\\nlines "quoted"\\t\\\n', r"\n\nTags\n  team +vision\n",
                r"\n\nMetrics\n  METRIC +LAST +FIRST +MIN +MAX +MEAN +COUNT +LAST STEP\n",
                r"\n  accuracy +0\.97 +0\.485 +0\.485 +0\.97 +0\.7275 +2 +2\n",
                r"\n  loss +NaN +Infinity +Infinity +Infinity +Infinity +2 +2\n",
                r"\n\nInputs\n.*\n  training +dataset +digits-data +" + self.made["dataset"],
                r"\n\nChecks\n  CHECK +RESULT +REPORTER +REPORTED +NOTE\n"
                r"  latency +failed +loadtest 2\.1 +2026-\S+ +31 ms,\\n6 over the limit\n"
                r"  lint +passed +tester +2026-\S+\n\n",
                r"\n\nArtifacts\n.*\n  logs/train\.log +1\.2 MiB +link +0011\w+ +https://example",
                r"\n  model/weights\.bin +18 B +unknown +[0-9a-f]{64}\n"):
            self.assertRegex(out, expected)

    def test_show_json(self):
        run = self.json("run", "show", self.made["good"])
        self.assertEqual(run["id"], self.made["good"])
        self.assertEqual(run["params"], {"lr": "0.1", "notes": 'two\nlines "quoted"\t\\'})
        self.assertEqual(run["tags"], {"team": "vision"})
        accuracy = run["metrics"]["accuracy"]
        self.assertEqual(
            {key: accuracy[key] for key in ("first", "last", "min", "max", "count", "nan_count",
                                            "first_step", "last_step")},
            {"first": 0.485, "last": 0.97, "min": 0.485, "max": 0.97, "count": 2, "nan_count": 0,
             "first_step": 1, "last_step": 2})
        self.assertAlmostEqual(accuracy["mean"], 0.7275)
        self.assertGreater(accuracy["last_time_us"], accuracy["first_time_us"])
        loss = run["metrics"]["loss"]
        self.assertEqual((loss["last"], loss["first"], loss["nan_count"]), ("NaN", "Infinity", 1))
        self.assertEqual(run["inputs"], [{
            "role": "training", "kind": "dataset_run", "run_id": self.made["dataset"],
            "dataset_digest": self.made["dataset_digest"], "dataset_name": "digits-data",
            "version": None}])
        self.assertEqual([(check["name"], check["result"], check["latest"])
                          for check in run["checks"]],
                         [("lint", "failed", False), ("latency", "failed", True),
                          ("lint", "passed", True)])
        latency = run["checks"][1]
        self.assertEqual(
            {key: latency[key] for key in ("reporter", "note", "evidence_uri", "evidence_size",
                                           "evidence_digest", "actor")},
            {"reporter": "loadtest 2.1", "note": "31 ms,\n6 over the limit",
             "evidence_uri": "https://example.com/latency.html", "evidence_size": 99,
             "evidence_digest": "00112233445566778899aabbccddeeff" * 2, "actor": "tester"})
        self.assertEqual((run["checks"][0]["note"], run["checks"][0]["evidence_digest"]),
                         (None, None))
        self.assertRegex(latency["id"], r"^[0-9a-f-]{36}$")
        self.assertEqual([artifact["path"] for artifact in run["artifacts"]],
                         ["logs/train.log", "model/config/labels.json", "model/weights.bin"])
        link, _, weights = run["artifacts"]
        self.assertEqual(link["kind"], "link")
        self.assertEqual(link["uri"], "https://example.com/train.log")
        self.assertEqual((link["size"], link["format"]), (1234567, "link"))
        self.assertEqual((weights["kind"], weights["uri"]), ("stored", None))
        self.assertRegex(weights["digest"], DIGEST)

    def test_show_an_empty_run(self):
        out = self.text("run", "show", self.made["running"])
        self.assertNotIn("Params", out)
        self.assertNotIn("Checks", out)
        self.assertRegex(out, r"(?m)^Ended$")
        run = self.json("run", "show", self.made["running"])
        self.assertEqual((run["params"], run["tags"], run["metrics"], run["inputs"],
                          run["checks"], run["artifacts"]), ({}, {}, {}, [], [], []))

    def test_unknown_runs(self):
        self.fails(NOT_FOUND, "run", "show", "00000000-0000-7000-8000-000000000000")
        error = self.fails(USAGE, "run", "show", "good")
        self.assertIn("Usage: modelreg run show", error)


class TestVersions(CliTest):
    def numbers(self):
        return [self.made[name] for name in
                ("candidate_version", "better_version", "good_version")]

    def test_list(self):
        lines = self.text("version", "list", "digits").splitlines()
        self.assertEqual(lines[0].split(),
                         ["NUMBER", "STATUS", "FILES", "SIZE", "RUN", "PROMOTED", "ACTOR"])
        self.assertEqual([line.split()[0] for line in lines[1:]], self.numbers())
        self.assertEqual(lines[3].split()[1:6], ["active", "2", "33", "B", self.made["good"]])

    def test_list_json(self):
        versions = self.json("version", "list", "digits")
        self.assertEqual([version["number"] for version in versions], self.numbers())
        self.assertEqual(self.json("version", "list", "digits", "--limit=1"), versions[:1])
        good = versions[2]
        self.assertEqual(good["model"], "digits")
        self.assertEqual(good["status"], "active")
        self.assertEqual(good["run_id"], self.made["good"])
        self.assertEqual(good["artifact_path"], "model")
        self.assertEqual((good["file_count"], good["total_size"]), (2, 33))
        self.assertEqual(good["description"], "for the tests")
        self.assertEqual(good["experiment_name"], "digits")
        self.assertEqual(good["actor"], "tester")
        for name in ("digest", "params_digest"):
            self.assertRegex(good[name], DIGEST)
        for name in ("id", "request_id", "experiment_id"):
            self.assertRegex(good[name], UUID)
        self.assertGreater(good["created_us"], 1767323045000000)
        self.assertIsInstance(good["warnings"], list)

    def test_the_refused_run_is_no_version(self):
        self.assertNotIn("bad_version", self.made)
        runs = [version["run_id"] for version in self.json("version", "list", "digits")]
        self.assertNotIn(self.made["bad"], runs)

    def test_show(self):
        out = self.text("version", "show", "digits@1.0.0")
        for expected in (
                r"(?m)^Model +digits$", r"(?m)^Number +" + re.escape(self.made["good_version"]),
                r"(?m)^Status +active$", r"(?m)^Files +2, 33 B$", r"(?m)^Artifact path +model$",
                r"(?m)^Run +" + self.made["good"], r"(?m)^Promoted +2026-",
                r"\n\nArtifacts\n  PATH +SIZE +FORMAT +DIGEST.*\n  config/labels\.json +15 B"):
            self.assertRegex(out, expected)

    def test_show_json_is_what_resolve_says(self):
        shown = self.json("version", "show", "digits@" + self.made["good_version"])
        self.assertEqual(shown, self.json("resolve", "digits@1.0.0"))

    def test_unknown_versions(self):
        self.fails(NOT_FOUND, "version", "list", "nothing")
        self.fails(NOT_FOUND, "version", "show", "nothing@1.0.0")
        self.fails(NOT_FOUND, "version", "show", "digits@9.9.9")
        self.fails(NOT_FOUND, "version", "show", "digits@1.0.0+other")
        self.fails(USAGE, "version", "show", "digits@one")
        for reference in ("digits", "digits@", "@1.0.0", ""):
            self.fails(USAGE, "version", "show", reference)


if __name__ == "__main__":
    cli_case.main(__doc__)
