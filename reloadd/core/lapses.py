"""When to tell of something that may fail and recover by itself, such as a disk that is full.

A disk with next to no room takes one entry and refuses the next. To tell each time would fill the log, and that same
disk. So a failure is told at once, but a recovery only when it has lasted for a while, which doubles with each relapse.

Pure: observations and moments in, what is to be said out. Moments are seconds of any clock that only goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

FIRST, LONGEST = 2.0, 600.0
"""Seconds that a recovery has to last before it is told: the first time, and at the most after many relapses."""

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
        has_failed: whether the last thing that was told is a failure.
        well_since: since when it has not failed; None while it does.
        patience: seconds that a recovery has to last before it is told.
    """

    has_failed: bool = False
    well_since: float | None = None
    patience: float = FIRST

    @property
    def due(self) -> float | None:
        """When a recovery is to be told, if nothing fails until then; None if there is none to tell."""
        return self.well_since + self.patience if self.has_failed and self.well_since is not None else None


def observe(lapse: Lapse, *, is_well: bool, now: float) -> tuple[Lapse, News | None]:
    """How it stands once it was seen to be well, or to fail, and what is to be told of that."""
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
