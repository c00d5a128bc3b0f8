"""How much of a tree to look at in one go: rounds over everything, cut into slices that cost next to nothing.

Pure arithmetic on what was measured: files, seconds, costs. Never looks at a file or a clock.
"""

from __future__ import annotations

SWEEP_TIME = 40.0
"""Seconds for one round over everything, for what no event tells: a twin by hard link that is edited elsewhere, a file
mapped into memory. At 3 us for each name, 10,000 files cost less than 0.1 % of a core. Larger trees get longer, see
`sweep_pause`."""

SWEEP_SLICE = 3000
"""Names in one slice of that round: 7 to 9 ms, by which one save in a thousand may be late. A third of that would cost
a fifth more: threads that were idle have to be woken, and what they touch is in no cache by then."""

SWEEP_TIME_PER_NAME = 0.002
"""Seconds of a round for each name beyond what fits in `SWEEP_TIME`, so that no tree costs more than
0.2 % of a core."""

POLL_SHARE, POLL_SHARE_FILES = 0.008, 10_000
"""What looks by polling may take of a core: this share for each so many files, rounded up. With what it takes to wake
the threads that look, it is 1 %."""

POLL_SLOWEST = 5.0
"""Seconds in which each polled file is looked at, whatever that takes: for the first write to a file in place, which is
all that a directory does not show."""

POLL_LEAST = 256
"""Files that are looked at each time in any case: less than 1 ms."""


def sweep_pause(names: int) -> float:
    """Seconds between two slices of the round over everything."""
    slices = names // SWEEP_SLICE + 1
    return max(SWEEP_TIME, names * SWEEP_TIME_PER_NAME) / slices


def poll_slice(files: int, *, interval: float, spent: float, cost: float) -> int:
    """How many files to look at this time, beside the directories and those edited lately; perhaps more than there are.

    Args:
        files: that are polled.
        interval: seconds between two times.
        spent: seconds of CPU that this time has taken already.
        cost: seconds of CPU for one file.
    """
    allowed = interval * POLL_SHARE * max(1.0, files / POLL_SHARE_FILES) - spent
    affordable = int(allowed / cost) if cost > 0 else files
    due = int(files * interval / POLL_SLOWEST) + 1
    return max(affordable, due, POLL_LEAST)
