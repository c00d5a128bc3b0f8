"""Who restarts with whom, and when: the decisions behind `restart-with`.

A follower restarts once all that it follows, directly or by way of others, are done. So it restarts once for a restart
of several leaders, after the last of them, and once for a save that it shares with them. To make that sure, its own
change is held back while a leader has noticed a change or is restarting; a leader that fails is done, too.

Pure: a `Following` and what happened in, the next one and the restarts that are due out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reloadd.core.changes import ChangeSet
    from reloadd.core.order import Graph

LONGEST_HOLD = 10.0
"""Seconds that a follower's own change is held back: as long as requests wait for new code (`core.policy`). A leader
that takes longer to start is followed once more when it serves. A restart that only follows has no limit of its own:
that of each leader is bounded, by its `ready-timeout` and its attempts."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What the apps are busy with at one moment, as far as followers have to wait for it.

    Attributes:
        noticed: apps that have noticed a change which is not told yet, or are expected to notice one.
        restarting: apps of which a restart is under way; not one that failed and is tried again later.
    """

    noticed: Collection[str] = ()
    restarting: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A restart of a follower that is still to come, and what for. One of the two is there.

    Attributes:
        leader: the leader that restarted last; None if none did.
        changes: the follower's own changes; None if it has none.
    """

    leader: str | None = None
    changes: ChangeSet | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """The restarts of followers that are still to come."""

    _pending: Mapping[str, Pending] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def pending(self) -> frozenset[str]:
        """The followers that wait."""
        return frozenset(self._pending)

    @property
    def held(self) -> Mapping[str, ChangeSet]:
        """The changes that are held back, by the follower whose own they are."""
        return {name: each.changes for name, each in self._pending.items() if each.changes is not None}

    def restarted(self, graph: Graph, leader: str) -> Following:
        """Plan restarts for a leader that serves again, by itself or because it followed.

        Args:
            graph: for each app, its direct leaders. It has no cycles.
            leader: who serves again.
        """
        followers = [name for name, leaders in graph.items() if leader in leaders]
        return self._with({name: replace(self._pending_of(name), leader=leader) for name in followers})

    def changed(self, name: str, changes: ChangeSet) -> Following:
        """Plan a restart for a change of a follower's own files, together with what it waits with already."""
        pending = self._pending_of(name)
        return self._with({name: replace(pending, changes=_together(pending.changes, changes))})

    def due(self, graph: Graph, activity: Activity) -> tuple[Following, dict[str, Pending]]:
        """The restarts that need wait no longer, and what is still to come without them."""
        pending = {name: each for name, each in self._pending.items() if not self.waits_for(graph, activity, name)}
        return self.without(*pending), pending

    def waits_for(self, graph: Graph, activity: Activity, name: str) -> frozenset[str]:
        """The apps that a follower has to wait for: to restart now would be to restart twice."""
        leaders = all_leaders(graph, name)
        busy = leaders & {*self._pending, *activity.restarting}
        if self._pending_of(name).changes is None:
            return busy | ({name} & set(activity.noticed))
        return busy | (leaders & set(activity.noticed))

    def overdue(self, name: str) -> tuple[Following, Pending]:
        """A follower has waited for as long as it may: its restart, and what is still to come without it."""
        return self.without(name), self._pending_of(name)

    def without(self, *names: str) -> Following:
        """Plan no restart of these."""
        return Following(MappingProxyType({name: each for name, each in self._pending.items() if name not in names}))

    def _pending_of(self, name: str) -> Pending:
        return self._pending.get(name, Pending())

    def _with(self, pending: Mapping[str, Pending]) -> Following:
        return Following(MappingProxyType({**self._pending, **pending}))


def all_leaders(graph: Graph, name: str) -> frozenset[str]:
    """The apps that one follows, directly or by way of others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        more = set(graph.get(waiting.pop(), ())) - found
        found |= more
        waiting += more
    return frozenset(found)


def relatives(graph: Graph, name: str) -> frozenset[str]:
    """The apps that one follows, and those that follow it, directly or by way of others."""
    return all_leaders(graph, name).union(other for other in graph if name in all_leaders(graph, other))


def _together(earlier: ChangeSet | None, later: ChangeSet) -> ChangeSet:
    return later if earlier is None else earlier.followed_by(later)
