"""Threads for what would hold up the event loop: a fixed number, all of them there from the beginning.

A pool that starts them when it needs them fails in the middle of a day where the system has no room for one more, and
asyncio's own has up to 32 of them. Never decides what they do.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

_START_TIMEOUT = 10.0
"""Seconds until all must run."""


def start_workers(number: int, name: str) -> ThreadPoolExecutor:
    """A pool of so many threads, each of which runs.

    Raises:
        RuntimeError: the system has no room for them.
        threading.BrokenBarrierError: they did not get to run in time.
    """
    pool = ThreadPoolExecutor(number, thread_name_prefix=name)
    # Each waits for all others, so that none is idle before the last one is there.
    all_run = threading.Barrier(number + 1)
    for _ in range(number):
        pool.submit(all_run.wait)
    all_run.wait(_START_TIMEOUT)
    return pool
