# SPDX-License-Identifier: Apache-2.0
"""What the rules of a gate read of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_records import Model, Run, Version
from plain_rules import Fact
from plain_semver import Number

if TYPE_CHECKING:
    from registry_model import RegistryModel


class Candidate:
    """What rules read, and which evaluations they have found."""

    def __init__(
        self,
        registry: RegistryModel,
        model: Model,
        run: Run,
        number: Number,
        tags: dict[str, str],
        incumbent: Version | None,
        sealed: dict[str, Run],
    ) -> None:
        self.registry, self.model, self.run, self.number = registry, model, run, number
        self.tags, self.incumbent = tags, incumbent
        self.evaluations = dict(sealed)

    def fact(self, path: str) -> Fact:
        """What stands at a path of gate.h."""
        family, _, rest = path.partition(".")
        if family == "metrics":
            return Fact(self.run.metric(rest))
        if family == "params":
            return Fact(self.run.params.get(rest))
        if family == "tags":
            return Fact(self.tags.get(rest))
        if family == "checks":
            return Fact(self.run.checks.get(rest), open=rest not in self.run.checks)
        if family == "approvals":
            return Fact(0.0, open=True)
        if family == "channel":
            return Fact(self._hours(rest.partition(".")[0]), open=True)
        if family == "version":
            return Fact(".".join(self.number.prerelease) or None)
        if family == "incumbent":
            return self._incumbent(rest)
        assert family == "evaluations"
        return self._evaluation(rest)

    def _hours(self, channel: str) -> float | None:
        """How long the channel holds this version now."""
        found = self.model.channels.get(channel)
        if found is None or found.held != self.number.bare:
            return None
        return max(0, self.registry.next_us - found.moves[-1].us) / 3_600_000_000

    def _incumbent(self, rest: str) -> Fact:
        if self.incumbent is None:
            return Fact(None)
        if not rest:
            return Fact(str(self.incumbent.number))
        assert rest.startswith("metrics.")
        return Fact(self.incumbent.run.metric(rest.removeprefix("metrics.")))

    def _evaluation(self, rest: str) -> Fact:
        name, _, what = rest.partition(".metrics.")
        if name not in self.evaluations:
            found = self.registry.latest_evaluation(name, self.run)
            if found is None:
                return Fact(None, open=True)
            self.evaluations[name] = found
        return Fact(self.evaluations[name].metric(what))
