"""Who is told of one watch set's changes: every profile that watches the same files by the same rules.

Keeps no file and no time: only whom to tell, and what latecomers missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """

    def __init__(self, profile: str | None, session: Session, on_settled: Callable[[ChangeSet], None]) -> None:
        self.profile = profile
        self.session = session
        self._on_settled = on_settled
        self._kept: list[ChangeSet] | None = []

    def statistics(self) -> WatchStatistics:
        """What is being looked at now."""
        return self.session.statistics()

    def close(self) -> None:
        """Stop telling of changes. Safe to call twice."""
        self.session.leave(self)

    def tell(self, changes: ChangeSet) -> None:
        """Pass a set on, or keep it until `open`."""
        if self._kept is None:
            self._on_settled(changes)
        else:
            self._kept.append(changes)

    def open(self) -> None:
        """Pass on from now on, and what was kept first: until its `watch` has returned, a profile is told nothing."""
        kept, self._kept = self._kept or (), None
        for changes in kept:
            self._on_settled(changes)


class Audience:
    """All members of one session.

    Args:
        report: takes their records.
    """

    def __init__(self, report: Callable[[Record], None]) -> None:
        self._report = report
        self._members: list[Member] = []
        self._standing: list[tuple[str, dict[str, Value]]] = []

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
        """Tell all; the failure of one is recorded and hinders none."""
        for member in tuple(self._members):
            try:
                member.tell(changes)
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
