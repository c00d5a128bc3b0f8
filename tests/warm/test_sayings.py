"""What is said of modules that are left to the app, and how loudly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.obstacles import Failure, Obstacle
from reloadd.core.records import Level
from reloadd.core.starts import Source
from reloadd.warm.sayings import Sayings

if TYPE_CHECKING:
    from reloadd.core.records import Record


def test_only_what_is_unusual_is_told_to_everybody() -> None:
    """Frameworks import the user's code, and try what may be installed: that is for those who ask."""
    said: list[Record] = []
    sayings = Sayings("dev", said.append)

    sayings.excluded({"django.core": Failure(Obstacle.TOUCHED, "it runs main.py")})
    sayings.excluded({"uvicorn.watch": Failure(Obstacle.MISSING, "no watchfiles")})
    sayings.excluded({"polars": Failure(Obstacle.UNSAFE, "threads"), "broken": Failure(Obstacle.RAISED, "no")})

    assert [(each.name, each.level) for each in said] == [
        ("spare.excluded", Level.DEBUG),
        ("spare.excluded", Level.DEBUG),
        ("spare.excluded", Level.INFO),
        ("spare.excluded", Level.INFO),
    ]


def test_a_parked_process_says_how_many_were_left_out() -> None:
    """Which those were in an earlier run is told once, for those who ask; none is not worth a field."""
    said: list[Record] = []
    sayings = Sayings("dev", said.append)
    frame = {"word": "parked", "imported": 9, "took_ms": 5}

    for excluded in ({}, {"polars": "threads"}, {"polars": "threads"}):
        sayings.parked(7, Source.SPARE, frame, None, excluded)

    assert [(each.name, each.level, dict(each.fields).get("excluded")) for each in said] == [
        ("spare.parked", Level.INFO, None),
        ("spare.excluded", Level.DEBUG, None),
        ("spare.parked", Level.INFO, 1),
        ("spare.parked", Level.DEBUG, 1),
    ]
