"""Who is told of one watch set's changes: every profile that watches the same files by the same rules.

Keeps no file and no time: only whom to tell, and what latecomers missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.records import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record, Value
    from reloadd.watch.base import WatchStatistics
    from reloadd.watch.session import Session


class Member:
    """One profile's `Watch`: its place in a session that it may share with others.

    Args:
        profile: its name, which its records bear; None for the daemon.
        session: what watches.
        on_settled: is called with each set.
        on_burst: is called when a burst begins, and when it is over.
    """

    def __init__(
        self,
        profile: str | None,
        session: Session,
        on_settled: Callable[[ChangeSet], None],
        on_burst: Callable[[Noticed | Quiet], None] | None,
    ) -> None:
        self.profile = profile
        self.session = session
        self._on_settled = on_settled
        self._on_burst = on_burst
        self._is_in_burst = False
        self._kept: list[ChangeSet] | None = []

    def statistics(self) -> WatchStatistics:
        """What is being looked at now."""
        return self.session.statistics()

    def close(self) -> None:
        """Stop telling of changes. Safe to call twice."""
        self.session.leave(self)
        self.tell_of_burst(Quiet())

    def tell(self, changes: ChangeSet) -> None:
        """Pass a set on, or keep it until `open`."""
        if self._kept is None:
            self._on_settled(changes)
        else:
            self._kept.append(changes)

    def tell_of_burst(self, word: Noticed | Quiet) -> None:
        """Pass on that a burst begins or is over, unless that is known; before `open` none begins."""
        begins = isinstance(word, Noticed)
        if self._on_burst is not None and begins is not self._is_in_burst and not (begins and self._kept is not None):
            self._is_in_burst = begins
            self._on_burst(word)

    def open(self) -> None:
        """Pass on from now on, and what was kept first: until its `watch` has returned, a profile is told nothing."""
        kept, self._kept = self._kept or (), None
        for changes in kept:
            self._on_settled(changes)


class Audience:
    """All members of one session.

    Args:
        report: takes their records.

    Attributes:
        is_in_burst: whether they were told that something was noticed, and not yet that it is over.
    """

    def __init__(self, report: Callable[[Record], None]) -> None:
        self._report = report
        self._members: list[Member] = []
        self._standing: list[tuple[str, dict[str, Value]]] = []
        self.is_in_burst = False

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: Member) -> bool:
        return member in self._members

    def join(self, member: Member) -> None:
        """Tell this one too, and at once what was said for good."""
        self._members.append(member)
        for name, fields in self._standing:
            self._report(record(name, profile=member.profile, **fields))

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

    def _tell_each(self, tell: Callable[[Member], None]) -> None:
        """The failure of one is recorded and hinders none."""
        for member in tuple(self._members):
            try:
                tell(member)
            except Exception as error:  # noqa: BLE001 - whoever was told broke, and the others are still to be told
                self._report(record("watch.failed", profile=member.profile, error=repr(error)))

    def say(self, name: str, **fields: Value) -> None:
        """A record for each profile."""
        for member in self._members:
            self._report(record(name, profile=member.profile, **fields))

    def say_for_good(self, name: str, **fields: Value) -> None:
        """A record for each profile, also for those that join later."""
        self._standing.append((name, fields))
        self.say(name, **fields)
