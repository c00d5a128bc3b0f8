"""Who shares one tree of watches: profiles come and go, and each is told what it watches.

Looks at nothing: see `turns`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from reloadd.core.changes import ChangeSet
from reloadd.core.paths import outermost
from reloadd.core.records import Level, make_record
from reloadd.watch.audience import Audience, Member
from reloadd.watch.base import WatchStatistics
from reloadd.watch.inbox import Inbox
from reloadd.watch.lookout import Lookout
from reloadd.watch.turns import Turns
from reloadd.workers import start_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reloadd.core.changes import Change
    from reloadd.core.records import Record
    from reloadd.profile.model import WatchSet
    from reloadd.watch.audience import Callbacks
    from reloadd.watch.inbox import Source
    from reloadd.watch.manner import Manner
    from reloadd.watch.signature import Signature


class SharedWatch:
    """One tree, for all profiles that share it. Ended when the last member leaves.

    Its audiences differ in where they look, in their globs and in their pace; what a file is, is found out once
    for all.

    Args:
        manner: how all of them look.
        source: where events come from; None to poll everything.
        report: takes the records of all members.
        on_empty: called when nobody is left.
    """

    def __init__(
        self,
        manner: Manner,
        *,
        source: Source | None,
        report: Callable[[Record], None],
        on_empty: Callable[[], None],
    ) -> None:
        # One look is made at a time, so that one thread is enough; it waits for a disk without holding up others.
        self._executor = start_workers(1, "watch")
        self._publish = report
        self._on_empty = on_empty
        self._loop = asyncio.get_running_loop()
        inbox = Inbox()
        self.lookout = Lookout(manner, source, inbox)
        self._audiences: dict[WatchSet, Audience] = {}
        self._turns = Turns(
            lambda: tuple(self._audiences.values()),
            self.lookout,
            inbox,
            poll_interval=manner.poll_interval,
            executor=self._executor,
        )
        self._closed = False

    async def join(self, watch_set: WatchSet, callbacks: Callbacks) -> Member:
        """Watch for one more profile; from the return on it is told, as soon as its member is opened."""
        # What the app imports is watched by another watch.
        key = replace(watch_set, imported=True)
        audience = self._audiences.get(key)
        if audience is None:
            begun = self._loop.create_future()
            audience = Audience(key, self.lookout.interest_of(key), begun, self._publish)
            self._audiences[key] = audience
            self._turns.regroup()
        member = Member(self, audience, callbacks)
        for degraded in self._turns.refusals.told_to(audience):
            self._publish(replace(degraded, profile=member.profile))
        audience.join(member)
        try:
            await audience.wait_begun()
        except BaseException:
            self.leave(member)
            raise
        return member

    def leave(self, member: Member) -> None:
        """Tell this one no more; the last one ends the watching. Safe to call twice."""
        audience = member.audience
        if member not in audience:
            return
        audience.leave(member)
        if not len(audience):
            del self._audiences[audience.watch_set]
            # What only they looked for is forgotten now, and not beside the next save.
            self._turns.regroup()
        if not self._audiences:
            self.close()

    async def told(self, member: Member) -> dict[str, Signature]:
        """All files that matter to one member, as it was told of them last: it is told no more from then on."""
        interest = member.audience.interest
        return await self._turns.jobs.ask(lambda: self.lookout.told(interest), lambda _: member.mute())

    async def tell_since(
        self, member: Member, before: Mapping[str, Signature], was_wanted: Callable[[str], bool]
    ) -> None:
        """Tell one member how what it counts as told differs from what another was told: see `Lookout.differences`."""
        interest, noticed_at = member.audience.interest, self._loop.time()

        def tell(changes: tuple[Change, ...]) -> None:
            if changes:
                member.tell(ChangeSet(changes, seen_at=noticed_at, settled_at=self._loop.time()))

        await self._turns.jobs.ask(lambda: self.lookout.differences(interest, before, was_wanted), tell)

    def statistics(self, audience: Audience) -> WatchStatistics:
        """What is being looked at now for an audience.

        Raises:
            RuntimeError: it has not begun.
        """
        if not audience.has_begun:
            raise RuntimeError("the baseline is not taken yet")
        interest = audience.interest
        return WatchStatistics(
            self.lookout.means_for(interest),
            self.lookout.files_for(interest),
            self.lookout.directories_for(interest),
        )

    @property
    def is_at_rest(self) -> bool:
        """Whether all files are looked at and read that are to be."""
        return self._turns.is_at_rest

    def close(self) -> None:
        """Tell nobody any more. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._turns.close()
        for audience in self._audiences.values():
            audience.cancel()
        self._executor.submit(self.lookout.close)
        self._executor.shutdown(wait=False)
        self._on_empty()

    def remounted(self, points: frozenset[str]) -> None:
        """Take note of mounts that came or went at these places: no event tells what is seen there now."""
        if any(self.lookout.is_about(point) for point in points):
            self._turns.doubt()

    def say_started(self, member: Member, since: float) -> None:
        """Say what one member watches, and how long that took."""
        statistics = self.statistics(member.audience)
        self._publish(
            make_record(
                "watch.started",
                {
                    "backend": statistics.means.value,
                    "roots": outermost(map(str, member.audience.watch_set.roots)),
                    "files": statistics.files,
                    "directories": statistics.directories,
                    "took_ms": round((self._loop.time() - since) * 1000, 1),
                },
                profile=member.profile,
                # The daemon's own watch of the profiles is no news to anybody.
                level=None if member.profile is not None else Level.DEBUG,
            )
        )
