"""Who restarts with whom, and when: the decisions behind `restart-with`.

A leader's restart makes its followers restart, theirs make theirs, each once and in order: one that follows two waits
for both. Pure: a `Following` and what happened in, another one and the names that are to restart now out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Graph = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class _Awaiting:
    """What stands between a follower and its restart.

    Attributes:
        leaders: those that are still to restart.
        is_due: whether one has restarted: if none does, there is nothing to follow.
    """

    leaders: frozenset[str]
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Following:
    """The restarts that are still to come because of one that was."""

    _awaiting: Mapping[str, _Awaiting] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def pending(self) -> frozenset[str]:
        """Those that wait for a leader."""
        return frozenset(self._awaiting)

    def restarted(self, graph: Graph, leader: str) -> tuple[Following, tuple[str, ...]]:
        """A leader serves again: what is still to come, and who restarts now.

        Args:
            graph: for each name, those that it restarts with. It has no cycles.
            leader: who serves again, by itself or because it followed.
        """
        following = self
        if not any(leader in each.leaders for each in self._awaiting.values()):
            following = self._extended(graph, leader)
        return following._without(leader, restarted=True)  # noqa: SLF001 (another value of this class)

    def gave_up(self, leader: str) -> tuple[Following, tuple[str, ...]]:
        """A leader did not come to serve again: those that followed another one as well restart for that one."""
        return self._without(leader, restarted=False)

    def _extended(self, graph: Graph, leader: str) -> Following:
        """All that will restart because of this leader, each waiting for those among them that it follows."""
        affected = {leader}
        grows = True
        while grows:
            more = {name for name, leaders in graph.items() if affected.intersection(leaders)} - affected
            affected |= more
            grows = bool(more)
        awaiting = dict(self._awaiting)
        for name in graph:
            if name in affected and name != leader:
                known = awaiting.get(name, _Awaiting(frozenset()))
                awaiting[name] = replace(known, leaders=known.leaders | affected.intersection(graph[name]))
        return Following(MappingProxyType(awaiting))

    def _without(self, leader: str, *, restarted: bool) -> tuple[Following, tuple[str, ...]]:
        awaiting: dict[str, _Awaiting] = {}
        now: list[str] = []
        dropped: list[str] = []
        for name, each in self._awaiting.items():
            was_awaited = leader in each.leaders
            left = _Awaiting(each.leaders - {leader}, each.is_due or (was_awaited and restarted))
            if left.leaders or not was_awaited:
                awaiting[name] = left
            else:
                (now if left.is_due else dropped).append(name)
        following = Following(MappingProxyType(awaiting))
        for name in dropped:
            # It will not restart either: so say those that wait for it.
            following, also = following.gave_up(name)
            now += also
        return following, tuple(now)
