"""Small graphs of names without cycles, made at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.order import dependants

if TYPE_CHECKING:
    import random

Graph = dict[str, tuple[str, ...]]


def random_graph(chance: random.Random) -> Graph:
    """Up to eight names, each after some of those before it: it has no cycle."""
    names = [chr(ord("a") + number) for number in range(chance.randint(1, 8))]
    return {
        name: tuple(chance.sample(names[:index], chance.randint(0, min(index, 3)))) for index, name in enumerate(names)
    }


def reachable(graph: Graph, start: str) -> set[str]:
    """All that come after `start`, directly or not."""
    later = dependants(graph)
    found: set[str] = set()
    waiting = list(later[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += later[name]
    return found
