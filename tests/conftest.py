"""How many tests run at once, where pytest is told to see to that itself: `-n auto`."""

from __future__ import annotations

import os

MOST = 8
"""More would only wait for each other: some of what they use, such as the kernel's inotify instances, is one user's."""


def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: most of the time a test waits for processes to start, and for saves to be noticed."""
    return min(2 * len(os.sched_getaffinity(0)), MOST)
