#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) as its users see it: what it prints, in text and JSON, and what it exits with.

    test_cli.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import fcntl
import itertools
import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

MODELREG = ""
FIXTURE = ""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"2026-01-02T\d\d:\d\d:\d\dZ")
DIGEST = re.compile(r"[0-9a-f]{64}")
DONE, NOT_FOUND, USAGE, REGISTRY, UNVERIFIED = 0, 1, 2, 3, 6
COMMANDS = ("init", "run list", "run show", "version list", "version show", "resolve", "fetch",
            "verify")


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MODELREG_", "LC_", "LANG"))}
    return {**kept, **more}


def another_user():
    """How subprocess becomes one that permissions hold for: root may write everywhere."""
    if os.geteuid() != 0:
        return {}
    nobody = {"user": 65534, "group": 65534, "extra_groups": ()}
    try:
        subprocess.run([MODELREG, "--version"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True, **nobody)
    except (OSError, subprocess.SubprocessError):
        # The build is where nobody else may look: then only the modes are tested.
        return {}
    return nobody


class CliTest(unittest.TestCase):
    """A filled registry that no test changes, and a folder for each test."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="modelreg_cli_")
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.registry = os.path.join(cls.shared, "registry.db")
        said = subprocess.run([FIXTURE, cls.registry], check=True, stdout=subprocess.PIPE,
                              universal_newlines=True).stdout
        cls.made = dict(line.split(" ", 1) for line in said.splitlines())

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="modelreg_cli_")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def copy(self):
        """A registry of this test's own, with all that lies beside it."""
        for name in os.listdir(self.shared):
            place = os.path.join(self.shared, name)
            copy = shutil.copytree if os.path.isdir(place) else shutil.copy
            copy(place, self.path(name))
        return self.path("registry.db")

    def call(self, *arguments, registry=None, **more):
        """(exit status, standard output, standard error)."""
        more.setdefault("env", environment(MODELREG_REGISTRY=registry or self.registry))
        more.setdefault("stdout", subprocess.PIPE)
        done = subprocess.run([MODELREG, *arguments], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False, timeout=120, **more)
        out = done.stdout.decode("utf-8") if done.stdout is not None else ""
        error = done.stderr.decode("utf-8")
        for line in error.splitlines():
            self.assertRegex(line, r"^(modelreg: |Usage: modelreg |Try 'modelreg )")
        return done.returncode, out, error

    def text(self, *arguments, **more):
        """What a command that must succeed prints."""
        code, out, error = self.call(*arguments, **more)
        self.assertEqual((code, error), (DONE, ""), out)
        return out

    def json(self, *arguments, **more):
        return json.loads(self.text(*arguments, "--json", **more))

    def fails(self, code, *arguments, **more):
        """The message of a command that must exit with `code`."""
        actual, out, error = self.call(*arguments, **more)
        self.assertEqual(actual, code, out + error)
        self.assertTrue(error.startswith("modelreg: "), error)
        return error


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
        subprocess.run([FIXTURE, uri, "runs", "1003"], check=True)
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


class TestConsumer(CliTest):
    def test_resolve(self):
        for reference, made in (("digits@production", "good_version"),
                                ("digits@1.0.0", "good_version"), ("digits", "better_version"),
                                ("digits@latest", "better_version"),
                                ("digits@^1.0", "better_version"), ("digits@1", "better_version"),
                                ("digits@~1.0.0", "good_version"),
                                ("digits@<1.1 || >=2", "good_version")):
            self.assertEqual(self.text("resolve", reference), f"digits@{self.made[made]}\n")
        for reference in ("digits", "digits@^1.0"):
            self.assertEqual(self.text("resolve", "--prereleases", reference),
                             f"digits@{self.made['candidate_version']}\n")

    def test_resolve_json(self):
        version = self.json("resolve", "digits@production")
        self.assertEqual(version["model"], "digits")
        self.assertEqual(version["number"], self.made["good_version"])
        self.assertTrue(version["number"].startswith("1.0.0+"))
        self.assertTrue(self.made["good"].endswith(version["number"].split("+")[1]))
        self.assertEqual(version["status"], "active")
        self.assertEqual(version["run_id"], self.made["good"])
        self.assertRegex(version["digest"], DIGEST)
        self.assertEqual(version["warnings"], [])
        self.assertEqual([(artifact["path"], artifact["size"], artifact["kind"], artifact["uri"])
                          for artifact in version["artifacts"]],
                         [("config/labels.json", 15, "stored", None),
                          ("weights.bin", 18, "stored", None)])
        self.assertEqual(version["artifacts"][0]["format"], "json")
        self.assertRegex(version["artifacts"][1]["digest"], DIGEST)

    def test_the_registry_is_named_by_option_or_environment(self):
        expected = self.text("resolve", "digits")
        clean = environment()
        for arguments in (("-r", self.registry, "resolve", "digits"),
                          ("resolve", "digits", "-r" + self.registry),
                          ("resolve", f"--registry={self.registry}", "--", "digits"),
                          ("resolve", "--registry", "sqlite:" + self.registry, "digits")):
            self.assertEqual(self.text(*arguments, env=clean), expected)
        self.assertIn("MODELREG_REGISTRY", self.fails(USAGE, "resolve", "digits", env=clean))
        self.fails(USAGE, "resolve", "digits", env=environment(MODELREG_REGISTRY=""))
        elsewhere = environment(MODELREG_REGISTRY=self.path("missing.db"))
        self.assertEqual(self.text("resolve", "digits", "-r", self.registry, env=elsewhere),
                         expected)

    def test_what_is_not_there(self):
        for reference in ("nothing", "digits@9.9.9", "digits@nothing", "digits@staging"):
            self.fails(NOT_FOUND, "resolve", reference)
            self.fails(NOT_FOUND, "fetch", reference, "-o", self.path("out"))
            self.fails(NOT_FOUND, "verify", reference)
        self.assertFalse(os.path.exists(self.path("out")))
        error = self.fails(NOT_FOUND, "resolve", "digits@^2")
        self.assertIn("^2 (>=2.0.0 <3.0.0-0)", error)
        self.assertIn(self.made["better_version"] + " is the highest outside", error)
        self.fails(USAGE, "resolve", "@")
        self.assertIn("column 4", self.fails(USAGE, "resolve", "digits@^1."))

    def test_status_and_warnings(self):
        uri = self.copy()
        for value, status in ((2, "deprecated"), (3, "yanked"), (99, "unknown")):
            edit(uri, f"UPDATE version SET status = {value} WHERE number LIKE '1.0.0%'")
            version = self.json("version", "show", "digits@1.0.0", registry=uri)
            self.assertEqual(version["status"], status)
            code, out, error = self.call("resolve", "digits@1.0.0", registry=uri)
            self.assertEqual((code, out), (DONE, f"digits@{self.made['good_version']}\n"))
            self.assertEqual(error.splitlines(), ["modelreg: warning: " + warning
                                                  for warning in version["warnings"]])

    def test_fetch_and_verify(self):
        folder = self.path("model")
        out = self.text("fetch", "digits@production", "-o", folder + "/")
        self.assertIn(f"digits@{self.made['good_version']}: 2 files", out)
        self.assertEqual(read(folder, "weights.bin"), b"weights for 0.970\n")
        self.assertEqual(read(folder, "config", "labels.json"), b'{"labels": 10}\n')
        out = self.text("verify", "digits@production", folder)
        self.assertIn("2 files", out)
        report = self.json("verify", "digits@production", folder)
        self.assertEqual((report["model"], report["number"], report["folder"]),
                         ("digits", self.made["good_version"], folder))
        self.assertEqual((report["file_count"], report["problem_count"], report["problems"]),
                         (2, 0, []))

    def test_fetch_json(self):
        folder = self.path("model")
        report = self.json("fetch", "digits", "--output", folder)
        self.assertEqual((report["number"], report["folder"], report["problem_count"]),
                         (self.made["better_version"], folder, 0))
        self.assertEqual(report["file_count"], 2)

    def test_tampered_file(self):
        folder = self.path("model")
        self.text("fetch", "digits@production", "-o", folder)
        with open(os.path.join(folder, "weights.bin"), "r+b") as file:
            file.write(b"W")
        code, out, error = self.call("verify", "digits@production", folder)
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(out, r"(?m)^changed +weights\.bin ")
        self.assertIn("weights.bin", error)
        code, out, _ = self.call("verify", "digits@production", folder, "--json")
        self.assertEqual(code, UNVERIFIED)
        report = json.loads(out)
        self.assertEqual(report["problem_count"], 1)
        self.assertEqual(report["problems"][0]["path"], "weights.bin")
        self.assertEqual(report["problems"][0]["problem"], "changed")
        self.text("fetch", "digits@production", "-o", folder)
        self.text("verify", "digits@production", folder)

    def test_missing_and_extra_files(self):
        folder = self.path("model")
        self.text("fetch", "digits@production", "-o", folder)
        with open(os.path.join(folder, "more.txt"), "w", encoding="utf-8") as file:
            file.write("more")
        code, out, _ = self.call("verify", "digits@production", folder, "--json")
        self.assertEqual((code, json.loads(out)["problems"][0]["problem"]), (UNVERIFIED, "extra"))
        self.text("verify", "digits@production", folder, "--allow-extra")
        os.remove(os.path.join(folder, "config", "labels.json"))
        code, out, error = self.call("verify", "--allow-extra", "digits@production", folder)
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(out, r"(?m)^missing +config/labels\.json")
        self.assertIn("config/labels.json", error)
        self.fails(NOT_FOUND, "verify", "digits@production", self.path("nothing"))

    def test_damaged_blob_store(self):
        uri = self.copy()
        self.text("verify", "digits@production", registry=uri)
        digest = self.json("resolve", "digits@production")["artifacts"][1]["digest"]
        blobs = [os.path.join(folder, name) for folder, _, names in os.walk(uri + ".d")
                 for name in names if digest.endswith(name)]
        self.assertEqual(len(blobs), 1)
        os.chmod(blobs[0], 0o644)
        with open(blobs[0], "r+b") as file:
            file.write(b"W")
        self.assertIn("weights.bin", self.fails(UNVERIFIED, "verify", "digits@production",
                                                registry=uri))
        self.fails(UNVERIFIED, "fetch", "digits@production", "-o", self.path("out"), registry=uri)
        self.assertFalse(os.path.exists(self.path("out", "weights.bin")))
        os.remove(blobs[0])
        self.fails(UNVERIFIED, "verify", "digits@production", registry=uri)
        self.fails(REGISTRY, "fetch", "digits@production", "-o", self.path("out"), registry=uri)

    def test_interrupts_end_a_long_command(self):
        uri, big = self.path("big.db"), self.path("big.bin")
        # No disk is needed for it, and reading it takes longer than the test.
        size = 1 << 36
        with open(big, "wb") as file:
            file.truncate(size)
        subprocess.run([FIXTURE, uri, "link", big, str(size)], check=True)
        out = os.path.join(self.folder, "interrupted")
        commands = (["verify", "big", self.folder], ["fetch", "big", "-o", out])
        for command, number in itertools.product(commands, (signal.SIGINT, signal.SIGTERM)):
            with subprocess.Popen([MODELREG, "-r", uri, *command],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, env=environment()) as process:
                try:
                    self.wait_until_handled(process, number)
                    process.send_signal(number)
                    error = process.communicate(timeout=60)[1].decode("utf-8")
                finally:
                    process.kill()
            self.assertEqual(process.returncode, -number, error)
            self.assertTrue(error.startswith("modelreg: "), error)
        self.assertEqual(os.listdir(out) if os.path.exists(out) else [], [])

    def wait_until_handled(self, process, number):
        """Until the process has a handler of its own for the signal, as Linux tells."""
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                caught = next(line for line in file if line.startswith("SigCgt:"))
            if int(caught.split()[1], 16) & 1 << (number - 1):
                return
            time.sleep(0.01)
        self.fail("the command ended before it could be interrupted")

    def test_consumer_without_write_permission(self):
        uri = self.copy()
        out = tempfile.mkdtemp(prefix="modelreg_cli_")
        self.addCleanup(shutil.rmtree, out)
        os.chmod(out, 0o777)
        places = [self.folder]
        places += [os.path.join(folder, name) for folder, folders, names in os.walk(self.folder)
                   for name in folders + names]
        modes = {place: stat.S_IMODE(os.stat(place).st_mode) for place in places}
        consumer = {"registry": uri, **another_user()}
        try:
            for place in places:
                os.chmod(place, 0o555 if os.path.isdir(place) else 0o444)
            self.assertEqual(self.text("resolve", "digits@production", **consumer),
                             f"digits@{self.made['good_version']}\n")
            self.text("fetch", "digits@production", "-o", os.path.join(out, "model"), **consumer)
            self.text("verify", "digits@production", os.path.join(out, "model"), **consumer)
            self.assertEqual(len(self.json("run", "list", **consumer)), 6)
        finally:
            for place in places:
                os.chmod(place, modes[place])


class TestFailures(CliTest):
    def test_missing_registry(self):
        missing = self.path("missing.db")
        for command in (("run", "list"), ("run", "show", self.made["good"]),
                        ("version", "list", "digits"), ("version", "show", "digits@1.0.0"),
                        ("resolve", "digits"), ("fetch", "digits", "-o", self.path("out")),
                        ("verify", "digits")):
            error = self.fails(REGISTRY, *command, registry=missing)
            self.assertIn("missing.db; 'modelreg init' creates one", error)
        self.assertEqual(os.listdir(self.folder), [])

    def test_damaged_registry(self):
        name = self.path("damaged.db")
        with open(name, "wb") as file:
            file.write(b"no registry at all\n" * 1000)
        self.fails(REGISTRY, "run", "list", registry=name)
        self.fails(REGISTRY, "run", "list", registry=self.folder)
        self.fails(REGISTRY, "run", "list", registry="unknown:place")

    def test_full_disk(self):
        for command in (("run", "list"), ("run", "list", "--json"), ("resolve", "digits"),
                        ("run", "show", self.made["good"]), ("--help",), ("--version",)):
            with open("/dev/full", "wb") as full:
                error = self.fails(REGISTRY, *command, stdout=full)
            self.assertIn("cannot write to standard output", error)

    def test_closed_pipe(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        try:
            self.assertIn("cannot write", self.fails(REGISTRY, "run", "list", stdout=write_end))
        finally:
            os.close(write_end)

    def test_closed_standard_streams(self):
        # What the tool opens must not take the place of a stream that it prints to.
        uri = self.copy()
        shell = f'exec "{MODELREG}" run list >&- 2>&- <&-'
        done = subprocess.run(["sh", "-c", shell], env=environment(MODELREG_REGISTRY=uri),
                              check=False, timeout=120)
        self.assertEqual(done.returncode, REGISTRY)
        self.assertEqual(self.text("run", "list", registry=uri), self.text("run", "list"))

    def test_usage(self):
        for arguments, hint in (
                ((), "--help"), (("run",), "list, show"), (("frobnicate",), "frobnicate"),
                (("resolv", "digits"), "did you mean 'modelreg resolve'"),
                (("rum", "list"), "did you mean 'modelreg run list'"),
                (("run", "lst"), "did you mean 'modelreg run list'"),
                (("run", "list", "--expriment", "x"), "did you mean '--experiment'"),
                (("resolve",), "REFERENCE is missing"), (("resolve", "a", "b"), "'b'"),
                (("resolve", "--json=1", "digits"), "--json takes no value"),
                (("run", "list", "--limit"), "needs a value"),
                (("run", "list", "--limit", "0"), "1 or more"),
                (("run", "list", "--limit", "3x"), "'3x'"),
                (("run", "list", "--limit", "9223372036854775808"), "1 or more"),
                (("run", "list", "--status", "done"), "running, finished, failed or killed"),
                (("run", "list", "--kind", "a", "--kind", "b"), "given twice"),
                (("run", "list", "-x"), "-x"), (("run", "list", "-e"), "needs a value"),
                (("fetch", "digits"), "--output FOLDER"),
                (("verify", "--", "--json", "a", "b"), "'b'")):
            error = self.fails(USAGE, *arguments)
            self.assertIn(hint, error)
            self.assertRegex(error.splitlines()[-1], r"^Try 'modelreg .*--help'\.$")

    def test_bad_limits_of_the_library_are_usage_errors(self):
        self.fails(USAGE, "run", "list", "--experiment", "x" * 300)


class TestHelp(CliTest):
    def test_every_command_has_help_with_an_example(self):
        overview = self.text("--help")
        for command in COMMANDS:
            self.assertRegex(overview, r"(?m)^  " + command + r"\b")
            out = self.text(*command.split(), "--help")
            self.assertTrue(out.startswith(f"Usage: modelreg {command}"), out)
            self.assertRegex(out, r"\nExample:\n  modelreg .*" + command)
            self.assertIn("--registry URI", out)
            self.assertEqual(out, self.text("-h", *command.split()))
            self.assertLessEqual(max(map(len, out.splitlines())), 100)
        self.assertIn("version list", self.text("version", "--help"))
        self.assertNotIn("run list", self.text("version", "--help"))

    def test_examples_are_understood(self):
        for command in COMMANDS:
            example = self.text(*command.split(), "--help").split("Example:\n")[1].split()
            self.assertEqual(example[0], "modelreg")
            code, _, error = self.call(*example[1:], cwd=self.folder)
            self.assertNotEqual(code, USAGE, error)

    def test_version(self):
        self.assertRegex(self.text("--version"), r"^modelreg \d+\.\d+\.\d+ \(libmodelreg \d")


def edit(uri, *statements):
    """Does what only somebody with write access to the file can do behind the library's back."""
    database = sqlite3.connect(uri)
    with database:
        for statement in statements:
            if database.execute(statement).rowcount < 1:
                raise AssertionError("no row was changed by: " + statement)
    database.close()


def read(*names):
    with open(os.path.join(*names), "rb") as file:
        return file.read()


class TestHostileText(CliTest):
    def hostile(self):
        uri = self.copy()
        edit(uri, "UPDATE run SET name = char(27) || '[2J' || char(155) || '31m' || char(8238) ||"
                  " 'x' WHERE name = 'good'",
             "UPDATE param SET value = char(27) || ']0;title' || char(7) WHERE key = 'lr'",
             "UPDATE experiment SET name = 'a' || char(10) || 'b' || char(13)"
             " WHERE name = 'digits'")
        return uri

    def test_nothing_steers_the_terminal(self):
        uri = self.hostile()
        for arguments in (("run", "list"), ("run", "show", self.made["good"]),
                          ("version", "show", "digits@1.0.0")):
            for form in ((), ("--json",)):
                out = self.text(*arguments, *form, registry=uri)
                self.assertNotRegex(out, r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
        out = self.text("run", "list", registry=uri)
        self.assertIn(r"\x1b[2J\u009b31m\u202ex", out)
        self.assertEqual(len(out.splitlines()), 7)

    def test_json_keeps_hostile_text_exactly(self):
        run = self.json("run", "show", self.made["good"], registry=self.hostile())
        self.assertEqual(run["name"], "\x1b[2J\x9b31m\u202ex")
        self.assertEqual(run["params"]["lr"], "\x1b]0;title\x07")
        self.assertEqual(run["experiment_name"], "a\nb\r")

    def test_messages(self):
        error = self.fails(NOT_FOUND, "resolve", "a\u202eb\U0001f680")
        self.assertNotIn("\u202e", error)
        self.assertNotIn("\x1b", self.fails(USAGE, "\x1b[31m"))
        self.assertEqual(self.call(b"resolve", b"\xff\xfe@1.0.0")[0], USAGE)

    def test_wide_characters_line_up(self):
        lines = self.text("run", "list").splitlines()
        wide = next(line for line in lines if "\u6ce8" in line)
        # Two wide characters take a column more each; a combining one takes none.
        at = wide.index("evaluation")
        columns = at + 2 - wide[:at].count("\u0301")
        self.assertEqual(columns, lines[0].index("KIND"))
        self.assertIn("e\u0301 \\u202egnp.exe", wide)

    def test_names_are_shortened_for_a_terminal_alone(self):
        uri = self.copy()
        edit(uri, f"UPDATE run SET name = '{'n' * 200}' WHERE name = 'good'")
        self.assertIn("n" * 200, self.text("run", "list", registry=uri))
        lines = self.on_terminal(140, "run", "list", registry=uri)
        self.assertEqual(len(lines), 7)
        self.assertTrue(any("nnn\u2026" in line for line in lines))
        for line in lines:
            self.assertLessEqual(len(line), 140)

    def on_terminal(self, columns, *arguments, registry):
        """The lines that the tool prints on a terminal of that width."""
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([MODELREG, *arguments], stdin=subprocess.DEVNULL,
                                   stdout=terminal, stderr=subprocess.PIPE,
                                   env=environment(MODELREG_REGISTRY=registry))
        os.close(terminal)
        data = b""
        with open(controller, "rb", buffering=0) as file:
            while True:
                try:
                    part = file.read(4096)
                except OSError:
                    part = b""
                if not part:
                    break
                data += part
        self.assertEqual(process.communicate(timeout=120)[1], b"")
        self.assertEqual(process.returncode, DONE)
        return data.decode("utf-8").splitlines()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    MODELREG, FIXTURE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
