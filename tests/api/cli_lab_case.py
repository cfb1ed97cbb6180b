# SPDX-License-Identifier: Apache-2.0
"""What the tests of modelreg(1) on experiments and runs share."""

import os

from cli_case import UUID, CliTest

NOBODY = "01980000-0000-7000-8000-000000000000"
HEX = "00112233445566778899aabbccddeeff" * 2
BIDI = "a\u202eb\u2066c"
RUN_FIELDS = [
    "id", "name", "kind", "status", "sealed", "experiment_id", "experiment_name", "parent_run_id",
    "actor", "started_us", "ended_us", "source_commit", "source_entry_point", "source_state",
    "environment_host", "environment_packages_digest", "environment_image_digest"]
SHOW_FIELDS = RUN_FIELDS + ["params", "tags", "metrics", "inputs", "checks", "artifacts"]


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

    def show(self, run):
        return self.json("run", "show", run)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)
