#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""modelreg(1) on the registry itself: init, migrate, backup, fsck.

    test_cli_registry.py MODELREG CLI_FIXTURE [unittest arguments]
"""

import json
import os
import sqlite3
import subprocess

import cli_case
from cli_case import (
    DIGEST, DONE, NOT_FOUND, REGISTRY, UNVERIFIED, USAGE, CliTest, another_user, edit, environment,
    read,
)


def tree(folder):
    """Every file below the folder with its content."""
    return {os.path.relpath(os.path.join(place, name), folder): read(place, name)
            for place, _, names in os.walk(folder) for name in names}


class RegistryTest(CliTest):
    def blobs(self, uri):
        """Digest and path of every stored piece of content."""
        found = {}
        for place, _, names in os.walk(uri + ".d"):
            for name in names:
                digest = (os.path.basename(place) + name)[-64:]
                if DIGEST.fullmatch(digest):
                    found[digest] = os.path.join(place, name)
        self.assertGreater(len(found), 2)
        return found

    def damage(self, uri):
        """Changes a byte of a stored file, and says whose digest and path it is."""
        digest = next(artifact["digest"]
                      for artifact in self.json("resolve", "digits@production")["artifacts"]
                      if artifact["path"] == "weights.bin")
        place = self.blobs(uri)[digest]
        os.chmod(place, 0o644)
        with open(place, "r+b") as file:
            file.write(b"W")
        return digest, place


class TestInit(RegistryTest):
    def test_artifact_root(self):
        uri, root = self.path("new.db"), self.path("artifacts")
        made = self.json("init", uri, "--artifact-root", root)
        self.assertEqual((made["created"], made["artifact_root"]), (True, root))
        again = self.json("init", uri, "--artifact-root", root)
        self.assertEqual((again["created"], again["id"]), (False, made["id"]))
        self.assertEqual(self.json("init", uri)["artifact_root"], root)
        error = self.fails(REGISTRY, "init", uri, "--artifact-root", self.path("elsewhere"))
        self.assertIn(root, error)
        self.assertFalse(os.path.exists(self.path("elsewhere")))
        self.assertIn("--artifact-root is empty",
                      self.fails(USAGE, "init", self.path("other.db"), "--artifact-root", ""))
        self.assertFalse(os.path.exists(self.path("other.db")))
        taken = self.path("taken")
        with open(taken, "wb"):
            pass
        error = self.fails(USAGE, "init", self.path("other.db"), "--artifact-root", taken)
        self.assertIn(f"--artifact-root '{taken}' is a file", error)
        self.assertIn("'modelreg init' makes it one",
                      self.fails(REGISTRY, "run", "list", "-r", self.path("other.db")))
        self.assertEqual(self.json("init", uri)["artifact_root"], root)

    def test_relative_artifact_root_counts_from_the_registry(self):
        os.mkdir(self.path("sub"))
        made = self.json("init", self.path("sub", "new.db"), "--artifact-root", "artifacts")
        self.assertEqual(os.path.realpath(made["artifact_root"]),
                         os.path.realpath(self.path("sub", "artifacts")))
        os.rename(self.path("sub"), self.path("moved"))
        uri, data = self.path("moved", "new.db"), self.path("data.txt")
        with open(data, "w", encoding="utf-8") as file:
            file.write("data")
        run = self.text("run", "start", "-e", "x", "-q", registry=uri).strip()
        self.text("run", "artifact", run, data, "--json", registry=uri)
        self.assertTrue(tree(self.path("moved", "artifacts")))
        self.assertFalse(os.path.exists(self.path("sub")))


class TestMigrate(RegistryTest):
    def test_nothing_to_do(self):
        uri = self.copy()
        version = self.json("init", uri)["schema_version"]
        self.assertEqual(self.json("migrate", registry=uri),
                         {"schema_version": version, "migrated_from": None})
        self.assertEqual(self.text("migrate", registry=uri),
                         f"Schema version {version}, nothing to do\n")

    def test_trouble(self):
        missing = self.path("missing.db")
        self.assertIn("modelreg init", self.fails(REGISTRY, "migrate", registry=missing))
        self.assertFalse(os.path.exists(missing))
        with open(missing, "w", encoding="utf-8") as file:
            file.write("no registry\n" * 100)
        self.fails(REGISTRY, "migrate", registry=missing)
        self.assertEqual(read(missing), b"no registry\n" * 100)
        self.assertIn("too many", self.fails(USAGE, "migrate", "1"))


class TestBackup(RegistryTest):
    def test_the_copy_is_a_registry(self):
        path = self.path("copy.db")
        out = self.text("backup", path)
        self.assertRegex(out, rf"^Copied {self.registry} to {path}: \d+ stored files, .* B in its "
                              r"folder of artifacts\n$")
        self.assertEqual(self.json("resolve", "digits@production", registry=path),
                         self.json("resolve", "digits@production"))
        self.text("verify", "digits@production", registry=path)
        self.assertEqual(self.json("fsck", registry=path)["error_count"], 0)

    def test_json(self):
        path = self.path("copy.db")
        report = self.json("backup", path)
        self.assertEqual(list(report), ["path", "file_count", "total_size", "problem_count",
                                        "problems"])
        blobs = self.blobs(path)
        self.assertEqual((report["path"], report["file_count"], report["problem_count"]),
                         (path, len(blobs), 0))
        self.assertEqual(report["total_size"], sum(os.path.getsize(at) for at in blobs.values()))

    def test_nothing_is_overwritten(self):
        path = self.path("copy.db")
        with open(path, "w", encoding="utf-8") as file:
            file.write("mine")
        self.assertIn(path, self.fails(REGISTRY, "backup", path))
        self.assertEqual(tree(self.folder), {"copy.db": b"mine"})
        self.fails(REGISTRY, "backup", self.registry)
        self.fails(NOT_FOUND, "backup", self.path("no", "copy.db"))
        self.fails(REGISTRY, "backup", self.path("more.db"), registry=self.path("missing.db"))
        self.assertEqual(tree(self.folder), {"copy.db": b"mine"})
        self.assertIn("PATH is missing", self.fails(USAGE, "backup"))

    def test_content_that_is_damaged_already(self):
        uri = self.copy()
        digest, _ = self.damage(uri)
        code, out, error = self.call("backup", self.path("saved.db"), "--json", registry=uri)
        self.assertEqual(code, UNVERIFIED, error)
        report = json.loads(out)
        self.assertEqual([(problem["path"], problem["problem"]) for problem in report["problems"]],
                         [(digest, "changed")])
        self.assertIn(digest, error)
        self.assertEqual(self.text("resolve", "digits", registry=self.path("saved.db")),
                         self.text("resolve", "digits"))
        code, out, error = self.call("backup", self.path("again.db"), registry=uri)
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(out, rf"(?m)^changed +{digest} ")

    def test_who_may_only_read(self):
        uri = self.copy()
        reader = {"registry": uri, **another_user()}
        out = self.path("out")
        os.mkdir(out)
        os.chmod(out, 0o777)
        for place, folders, names in os.walk(self.folder):
            for name in folders + names:
                at = os.path.join(place, name)
                if at != out:
                    os.chmod(at, 0o555 if os.path.isdir(at) else 0o444)
        os.chmod(self.folder, 0o555)
        self.addCleanup(os.chmod, self.folder, 0o755)
        self.addCleanup(subprocess.run, ["chmod", "-R", "u+w", self.folder], check=True)
        self.text("backup", os.path.join(out, "copy.db"), **reader)
        self.assertEqual(self.json("fsck", **reader)["error_count"], 0)
        if os.geteuid() != 0 or "user" in reader:
            self.fails(REGISTRY, "fsck", "--repair", **reader)


class TestFsck(RegistryTest):
    FIELDS = ["row_count", "blob_count", "total_size", "error_count", "note_count",
              "repaired_count", "driver_version", "findings"]

    def damaged(self, uri, *options):
        """What it says of a registry that is damaged."""
        code, out, error = self.call("fsck", "--json", *options, registry=uri)
        self.assertEqual(code, UNVERIFIED, out + error)
        self.assertRegex(error, r" is damaged: \d+ error| cannot be checked: it is damaged")
        result = json.loads(out)
        self.assertEqual(list(result), self.FIELDS)
        errors = [finding for finding in result["findings"]
                  if not finding["is_note"] and not finding["repaired"]]
        self.assertEqual(len(errors), result["error_count"])
        self.assertGreater(len(errors), 0)
        for finding in result["findings"]:
            self.assertEqual(list(finding), ["finding", "is_note", "repaired", "object", "message",
                                             "remedy"])
            for part in ("object", "message", "remedy"):
                self.assertNotIn("\n", finding[part])
                self.assertTrue(finding[part])
        return errors

    def test_a_whole_registry(self):
        result = self.json("fsck")
        self.assertEqual(list(result), self.FIELDS)
        self.assertEqual((result["error_count"], result["repaired_count"]), (0, 0))
        self.assertEqual(result["note_count"], len(result["findings"]))
        self.assertTrue(all(finding["is_note"] for finding in result["findings"]))
        self.assertGreater(result["row_count"], 10)
        self.assertEqual(result["blob_count"], len(self.blobs(self.registry)))
        self.assertEqual(result["driver_version"], sqlite3.sqlite_version)
        self.assertGreater(result["total_size"], 0)
        self.assertEqual(self.json("fsck", "--quick")["total_size"], 0)
        last = self.text("fsck").splitlines()[-1]
        self.assertRegex(last, r"^\d+ rows and \d+ stored files looked at, .* B read: 0 errors, "
                               r"\d+ notes?, 0 repaired$")

    def test_looking_changes_nothing(self):
        uri = self.copy()
        before = read(uri), tree(uri + ".d")
        self.text("fsck", registry=uri)
        self.assertEqual((read(uri), tree(uri + ".d")), before)

    def test_changed_and_missing_content(self):
        uri = self.copy()
        digest, place = self.damage(uri)
        found = self.damaged(uri)
        self.assertEqual([finding["finding"] for finding in found], ["changed"])
        self.assertIn(digest[:12], found[0]["object"] + found[0]["message"])
        code, out, error = self.call("fsck", registry=uri)
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(out, r"(?m)^error +changed +")
        self.assertRegex(out, r"(?m)^ +-> \w")
        self.assertRegex(out.splitlines()[-1], r": 1 error, ")
        self.assertIn("1 error, the first in " + found[0]["object"], error)
        # Its size is what it was: only reading it tells.
        self.assertEqual(self.json("fsck", "--quick", registry=uri)["error_count"], 0)
        os.remove(place)
        for options in ((), ("--quick",)):
            self.assertEqual([finding["finding"] for finding in self.damaged(uri, *options)],
                             ["missing"])

    def test_what_can_be_mended(self):
        uri = self.copy()
        edit(uri, "UPDATE metric SET last_value = 7 WHERE key = 'accuracy'")
        errors = self.damaged(uri)
        self.assertEqual({finding["finding"] for finding in errors}, {"summary"})
        code, out, error = self.call("fsck", "--repair", "--json", registry=uri)
        self.assertEqual((code, error), (DONE, ""), out)
        result = json.loads(out)
        self.assertEqual((result["error_count"], result["repaired_count"]), (0, len(errors)))
        self.assertEqual(sum(finding["repaired"] for finding in result["findings"]), len(errors))
        self.assertEqual(self.json("fsck", registry=uri)["error_count"], 0)

    def test_what_was_mended_needs_no_remedy(self):
        uri = self.copy()
        edit(uri, "UPDATE metric SET last_value = 7 WHERE key = 'accuracy'")
        _, out, _ = self.call("fsck", registry=uri)
        self.assertRegex(out, r"(?m)^error +summary +metric accuracy of run .*: \w.*\n +-> \w")
        out = self.text("fsck", "--repair", registry=uri)
        self.assertRegex(out, r"(?m)^repaired +summary +metric accuracy of run .*\n\w")
        self.assertRegex(out.splitlines()[-1], r": 0 errors, \d+ notes?, [1-9]\d* repaired$")

    def test_limit(self):
        uri = self.copy()
        edit(uri, "UPDATE metric SET last_value = 7")
        errors = self.damaged(uri)
        self.assertGreater(len(errors), 2)
        code, out, _ = self.call("fsck", "--limit", "2", "--json", registry=uri)
        result = json.loads(out)
        self.assertEqual((code, len(result["findings"]), result["error_count"]),
                         (UNVERIFIED, 2, len(errors)))
        left = len(errors) + result["note_count"] - 2
        code, out, _ = self.call("fsck", "-n2", registry=uri)
        self.assertRegex(out, rf"(?m)^{left} more; --limit says how many are listed$")
        self.assertIn("--limit", self.fails(USAGE, "fsck", "--limit", "0"))
        self.fails(USAGE, "fsck", "--limit", "1000001")

    def test_what_cannot_be_opened(self):
        uri = self.path("damaged.db")
        with open(uri, "w", encoding="utf-8") as file:
            file.write("this was a registry\n" * 1000)
        before = read(uri)
        for options in ((), ("--quick",), ("--repair",)):
            found = self.damaged(uri, *options)
            self.assertEqual([(finding["finding"], finding["object"]) for finding in found],
                             [("database", uri)])
            self.assertIn("backup", found[0]["remedy"])
        self.assertEqual(read(uri), before)
        code, out, error = self.call("fsck", registry=uri)
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(out, r"(?m)^error +database +" + uri)
        self.assertIn("backup", out)

    def test_a_damaged_page(self):
        uri = self.copy()
        database = sqlite3.connect(uri)
        size = database.execute("PRAGMA page_size").fetchone()[0]
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'run'").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        with open(uri, "r+b") as file:
            file.seek((root[0] - 1) * size)
            file.write(b"\xff" * size)
        self.assertIn("database", {finding["finding"] for finding in self.damaged(uri)})

    def test_trouble(self):
        self.assertIn("MODELREG_REGISTRY", self.fails(USAGE, "fsck", env=environment()))
        self.assertIn("modelreg init", self.fails(REGISTRY, "fsck", registry=self.path("no.db")))
        self.fails(USAGE, "fsck", "now")
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            self.fails(REGISTRY, "fsck", "--json", stdout=full)
        finally:
            os.close(full)

    def test_hostile_text_does_not_steer_the_terminal(self):
        uri = self.copy()
        edit(uri, "UPDATE run SET uuid = char(27) || '[2J' || char(8238) WHERE name = 'bad'")
        code, out, error = self.call("fsck", registry=uri)
        self.assertEqual(code, UNVERIFIED)
        self.assertNotRegex(out + error, r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


if __name__ == "__main__":
    cli_case.main(__doc__)
