"""The benchmark of watching measures what it says: our own ways, on a few files. The peers are measured by hand."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("it reads Linux's /proc", allow_module_level=True)

from tests.benchmarks.figures import Column, over_best
from tests.benchmarks.watched import Saves, running
from tests.benchmarks.watching import POLLING, SHARING, make_tree

if TYPE_CHECKING:
    from pathlib import Path

OURS = [way for way in dict.fromkeys((*SHARING, *POLLING)) if way.startswith("reloadd")]


@pytest.mark.parametrize("way", OURS)
def test_each_of_our_ways_tells_of_a_save(way: str, tmp_path: Path) -> None:
    """With two profiles, and a start that took some time of the processor; only what is told has the kernel watch"""
    make_tree(tmp_path, 30, with_packages=False)
    with running(way, tmp_path, 2) as begun:
        assert begun.start_cpu_ms > 0
        assert (begun.watches() > 0) is (way not in POLLING)
        told = begun.saves(tmp_path / "src/0/0/0/module0.py", 2, (0.11, 0.17))
    assert told.missed == 0
    assert 0 < told.percentile(50) <= told.percentile(99)


def test_percentiles_are_of_what_was_told() -> None:
    """Two of two hundred lie above the 99th; where nothing was told there is none"""
    assert Saves(tuple(map(float, range(200))), 0).percentile(99) == 197
    assert Saves((3.0,), 1).percentile(99) == 3
    assert math.isnan(Saves((), 3).percentile(50))


def test_the_best_peer_is_another_one_for_each_figure() -> None:
    """Those that told nothing, or where it is nothing, are no measure; nor is what means nothing as a ratio"""
    columns = (Column("a"), Column("b"), Column("c"), Column("missed", is_compared=False))
    peers = {
        "one": {"a": 4.0, "b": math.nan, "c": 0.0, "missed": 3.0},
        "two": {"a": 8.0, "b": 10.0, "missed": 1.0},
    }
    ours = {"a": 2.0, "b": 1.0, "c": 1.0, "missed": 0.0}
    assert over_best(columns, ours, peers) == ["0.500 (one)", "0.100 (two)", "", ""]
