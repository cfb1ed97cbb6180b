# SPDX-License-Identifier: Apache-2.0
"""Rules about channels and the statuses of versions."""

from __future__ import annotations

import hypothesis.strategies as st
import modelreg
from hypothesis.stateful import precondition, rule
from machine_base import (
    CHANNEL,
    CHANNELS,
    EXPECTED,
    FLAG,
    HANDLE,
    INDEX,
    MODEL,
    REPLACEMENT,
    RESERVED,
    Opened,
)
from machine_requests import RequestRules
from model_records import (
    ACTIVE,
    DELETED,
    DEPRECATED,
    YANKED,
    Asked,
    Channel,
    Model,
    Refusals,
    Standing,
    Version,
)
from modelreg import YankChannels
from registry_compare import expect


class ChannelRules(RequestRules):
    """Channels, and what becomes of versions."""

    @rule(handle=HANDLE, model=MODEL, name=st.sampled_from(CHANNELS + CHANNELS + RESERVED))
    def create_channel(self, handle: int, model: str, name: str) -> None:
        opened, channels = self.handle(handle), self.model.models[model].channels
        refusals = Refusals()
        if name in RESERVED:
            refusals.add("INVALID_ARGUMENT")
        if name in channels:
            refusals.add("ALREADY_EXISTS", name)
        self.ask("create_channel", refusals, lambda: opened.model(model).create_channel(name))
        if not refusals:
            made = [each for each in opened.model(model).list_channels() if each.name == name]
            us = self.took(made[0].moved_us)
            channels[name] = Channel(name, opened.actor, us)
            self.model.changed(us)

    @precondition(lambda self: any(each.versions for each in self.model.models.values()))
    @rule(
        handle=HANDLE, model=MODEL, name=CHANNEL, index=INDEX, expected=EXPECTED,
        reason=st.sampled_from([None, "better"]), op=FLAG,
    )  # fmt: skip
    def move(
        self, handle: int, model: str, name: str, index: int, expected: str, reason: str | None,
        op: bool,
    ) -> None:  # fmt: skip
        opened, mine = self.handle(handle), self.model.models[model]
        version = self.pick_version(mine, index)
        text = str(version.number) if version and index % 2 else None
        text = text or (version.number.bare if version else "1.0.0")
        asked = Asked(
            version=text, channel=name, expected=self.expectation(mine, name, expected),
            description=reason, op_id=f"op {self.count}" if op else None,
        )  # fmt: skip
        refusals, chosen = self.model.check_move(model, asked)
        info = self.ask("move", refusals, lambda: self._move(opened.model(model), asked))
        if info is None:
            return
        assert chosen is not None
        held = mine.channels[name].held
        transition = f"channel/{name}"
        candidate = self.model.candidate(mine, chosen.run, chosen.number, transition, None)
        request = self.model.open(
            info.id, model, transition, candidate, asked, chosen.path,
            str(mine.versions[held].number) if held else "none", opened.actor,
            self.took(info.created_us),
        )  # fmt: skip
        self._told(opened, "move", request)

    @precondition(lambda self: any(each.channels for each in self.model.models.values()))
    @rule(
        handle=HANDLE, model=MODEL, name=CHANNEL, expected=EXPECTED, named=FLAG, index=INDEX,
        reason=st.sampled_from([None, "worse"]),
    )  # fmt: skip
    def roll_back(
        self, handle: int, model: str, name: str, expected: str, named: bool, index: int,
        reason: str | None,
    ) -> None:  # fmt: skip
        opened, mine = self.handle(handle), self.model.models[model]
        version = self.pick_version(mine, index)
        text = version.number.bare if named and version else None
        said = self.expectation(mine, name, expected)
        refusals, place = self.model.check_roll_back(mine, name, said, text)
        found = self.ask(
            "roll_back", refusals,
            lambda: opened.model(model).roll_back_channel(
                channel=name, expected=said, version=text, reason=reason
            ),
        )  # fmt: skip
        if found is None:
            return
        assert place is not None
        with found:
            expect(found.info.number.partition("+")[0], place.version, "version rolled back to")
        us = self._moved(opened, model, name)
        self.model.roll_back(mine.channels[name], place, reason, opened.actor, us)

    def _moved(self, opened: Opened, model: str, name: str) -> int:
        """When a channel was changed just now."""
        newest = next(opened.model(model).list_channel_moves(channel=name))
        return self.took(newest.moved_us)

    @precondition(lambda self: any(each.channels for each in self.model.models.values()))
    @rule(handle=HANDLE, model=MODEL, name=CHANNEL, expected=EXPECTED)
    def clear(self, handle: int, model: str, name: str, expected: str) -> None:
        opened, mine = self.handle(handle), self.model.models[model]
        said = self.expectation(mine, name, expected)
        refusals = self.model.check_clear(mine, name, said)
        self.ask(
            "clear", refusals,
            lambda: opened.model(model).clear_channel(channel=name, expected=said, reason="off"),
        )  # fmt: skip
        if not refusals and mine.channels[name].held is not None:
            us = self._moved(opened, model, name)
            self.model.clear(mine.channels[name], "off", opened.actor, us)

    # --- statuses --------------------------------------------------------------------------------

    def _open_version(
        self, opened: Opened, model: Model, version: Version
    ) -> modelreg.Version | None:
        """A handle, unless the version was deleted."""
        refusals = Refusals()
        if version.status == DELETED:
            refusals.add("NOT_FOUND", version.number.bare)
        number = str(version.number) if self.count % 2 else version.number.bare
        return self.ask(
            "open_version", refusals, lambda: opened.model(model.name).open_version(number)
        )

    def _stood(
        self, opened: Opened, model: Model, version: Version, status: str, reason: str | None,
        replacement: str | None,
    ) -> None:  # fmt: skip
        """Gives the model's version its new status, at the time that the library took."""
        with opened.model(model.name).open_version(version.number.bare) as handle:
            us = self.took(handle.info.status_us)
        self.model.stand(version, Standing(status, reason, replacement, opened.actor, us))

    @precondition(lambda self: any(each.versions for each in self.model.models.values()))
    @rule(
        handle=HANDLE, model=MODEL, index=INDEX, replacement=REPLACEMENT,
        reason=st.sampled_from(["old", "old", "slow", "slow", ""]),
    )  # fmt: skip
    def deprecate(
        self, handle: int, model: str, index: int, replacement: str | None, reason: str
    ) -> None:
        opened, mine = self.handle(handle), self.model.models[model]
        version = self.pick_version(mine, index)
        found = self._open_version(opened, mine, version) if version else None
        if version is None or found is None:
            return
        text = self.pick_replacement(mine, version, replacement)
        refusals, other = self.model.check_retire(mine, version, DEPRECATED, text)
        bare = other.number.bare if other else None
        known = other is not None or text is None
        same = known and version.now.answer == (DEPRECATED, reason, bare)
        if same:
            refusals.clear()
        if reason == "":
            refusals = Refusals(INVALID_ARGUMENT=["reason"])
        with found:
            self.ask(
                "deprecate", refusals,
                lambda: found.deprecate(reason=reason, replacement=text),
            )  # fmt: skip
        if not refusals and not same:
            self._stood(opened, mine, version, DEPRECATED, reason, bare)

    @precondition(lambda self: any(each.versions for each in self.model.models.values()))
    @rule(
        handle=HANDLE, model=MODEL, index=INDEX, reason=st.sampled_from([None, "again"]),
        what=st.sampled_from(["undeprecate", "unyank"]), prefer=FLAG,
    )  # fmt: skip
    def restore(
        self, handle: int, model: str, index: int, reason: str | None, what: str, prefer: bool
    ) -> None:
        """Takes back that a version was deprecated or yanked."""
        opened, mine = self.handle(handle), self.model.models[model]
        status = DEPRECATED if what == "undeprecate" else YANKED
        retired = [each for each in mine.versions.values() if each.status == status]
        version = retired[index % len(retired)] if retired and prefer else None
        version = version or self.pick_version(mine, index)
        found = self._open_version(opened, mine, version) if version else None
        if version is None or found is None:
            return
        refusals = Refusals()
        if what == "undeprecate" and version.status == YANKED:
            refusals.add("CONFLICT", "yanked")
        with found:
            call = found.undeprecate if what == "undeprecate" else found.unyank
            self.ask(what, refusals, lambda: call(reason))
        if refusals or version.status != status:
            return
        before, replacement = version.before_yank, None
        if what == "unyank" and before.status == DEPRECATED:
            if before.replacement and mine.versions[before.replacement].status != DELETED:
                replacement = before.replacement
            self._stood(opened, mine, version, DEPRECATED, before.reason, replacement)
        else:
            self._stood(opened, mine, version, ACTIVE, reason, None)

    @precondition(lambda self: any(each.versions for each in self.model.models.values()))
    @rule(
        handle=HANDLE, model=MODEL, index=INDEX, replacement=REPLACEMENT, held=FLAG,
        channels=st.sampled_from(list(YankChannels)),
        reason=st.sampled_from(["bad", "bad", "leaks", "leaks", ""]),
    )  # fmt: skip
    def yank(
        self, handle: int, model: str, index: int, replacement: str | None, held: bool,
        channels: YankChannels, reason: str,
    ) -> None:  # fmt: skip
        mine = self.model.models[model]
        version = self.pick_version(mine, index)
        for channel in mine.channels.values():
            if held and channel.held is not None:
                version = mine.versions[channel.held]
        if version is not None:
            bare = version.number.bare
            self.yank_number(handle, model, bare, replacement, channels, reason)

    def yank_number(
        self, handle: int, model: str, bare: str, replacement: str | None,
        channels: YankChannels, reason: str,
    ) -> None:  # fmt: skip
        opened, mine = self.handle(handle), self.model.models[model]
        version = mine.versions[bare]
        found = self._open_version(opened, mine, version)
        if found is None:
            return
        text = self.pick_replacement(mine, version, replacement)
        refusals, other = self.model.check_retire(mine, version, YANKED, text)
        instead = other.number.bare if other else None
        known = other is not None or text is None
        same = known and version.now.answer == (YANKED, reason, instead)
        if same:
            refusals.clear()
        else:
            self.model.check_let_go(mine, version, other, channels.name, refusals)
        if reason == "":
            refusals = Refusals(INVALID_ARGUMENT=["reason"])
        with found:
            self.ask(
                "yank", refusals,
                lambda: found.yank(reason=reason, channels=channels, replacement=text),
            )  # fmt: skip
        if refusals or same:
            return
        holders = len(mine.holders(bare))
        self.tally.outcomes[f"yank {channels.name} of {min(holders, 2)}"] += 1
        ids = {
            info.transition: info.id
            for info in reversed(list(opened.registry.list_requests(model=model))[:holders])
        }
        us = self.model.next_us
        self.model.let_go(mine, version, other, channels.name, reason, ids, opened.actor, us)
        with opened.model(model).open_version(bare) as handle_now:
            expect(handle_now.info.status_us, us, "time of a yank")
        self.model.stand(version, Standing(YANKED, reason, instead, opened.actor, us))

    @precondition(lambda self: any(each.versions for each in self.model.models.values()))
    @rule(handle=HANDLE, model=MODEL, index=INDEX, reason=st.sampled_from(["gone"] * 5 + [""]))
    def delete(self, handle: int, model: str, index: int, reason: str) -> None:
        opened, mine = self.handle(handle), self.model.models[model]
        version = self.pick_version(mine, index)
        found = self._open_version(opened, mine, version) if version else None
        if version is None or found is None:
            return
        refusals = self.model.check_delete(mine, version)
        if reason == "":
            refusals = Refusals(INVALID_ARGUMENT=["reason"])
        with found:
            self.ask("delete", refusals, lambda: found.delete(reason))
            if refusals:
                return
            us = self.took(self.model.next_us)
            self.model.stand(version, Standing(DELETED, reason, None, opened.actor, us))
            # What it is now is for those to see who still have a handle.
            gone = Refusals(NOT_FOUND=[version.number.bare])
            found.delete("again")
            self.ask("deprecate", gone, lambda: found.deprecate(reason="old"))
            self.ask("yank", gone, lambda: found.yank(reason="old"))
            self.ask("undeprecate", gone, found.undeprecate)
            self.ask("unyank", gone, found.unyank)
