#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How modelreg(1) records datasets.

    test_cli_snapshot.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import json
import os
import signal
import subprocess

import cli_case
from cli_case import DIGEST, DONE, NOT_FOUND, REGISTRY, USAGE, UUID, environment, wait_until_handled
from cli_data_case import DATASET_FIELDS, UNSAFE, DataTest, digest_of, lines_of


class TestSnapshot(DataTest):
    def test_plain(self):
        out = self.text("dataset", "snapshot", self.data + "/", "--experiment", "digits",
                        registry=self.uri)
        shown = self.ask("dataset", "list")[0]
        self.assertEqual(out, "Recorded dataset digits: 3 files, 17 B\n"
                              f"Run {shown['run_id']}, digest {shown['digest']}\n")
        self.assertEqual(shown["digest"],
                         digest_of(f"modelreg manifest v1\n{lines_of(self.FILES)}".encode()))
        run = self.ask("run", "show", shown["run_id"])
        self.assertEqual((run["kind"], run["status"], run["experiment_name"]),
                         ("dataset", "finished", "digits"))

    def test_json_is_that_of_show(self):
        made = self.ask("dataset", "snapshot", self.data, "-e", "digits", "--name", "other",
                        "--samples", "1797", "--schema", "a int, b int", "--source",
                        "s3://bucket/digits", "--source-version", "v7", "--freeze")
        self.assertEqual(list(made), DATASET_FIELDS)
        self.assertEqual({key: made[key] for key in DATASET_FIELDS[1:-2] if key != "digest"}, {
            "name": "other", "frozen": True, "file_count": 3, "total_size": 17,
            "sample_count": 1797, "schema": "a int, b int", "source_uri": "s3://bucket/digits",
            "source_version": "v7"})
        self.assertRegex(made["run_id"], UUID)
        self.assertRegex(made["digest"], DIGEST)
        self.assertIsInstance(made["created_us"], int)
        self.assertEqual(self.ask("dataset", "show", made["run_id"]), made)
        plain = self.ask("dataset", "snapshot", self.data, "-e", "digits")
        self.assertEqual([plain[key] for key in DATASET_FIELDS[3:4] + DATASET_FIELDS[6:10]],
                         [False, None, None, None, None])

    def test_which_files(self):
        def files(*options):
            run = self.snapshot(self.data, *options)
            return [file["path"] for file in self.ask("dataset", "show", run, "--files")["files"]]

        self.assertEqual(files(), ["a.csv", "b.tmp", "sub/c d.csv"])
        self.assertEqual(files("--include", "*.csv"), ["a.csv", "sub/c d.csv"])
        self.assertEqual(files("--include", "a.*", "--include=b.*"), ["a.csv", "b.tmp"])
        self.assertEqual(files("--exclude", "sub/*", "--exclude", "*.tmp"), ["a.csv"])
        self.assertEqual(files("--include", "*.csv", "--exclude", "a*"), ["sub/c d.csv"])

    def test_own_name_of_the_folder(self):
        def name(folder, **more):
            run = self.text("dataset", "snapshot", folder, "-e", "x", "-q", registry=self.uri,
                            **more).strip()
            return self.ask("dataset", "show", run)["name"]

        self.assertEqual(name("digits", cwd=self.folder), "digits")
        self.assertEqual(name(self.data + "//", cwd=self.folder), "digits")
        self.assertEqual(name(".", cwd=self.data), "digits")
        self.assertEqual(name("./", cwd=self.data), "digits")
        error = self.fails(USAGE, "dataset", "snapshot", "..", "-e", "x", registry=self.uri,
                           cwd=self.path("digits", "sub"))
        self.assertIn("--name", error)

    def test_manifest(self):
        text = lines_of(self.FILES)
        whole = self.ask("dataset", "show", self.snapshot(self.data))["digest"]
        for form in (text, "modelreg manifest v1\n" + text, text.rstrip("\n"),
                     "\n".join(reversed(text.splitlines()))):
            code, out, error = self.feed(form, "dataset", "snapshot", "--manifest", "-", "-e",
                                         "digits", "--name", "listed", "--json")
            self.assertEqual((code, error), (DONE, ""), form)
            self.assertEqual(json.loads(out)["digest"], whole)
        with open(self.path("manifest"), "w", encoding="utf-8") as file:
            file.write(text)
        run = self.snapshot("--manifest", self.path("manifest"), "--name", "listed")
        self.assertEqual(self.ask("dataset", "show", run)["digest"], whole)

    def test_wrong_manifests(self):
        digest = "0" * 64
        for text, expected in (
                ("hello\n", "line 1 is not of the form DIGEST SIZE PATH"),
                (f"{digest} 1 a\n\n", "line 2"), (f"{digest} 1\n", "line 1"),
                (f"{digest} -1 a\n", "line 1"), (f"{digest} 1.5 a\n", "line 1"),
                (f"{digest} +1 a\n", "line 1"), (f"{digest} 99999999999999999999 a\n", "line 1"),
                (f"{digest[1:]} 1 a\n", "line 1"), (f"{digest}  1 a\n", "line 1"),
                (f"{digest} 1 ../a\n", "line 1"), (f"{digest} 1 /a\n", "line 1"),
                (f"modelreg manifest v1\n{digest} 1 a\x1b[2J\n", "line 2"),
                (f"{digest} 1 a\nmodelreg manifest v1\n", "line 2"),
                ("\0", "byte of zero")):
            code, out, error = self.feed(text, "dataset", "snapshot", "--manifest=-", "-e",
                                         "digits", "--name", "x")
            self.assertEqual((code, out), (USAGE, ""), text)
            self.assertIn(expected, error)
            self.assertNotRegex(error, UNSAFE)
        code, _, error = self.feed(f"{digest} 1 a\n{digest} 1 a\n", "dataset", "snapshot",
                                   "--manifest=-", "-e", "digits", "--name", "x")
        self.assertEqual(code, REGISTRY, error)
        self.assertEqual(self.ask("dataset", "list"), [])
        self.assertEqual(self.ask("experiment", "list"), [])

    def test_schema_from_a_file_or_standard_input(self):
        schema = '{"a": "int"}\nsecond line\n'
        with open(self.path("schema.json"), "w", encoding="utf-8") as file:
            file.write(schema)
        run = self.snapshot(self.data, "--schema", self.path("schema.json"))
        self.assertEqual(self.ask("dataset", "show", run)["schema"], schema)
        code, out, _ = self.feed(schema, "dataset", "snapshot", self.data, "-e", "digits",
                                 "--schema", "-", "--json")
        self.assertEqual((code, json.loads(out)["schema"]), (DONE, schema))
        with open(self.path("schema.json"), "w", encoding="utf-8") as file:
            file.write("x" * 65537)
        self.assertIn("65536", self.fails(USAGE, "dataset", "snapshot", self.data, "-e", "digits",
                                          "--schema", self.path("schema.json"),
                                          registry=self.uri))
        self.fails(REGISTRY, "dataset", "snapshot", self.data, "-e", "digits", "--schema",
                   self.folder, registry=self.uri)

    def test_wrong_usage(self):
        manifest = self.path("manifest")
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(lines_of(self.FILES))
        for arguments, expected in (
                (("-e", "x"), "either a FOLDER or a --manifest"),
                ((self.data, "--manifest", manifest, "-e", "x"), "either a FOLDER or a --manifest"),
                ((self.data,), "--experiment"), ((self.data, self.data, "-e", "x"), "too many"),
                (("--manifest", manifest, "-e", "x"), "--name"),
                (("--manifest", manifest, "-e", "x", "--name", "y", "--freeze"), "--freeze"),
                (("--manifest", manifest, "-e", "x", "--name", "y", "--include", "*"),
                 "for folders"),
                (("--manifest", manifest, "-e", "x", "--name", "y", "--exclude", "*"),
                 "for folders"),
                (("--manifest", "-", "-e", "x", "--name", "y", "--schema", "-"), "cannot be both"),
                ((self.data, "-e", "x", "--samples", "0"), "--samples"),
                ((self.data, "-e", "x", "--samples", "many"), "--samples"),
                ((self.data, "-e", "x", "--name", "a\nb"), "U+000A"),
                ((self.data, "-e", "\x1b[2J"), "U+001B"),
                ((self.data, "-e", "x", "--name", "n" * 251), "250")):
            error = self.fails(USAGE, "dataset", "snapshot", *arguments, registry=self.uri)
            self.assertIn(expected, error)
            self.assertNotRegex(error, UNSAFE)
        self.assertEqual(self.ask("dataset", "list"), [])

    def test_what_is_wrong_is_found_before_anything_is_made_or_read(self):
        with open(self.path("digits", "big.bin"), "wb") as file:
            # Reading it would take longer than the test may.
            file.truncate(1 << 36)
        for arguments, expected in (
                (("--name", "a\nb"), "U+000A"), (("--name", ""), "name"),
                (("--source", "\x1b[2J"), "U+001B"), (("--source-version", "\x07"), "U+0007"),
                (("--schema", "\x1b"), "U+001B"), (("--source", "s" * 4097), "4096"),
                (("--name", "n" * 251, "--freeze"), "250")):
            error = self.fails(USAGE, "dataset", "snapshot", self.data, "-e", "new", *arguments,
                               registry=self.uri)
            self.assertIn(expected, error)
            self.assertNotRegex(error, UNSAFE)
        self.assertEqual(self.ask("experiment", "list"), [])

    def test_trouble(self):
        missing = self.path("missing")
        self.assertIn(missing, self.fails(NOT_FOUND, "dataset", "snapshot", missing, "-e", "x",
                                          registry=self.uri))
        self.assertIn(missing, self.fails(NOT_FOUND, "dataset", "snapshot", "--manifest", missing,
                                          "--name", "y", "-e", "x", registry=self.uri))
        self.fails(REGISTRY, "dataset", "snapshot", self.data, "-e", "x",
                   registry=self.path("missing.db"))
        os.symlink("a.csv", self.path("digits", "link"))
        self.assertIn("link", self.fails(USAGE, "dataset", "snapshot", self.data, "-e", "x",
                                         registry=self.uri))
        self.assertEqual(self.ask("experiment", "list"), [])
        self.snapshot(self.data, "--exclude", "link")

    def test_an_id_that_nobody_heard_is_an_error(self):
        for options in ((), ("-q",), ("--json",)):
            full = os.open("/dev/full", os.O_WRONLY)
            try:
                error = self.fails(REGISTRY, "dataset", "snapshot", self.data, "-e", "x", *options,
                                   registry=self.uri, stdout=full)
            finally:
                os.close(full)
            self.assertIn("standard output", error)

    def test_interrupts_leave_nothing_behind(self):
        with open(self.path("digits", "big.bin"), "wb") as file:
            # No disk is needed for it, and reading it takes longer than the test.
            file.truncate(1 << 36)
        with subprocess.Popen([cli_case.MODELREG, "-r", self.uri, "dataset", "snapshot", self.data,
                               "-e", "x"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=environment()) as process:
            try:
                wait_until_handled(process, signal.SIGINT)
                process.send_signal(signal.SIGINT)
                error = process.communicate(timeout=60)[1].decode()
            finally:
                process.kill()
        self.assertEqual(process.returncode, -signal.SIGINT, error)
        self.assertEqual((self.ask("dataset", "list"), self.ask("experiment", "list")), ([], []))


if __name__ == "__main__":
    cli_case.main(__doc__)
