"""Who restarts with whom, and when: the decisions behind `restart-with`.

A follower restarts once everybody that it follows, directly or by way of others, is through: so it restarts once for a
restart of several, after the last of them, and once for a save that it shares with them. To see that, its own change is
held back while a change of theirs is noticed, or a restart of theirs is under way; if they fail, that is over too.

Pure: a `Following` and what happened in, another one and those that are to restart now out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reloadd.core.changes import ChangeSet

    Graph = Mapping[str, Collection[str]]

LONGEST_HOLD = 10.0
"""Seconds that a follower's own change is held back: as long as requests wait for new code (`core.policy`). Leaders
that take longer to start are followed once more when they serve. A restart that only follows has no limit of its own:
each leader's is bounded already, by its `ready-timeout` and its attempts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the apps stand at one moment, as far as others follow them.

    Attributes:
        noticed: those of which a change was noticed that is not told yet, or is expected to be.
        restarting: those of which a restart is under way; not one that failed and is tried again later.
    """

    noticed: Collection[str] = ()
    restarting: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What a follower restarts for, now that nobody is in its way.

    Attributes:
        leader: the one of its leaders that restarted last; None if none did.
        changes: its own changes; None if it has none. One of the two is there.
    """

    leader: str | None = None
    changes: ChangeSet | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """The restarts of followers that are still to come."""

    _pending: Mapping[str, Turn] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def pending(self) -> frozenset[str]:
        """Those that wait for others."""
        return frozenset(self._pending)

    @property
    def held(self) -> Mapping[str, ChangeSet]:
        """The changes that wait, by those among them whose own they are."""
        return {name: turn.changes for name, turn in self._pending.items() if turn.changes is not None}

    def restarted(self, graph: Graph, leader: str) -> Following:
        """A leader serves again, by itself or because it followed: those that follow it are to restart.

        Args:
            graph: for each name, those that it restarts with. It has no cycles.
            leader: who serves again.
        """
        followers = [name for name, leaders in graph.items() if leader in leaders]
        return self._with({name: replace(self._turn_of(name), leader=leader) for name in followers})

    def changed(self, name: str, changes: ChangeSet) -> Following:
        """A follower's own files changed; what waits already is told together with that."""
        return self._with({name: replace(self._turn_of(name), changes=_together(self._turn_of(name).changes, changes))})

    def due(self, graph: Graph, standing: Standing) -> tuple[Following, dict[str, Turn]]:
        """Those that wait no longer, and what is still to come without them."""
        turns = {name: turn for name, turn in self._pending.items() if not self.waits_for(graph, standing, name)}
        return self.without(*turns), turns

    def waits_for(self, graph: Graph, standing: Standing, name: str) -> frozenset[str]:
        """Whom one waits for whose restart would otherwise be the first of two."""
        leaders = all_leaders(graph, name)
        busy = leaders & {*self._pending, *standing.restarting}
        if self._turn_of(name).changes is None:
            return busy | ({name} & set(standing.noticed))
        return busy | (leaders & set(standing.noticed))

    def overdue(self, name: str) -> tuple[Following, Turn]:
        """One has waited for as long as it may: what it restarts for, and what is still to come without it."""
        return self.without(name), self._turn_of(name)

    def without(self, *names: str) -> Following:
        """Nothing more is to come of these."""
        return Following(MappingProxyType({name: turn for name, turn in self._pending.items() if name not in names}))

    def _turn_of(self, name: str) -> Turn:
        return self._pending.get(name, Turn())

    def _with(self, turns: Mapping[str, Turn]) -> Following:
        return Following(MappingProxyType({**self._pending, **turns}))


def all_leaders(graph: Graph, name: str) -> frozenset[str]:
    """Those that one follows, directly or by way of others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        more = set(graph.get(waiting.pop(), ())) - found
        found |= more
        waiting += more
    return frozenset(found)


def relatives(graph: Graph, name: str) -> frozenset[str]:
    """Those that one follows, and those that follow it, directly or by way of others."""
    return all_leaders(graph, name).union(other for other in graph if name in all_leaders(graph, other))


def _together(earlier: ChangeSet | None, later: ChangeSet) -> ChangeSet:
    return later if earlier is None else earlier.followed_by(later)
