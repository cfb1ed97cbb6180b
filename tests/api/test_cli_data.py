#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) on datasets that are recorded: list, show, verify, fetch, diff.

    test_cli_data.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import json
import os
import stat

import cli_case
from cli_case import NOT_FOUND, REGISTRY, UNVERIFIED, USAGE, edit, environment, read
from cli_data_case import DATASET_FIELDS, NOBODY, UNSAFE, DataTest, digest_of


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
        self.assertEqual([list(row) for row in listed], [DATASET_FIELDS])
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


if __name__ == "__main__":
    cli_case.main(__doc__)
