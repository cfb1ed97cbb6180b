#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What modelreg(1) logs of a run: params, tags, metrics, checks, inputs, artifacts.

    test_cli_log.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import math
import os
import signal
import subprocess
import time

import cli_case
from cli_case import DIGEST, DONE, NOT_FOUND, REGISTRY, USAGE, environment, small_files
from cli_lab_case import HEX, NOBODY, LabTest


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

    def test_tags_all_or_none(self):
        run = self.start("--tag", "old=1")
        error = self.fails(NOT_FOUND, "run", "tag", run, "new=1", "-d", "old", "-d", "nothing")
        self.assertIn(f"run {run} has no tag 'nothing'; nothing was changed", error)
        for wrong in (("new=1", "b\x1b=2"), ("new=1", "b=\x1b"), ("new=1", "k" * 251 + "=1"),
                      ("new=1", "-d", "old", "-d", "old"), ("new=1", "-d", "old", "-d", "a\x1b")):
            self.assertNotIn("\x1b", self.fails(USAGE, "run", "tag", run, *wrong))
        self.assertEqual(self.show(run)["tags"], {"old": "1"})

    def test_what_tags_changed_before_a_failure(self):
        run = self.start("--tag", "old=1")
        tags = [f"t{i:02}=" + "x" * 65536 for i in range(20)]
        error = self.fails(REGISTRY, "run", "tag", run, "-d", "old", *tags,
                           **small_files(os.path.getsize(self.uri) + (512 << 10)))
        shown = self.show(run)["tags"]
        self.assertEqual(sorted(shown), [tag.split("=")[0] for tag in tags[:len(shown)]])
        self.assertTrue(0 < len(shown) < len(tags))
        self.assertIn(f"{len(shown) + 1} tags had been changed before that", error)

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
        self.feed(b"when 1 1 2026-01-02T03:04:05.000007Z\nwhen 2 1 2026-01-02T03:04:05-01:30\n",
                  "run", "metric", run, "--from", "-")
        self.assertEqual([point["time_us"] for point in
                          self.json("run", "show", run, "--history", "when")["points"]],
                         [1767323045000007, 1767323045000000 + 90 * 60000000])
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
                (b"loss 1 1 0", "'0' is no time"), (b"loss 1 1 2026", "'2026' is no time"),
                (b"loss 1 1 1767323045", "'1767323045' is no time"),
                (b"loss 1 1 2026-01-02", "'2026-01-02' is no time"),
                (b"loss 1 1 now", "'now' is no time"),
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


if __name__ == "__main__":
    cli_case.main(__doc__)
