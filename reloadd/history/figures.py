"""What a number of restarts come to: median, 95th percentile and how they spread. Pure."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEP = 10 ** (1 / 5)
"""From one bar to the next: five for each power of ten, since 20 and 40 ms differ more than 1020 and 1040."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How many values are at least `low` and below `high`."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What some durations come to, in their own unit."""

    count: int
    median: float
    p95: float
    least: float
    most: float
    bars: tuple[Bar, ...]


def figures(values: Sequence[float]) -> Figures:
    """What some durations come to; at least one.

    The 95th percentile is the nearest rank: a value that was measured, not one between two.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("there are no values")
    ordered = sorted(values)
    return Figures(
        count=len(ordered),
        median=statistics.median(ordered),
        p95=ordered[math.ceil(0.95 * len(ordered)) - 1],
        least=ordered[0],
        most=ordered[-1],
        bars=_bars(ordered),
    )


def _bars(ordered: Sequence[float]) -> tuple[Bar, ...]:
    first, last = _bin(ordered[0]), _bin(ordered[-1])
    counts = dict.fromkeys(range(first, last + 1), 0)
    for value in ordered:
        counts[_bin(value)] += 1
    return tuple(Bar(_STEP**number, _STEP ** (number + 1), count) for number, count in counts.items())


def _bin(value: float) -> int:
    # A hair more, so that 10 is not taken for less than 10 by a rounding error.
    return math.floor(math.log(max(value, 1.0), _STEP) + 1e-9)
