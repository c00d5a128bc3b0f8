"""What measurements come to: medians, spreads, and a table of them. Never measures."""

from __future__ import annotations

import math
import os
import platform
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = dict[str, float]
    """What was measured of one way, by the name of its column."""


@dataclass(frozen=True, slots=True)
class Series:
    """Several measurements of one thing, in one unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        """The smallest: the one that was disturbed least."""
        return min(self.values)

    @property
    def quartiles(self) -> str:
        """Between what the middle half lies."""
        low, _, high = statistics.quantiles(self.values, n=4)
        return f"{low:.0f} to {high:.0f}"

    @property
    def most(self) -> float:
        """The largest."""
        return max(self.values)


@dataclass(frozen=True, slots=True)
class Column:
    """One figure, of which less is better.

    Attributes:
        name: what it is, and its unit.
        digits: shown after its point.
        is_compared: whether what it is over another one's means anything.
    """

    name: str
    digits: int = 0
    is_compared: bool = True

    def text(self, value: float | None) -> str:
        """A value as it is shown; nothing where it was not measured."""
        if value is None:
            return ""
        return "none told" if math.isnan(value) else f"{value:,.{self.digits}f}"


def over_best(columns: Iterable[Column], ours: Row, peers: Mapping[str, Row]) -> list[str]:
    """Our figures over those of whoever is best in each; nothing where nobody compares, or the best is nothing."""
    cells = []
    for column in columns:
        theirs = [(row[column.name], way) for way, row in peers.items() if row.get(column.name, 0) > 0]
        value = ours.get(column.name)
        if theirs and value is not None and column.is_compared:
            least, best = min(theirs)
            cells.append(f"{value / least:.3f} ({best})")
        else:
            cells.append("")
    return cells


def line(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(map(line, (head, ["---"] * len(head), *rows)))


def circumstances(python: str) -> str:
    """When and on what it was measured, in one line."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"load {load:.1f}, daemon on Python {platform.python_version()}, apps on {python}"
    )
