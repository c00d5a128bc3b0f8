"""What a number of durations come to."""

from __future__ import annotations

import pytest

from reloadd.history.figures import figures


def test_the_95th_percentile_is_one_of_the_values() -> None:
    """The nearest rank; of few values it is the largest."""
    many = figures(list(range(1, 101)))
    few = figures([12, 10, 300])

    assert (many.count, many.median, many.p95, many.least, many.most) == (100, 50.5, 95, 1, 100)
    assert (few.median, few.p95) == (12, 300)


def test_bars_are_as_wide_as_their_place_is_far() -> None:
    """Five to each power of ten, without a gap, and every value is in one."""
    found = figures([10, 10, 15.8, 40, 99, 100])

    assert [(round(bar.low), round(bar.high), bar.count) for bar in found.bars] == [
        (10, 16, 3),
        (16, 25, 0),
        (25, 40, 0),
        (40, 63, 1),
        (63, 100, 1),
        (100, 158, 1),
    ]


def test_what_takes_no_time_is_in_the_first_bar() -> None:
    """The logarithm of nothing is nothing to show."""
    (bar,) = figures([0, 0, 1]).bars

    assert (bar.low, bar.count) == (1, 3)


def test_there_is_nothing_to_say_of_nothing() -> None:
    """A median of no values is no number."""
    with pytest.raises(ValueError, match="no values"):
        figures([])
