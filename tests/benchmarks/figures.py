"""What measurements come to: medians, spreads, and a table of them. Never measures."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def circumstances(python: str) -> str:
    """When and on what it was measured, in one line."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"load {load:.1f}, daemon on Python {platform.python_version()}, apps on {python}"
    )
