"""What holds for all tests: how many run at once with `-n auto`, and which signals they and their processes heed."""

from __future__ import annotations

import os
import signal

MOST = 8
"""More would only wait for each other: some of what they use, such as the kernel's inotify instances, is one user's."""


def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: most of the time a test waits for processes to start, and for saves to be noticed."""
    return min(2 * len(os.sched_getaffinity(0)), MOST)


def pytest_configure() -> None:
    """Heed what whoever started us in the background, or with `nohup`, has had ignored: it would be inherited."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
