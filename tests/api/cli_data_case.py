# SPDX-License-Identifier: Apache-2.0
"""What the tests of modelreg(1) on datasets, models and lineage share."""

import hashlib
import os

from cli_case import UUID, CliTest

NOBODY = "01980000-0000-7000-8000-000000000000"
UNSAFE = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]"
DATASET_FIELDS = ["run_id", "name", "digest", "frozen", "file_count", "total_size",
                  "sample_count", "schema", "source_uri", "source_version", "actor", "created_us"]


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
        return super().feed(text.encode(), *arguments, registry=self.uri)
