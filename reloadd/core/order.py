"""In which order apps start and stop, and which wait: decisions about who comes after whom.

Pure: names and graphs in, names out. A graph has, for each profile's name, the names that it comes after. A name that
is not itself in the graph belongs to no app of the daemon, and is passed over.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.state import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reloadd.core.records import Record

    Graph = Mapping[str, Collection[str]]
    """For each app, those that it comes after, or that it restarts with."""


class Progress(Enum):
    """How an app stands for those that wait for it; the value is said to the user."""

    COMING = "not ready yet"
    READY = "ready"
    HELD = "held"
    DOWN = "down"
    REJECTED = "rejected"


_OF_STATE = {
    State.DOWN: Progress.DOWN,
    State.HELD: Progress.HELD,
    State.FINISHED: Progress.READY,
    State.SERVING: Progress.READY,
    State.REPLACING: Progress.READY,
}
"""In every other state an app is on its way."""

_STUCK = frozenset({Progress.HELD, Progress.DOWN, Progress.REJECTED})


def progress_after(record: Record, before: Progress) -> Progress:
    """How an app stands after this record about it. One that did its work and ended is as good as one that serves."""
    if record.name == "daemon.failed" and before is Progress.COMING:
        # What broke may have been what it needs to begin at all.
        return Progress.HELD
    if record.name == "supervisor.moved":
        return _OF_STATE.get(State(record.fields["after"]), Progress.COMING)
    return before


def awaited(after: Collection[str], progress: Mapping[str, Progress]) -> dict[str, Progress]:
    """Those that have to be ready first and are not, in the order in which the profile names them."""
    known = {name: progress[name] for name in after if name in progress}
    return {name: each for name, each in known.items() if each is not Progress.READY}


def is_stuck(awaited_ones: Mapping[str, Progress]) -> bool:
    """Whether somebody has to do something before the wait can end: each other wait is bounded by `ready-timeout`."""
    return any(each in _STUCK for each in awaited_ones.values())


def find_cycle(graph: Graph, start: str) -> tuple[str, ...] | None:
    """The shortest way from a name along the graph back to it, both ends named; None if there is none."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for earlier in graph.get(name, ()):
            if earlier == start:
                way = [start]
                while name != start:
                    way.append(name)
                    name = came_from[name]
                return (start, *reversed(way[1:]), start)
            if earlier in graph and earlier not in came_from:
                came_from[earlier] = name
                queue.append(earlier)
    return None


def dependants(graph: Graph) -> dict[str, tuple[str, ...]]:
    """For each name, those that come right after it: they stop before it does."""
    return {name: tuple(other for other, after in graph.items() if name in after) for name in graph}


def longest_chain(graph: Graph, seconds: Mapping[str, float]) -> float:
    """How long it takes, in seconds, until all have stopped, if each takes its own time once those after it are gone.

    The graph has no cycles.
    """
    later = dependants(graph)
    taken: dict[str, float] = {}

    def until_gone(name: str) -> float:
        if name not in taken:
            taken[name] = seconds[name] + max(map(until_gone, later[name]), default=0.0)
        return taken[name]

    return max(map(until_gone, graph), default=0.0)
