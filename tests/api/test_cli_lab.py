#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Experiments and runs from the command line: what modelreg(1) logs, and how it shows and compares.

    test_cli_lab.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import math
import os
import shutil
import signal
import subprocess
import time
import unittest

import cli_case
from cli_case import (UUID, DIGEST, DONE, NOT_FOUND, USAGE, REGISTRY, CliTest, another_user,
                      environment, edit)

NOBODY = "01980000-0000-7000-8000-000000000000"
HEX = "00112233445566778899aabbccddeeff" * 2
BIDI = "a\u202eb\u2066c"
RUN_FIELDS = [
    "id", "name", "kind", "status", "sealed", "experiment_id", "experiment_name", "parent_run_id",
    "actor", "started_us", "ended_us", "source_commit", "source_entry_point", "source_state",
    "environment_host", "environment_packages_digest", "environment_image_digest"]
SHOW_FIELDS = RUN_FIELDS + ["params", "tags", "metrics", "inputs", "checks", "artifacts"]
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


class LabTest(CliTest):
    """An empty registry for each test."""

    def setUp(self):
        super().setUp()
        self.uri = self.path("lab.db")
        self.text("init", self.uri)

    def call(self, *arguments, registry=None, **more):
        return super().call(*arguments, registry=registry or getattr(self, "uri", None), **more)

    def start(self, *arguments):
        """The id of a run that a script starts."""
        out = self.text("run", "start", "--experiment", "digits", "--quiet", *arguments)
        self.assertRegex(out, r"\A" + UUID.pattern + r"\n\Z")
        return out.strip()

    def feed(self, data, *arguments):
        """(exit status, standard output, standard error) with `data` as standard input."""
        done = subprocess.run([cli_case.MODELREG, *arguments], input=data, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              env=environment(MODELREG_REGISTRY=self.uri))
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    def show(self, run):
        return self.json("run", "show", run)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)


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
                ("-e", "x", "operand"), ("-e", "x", "-e", "y"), ("-e", "x", "--name", "a\nb")):
            error = self.fails(USAGE, "run", "start", *arguments)
            self.assertIn("Usage: modelreg run start", error)
            self.assertEqual(self.json("run", "list"), [], arguments)
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
        error = self.fails(USAGE, "run", "start", "-e", "digits", "--param", "lr=\x1b[2J")
        run, = self.json("run", "list")
        self.assertEqual(run["status"], "failed")
        self.assertIn(f"run {run['id']} was started for this, and is failed now", error)
        self.assertNotIn("\x1b", error)

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


class TestLog(LabTest):
    def test_params(self):
        run = self.start("--param", "lr=0.1")
        self.assertEqual(self.text("run", "log", run, "epochs=20", "lr=0.1"),
                         f"Logged 2 params of run {run}\n")
        self.assertEqual(self.text("run", "log", run, "note=two\nlines", "--quiet"), "")
        shown = self.json("run", "log", run, "x==")
        self.assertEqual(shown, self.show(run))
        self.assertEqual(shown["params"], {"epochs": "20", "lr": "0.1", "note": "two\nlines",
                                           "x": "="})

    def test_params_all_or_none(self):
        run = self.start("--param", "lr=0.1")
        self.assertIn("'lr'", self.fails(REGISTRY, "run", "log", run, "epochs=20", "lr=0.2"))
        for wrong in ("epochs", "=20", "a\tb=1", "a=\x1b", "k" * 251 + "=1", "a=" + "v" * 65537):
            self.fails(USAGE, "run", "log", run, "good=1", wrong)
        self.fails(USAGE, "run", "log", run, "a=1", "a=1")
        self.fails(USAGE, "run", "log", run)
        self.fails(NOT_FOUND, "run", "log", NOBODY, "a=1")
        self.fails(USAGE, "run", "log", "digits", "a=1")
        self.assertEqual(self.show(run)["params"], {"lr": "0.1"})

    def test_tags(self):
        run = self.start("--tag", "team=vision", "--tag", "wip=yes")
        out = self.text("run", "tag", run, "team=nlp", "stage=", "--delete", "wip")
        self.assertEqual(out, f"Changed 3 tags of run {run}\n")
        self.assertEqual(self.show(run)["tags"], {"team": "nlp", "stage": ""})
        shown = self.json("run", "tag", run, "-d", "stage", "-d", "team")
        self.assertEqual((shown["id"], shown["tags"]), (run, {}))
        self.assertEqual(self.text("run", "tag", run, "a=1", "-q"), "")
        self.assertIn("b" + r"\x1b", self.fails(USAGE, "run", "tag", run, "b\x1b"))
        for wrong in ((), ("a",), ("=1",), ("a=1", "a=2"), ("a=1", "--delete", "a"),
                      ("a=\x07",), ("--delete", "")):
            self.fails(USAGE, "run", "tag", run, *wrong)
        self.assertEqual(self.show(run)["tags"], {"a": "1"})

    def test_what_tags_changed_before_a_failure(self):
        run = self.start("--tag", "old=1")
        error = self.fails(NOT_FOUND, "run", "tag", run, "new=1", "-d", "old", "-d", "nothing")
        self.assertIn("no tag 'nothing'", error)
        self.assertIn("1 tag had been changed before that", error)
        self.assertEqual(self.show(run)["tags"], {})

    def test_sealed_runs_take_tags_and_checks_alone(self):
        self.uri = self.copy()
        good = self.made["good"]
        self.text("run", "tag", good, "team=nlp")
        self.text("run", "check", good, "late", "passed")
        file = self.write("file", "x")
        for arguments in (("log", good, "a=1"), ("metric", good, "a=1"), ("artifact", good, file),
                          ("input", good, "base", "digest:" + HEX),
                          ("artifact", good, "--link", "https://example.com/a", "--digest", HEX,
                           "--size", "1")):
            self.assertIn("sealed", self.fails(REGISTRY, "run", *arguments))
        code, _, error = self.feed(b"a 1 1\nb 1 1\n", "run", "metric", good, "--from", "-")
        self.assertEqual(code, REGISTRY)
        self.assertIn("sealed", error)
        shown = self.show(good)
        self.assertEqual(shown["tags"], {"team": "nlp"})
        self.assertEqual(set(shown["metrics"]), {"accuracy", "loss"})


class TestMetric(LabTest):
    def test_a_row(self):
        run = self.start()
        out = self.text("run", "metric", run, "accuracy=0.97", "loss=1e-1", "--step", "10")
        self.assertEqual(out, f"Logged 2 metrics of run {run} at step 10\n")
        shown = self.json("run", "metric", run, "accuracy=.98", "--step=-3")
        self.assertEqual(shown, self.show(run))
        accuracy = shown["metrics"]["accuracy"]
        self.assertEqual(
            {key: accuracy[key] for key in ("first", "last", "first_step", "last_step", "count")},
            {"first": 0.98, "last": 0.97, "first_step": -3, "last_step": 10, "count": 2})
        self.assertEqual(shown["metrics"]["loss"]["last"], 0.1)
        self.assertEqual(self.text("run", "metric", run, "x=1", "-q"), "")
        self.assertEqual(self.show(run)["metrics"]["x"]["last_step"], 0)

    def test_numbers_are_read_as_python_reads_them(self):
        run = self.start()
        numbers = ["0", "-0", "+1", "1.", ".5", "1.5e3", "1E-3", "5e-324", "1e999", "-1e999", "inf",
                   "-inf", "+Infinity", "-INFINITY", "nan", "-NaN", "0.1",
                   "1.7976931348623157e308"]
        self.text("run", "metric", run, *(f"n{i}={text}" for i, text in enumerate(numbers)))
        metrics = self.show(run)["metrics"]
        for i, text in enumerate(numbers):
            value = float(metrics[f"n{i}"]["last"])
            wanted = float(text)
            self.assertTrue(value == wanted or (math.isnan(value) and math.isnan(wanted)), text)
        self.assertRegex(self.text("run", "show", run, "--history", "n1"), r" -0\n\Z")
        for wrong in ("", "x", "0x10", "1e", "1e+", "e5", ".", "-", "+-1", "1 ", " 1", "1,5",
                      "infi", "nano", "nan(1)", "--1", "1_0", "\u0661"):
            self.fails(USAGE, "run", "metric", run, "wrong=" + wrong)
        self.assertNotIn("wrong", self.show(run)["metrics"])

    def test_wrong_usage_logs_nothing(self):
        run = self.start()
        for arguments in ((), ("a",), ("=1",), ("a=1", "a=2"), ("a=1", "--step", "x"),
                          ("a=1", "--step", "1.5"), ("a=1", "--step", "9223372036854775808"),
                          ("a=1", "--step", ""), ("a=1", "b\x1b=2"), ("a=1", "--from", "-"),
                          ("--from", "-", "--step", "1"), ("a=1", "k" * 251 + "=2")):
            self.assertNotIn("\x1b", self.fails(USAGE, "run", "metric", run, *arguments))
        self.fails(NOT_FOUND, "run", "metric", NOBODY, "a=1")
        self.assertEqual(self.show(run)["metrics"], {})
        self.text("run", "metric", run, "a=1", "--step", "-9223372036854775808")

    def test_many_points(self):
        run = self.start()
        name = self.write("points", "loss 1 0.5\nloss 2 0.25 1767323045000000\r\n\n"
                                    "  acc   -1   nan  1767323045000001  \n"
                                    "a key\t7\t-inf\nloss 1 0.75")
        self.assertEqual(self.text("run", "metric", run, "--from", name),
                         f"Logged 5 points of 3 metrics of run {run}\n")
        metrics = self.show(run)["metrics"]
        self.assertEqual({key: metric["count"] for key, metric in metrics.items()},
                         {"a key": 1, "acc": 1, "loss": 3})
        loss = self.json("run", "show", run, "--history", "loss")
        self.assertEqual([(point["step"], point["value"]) for point in loss["points"]],
                         [(1, 0.5), (1, 0.75), (2, 0.25)])
        self.assertEqual(loss["points"][2]["time_us"], 1767323045000000)
        self.assertEqual(loss["points"][0]["time_us"], loss["points"][1]["time_us"])
        self.assertEqual(self.json("run", "show", run, "--history", "acc")["points"],
                         [{"step": -1, "time_us": 1767323045000001, "value": "NaN"}])
        self.assertEqual(self.json("run", "show", run, "--history", "a key")["points"][0]["value"],
                         "-Infinity")

    def test_many_points_from_standard_input(self):
        run = self.start()
        count = 20000
        data = "".join(f"m{i % 50} {i} {i * 0.5}\n" for i in range(count)).encode()
        code, out, error = self.feed(data, "run", "metric", run, "--from", "-")
        self.assertEqual((code, error), (DONE, ""))
        self.assertEqual(out, f"Logged {count} points of 50 metrics of run {run}\n")
        metrics = self.show(run)["metrics"]
        self.assertEqual({metric["count"] for metric in metrics.values()}, {count // 50})
        self.assertEqual(metrics["m49"]["last"], (count - 1) * 0.5)
        self.assertEqual(self.feed(b"", "run", "metric", run, "--from", "-", "-q"), (DONE, "", ""))

    def test_a_wrong_line_is_named_and_nothing_is_logged(self):
        run = self.start()
        for wrong, expected in (
                (b"loss 2", "line 2 of standard input: 'loss 2'"), (b"loss x 1", "'x' is no step"),
                (b"loss 1.5 1", "'1.5' is no step"), (b"loss 1 one", "'one' is no value"),
                (b"loss 1 1 0", "'0' is no time"), (b"loss 1 1 now", "'now' is no time"),
                (b"loss 1 1 253402300800000000", "is no time"), (b"loss 1 1 1 1", "line 2"),
                (b"a key 1 1", "line 2"), (b"\t1\t1", "line 2"), (b"a\t1\t1\t", "line 2"),
                (b"a\t1\t1\t\t", "line 2"), (b"lo\0ss 1 1", "line 2"), (b"a 1 1\0", "line 2"),
                (b"k" * 251 + b" 1 1", "line 2"), (b"k" * 5000 + b" 1 1", "line 2"),
                (b"\x1b[2J 1 1", "line 2"), (b"\xff 1 1", "line 2"),
                (b"lo\rss 1 1", "line 2"), (b"\x1b[2J 1 x", "line 2")):
            code, out, error = self.feed(b"good 1 1\n" + wrong + b"\ngood 2 2\n", "run", "metric",
                                         run, "--from", "-")
            self.assertEqual((code, out), (USAGE, ""), wrong)
            self.assertIn(expected, error)
            self.assertIn("line 2 of standard input", error)
            self.assertIn("nothing was logged", error)
            self.assertNotIn("\x1b", error)
        self.assertEqual(self.show(run)["metrics"], {})
        self.assertIn("line 1 of " + self.path("file"),
                      self.fails(USAGE, "run", "metric", run, "-f", self.write("file", "x\n")))
        self.fails(NOT_FOUND, "run", "metric", run, "--from", self.path("nothing"))
        self.fails(REGISTRY, "run", "metric", run, "--from", self.folder)

    def test_history(self):
        run = self.start()
        points = self.write("points", "".join(f"loss {i} {i / 4} {1767323045000000 + i}\n"
                                              for i in range(-2, 8)))
        self.text("run", "metric", run, "--from", points)

        def steps(*options):
            shown = self.json("run", "show", run, "--history", "loss", *options)
            self.assertEqual(list(shown), ["run_id", "key", "points"])
            self.assertEqual((shown["run_id"], shown["key"]), (run, "loss"))
            return [point["step"] for point in shown["points"]]

        self.assertEqual(steps(), list(range(-2, 8)))
        self.assertEqual(steps("--from-step", "-1", "--to-step", "1"), [-1, 0, 1])
        self.assertEqual(steps("--from-step=5"), [5, 6, 7])
        self.assertEqual(steps("--to-step=0", "--limit", "2"), [-2, -1])
        self.assertEqual(steps("--from-step=100"), [])
        lines = self.text("run", "show", run, "--history", "loss", "-n", "2").splitlines()
        self.assertEqual([line.split() for line in lines],
                         [["STEP", "TIME", "VALUE"], ["-2", "2026-01-02T03:04:04Z", "-0.5"],
                          ["-1", "2026-01-02T03:04:04Z", "-0.25"]])
        self.assertIn("'nothing'", self.fails(NOT_FOUND, "run", "show", run, "--history",
                                              "nothing"))
        for option in ("--limit", "--from-step", "--to-step"):
            self.assertIn("--history", self.fails(USAGE, "run", "show", run, option, "1"))
            self.fails(USAGE, "run", "show", run, "--history", "loss", option, "x")
        self.fails(USAGE, "run", "show", run, "--history", "loss", "--limit", "0")
        self.fails(USAGE, "run", "show", run, "--history", "")


class TestCheck(LabTest):
    def test_reports(self):
        run = self.start()
        self.assertEqual(self.text("run", "check", run, "bias_audit", "passed"),
                         f"Reported check bias_audit of run {run}: passed\n")
        evidence = self.write("report.txt", "all is well\n")
        self.text("run", "check", run, "lint", "skipped", "--reporter", "lint 2.1", "--note",
                  "not\ntoday", "--evidence", evidence, "--quiet")
        shown = self.json("run", "check", run, "lint", "failed", "--evidence-uri",
                          "https://example.com/lint", "--evidence-digest", HEX, "--evidence-size",
                          "99")
        self.assertEqual(shown, self.show(run))
        audit, skipped, failed = shown["checks"]
        self.assertEqual((audit["name"], audit["result"], audit["note"], audit["reporter"]),
                         ("bias_audit", "passed", None, audit["actor"]))
        self.assertEqual((skipped["result"], skipped["latest"], skipped["reporter"],
                          skipped["note"], skipped["evidence_uri"], skipped["evidence_size"]),
                         ("skipped", False, "lint 2.1", "not\ntoday", None, 12))
        self.assertRegex(skipped["evidence_digest"], DIGEST)
        self.assertEqual((failed["result"], failed["latest"], failed["evidence_uri"],
                          failed["evidence_digest"], failed["evidence_size"]),
                         ("failed", True, "https://example.com/lint", HEX, 99))

    def test_notes_from_files(self):
        run = self.start()
        code, _, error = self.feed(b"two\nlines\n\n", "run", "check", run, "a", "passed",
                                   "--note-file", "-")
        self.assertEqual((code, error), (DONE, ""))
        self.text("run", "check", run, "b", "passed", "--note-file", self.write("note", "kept"))
        self.assertEqual([check["note"] for check in self.show(run)["checks"]],
                         ["two\nlines", "kept"])
        self.fails(USAGE, "run", "check", run, "a", "passed", "--note-file",
                   self.write("long", "n" * 65537))
        self.fails(USAGE, "run", "check", run, "a", "passed", "--note-file",
                   self.write("nul", "a\0b"))
        self.fails(NOT_FOUND, "run", "check", run, "a", "passed", "--note-file",
                   self.path("nothing"))

    def test_wrong_usage_reports_nothing(self):
        run = self.start()
        link = ("--evidence-uri", "https://example.com/a", "--evidence-digest", HEX)
        for arguments in (
                ("a",), ("a", "ok"), ("a", "PASSED"), ("a", "passed", "more"), ("", "passed"),
                ("a\nb", "passed"), ("a\x1b", "passed"), ("n" * 251, "passed"),
                ("a", "passed", "--note", "x", "--note-file", "-"), ("a", "passed", *link),
                ("a", "passed", *link, "--evidence-size", "-1"),
                ("a", "passed", *link, "--evidence-size", "1", "--evidence", "file"),
                ("a", "passed", "--evidence-size", "1"), ("a", "passed", "--evidence-digest", HEX),
                ("a", "passed", "--evidence-uri", "https://example.com", "--evidence-digest", "12",
                 "--evidence-size", "1"), ("a", "passed", "--note", "\x1b[2J")):
            self.assertNotIn("\x1b", self.fails(USAGE, "run", "check", run, *arguments))
        self.fails(NOT_FOUND, "run", "check", run, "a", "passed", "--evidence",
                   self.path("nothing"))
        self.fails(NOT_FOUND, "run", "check", NOBODY, "a", "passed")
        self.assertEqual(self.show(run)["checks"], [])


class TestInput(LabTest):
    def test_everything_that_a_run_can_use(self):
        self.uri = self.copy()
        run = self.start()
        self.assertEqual(
            self.text("run", "input", run, "training", "dataset:" + self.made["dataset"]),
            f"Logged training input of run {run}: dataset:{self.made['dataset']}\n")
        self.text("run", "input", run, "test", "digest:" + HEX, "-q")
        self.text("run", "input", run, "base", "version:digits@1.0.0")
        shown = self.json("run", "input", run, "teacher", "run:" + self.made["good"])
        self.assertEqual(shown, self.show(run))
        self.assertEqual(
            [(each["role"], each["kind"], each["run_id"], each["dataset_digest"], each["version"])
             for each in shown["inputs"]],
            [("training", "dataset_run", self.made["dataset"], self.made["dataset_digest"], None),
             ("test", "dataset_digest", None, HEX, None),
             ("base", "version", None, None, "digits@" + self.made["good_version"]),
             ("teacher", "run", self.made["good"], None, None)])
        self.assertEqual(self.json("run", "input", run, "test", "digest:" + HEX), shown)

    def test_what_is_not_there_or_wrong(self):
        run = self.start()
        for what in ("run:" + NOBODY, "dataset:" + NOBODY, "dataset:" + run,
                     "version:digits@1.0.0"):
            self.fails(NOT_FOUND, "run", "input", run, "base", what)
        for what in (HEX, "", "run", "run:", "runs:" + NOBODY, "run:12", "digest:12", "file:x",
                     "version:digits", "version:digits@^1", "run:" + run, "run:\x1b[2J"):
            self.assertNotIn("\x1b", self.fails(USAGE, "run", "input", run, "base", what))
        for role in ("", "a\nb", "r" * 251):
            self.fails(USAGE, "run", "input", run, role, "digest:" + HEX)
        self.fails(USAGE, "run", "input", run, "base")
        self.assertEqual(self.show(run)["inputs"], [])


class TestArtifact(LabTest):
    def test_files_and_folders(self):
        run = self.start()
        file = self.write("out/model.safetensors", "weights")
        self.write("out/logs/a.txt", "log")
        self.assertEqual(self.text("run", "artifact", run, file), f"Logged {file} to run {run}\n")
        self.assertEqual(self.text("run", "artifact", run, file, "best/one"),
                         f"Logged {file} to run {run} as best/one\n")
        self.assertEqual(self.text("run", "artifact", run, self.path("out"), "-q"), "")
        shown = self.json("run", "artifact", run, self.path("out/logs"), "copies")
        self.assertEqual(shown, self.show(run))
        self.assertEqual([(each["path"], each["size"]) for each in shown["artifacts"]],
                         [("best/one", 7), ("copies/a.txt", 3), ("logs/a.txt", 3),
                          ("model.safetensors", 7)])

    def test_links(self):
        run = self.start()
        out = self.text("run", "artifact", run, "--link", "https://example.com/a/big.bin?v=1#x",
                        "--digest", HEX, "--size", "5")
        self.assertEqual(out, f"Logged link big.bin to run {run}\n")
        shown = self.json("run", "artifact", run, "logs/x", "--link", "s3://bucket/x", "--digest",
                          HEX, "--size", "0")
        self.assertEqual([(each["path"], each["kind"], each["uri"], each["digest"], each["size"])
                          for each in shown["artifacts"]],
                         [("big.bin", "link", "https://example.com/a/big.bin?v=1#x", HEX, 5),
                          ("logs/x", "link", "s3://bucket/x", HEX, 0)])

    def test_wrong_usage_logs_nothing(self):
        run = self.start()
        file = self.write("file", "x")
        link = ("--link", "https://example.com/x")
        for arguments in (
                (), (file, "--digest", HEX), (file, "--size", "1"), link, (*link, "--size", "1"),
                (*link, "--digest", HEX), (*link, "--digest", HEX, "--size", "-1"),
                (*link, "--digest", HEX, "--size", "x"), (*link, "--digest", "12", "--size", "1"),
                ("a", "b", *link, "--digest", HEX, "--size", "1"), (file, "../x"), (file, "/x"),
                (file, "a\x1b"), ("--link", "https://example.com/", "--digest", HEX, "--size", "1"),
                ("--link", "\x1b[2J", "--digest", HEX, "--size", "1")):
            self.assertNotIn("\x1b", self.fails(USAGE, "run", "artifact", run, *arguments))
        self.fails(NOT_FOUND, "run", "artifact", run, self.path("nothing"))
        self.fails(NOT_FOUND, "run", "artifact", NOBODY, file)
        self.assertEqual(self.show(run)["artifacts"], [])
        self.text("run", "artifact", run, file)
        self.fails(REGISTRY, "run", "artifact", run, self.write("other", "y"), "file")

    def test_an_interrupted_copy_leaves_nothing(self):
        run = self.start()
        with open(self.path("big"), "wb") as file:
            file.truncate(512 << 20)
        process = subprocess.Popen(
            [cli_case.MODELREG, "run", "artifact", run, self.path("big")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(MODELREG_REGISTRY=self.uri))
        while process.poll() is None and not self.copied():
            # Leaves the processor to the tool.
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=120)
        self.assertEqual((process.returncode, out), (-signal.SIGINT, b""), error)
        self.assertEqual(self.show(run)["artifacts"], [])
        self.assertEqual(self.copied(), 0)

    def copied(self):
        """Bytes beside the database, finished or not."""
        size = 0
        for folder, _, names in os.walk(self.uri + ".d"):
            for name in names:
                try:
                    size += os.path.getsize(os.path.join(folder, name))
                except FileNotFoundError:
                    continue
        return size


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
