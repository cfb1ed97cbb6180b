#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) as a consumer uses it: resolve, fetch, verify, and what goes wrong.

    test_cli_consumer.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import datetime
import itertools
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile

import cli_case
from cli_case import (
    DIGEST, DONE, NOT_FOUND, USAGE, REGISTRY, UNVERIFIED, environment, another_user, CliTest,
    edit, read, wait_until_handled,
)


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

    def test_resolve_by_digest(self):
        digest = self.json("resolve", "digits@1.0.0")["digest"]
        for selector in (digest, digest[:12], digest[:20].upper()):
            self.assertEqual(self.text("resolve", f"digits@{selector}"),
                             f"digits@{self.made['good_version']}\n")
        # Eleven digits that begin with a letter could be a channel: the message names both.
        self.assertIn("12 to 64", self.call("resolve", f"digits@{digest[:11]}")[2])
        self.fails(NOT_FOUND, "resolve", "digits@" + "0" * 12)

    def test_as_of(self):
        made_us = self.json("resolve", "digits")["created_us"]
        before = f"digits@{self.made['good_version']}\n"
        self.assertEqual(self.text("resolve", "digits", f"--as-of={made_us}"),
                         f"digits@{self.made['better_version']}\n")
        self.assertEqual(self.text("resolve", "digits", f"--as-of={made_us - 1}"), before)
        moment = datetime.datetime.fromtimestamp(made_us / 1e6, datetime.timezone.utc)
        for text in (f"{moment - datetime.timedelta(milliseconds=1):%Y-%m-%dT%H:%M:%S.%fZ}",
                     f"{moment - datetime.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
                     f"{moment - datetime.timedelta(seconds=1):%Y-%m-%dt%H:%M:%Sz}",
                     f"{moment + datetime.timedelta(seconds=5399):%Y-%m-%d %H:%M:%S+01:30}",
                     f"{moment - datetime.timedelta(seconds=5401):%Y-%m-%dT%H:%M:%S-01:30}"):
            self.assertEqual(self.text("resolve", "digits", "--as-of", text), before, text)
        for text in (f"{moment + datetime.timedelta(seconds=5401):%Y-%m-%dT%H:%M:%S+01:30}",
                     f"{moment - datetime.timedelta(seconds=5399):%Y-%m-%dT%H:%M:%S-01:30}"):
            self.assertEqual(self.text("resolve", "digits", "--as-of", text),
                             f"digits@{self.made['better_version']}\n", text)
        self.assertIn("later", self.fails(NOT_FOUND, "resolve", "digits", "--as-of",
                                          "2024-02-29T23:59:59Z"))
        self.assertIn("future", self.fails(USAGE, "resolve", "digits", "--as-of",
                                           "9999-12-31T23:59:59Z"))
        for wrong in ("", "now", "0", "-1", "2026-01-02", "2026-01-02T03:04:05",
                      "2026-1-2T03:04:05Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                      "2026-01-02T24:00:00Z", "2026-01-02T03:04:05.Z", "1960-01-01T00:00:00Z",
                      "99999999999999999999", "2026", "202601", "20260102", "1767323045",
                      "1767323045000", "99999999999999", "+1767323045000000", "2026-01",
                      "2026-01-02T03:04Z", "2026-01-02T03:04:05+0130", "2026-01-02T03:04:05+01",
                      "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+01:60",
                      "2026-01-02T03:04:05Z+01:00", "2026-01-02T03:04:60Z",
                      "1970-01-01T00:30:00+01:00"):
            error = self.fails(USAGE, "resolve", "digits", f"--as-of={wrong}")
            self.assertIn("--as-of must be a time such as 2026-07-03T12:34:56Z", error)
            self.assertIn(f"not '{wrong}'", error)

    def test_yanked_with_a_replacement(self):
        uri = self.copy()
        subprocess.run([cli_case.FIXTURE, uri, "yank", "1.0.0", "wrong data",
                        self.made["better_version"]], check=True)
        number, better = self.made["good_version"], self.made["better_version"]
        self.assertEqual(self.text("resolve", "digits@production", registry=uri),
                         f"digits@{better}\n")
        code, out, error = self.call("resolve", "digits@1.0.0", registry=uri)
        self.assertEqual((code, out), (DONE, f"digits@{number}\n"))
        self.assertEqual(error, f"modelreg: warning: digits@{number} is yanked: wrong data; "
                                f"use {better} instead\n")
        shown = self.json("version", "show", "digits@1.0.0", registry=uri)
        self.assertEqual((shown["status"], shown["status_reason"], shown["replacement"]),
                         ("yanked", "wrong data", better))
        self.assertGreater(shown["status_us"], shown["created_us"])
        text = self.text("version", "show", "digits@1.0.0", registry=uri)
        for expected in (r"(?m)^Status +yanked$", r"(?m)^Reason +wrong data$",
                         r"(?m)^Replacement +" + re.escape(better), r"(?m)^Status since +2026-"):
            self.assertRegex(text, expected)

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
        self.assertIn("folder", self.fails(USAGE, "verify", "digits@production", "--allow-extra"))
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
        subprocess.run([cli_case.FIXTURE, uri, "link", big, str(size)], check=True)
        out = os.path.join(self.folder, "interrupted")
        commands = (["verify", "big", self.folder], ["fetch", "big", "-o", out])
        for command, number in itertools.product(commands, (signal.SIGINT, signal.SIGTERM)):
            with subprocess.Popen([cli_case.MODELREG, "-r", uri, *command],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, env=environment()) as process:
                try:
                    wait_until_handled(process, number)
                    process.send_signal(number)
                    error = process.communicate(timeout=60)[1].decode("utf-8")
                finally:
                    process.kill()
            self.assertEqual(process.returncode, -number, error)
            self.assertTrue(error.startswith("modelreg: "), error)
        self.assertEqual(os.listdir(out) if os.path.exists(out) else [], [])

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
        shell = f'exec "{cli_case.MODELREG}" run list >&- 2>&- <&-'
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
                (("run", "list", "--exp", "x"), "did you mean '--experiment'"),
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
                (("fetch", "digits", "-o", ""), "--output is empty"),
                (("dataset", "fetch", "0" * 64, "-o", ""), "--output is empty"),
                (("verify", "--", "--json", "a", "b"), "'b'")):
            error = self.fails(USAGE, *arguments)
            self.assertIn(hint, error)
            self.assertRegex(error.splitlines()[-1], r"^Try 'modelreg .*--help'\.$")

    def test_bad_limits_of_the_library_are_usage_errors(self):
        self.fails(USAGE, "run", "list", "--experiment", "x" * 300)


if __name__ == "__main__":
    cli_case.main(__doc__)
