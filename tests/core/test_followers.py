"""Who restarts with whom, and whose change waits for whom: on small examples and at random."""

from __future__ import annotations

import random

import pytest

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.followers import Activity, Following, Pending, relatives
from tests.support.graphs import Graph, random_graph, reachable

WALKS = 300
"""Random graphs, each walked once."""

PAIR: Graph = {"api": (), "web": ("api",)}
CHAIN: Graph = {"api": (), "web": ("api",), "proxy": ("web",)}
NOBODY = Activity()


def saved(path: str, kind: ChangeKind = ChangeKind.MODIFIED, at: float = 1.0) -> ChangeSet:
    """A set of one file."""
    return ChangeSet((Change(kind, path),), at, at)


SHARED = saved("/shop/shared.py")


def test_a_change_of_the_follower_alone_waits_for_nobody() -> None:
    """Nor does it while others are busy that it does not follow."""
    following, due = Following().changed("web", SHARED).due(PAIR, Activity(restarting={"web", "free"}))

    assert due == {"web": Pending(None, SHARED)}
    assert following.pending == frozenset()


def test_a_change_of_the_leader_alone_is_followed_once() -> None:
    """When it serves, and not before."""
    following = Following().restarted(PAIR, "api")

    following, due = following.due(PAIR, NOBODY)
    assert due == {"web": Pending("api")}
    assert following.due(PAIR, NOBODY) == (Following(), {})


@pytest.mark.parametrize("activity", [Activity(noticed={"api"}), Activity(restarting={"api"})])
def test_a_shared_change_restarts_the_follower_once_when_its_leader_serves(activity: Activity) -> None:
    """Whether the leader has only noticed it yet, or restarts already; the one restart names the files."""
    following, due = Following().changed("web", SHARED).due(PAIR, activity)
    assert due == {}
    assert following.held == {"web": SHARED}

    following, due = following.restarted(PAIR, "api").due(PAIR, NOBODY)
    assert due == {"web": Pending("api", SHARED)}
    assert following.due(PAIR, NOBODY)[1] == {}


def test_without_a_restart_of_the_leader_the_followers_own_change_is_acted_on() -> None:
    """Whether its new code failed, it was stopped, or nothing was new for it: it is through, and has not restarted."""
    following, _ = Following().changed("web", SHARED).due(PAIR, Activity(restarting={"api"}))

    assert following.due(PAIR, NOBODY)[1] == {"web": Pending(None, SHARED)}


def test_a_restart_that_only_follows_waits_for_what_the_follower_itself_has_noticed() -> None:
    """Its own change may come a moment after its leader serves; a leader that notices more does not hold it up."""
    following, due = Following().restarted(PAIR, "api").due(PAIR, Activity(noticed={"web"}))
    assert due == {}

    assert following.changed("web", SHARED).due(PAIR, Activity(noticed={"web"}))[1] == {"web": Pending("api", SHARED)}
    assert following.due(PAIR, Activity(noticed={"api"}))[1] == {"web": Pending("api")}


def test_a_change_during_the_hold_is_told_with_what_waits() -> None:
    """What came and went again is told as well: somebody may have seen it."""
    following = Following().changed("web", SHARED).changed("web", saved("/shop/web.py", at=3.0))
    _, due = following.restarted(PAIR, "api").due(PAIR, NOBODY)

    changes = due["web"].changes
    assert changes is not None
    assert (changes.paths, changes.seen_at) == (("/shop/shared.py", "/shop/web.py"), 1.0)
    came = Following().changed("web", saved("/shop/new.py", ChangeKind.CREATED))
    went = saved("/shop/new.py", ChangeKind.DELETED)
    assert came.changed("web", went).due(PAIR, NOBODY)[1] == {"web": Pending(None, went)}


def test_a_chain_goes_one_after_the_other() -> None:
    """The last one waits for the first one too, though it does not follow it directly."""
    following = Following().changed("proxy", SHARED).changed("web", SHARED)
    following, due = following.due(CHAIN, Activity(noticed={"api"}))
    assert due == {}

    following, due = following.restarted(CHAIN, "api").due(CHAIN, NOBODY)
    assert due == {"web": Pending("api", SHARED)}
    following, due = following.due(CHAIN, Activity(restarting={"web"}))
    assert due == {}
    _, due = following.restarted(CHAIN, "web").due(CHAIN, NOBODY)
    assert due == {"proxy": Pending("web", SHARED)}


def test_whoever_has_waited_for_too_long_goes_and_follows_again() -> None:
    """Nothing of what waited is told a second time."""
    following, pending = Following().changed("web", SHARED).overdue("web")

    assert (pending, following.pending) == (Pending(None, SHARED), frozenset())
    assert following.restarted(PAIR, "api").due(PAIR, NOBODY)[1] == {"web": Pending("api")}


def test_relatives_are_all_leaders_and_all_followers() -> None:
    """Also by way of others; not those that merely follow the same app."""
    graph = {**CHAIN, "worker": ("api",), "free": ()}

    assert relatives(graph, "web") == {"api", "proxy"}
    assert relatives(graph, "api") == {"web", "proxy", "worker"}
    assert relatives(graph, "free") == frozenset()


@pytest.mark.parametrize("seed", range(3))
def test_random_saves_restart_each_once_and_in_order(seed: int) -> None:
    """Whoever follows something that restarts does so once, after all those that it follows; so does who has changed.

    Some fail, which nobody follows; what has changed at a follower is acted on all the same.
    """
    chance = random.Random(seed)  # noqa: S311 (nothing is to be kept secret)
    for _ in range(WALKS):
        graph = random_graph(chance)
        # Each has noticed the save before one of them is told of it.
        noticed = {name for name in graph if chance.random() < 0.5}
        following, under_way = Following(), set[str]()
        served: set[str] = set()
        failed: set[str] = set()

        def begin(graph: Graph = graph, noticed: set[str] = noticed, under_way: set[str] = under_way) -> None:
            nonlocal following
            following, due = following.due(graph, Activity(noticed, under_way))
            under_way.update(due)

        for name in chance.sample(sorted(noticed), len(noticed)):
            following = following.changed(name, SHARED)
            begin()
            noticed.remove(name)
            begin()
        changed = {*under_way, *following.held}
        while under_way:
            name = chance.choice(sorted(under_way))
            under_way.remove(name)
            assert name not in served | failed
            assert not {each for each in under_way | following.pending if name in reachable(graph, each)}
            if chance.random() < 0.3:
                failed.add(name)
            else:
                served.add(name)
                following = following.restarted(graph, name)
            begin()

        assert following.pending == frozenset()
        for name in graph:
            assert (name in served | failed) == (name in changed or bool(set(graph[name]) & served))
