"""What is said of something that may fail and recover by itself, such as a disk that is full: what lasts, and once.

A disk with next to no room takes one entry and refuses the next. To tell each turn would fill the log, and that same
disk. So a failure is told at once, but that all is well again only when it has been for a while; the while doubles with
each relapse.

Pure: observations and moments in, what is to be said out. Moments are seconds of any clock that only goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

FIRST, LONGEST = 2.0, 600.0
"""Seconds for which all has to be well before that is said: the first time, and after many relapses."""

FORGOTTEN = 600.0
"""Seconds after which a failure is no relapse any more."""


class News(Enum):
    """What is to be said of it."""

    FAILED = "failed"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Lapse:
    """How something stands.

    Attributes:
        has_failed: whether it is said to fail.
        well_since: since when it has not failed; None while it does.
        patience: seconds for which it must not, before it is said to be well.
    """

    has_failed: bool = False
    well_since: float | None = None
    patience: float = FIRST

    @property
    def due(self) -> float | None:
        """When it can be said to be well, if nothing fails until then; None if there is nothing to say."""
        return self.well_since + self.patience if self.has_failed and self.well_since is not None else None


def observe(lapse: Lapse, *, is_well: bool, now: float) -> tuple[Lapse, News | None]:
    """How it stands after it was seen to be well, or to fail, and what is to be said of that."""
    if not is_well:
        if lapse.has_failed:
            return replace(lapse, well_since=None), None
        is_relapse = lapse.well_since is not None and now - lapse.well_since < FORGOTTEN
        patience = min(lapse.patience * 2, LONGEST) if is_relapse else FIRST
        return Lapse(has_failed=True, patience=patience), News.FAILED
    if lapse.has_failed and lapse.well_since is None:
        return replace(lapse, well_since=now), None
    if lapse.due is not None and now >= lapse.due:
        return replace(lapse, has_failed=False, well_since=now), News.RECOVERED
    return lapse, None
