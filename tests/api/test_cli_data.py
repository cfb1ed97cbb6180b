#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) on datasets, models and lineage.

    test_cli_data.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import hashlib
import json
import os
import signal
import stat
import subprocess
import time

import cli_case
from cli_case import (
    DIGEST, DONE, NOT_FOUND, REGISTRY, UNVERIFIED, USAGE, UUID, CliTest, edit, environment, read,
)

NOBODY = "01980000-0000-7000-8000-000000000000"
UNSAFE = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]"


def digest_of(data):
    """The digest of a file of up to 1 MiB, as dataset.h has it."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def lines_of(files):
    """The lines of a manifest of {path: content}."""
    return "".join(f"{digest_of(data)} {len(data)} {path}\n"
                   for path, data in sorted(files.items(), key=lambda item: item[0].encode()))


class DataTest(CliTest):
    FILES = {"a.csv": b"a,b\n1,2\n", "b.tmp": b"scratch", "sub/c d.csv": b"c\n"}

    def setUp(self):
        super().setUp()
        self.uri = self.path("new.db")
        self.text("init", self.uri)
        self.data = self.write("digits", self.FILES)

    def write(self, folder, files):
        """A folder with these files; where it is."""
        for name, data in files.items():
            place = self.path(folder, name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(data)
        return self.path(folder)

    def ask(self, *arguments):
        return self.json(*arguments, registry=self.uri)

    def snapshot(self, *arguments):
        """Records a dataset; the id of its run."""
        out = self.text("dataset", "snapshot", *arguments, "-e", "digits", "-q", registry=self.uri)
        self.assertRegex(out, rf"^{UUID.pattern}\n$")
        return out.strip()

    def feed(self, text, *arguments):
        """(exit status, standard output, standard error) with this as standard input."""
        done = subprocess.run([cli_case.MODELREG, *arguments], input=text.encode(), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              env=environment(MODELREG_REGISTRY=self.uri))
        return done.returncode, done.stdout.decode(), done.stderr.decode()


class TestSnapshot(DataTest):
    FIELDS = ["run_id", "name", "digest", "frozen", "file_count", "total_size", "sample_count",
              "schema", "source_uri", "source_version", "actor", "created_us"]

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
        self.assertEqual(list(made), self.FIELDS)
        self.assertEqual({key: made[key] for key in self.FIELDS[1:-2] if key != "digest"}, {
            "name": "other", "frozen": True, "file_count": 3, "total_size": 17,
            "sample_count": 1797, "schema": "a int, b int", "source_uri": "s3://bucket/digits",
            "source_version": "v7"})
        self.assertRegex(made["run_id"], UUID)
        self.assertRegex(made["digest"], DIGEST)
        self.assertIsInstance(made["created_us"], int)
        self.assertEqual(self.ask("dataset", "show", made["run_id"]), made)
        plain = self.ask("dataset", "snapshot", self.data, "-e", "digits")
        self.assertEqual([plain[key] for key in self.FIELDS[3:4] + self.FIELDS[6:10]],
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
                self.wait_until_handled(process)
                process.send_signal(signal.SIGINT)
                error = process.communicate(timeout=60)[1].decode()
            finally:
                process.kill()
        self.assertEqual(process.returncode, -signal.SIGINT, error)
        self.assertEqual((self.ask("dataset", "list"), self.ask("experiment", "list")), ([], []))

    def wait_until_handled(self, process):
        """Until the process has a handler of its own for SIGINT, as Linux tells."""
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                caught = next(line for line in file if line.startswith("SigCgt:"))
            if int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1):
                return
            time.sleep(0.01)
        self.fail("the command ended before it could be interrupted")


class TestDatasets(DataTest):
    def test_list(self):
        lines = self.text("dataset", "list").splitlines()
        self.assertEqual(lines[0].split(), ["RUN", "NAME", "DIGEST", "FILES", "SIZE", "FROZEN",
                                            "RECORDED", "ACTOR"])
        self.assertEqual(lines[1].split()[:7],
                         [self.made["dataset"], "digits-data", self.made["dataset_digest"][:12],
                          "1", "1000", "B", "no"])
        self.assertIn(self.made["dataset_digest"], self.text("dataset", "list", "--digest"))
        listed = self.json("dataset", "list")
        self.assertEqual([list(row) for row in listed], [TestSnapshot.FIELDS])
        self.assertEqual(listed[0], self.json("dataset", "show", self.made["dataset"]))
        self.assertEqual((listed[0]["sample_count"], listed[0]["created_us"]),
                         (1797, 1767323051000000))

    def test_list_order_and_limit(self):
        runs = [self.snapshot(self.data, "--name", f"n{i}") for i in range(3)]
        self.assertEqual([row["run_id"] for row in self.ask("dataset", "list")], runs[::-1])
        self.assertEqual([row["run_id"] for row in self.ask("dataset", "list", "-n2")],
                         runs[:0:-1])
        self.assertIn("--limit", self.fails(USAGE, "dataset", "list", "--limit=0",
                                            registry=self.uri))

    def test_show(self):
        run = self.snapshot(self.data, "--samples", "5", "--schema", "two\nlines", "--source",
                            "s3://x", "--source-version", "v7", "--freeze")
        record = self.ask("dataset", "show", run)
        self.assertNotIn("files", record)
        out = self.text("dataset", "show", run, registry=self.uri)
        for expected in (r"(?m)^Dataset +digits$", rf"(?m)^Digest +{record['digest']}$",
                         rf"(?m)^Run +{run}$", r"(?m)^Files +3, 17 B$", r"(?m)^Frozen +yes$",
                         r"(?m)^Samples +5$", r"(?m)^Source +s3://x$",
                         r"(?m)^Source version +v7$", r"(?m)^Schema +two\\nlines$",
                         r"(?m)^Recorded +\d{4}-"):
            self.assertRegex(out, expected)
        self.assertNotIn("a.csv", out)
        out = self.text("dataset", "show", run, "--files", registry=self.uri)
        self.assertRegex(out, rf"(?m)^  a\.csv +8 B +{digest_of(self.FILES['a.csv'])}$")
        files = self.ask("dataset", "show", run, "--files")["files"]
        self.assertEqual(files, [{"path": path, "digest": digest_of(data), "size": len(data)}
                                 for path, data in sorted(self.FILES.items())])

    def test_names_of_a_dataset(self):
        plain = self.snapshot(self.data)
        digest = self.ask("dataset", "show", plain)["digest"]
        for text in (digest, digest[:12], digest[:13].upper()):
            self.assertEqual(self.ask("dataset", "show", text)["run_id"], plain)
        frozen = self.snapshot(self.data, "--freeze")
        self.snapshot(self.data)
        self.assertEqual(self.ask("dataset", "show", digest[:12])["run_id"], frozen)
        for text in ("0" * 12, "0" * 64, NOBODY, self.made["good"]):
            for command in (("show", text), ("verify", text, self.data),
                            ("fetch", text, "-o", self.path("out")), ("diff", text, self.data),
                            ("diff", self.data, text)):
                self.fails(NOT_FOUND, "dataset", *command, registry=self.uri)
        for text in ("digits", digest[:11], digest + "0", "", "0" * 11 + "g"):
            self.assertIn("12 or more hex digits",
                          self.fails(USAGE, "dataset", "show", text, registry=self.uri))

    def test_a_digest_too_short_to_tell(self):
        runs = [self.snapshot(self.data), self.snapshot(self.data, "--include", "a*")]
        first = self.ask("dataset", "show", runs[0])["digest"]
        # Only the record is looked at, whose digest names a manifest that is not there.
        edit(self.uri, f"UPDATE dataset SET digest = x'{first[:-1]}{int(first[-1], 16) ^ 1:x}'"
                       f" WHERE run_id = (SELECT id FROM run WHERE uuid = '{runs[1]}')")
        error = self.fails(REGISTRY, "dataset", "show", first[:-1], registry=self.uri)
        self.assertIn("more digits", error)
        self.assertIn(first, error)
        self.assertEqual(self.ask("dataset", "show", first)["run_id"], runs[0])

    def test_verify(self):
        run = self.snapshot(self.data, "--exclude", "*.tmp")
        os.remove(self.path("digits", "b.tmp"))
        self.assertEqual(self.text("dataset", "verify", run, self.data, registry=self.uri),
                         f"digits: 2 files, 10 B looked at in {self.data}\n")
        report = self.ask("dataset", "verify", run, self.data)
        self.assertEqual(list(report), ["run_id", "name", "digest", "folder", "file_count",
                                        "total_size", "problem_count", "problems"])
        self.assertEqual((report["run_id"], report["folder"], report["problem_count"],
                          report["problems"]), (run, self.data, 0, []))
        self.write("digits", {"a.csv": b"a,b\n1,3\n", "extra": b""})
        code, out, error = self.call("dataset", "verify", run, self.data, registry=self.uri)
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(out, r"(?m)^changed +a\.csv ")
        self.assertRegex(out, r"(?m)^extra +extra ")
        self.assertIn(f"{self.data} differs from dataset digits: 2 problems, the first with "
                      "'a.csv'", error)
        os.remove(self.path("digits", "sub", "c d.csv"))
        code, out, _ = self.call("dataset", "verify", run, self.data, "--allow-extra", "--json",
                                 registry=self.uri)
        self.assertEqual(code, UNVERIFIED)
        self.assertEqual([(problem["path"], problem["problem"])
                          for problem in json.loads(out)["problems"]],
                         [("a.csv", "changed"), ("sub/c d.csv", "missing")])
        self.fails(NOT_FOUND, "dataset", "verify", run, self.path("no"), registry=self.uri)
        self.assertIn("FOLDER is missing", self.fails(USAGE, "dataset", "verify", run,
                                                      registry=self.uri))

    def test_fetch(self):
        run = self.snapshot(self.data, "--freeze")
        out = self.path("out")
        self.assertEqual(self.text("dataset", "fetch", run, "-o", out, registry=self.uri),
                         f"digits: 3 files, 17 B in {out}\n")
        for name, data in self.FILES.items():
            self.assertEqual(read(out, name), data)
            self.assertFalse(os.stat(os.path.join(out, name)).st_mode & stat.S_IXUSR)
        self.write("out", {"a.csv": b"other", "mine": b"mine"})
        report = self.ask("dataset", "fetch", run, "--output", out)
        self.assertEqual((report["name"], report["file_count"], report["problems"]),
                         ("digits", 3, []))
        self.assertEqual(read(out, "a.csv"), self.FILES["a.csv"])
        self.assertEqual(read(out, "mine"), b"mine")
        self.assertIn("--output", self.fails(USAGE, "dataset", "fetch", run, registry=self.uri))

    def test_fetch_needs_copies(self):
        run = self.snapshot(self.data)
        self.assertIn("frozen", self.fails(REGISTRY, "dataset", "fetch", run, "-o",
                                           self.path("out"), registry=self.uri))
        frozen = self.snapshot(self.data, "--freeze")
        digest = digest_of(self.FILES["a.csv"])
        blob = next(os.path.join(folder, name) for folder, _, names in os.walk(self.uri + ".d")
                    for name in names if digest.endswith(name))
        os.chmod(blob, 0o644)
        with open(blob, "r+b") as file:
            file.write(b"A")
        self.fails(UNVERIFIED, "dataset", "fetch", frozen, "-o", self.path("out"),
                   registry=self.uri)
        os.remove(blob)
        self.fails(REGISTRY, "dataset", "fetch", frozen, "-o", self.path("out"),
                   registry=self.uri)
        self.assertFalse(os.path.exists(self.path("out", "a.csv")))

    def test_hostile_names_do_not_steer_the_terminal(self):
        run = self.snapshot(self.data)
        edit(self.uri, "UPDATE dataset SET name = char(27) || '[2J' || char(8238) || char(10),"
                       " source_uri = char(155) || '31m', data_schema = char(7)")
        for arguments in (("list",), ("show", run), ("show", run, "--files"),
                          ("verify", run, self.data)):
            for form in ((), ("--json",)):
                out = self.text("dataset", *arguments, *form, registry=self.uri)
                self.assertNotRegex(out, UNSAFE)
        self.assertEqual(self.ask("dataset", "show", run)["name"], "\x1b[2J\u202e\n")
        out = self.text("lineage", run, "-d", "both", registry=self.uri)
        self.assertIn(r"\x1b[2J\u202e\n", out)
        self.assertNotRegex(out, UNSAFE)


class TestDiff(DataTest):
    def diff(self, *arguments, **more):
        result = self.json("dataset", "diff", *arguments, **{"registry": self.uri, **more})
        self.assertEqual(list(result), ["added", "removed", "changed"])
        return result

    def test_dataset_and_folder(self):
        run = self.snapshot(self.data)
        self.assertEqual(self.diff(run, self.data), {"added": [], "removed": [], "changed": []})
        self.assertEqual(self.text("dataset", "diff", run, self.data, registry=self.uri),
                         "0 added, 0 removed, 0 changed, 3 the same\n")
        self.write("digits", {"a.csv": b"a,b\n1,3\n", "a.csv2": b"", "z": b"zz"})
        os.remove(self.path("digits", "b.tmp"))
        old, new = digest_of(self.FILES["a.csv"]), digest_of(b"a,b\n1,3\n")
        added = [{"path": "a.csv2", "digest": digest_of(b""), "size": 0},
                 {"path": "z", "digest": digest_of(b"zz"), "size": 2}]
        removed = [{"path": "b.tmp", "digest": digest_of(b"scratch"), "size": 7}]
        changed = {"path": "a.csv", "digest": new, "size": 8, "previous_digest": old,
                   "previous_size": 8}
        self.assertEqual(self.diff(run, self.data),
                         {"added": added, "removed": removed, "changed": [changed]})
        self.assertEqual(self.diff(self.data, run), {
            "added": removed, "removed": added,
            "changed": [{**changed, "digest": old, "previous_digest": new}]})
        lines = self.text("dataset", "diff", run, self.data, registry=self.uri).splitlines()
        self.assertEqual([line.split() for line in lines[:-1]], [
            ["CHANGE", "BEFORE", "AFTER", "PATH"], ["changed", "8", "B", "8", "B", "a.csv"],
            ["added", "-", "0", "B", "a.csv2"], ["removed", "7", "B", "-", "b.tmp"],
            ["added", "-", "2", "B", "z"]])
        self.assertEqual(lines[-1], "2 added, 1 removed, 1 changed, 1 the same")

    def test_two_datasets(self):
        one, other = self.snapshot(self.data), self.snapshot(self.data, "--include", "*.csv")
        digest = self.ask("dataset", "show", other)["digest"]
        for text in (other, digest, digest[:12]):
            result = self.diff(one, text)
            self.assertEqual([[file["path"] for file in files] for files in result.values()],
                             [[], ["b.tmp"], []])

    def test_patterns_are_for_folders(self):
        run = self.snapshot(self.data, "--include", "*.csv")
        self.assertEqual(len(self.diff(run, self.data)["added"]), 1)
        self.assertEqual(self.diff(run, self.data, "--include", "*.csv"),
                         self.diff(run, self.data, "--exclude", "*.tmp"))
        self.assertEqual(self.diff(run, self.data, "--exclude", "*.tmp"),
                         {"added": [], "removed": [], "changed": []})

    def test_folders_alone_need_no_registry(self):
        other = self.write("other", {"a.csv": self.FILES["a.csv"]})
        result = self.diff(self.data, other, env=environment())
        self.assertEqual([file["path"] for file in result["removed"]], ["b.tmp", "sub/c d.csv"])
        run = self.snapshot(self.data)
        self.assertIn("MODELREG_REGISTRY",
                      self.fails(USAGE, "dataset", "diff", run, other, env=environment()))

    def test_a_folder_that_looks_like_a_digest(self):
        self.write("abcdefabcdef", {"a.csv": b""})
        self.fails(NOT_FOUND, "dataset", "diff", "abcdefabcdef", ".", cwd=self.folder,
                   registry=self.uri)
        self.assertEqual(len(self.diff("./abcdefabcdef", "digits", cwd=self.folder)["changed"]), 1)

    def test_hostile_paths(self):
        self.write("digits", {"\u202e\u200bx": b""})
        run = self.snapshot(self.data, "--include", "a*")
        for form in ((), ("--json",)):
            out = self.text("dataset", "diff", run, self.data, *form, registry=self.uri)
            self.assertNotRegex(out, UNSAFE)
            self.assertIn(r"\u202e\u200bx", out)

    def test_trouble(self):
        self.fails(NOT_FOUND, "dataset", "diff", self.data, self.path("no"), registry=self.uri)
        self.fails(USAGE, "dataset", "diff", self.data, registry=self.uri)
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            self.fails(REGISTRY, "dataset", "diff", self.data, self.data, stdout=full)
        finally:
            os.close(full)


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
