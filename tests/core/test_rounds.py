"""How much of a tree is looked at in one go."""

from __future__ import annotations

import pytest

from reloadd.core.rounds import poll_slice, sweep_pause

COST = 3e-6


@pytest.mark.parametrize(
    ("names", "pause"), [(0, 40), (2_999, 40), (3_000, 20), (11_100, 10), (20_999, 6), (98_999, 6), (299_999, 6)]
)
def test_a_sweep_takes_forty_seconds_or_two_milliseconds_for_each_name(names: int, pause: float) -> None:
    """Whichever is longer, so that it costs the same share of the processor in any large tree"""
    assert sweep_pause(names) == pytest.approx(pause, rel=0.01)


@pytest.mark.parametrize(
    ("files", "spent", "expected"),
    [
        (100, 0.0001, 1_300),  # all of a small tree, each time
        (1_000, 0.0004, 1_200),
        (10_000, 0.0004, 1_200),  # 4 ms of 0.5 s, less what the directories took
        (10_000, 0.02, 1_001),  # but all of them within five seconds, however long they took
        (100_000, 0.004, 12_000),
        (100_000, 0.06, 10_001),
        (1_000, 0.02, 256),  # and never fewer than so many
    ],
)
def test_polling_keeps_to_its_share(files: int, spent: float, expected: int) -> None:
    """Eight thousandths of the processor for each ten thousand files"""
    assert poll_slice(files, interval=0.5, spent=spent, cost=COST) == pytest.approx(expected, abs=1)


def test_what_cannot_be_measured_costs_nothing() -> None:
    """Where the clock is too coarse for one slice, all files are looked at"""
    assert poll_slice(10_000, interval=0.5, spent=0.0, cost=0.0) == 10_000
