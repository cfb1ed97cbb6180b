#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What check_changelog.py catches, in clones, shallow clones and trees without git."""

from __future__ import annotations

import os
import shutil
import unittest
from dataclasses import replace

import gate
import model
import mutants
import write_json


class ChangelogTest(mutants.GateTest):
    def setUp(self) -> None:
        super().setUp()
        self.header = self.include / "run.h"

    def check(self) -> tuple[int, str]:
        return self.run_gate("check_changelog.py", "--root", self.root)

    def git(self, *words: str) -> None:
        env = {key: text for key, text in os.environ.items() if not key.startswith("GIT_")}
        env |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
        done = gate.run(["git", *who, "-C", str(self.root), *words], env=env)
        self.assertEqual(done.returncode, 0, done.stdout)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A change")

    def change_header(self) -> None:
        with self.header.open("a", encoding="utf-8") as file:
            file.write("/* changed */\n")

    def change_log(self, text: str = "* Said so.") -> None:
        with (self.root / "CHANGELOG.md").open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def change_other(self) -> None:
        (self.root / "other").write_text(os.urandom(8).hex(), encoding="utf-8")

    def start(self) -> None:
        """A clone with some history."""
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()
        self.change_other()
        self.commit()

    def make_shallow(self, depth: int) -> None:
        full = self.root.with_name("full")
        self.root.rename(full)
        source, target = full.as_uri(), str(self.root)
        gate.run_or_die(["git", "clone", "--quiet", f"--depth={depth}", source, target])

    def set_api(self, **what: object) -> None:
        """The API of the next version, changed so."""
        changes: dict[str, object] = {"version": mutants.NEXT, **what}
        api: model.Api = replace(mutants.API, **changes)  # type: ignore[arg-type]
        (self.root / gate.API).write_text(write_json.write_json(api)[str(gate.API)])

    def test_clone_in_which_all_is_said(self) -> None:
        self.start()
        self.expect_good(self.check())
        self.change_header()
        self.change_log()
        self.expect_good(self.check())
        self.commit()
        self.expect_good(self.check())
        self.change_other()
        self.commit()
        self.expect_good(self.check())

    def test_said_in_a_later_commit(self) -> None:
        self.start()
        self.change_header()
        self.commit()
        self.change_log()
        self.expect_good(self.check())
        self.commit()
        self.expect_good(self.check())

    def test_change_that_is_not_committed(self) -> None:
        self.start()
        self.change_header()
        self.expect(self.check(), "not committed")
        self.git("add", "--all")
        self.expect(self.check(), "not committed")

    def test_new_header_that_git_does_not_know(self) -> None:
        self.start()
        (self.include / "more.h").write_text("", encoding="utf-8")
        self.expect(self.check(), "not committed")

    def test_header_that_is_deleted(self) -> None:
        self.start()
        self.header.unlink()
        self.expect(self.check(), "not committed")
        self.commit()
        self.expect(self.check(), "CHANGELOG.md was not changed since")

    def test_commit_that_says_nothing(self) -> None:
        self.start()
        self.change_header()
        self.commit()
        self.change_other()
        self.commit()
        self.expect(self.check(), "CHANGELOG.md was not changed since")

    def test_branch_that_says_nothing(self) -> None:
        """The changelog's own change is later in time, but knows nothing of the headers'."""
        self.start()
        self.git("checkout", "--quiet", "-b", "branch")
        self.change_header()
        self.commit()
        self.git("checkout", "--quiet", "main")
        self.change_log()
        self.commit()
        self.git("merge", "--quiet", "--no-edit", "branch")
        self.expect(self.check(), "CHANGELOG.md was not changed since")

    def test_branches_that_both_say_so(self) -> None:
        self.set_changelog(f"## {mutants.NEXT} (unreleased)\n" + "\n" * 20 + "* Last.\n")
        self.start()
        self.git("checkout", "--quiet", "-b", "branch")
        self.change_header()
        self.change_log()
        self.commit()
        self.git("checkout", "--quiet", "main")
        self.header = self.include / "error.h"
        self.change_header()
        mutants.replace(self.root / "CHANGELOG.md", "# Changelog\n", "# Changelog\n\n* First.\n")
        self.commit()
        self.git("merge", "--quiet", "--no-edit", "branch")
        self.expect_good(self.check())

    def test_shallow_clone(self) -> None:
        self.start()
        self.change_header()
        self.commit()
        self.change_other()
        self.commit()
        self.make_shallow(1)
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("shallow", said)
        self.assertIn("0 public names are new", said)
        self.change_header()
        self.expect(self.check(), "not committed")
        self.commit()
        self.expect(self.check(), "CHANGELOG.md was not changed since")
        self.change_log()
        self.commit()
        self.expect_good(self.check())

    def test_shallow_clone_that_reaches_far_enough(self) -> None:
        self.start()
        self.change_header()
        self.commit()
        self.make_shallow(2)
        self.expect(self.check(), "CHANGELOG.md was not changed since")

    def test_tree_within_another_clone(self) -> None:
        """What was unpacked somewhere in a clone is none."""
        self.start()
        inner = self.root / "unpacked"
        shutil.copytree(self.root, inner, ignore=shutil.ignore_patterns(".git", "unpacked"))
        self.change_header()
        self.root = inner
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("no clone", said)

    def test_no_release_is_kept(self) -> None:
        shutil.rmtree(self.release.folder)
        self.expect(self.check(), "keeps no release")

    def test_names_of_a_shallow_clone(self) -> None:
        doc = model.Doc("Something new.", mutants.NEXT, "")
        function = replace(mutants.API.functions[0], name="mr_new_thing", doc=doc)
        self.set_api(functions=(*mutants.API.functions, function))
        self.start()
        self.make_shallow(1)
        self.expect(self.check(), "shallow", "mr_new_thing is new since")

    def test_names_without_git(self) -> None:
        doc = model.Doc("Something new.", mutants.NEXT, "")
        function = replace(mutants.API.functions[0], name="mr_new_thing", doc=doc)
        enum = mutants.API.enums[0]
        constant = model.Constant("MR_NEW_NUMBER", 1000, doc)
        struct = next(each for each in mutants.API.structs if each.name == "mr_history_options")
        field = replace(struct.fields[-1], name="new_limit", doc=doc)
        new_struct = replace(struct, fields=(*struct.fields, field))
        self.set_api(
            functions=(*mutants.API.functions, function),
            enums=(replace(enum, constants=(*enum.constants, constant)), *mutants.API.enums[1:]),
            structs=tuple(new_struct if s is struct else s for s in mutants.API.structs),
        )
        top, old = f"## {mutants.NEXT} (unreleased)\n\n", f"\n## {mutants.VERSION} (2026-01-01)\n\n"
        names = "* mr_new_thing(), `MR_NEW_NUMBER`\n", "* mr_history_options.new_limit.\n"
        self.set_changelog(top + "".join(names) + old)
        self.expect_good(self.check())
        self.set_changelog(top + names[0] + old + names[1])
        self.expect(self.check(), "mr_history_options.new_limit is new since")
        self.set_changelog(top + "* mr_new_things, MR_NEW_NUMBER_2\n" + names[1] + old)
        self.expect(self.check(), "mr_new_thing is new since", "MR_NEW_NUMBER is new since")
        self.set_changelog(f"## {mutants.VERSION} (2026-01-01)\n\n" + "".join(names))
        self.expect(self.check(), "CHANGELOG.md has no section for what comes after")


if __name__ == "__main__":
    unittest.main()
