"""Who starts after whom: the graphs, on small examples and at random."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from reloadd.core.order import (
    Progress,
    awaited,
    dependants,
    find_cycle,
    is_stuck,
    longest_chain,
    progress_after,
)
from reloadd.core.records import record
from tests.support.graphs import Graph, random_graph, reachable

WALKS = 300
"""Random graphs, each walked once."""


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({"a": ()}, None),
        ({"a": ("b",), "b": ()}, None),
        ({"a": ("gone",)}, None),
        ({"a": ("a",)}, ("a", "a")),
        ({"a": ("b",), "b": ("a",)}, ("a", "b", "a")),
        ({"a": ("b", "c"), "b": ("d",), "c": ("a",), "d": ("a",)}, ("a", "c", "a")),
        ({"a": ("b",), "b": ("c",), "c": ("b",)}, None),
    ],
)
def test_the_shortest_way_back_is_the_cycle(graph: Graph, cycle: tuple[str, ...] | None) -> None:
    """A circle that does not lead through the name is another one's."""
    assert find_cycle(graph, "a") == cycle


def test_only_what_is_not_ready_is_waited_for() -> None:
    """A name that belongs to no app holds nothing up; an order of names is kept."""
    progress = {"db": Progress.HELD, "cache": Progress.READY, "queue": Progress.COMING}

    waiting = awaited(("queue", "cache", "db", "unknown"), progress)

    assert list(waiting.items()) == [("queue", Progress.COMING), ("db", Progress.HELD)]
    assert is_stuck(waiting)
    assert not is_stuck({"queue": Progress.COMING})
    assert is_stuck({"wrong": Progress.REJECTED})


@pytest.mark.parametrize(
    ("said", "progress"),
    [
        (record("supervisor.moved", before="starting", after="serving"), Progress.READY),
        (record("supervisor.moved", before="serving", after="replacing"), Progress.READY),
        (record("supervisor.moved", before="serving", after="stopping"), Progress.COMING),
        (record("supervisor.moved", before="starting", after="backoff"), Progress.COMING),
        (record("supervisor.moved", before="starting", after="held"), Progress.HELD),
        (record("supervisor.moved", before="stopping", after="down"), Progress.DOWN),
        (record("supervisor.moved", before="starting", after="finished"), Progress.READY),
        (record("child.ready", pid=1, took_ms=2), Progress.COMING),
        (record("daemon.failed", error="OSError()", where="running `db`"), Progress.HELD),
    ],
)
def test_progress_follows_from_what_is_said(said: object, progress: Progress) -> None:
    """What ended well is as good as what serves; what says nothing of it changes nothing."""
    assert progress_after(said, Progress.COMING) is progress  # type: ignore[arg-type]  # parametrized values are objects


@pytest.mark.parametrize("seed", range(3))
def test_random_graphs_have_no_cycle_until_one_is_closed(seed: int) -> None:
    """An edge back from what came first to what came later closes one, and it is found as it is."""
    chance = random.Random(seed)  # noqa: S311 (nothing is to be kept secret)
    for _ in range(WALKS):
        graph = random_graph(chance)
        assert all(find_cycle(graph, name) is None for name in graph)
        start = chance.choice(list(graph))
        later = sorted(reachable(graph, start))
        if not later:
            continue
        end = chance.choice(later)
        closed = {**graph, start: (*graph[start], end)}
        cycle = find_cycle(closed, start)

        assert cycle is not None
        assert cycle[0] == cycle[-1] == start
        assert len(set(cycle)) == len(cycle) - 1
        assert all(after in closed[name] for name, after in pairwise(cycle))


@pytest.mark.parametrize("seed", range(3))
def test_random_stops_take_as_long_as_the_longest_chain(seed: int) -> None:
    """Played through second by second, the last one is gone when it was said that it would be."""
    chance = random.Random(seed)  # noqa: S311 (nothing is to be kept secret)
    for _ in range(WALKS):
        graph = random_graph(chance)
        seconds = {name: float(chance.randint(0, 5)) for name in graph}
        later = dependants(graph)
        gone_at: dict[str, float] = {}
        while len(gone_at) < len(graph):
            for name in graph:
                if name not in gone_at and all(other in gone_at for other in later[name]):
                    gone_at[name] = seconds[name] + max((gone_at[other] for other in later[name]), default=0.0)

        assert longest_chain(graph, seconds) == max(gone_at.values())
