"""Who is told of the same changes at the same time: every profile whose watch set is equal.

Keeps no file: only whom to tell, and the burst of changes that are yet to be told.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.records import record
from reloadd.core.settle import Burst

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterable, Sequence

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.core.settle import Finding
    from reloadd.profile.model import WatchSet
    from reloadd.watch.base import WatchStatistics
    from reloadd.watch.interest import Interest
    from reloadd.watch.shared import SharedWatch


_PORTION = 0.25
"""So large a part of what was found before is taken in at once, while more is being found."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Whom a member tells. See `Watcher.watch`.

    Attributes:
        profile: its name, which its records bear; None for the daemon.
        on_settled: is called with each set.
        on_burst: is called when a burst begins, and when it is over.
        on_ignored: is called with each file that was written and is as it was.
    """

    profile: str | None
    on_settled: Callable[[ChangeSet], None]
    on_burst: Callable[[Noticed | Quiet], None] | None
    on_ignored: Callable[[str], None] | None


class Member:
    """One profile's `Watch`: its place in a shared watch.

    Args:
        shared: what watches, for others too.
        audience: whom it is told together with.
        callbacks: whom it tells.
    """

    def __init__(self, shared: SharedWatch, audience: Audience, callbacks: Callbacks) -> None:
        self.profile = callbacks.profile
        self.shared = shared
        self.audience = audience
        self._callbacks = callbacks
        self._is_in_burst = False
        self._is_mute = False
        self._kept: list[ChangeSet] | None = []

    def statistics(self) -> WatchStatistics:
        """What is being looked at now."""
        return self.shared.statistics(self.audience)

    def close(self) -> None:
        """Stop telling of changes. Safe to call twice."""
        self.shared.leave(self)
        self.tell_of_burst(Quiet())

    def tell(self, changes: ChangeSet) -> None:
        """Pass a set on, or keep it until `open`."""
        if self._is_mute:
            return
        if self._kept is None:
            self._callbacks.on_settled(changes)
        else:
            self._kept.append(changes)

    def tell_of_burst(self, word: Noticed | Quiet) -> None:
        """Pass on that a burst begins or is over, unless that is known; before `open` none begins."""
        begins, on_burst = isinstance(word, Noticed), self._callbacks.on_burst
        if on_burst is not None and begins is not self._is_in_burst and not (begins and self._kept is not None):
            self._is_in_burst = begins
            on_burst(word)

    def tell_of_ignored(self, path: str) -> None:
        """Pass on that a file was written and is as it was."""
        if self._callbacks.on_ignored is not None:
            self._callbacks.on_ignored(path)

    def mute(self) -> None:
        """Pass no set on any more: another one tells what is to be told."""
        self._is_mute = True

    def forget(self) -> None:
        """Keep nothing of what was to be told until now."""
        if self._kept is not None:
            self._kept.clear()

    def open(self) -> None:
        """Pass on from now on, and what was kept first: until its `watch` has returned, a profile is told nothing."""
        kept, self._kept = self._kept or (), None
        for changes in kept:
            self._callbacks.on_settled(changes)


class Audience:
    """All members of a shared watch whose watch sets are equal.

    Args:
        watch_set: theirs.
        interest: which files matter to them.
        begun: is done once their baseline is taken.
        report: takes their records.

    Attributes:
        burst: what they are yet to be told.
        is_in_burst: whether they were told that something was noticed, and not yet that it is over.
        is_prepared: whether it was begun to look for them.
        is_found_on_a_walk: whether a part of the burst was found on a walk that may be yet to find the rest.
        degraded: the limits that they were told of, by error number.
    """

    def __init__(
        self, watch_set: WatchSet, interest: Interest, begun: Future[None], report: Callable[[Record], None]
    ) -> None:
        self.watch_set = watch_set
        self.interest = interest
        self.burst = Burst(quiet=watch_set.settle)
        self.is_in_burst = False
        self.is_prepared = False
        self.is_found_on_a_walk = False
        self.degraded: set[int] = set()
        self._found: list[Finding] = []
        self._begun = begun
        self._report = report
        self._members: list[Member] = []

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: Member) -> bool:
        return member in self._members

    def join(self, member: Member) -> None:
        """Tell this one too."""
        self._members.append(member)

    def leave(self, member: Member) -> None:
        """Tell this one no more."""
        self._members.remove(member)

    def tell(self, changes: ChangeSet) -> None:
        """Tell all of a set."""
        self._tell_each(lambda member: member.tell(changes))

    def tell_of_burst(self, word: Noticed | Quiet) -> None:
        """Tell all that a burst begins, or that it is over."""
        self.is_in_burst = isinstance(word, Noticed)
        self._tell_each(lambda member: member.tell_of_burst(word))

    def tell_of_ignored(self, path: str) -> None:
        """Tell all that a file was written and is as it was."""
        self._tell_each(lambda member: member.tell_of_ignored(path))

    def _tell_each(self, tell: Callable[[Member], None]) -> None:
        """The failure of one is recorded and hinders none."""
        for member in tuple(self._members):
            try:
                tell(member)
            except Exception as error:  # noqa: BLE001 - whoever was told broke, and the others are still to be told
                self._report(record("watch.failed", profile=member.profile, error=repr(error)))

    def say(self, said: Record) -> None:
        """A record for each profile."""
        for member in self._members:
            self._report(replace(said, profile=member.profile))

    @property
    def has_begun(self) -> bool:
        """Whether the baseline is taken."""
        return self._begun.done() and not self._begun.cancelled() and self._begun.exception() is None

    async def wait_begun(self) -> None:
        """Return when the baseline is taken.

        Raises:
            Exception: whatever kept it from being taken.
            CancelledError: nobody watches any more.
        """
        await asyncio.shield(self._begun)

    def begin(self) -> None:
        """Take note that the baseline is taken."""
        if not self._begun.done():
            self._begun.set_result(None)

    def fail(self, error: Exception) -> None:
        """Take note that the baseline cannot be taken, for those who wait for it."""
        if not self._begun.done():
            self._begun.set_exception(error)

    def cancel(self) -> None:
        """Let nobody wait any more."""
        self._begun.cancel()

    def find(self, findings: Iterable[Finding], now: float, *, is_answer: bool = False) -> None:
        """Take what a look showed into the burst. See `Burst.feed`."""
        self._found += findings
        self.feed(now, is_answer=is_answer)

    def find_on_a_walk(self, findings: Sequence[Finding], now: float) -> None:
        """The same while a walk goes on that keeps the burst open.

        It is taken in by portions of a growing size, for each costs as much as all that was taken in before.
        """
        self.is_found_on_a_walk = True
        self._found += findings
        if len(self._found) >= _PORTION * self.burst.size:
            self.feed(now)

    def feed(self, now: float, *, is_answer: bool = False) -> None:
        """Take in what is left of what was found."""
        if self._found:
            found, self._found = self._found, []
            self.burst = self.burst.feed(found, now, is_answer=is_answer)

    def is_burst_over(self, now: float) -> bool:
        """Whether its changes are to be told."""
        due = self.burst.due
        return due is not None and due <= now

    def close_burst(self, now: float) -> ChangeSet:
        """What is to be told now; the next burst begins."""
        self.feed(now)
        changes, self.burst = self.burst.close(now)
        self.is_found_on_a_walk = False
        return changes
