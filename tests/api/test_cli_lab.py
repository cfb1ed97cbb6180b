#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Experiments and runs: how modelreg(1) starts, ends, shows and compares them.

    test_cli_lab.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import os
import shutil
import subprocess
import unittest

import cli_case
from cli_case import (
    NOT_FOUND, REGISTRY, USAGE, UUID, another_user, edit, environment, small_files,
)
from cli_lab_case import BIDI, HEX, NOBODY, RUN_FIELDS, SHOW_FIELDS, LabTest

TRAINING_JOB = """
set -euo pipefail
run=$("$MODELREG" run start --experiment digits --param lr=0.1 --tag team=vision --quiet)
trap '"$MODELREG" run finish "$run" --status failed --quiet' ERR
for step in 1 2 3; do
  "$MODELREG" run metric "$run" loss="0.$((9 - step))" accuracy="0.9$step" --step "$step" --quiet
done
printf 'weights' > "$WORK/model.safetensors"
"$MODELREG" run artifact "$run" "$WORK/model.safetensors"
"$MODELREG" run check "$run" bias_audit passed --reporter audit.sh
"$MODELREG" run finish "$run"
printf '%s\\n' "$run" > "$WORK/run"
"""


class TestStart(LabTest):
    def test_says_whether_the_experiment_is_new(self):
        out = self.text("run", "start", "--experiment", "digits")
        self.assertRegex(
            out, r"\AStarted run " + UUID.pattern + r" in the new experiment digits\n\Z")
        out = self.text("run", "start", "-e", "digits")
        self.assertRegex(out, r"\AStarted run " + UUID.pattern + r" in experiment digits\n\Z")
        self.assertEqual(len(self.json("experiment", "list")), 1)
        self.assertEqual(len(self.json("run", "list")), 2)

    def test_everything_that_can_be_said(self):
        parent = self.start()
        run = self.json(
            "run", "start", "-e", "digits", "--name", "base", "--kind", "evaluation",
            "--param", "lr=0.1", "-p", "layers=a=b=c", "-p", "empty=", "--tag", "team=vision",
            "-t", "why=", "--parent", parent, "--commit", "0123abcd", "--dirty", "--entry-point",
            "train.sh", "--host", "host-1", "--packages-digest", "p1", "--image-digest", "i1",
            "--input", "training=digest:" + HEX, "-i", "base=run:" + parent, "-i",
            "training=digest:" + HEX[::-1])
        self.assertEqual(list(run), SHOW_FIELDS)
        self.assertEqual(run, self.show(run["id"]))
        self.assertEqual(run["params"], {"lr": "0.1", "layers": "a=b=c", "empty": ""})
        self.assertEqual(run["tags"], {"team": "vision", "why": ""})
        expected = {
            "name": "base", "kind": "evaluation", "status": "running", "sealed": False,
            "experiment_name": "digits", "parent_run_id": parent, "ended_us": None,
            "source_commit": "0123abcd", "source_entry_point": "train.sh",
            "source_state": "dirty", "environment_host": "host-1",
            "environment_packages_digest": "p1", "environment_image_digest": "i1"}
        self.assertEqual({key: run[key] for key in expected}, expected)
        self.assertEqual([(each["role"], each["kind"], each["run_id"] or each["dataset_digest"])
                          for each in run["inputs"]],
                         [("training", "dataset_digest", HEX), ("base", "run", parent),
                          ("training", "dataset_digest", HEX[::-1])])

    def test_defaults(self):
        run = self.show(self.start())
        self.assertEqual((run["kind"], run["source_state"], run["name"]),
                         ("training", "unknown", None))
        self.assertEqual(self.show(self.start("--clean", "--kind=training"))["source_state"],
                         "clean")

    def test_wrong_usage_starts_nothing(self):
        for arguments in (
                (), ("--experiment", ""), ("-e", "x\ny"), ("-e", "\x1b[31m"), ("-e", "n" * 251),
                ("-e", "x", "--kind", "dataset"), ("-e", "x", "--clean", "--dirty"),
                ("-e", "x", "--param", "lr"), ("-e", "x", "--param", "=1"),
                ("-e", "x", "-p", "a=1", "-p", "a=2"), ("-e", "x", "-t", "a=1", "-t", "a=1"),
                ("-e", "x", "--tag", "noequals"), ("-e", "x", "--input", "training"),
                ("-e", "x", "--input", "training=" + HEX), ("-e", "x", "--input", "=run:" + NOBODY),
                ("-e", "x", "--input", "training=digest:12"), ("-e", "x", "--input", "base=run:12"),
                ("-e", "x", "--input", "base=run:"), ("-e", "x", "--input", "base=runs:" + NOBODY),
                ("-e", "x", "--input", "base=version:digits"), ("-e", "x", "--parent", "12"),
                ("-e", "x", "operand"), ("-e", "x", "-e", "y"), ("-e", "x", "--name", "a\nb"),
                ("-e", "x", "-p", "lr=\x1b[2J"), ("-e", "x", "-p", "a\nb=1"),
                ("-e", "x", "-p", "a=1", "-p", "k" * 251 + "=1"), ("-e", "x", "-t", "a=\x07"),
                ("-e", "x", "--input", "a\nb=digest:" + HEX), ("-e", "x", "--commit", "\x1b"),
                ("-e", "x", "--input", "r" * 251 + "=digest:" + HEX), ("-e", "x", "--host", "\n")):
            error = self.fails(USAGE, "run", "start", *arguments)
            self.assertIn("Usage: modelreg run start", error)
            self.assertNotIn("\x1b", error)
            self.assertEqual(self.json("run", "list"), [], arguments)
            self.assertEqual(self.json("experiment", "list"), [], arguments)
        for arguments in (("--parent", NOBODY), ("--input", "base=run:" + NOBODY),
                          ("--input", "training=dataset:" + NOBODY),
                          ("--input", "base=version:digits@1.0.0")):
            self.fails(NOT_FOUND, "run", "start", "-e", "other", *arguments)
        self.assertEqual([each["name"] for each in self.json("experiment", "list")
                          if each["name"] == "other"], [])
        self.assertEqual(self.json("run", "list"), [])

    def test_inputs_that_are_there(self):
        self.uri = self.copy()
        run = self.show(self.start(
            "-i", "training=dataset:" + self.made["dataset"], "-i", "base=version:digits@1.0.0"))
        self.assertEqual([(each["kind"], each["dataset_name"], each["version"])
                          for each in run["inputs"]],
                         [("dataset_run", "digits-data", None),
                          ("version", None, "digits@" + self.made["good_version"])])

    def test_a_later_failure_ends_the_run_and_names_it(self):
        params = [part for i in range(20) for part in ("-p", f"p{i}=" + "x" * 65536)]
        error = self.fails(REGISTRY, "run", "start", "-e", "digits", *params,
                           **small_files(os.path.getsize(self.uri) + (512 << 10)))
        run, = self.json("run", "list")
        self.assertEqual(run["status"], "failed")
        self.assertIn(f"run {run['id']} was started for this, and is failed now", error)
        self.assertEqual(self.show(run["id"])["params"], {})

    def test_an_id_that_nobody_hears_ends_the_run(self):
        for form in ("--quiet", "--json", "--clean"):
            with open("/dev/full", "wb") as full:
                code, _, error = self.call("run", "start", "-e", "digits", form, stdout=full)
            self.assertEqual(code, REGISTRY)
            run = self.json("run", "list")[0]
            self.assertEqual(run["status"], "failed")
            self.assertIn(run["id"], error)
            self.assertIn("cannot write to standard output", error)
        self.assertEqual(len(self.json("run", "list")), 3)

    def test_no_registry(self):
        self.fails(REGISTRY, "run", "start", "-e", "x", registry=self.path("nothing.db"))
        self.assertFalse(os.path.exists(self.path("nothing.db")))


class TestFinish(LabTest):
    def test_each_end(self):
        run = self.start()
        self.assertEqual(self.text("run", "finish", run), f"Run {run} is finished\n")
        shown = self.json("run", "finish", run, "--status", "finished")
        self.assertEqual((shown, shown["status"]), (self.show(run), "finished"))
        self.assertGreaterEqual(shown["ended_us"], shown["started_us"])
        for status in ("failed", "killed"):
            other = self.start()
            self.assertEqual(self.text("run", "finish", other, "--status", status, "-q"), "")
            self.assertEqual(self.show(other)["status"], status)
            self.fails(REGISTRY, "run", "finish", other)
        for wrong in ("running", "done", ""):
            self.fails(USAGE, "run", "finish", run, "--status", wrong)
        self.fails(NOT_FOUND, "run", "finish", NOBODY)
        self.fails(USAGE, "run", "finish", "x")

    def test_a_read_only_registry(self):
        run = self.start()
        reader = another_user()
        if os.geteuid() == 0 and not reader:
            self.skipTest("root may write everywhere, and nobody else can run the program")
        for folder, _, names in os.walk(self.folder):
            os.chmod(folder, 0o555)
            for name in names:
                os.chmod(os.path.join(folder, name), 0o444)
        try:
            for arguments in (("finish", run), ("log", run, "a=1"), ("metric", run, "a=1"),
                              ("tag", run, "a=1"), ("check", run, "a", "passed"),
                              ("input", run, "base", "digest:" + HEX),
                              ("start", "--experiment", "digits"),
                              ("start", "--experiment", "another")):
                self.fails(REGISTRY, "run", *arguments, **reader)
            self.assertEqual(self.json("run", "show", run, **reader)["status"], "running")
        finally:
            for folder, _, _ in os.walk(self.folder):
                os.chmod(folder, 0o755)


class TestListAndDiff(LabTest):
    def test_ids_alone(self):
        runs = [self.start("--kind", kind) for kind in ("training", "evaluation")]
        self.assertEqual(self.text("run", "list", "-q").splitlines(), runs[::-1])
        self.assertEqual(self.text("run", "list", "-q", "--kind", "training"), runs[0] + "\n")
        self.assertEqual(list(self.json("run", "list", "-q")[0]), RUN_FIELDS)

    def pair(self):
        self.uri = self.copy()
        left = self.start("-p", "lr=0.1", "-p", "same=1", "-t", "team=vision", "--commit", "c1",
                          "--host", "h", "--clean", "-i", "base=digest:" + HEX,
                          "-i", "training=dataset:" + self.made["dataset"])
        right = self.start("-p", "lr=0.2", "-p", "same=1", "-p", "empty=", "--host", "h",
                           "-i", "base=run:" + left, "-i", "base=version:digits@1.0.0",
                           "-i", "training=digest:" + self.made["dataset_digest"])
        self.text("run", "metric", left, "loss=1", "nan=nan", "inf=inf")
        self.text("run", "metric", right, "loss=1", "nan=nan", "inf=-inf", "zero=0")
        self.text("run", "metric", right, "loss=0.5", "--step", "1")
        for run, text in ((left, "one"), (right, "two")):
            self.text("run", "artifact", run, self.write("weights", text))
            self.text("run", "artifact", run, self.write("same", "same"))
        return left, right

    def test_diff_json(self):
        left, right = self.pair()
        diff = self.json("run", "diff", left, right)
        weights = [next(each["digest"] for each in self.show(run)["artifacts"]
                        if each["path"] == "weights") for run in (left, right)]
        version = "version:digits@" + self.made["good_version"]
        self.assertEqual(diff, {
            "runs": [left, right],
            "params": {"empty": [None, ""], "lr": ["0.1", "0.2"]},
            "tags": {"team": ["vision", None]},
            "metrics": {"inf": ["Infinity", "-Infinity"], "loss": [1, 0.5], "zero": [None, 0]},
            "inputs": {"base": ["digest:" + HEX, f"run:{left}, {version}"]},
            "artifacts": {"weights": weights},
            "source": {"source_commit": ["c1", None], "source_state": ["clean", "unknown"]},
            "environment": {}})
        back = self.json("run", "diff", right, left)
        self.assertEqual(back["params"], {"empty": ["", None], "lr": ["0.2", "0.1"]})
        every = self.json("run", "diff", left, right, "--all")
        self.assertEqual(every["params"]["same"], ["1", "1"])
        self.assertEqual(every["metrics"]["nan"], ["NaN", "NaN"])
        self.assertEqual(every["inputs"]["training"],
                         ["digest:" + self.made["dataset_digest"]] * 2)
        self.assertEqual(every["environment"], {"environment_host": ["h", "h"]})
        self.assertEqual(every["artifacts"]["same"][0], every["artifacts"]["same"][1])

    def test_diff_text(self):
        left, right = self.pair()
        rows = [line.split() for line in self.text("run", "diff", left, right).splitlines()]
        self.assertEqual(rows[0], ["WHAT", "KEY", "A", "B"])
        for row in (["param", "lr", "0.1", "0.2"], ["param", "empty", "-"],
                    ["tag", "team", "vision", "-"], ["metric", "loss", "1", "0.5"],
                    ["source", "source_commit", "c1", "-"],
                    ["source", "source_state", "clean", "unknown"]):
            self.assertIn(row, rows)
        self.assertFalse([row for row in rows if "same" in row or "environment" in row])
        self.assertIn(["param", "same", "1", "1"],
                      [line.split() for line in
                       self.text("run", "diff", left, right, "-a").splitlines()])
        self.assertEqual(self.text("run", "diff", left, left), "No differences\n")
        empty = self.json("run", "diff", left, left)
        self.assertEqual([len(value) for value in empty.values()], [2, 0, 0, 0, 0, 0, 0, 0])

    def test_diff_wants_two_runs(self):
        run = self.start()
        self.fails(USAGE, "run", "diff", run)
        self.fails(USAGE, "run", "diff", run, run, run)
        for other in ((run, NOBODY), (NOBODY, run)):
            code, out, _ = self.call("run", "diff", *other, "--json")
            self.assertEqual((code, out), (NOT_FOUND, ""))
        self.fails(USAGE, "run", "diff", run, "x")


class TestExperiments(LabTest):
    def test_list(self):
        self.assertEqual(self.json("experiment", "list"), [])
        for name in ("zeta", "alpha", BIDI):
            self.text("run", "start", "-e", name, "-q")
        rows = self.json("experiment", "list")
        self.assertEqual([row["name"] for row in rows], ["zeta", "alpha", BIDI])
        self.assertEqual(list(rows[0]), ["id", "name", "actor", "created_us"])
        self.assertRegex(rows[0]["id"], UUID)
        self.assertEqual(self.json("experiment", "list", "--limit", "2"), rows[:2])
        out = self.text("experiment", "list")
        lines = out.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "CREATED", "ACTOR", "ID"])
        self.assertEqual((lines[1].split()[0], lines[1].split()[-1]), ("zeta", rows[0]["id"]))
        self.assertIn(r"a\u202eb\u2066c", lines[3])
        self.assertNotRegex(out, "[\u202a-\u202e\u2066-\u2069]")
        self.fails(USAGE, "experiment", "list", "--limit", "0")

    def test_show(self):
        runs = [self.start() for _ in range(12)]
        for run, status in zip(runs, ("finished", "finished", "failed", "killed")):
            self.text("run", "finish", run, "--status", status)
        self.text("run", "start", "-e", "other", "-q")
        shown = self.json("experiment", "show", "digits")
        self.assertEqual(list(shown), ["id", "name", "actor", "created_us", "runs", "run_count",
                                       "run_count_by_status"])
        self.assertEqual([run["id"] for run in shown["runs"]], runs[:1:-1])
        self.assertEqual(list(shown["runs"][0]), RUN_FIELDS)
        self.assertEqual((shown["run_count"], shown["run_count_by_status"]),
                         (12, {"running": 8, "finished": 2, "failed": 1, "killed": 1}))
        self.assertEqual(len(self.json("experiment", "show", "digits", "-n", "100")["runs"]), 12)
        out = self.text("experiment", "show", "digits", "--limit=1")
        self.assertRegex(out, r"\AExperiment +digits\nId +" + UUID.pattern)
        self.assertRegex(out, r"\nCreated +20\d\d-")
        self.assertRegex(
            out, r"\nRuns +12: 8 running, 2 finished, 1 failed, 1 killed\n\nNewest runs\n  ID ")
        self.assertEqual(out.splitlines()[-1].split()[0], runs[-1])
        self.assertIn("\nRuns\n  ID ", self.text("experiment", "show", "other"))
        for other in ("nothing", "a\u202eb"):
            error = self.fails(NOT_FOUND, "experiment", "show", other)
            self.assertIn("there is no experiment", error)
            self.assertNotIn("\u202e", error)
        self.fails(USAGE, "experiment", "show", "a\nb")
        self.fails(USAGE, "experiment", "show")


class TestScripts(LabTest):
    @unittest.skipUnless(shutil.which("bash"), "there is no bash")
    def test_a_script_can_be_a_training_job(self):
        done = subprocess.run(
            ["bash", "-c", TRAINING_JOB], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=120,
            env=environment(MODELREG_REGISTRY=self.uri, MODELREG=cli_case.MODELREG,
                            WORK=self.folder))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        with open(self.path("run"), encoding="utf-8") as file:
            run = self.show(file.read().strip())
        self.assertEqual((run["status"], run["params"], run["tags"]),
                         ("finished", {"lr": "0.1"}, {"team": "vision"}))
        self.assertEqual({key: (metric["count"], metric["first"], metric["last"])
                          for key, metric in run["metrics"].items()},
                         {"loss": (3, 0.8, 0.6), "accuracy": (3, 0.91, 0.93)})
        self.assertEqual([(check["name"], check["result"], check["reporter"])
                          for check in run["checks"]], [("bias_audit", "passed", "audit.sh")])
        self.assertEqual([(each["path"], each["size"]) for each in run["artifacts"]],
                         [("model.safetensors", 7)])

    def test_hostile_values_are_shown_safely(self):
        run = self.start("--name", BIDI, "-p", "p=" + BIDI, "-t", "t=" + BIDI)
        self.text("run", "metric", run, BIDI + "=1")
        self.text("run", "check", run, BIDI, "passed", "--note", BIDI)
        edit(self.uri, "UPDATE param SET value = char(27) || '[2J' || char(8238)")
        other = self.start()
        for arguments in (("show", run), ("diff", run, other), ("list",),
                          ("show", run, "--history", BIDI), ("tag", run, BIDI + "=1"),
                          ("check", run, BIDI, "failed")):
            for form in ((), ("--json",)):
                out = self.text("run", *arguments, *form)
                self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
        self.assertIn(r"\x1b[2J\u202e", self.text("run", "diff", run, other))
        self.assertEqual(self.show(run)["params"], {"p": "\x1b[2J\u202e"})
        self.assertRegex(self.show(run)["name"], BIDI)

    def test_a_reader_that_goes_away(self):
        run = self.start()
        self.text("run", "metric", run, "--from",
                  self.write("points", "".join(f"m {i} {i}\n" for i in range(20000))))
        for form in ((), ("--json",)):
            reader, writer = os.pipe()
            os.close(reader)
            with open(writer, "wb") as file:
                code, _, error = self.call("run", "show", run, "--history", "m", *form, stdout=file)
            self.assertEqual(code, REGISTRY)
            self.assertIn("cannot write to standard output", error)


if __name__ == "__main__":
    cli_case.main(__doc__)
