"""Threads for what would hold up the event loop: a fixed number, all of them there from the beginning.

A pool that starts them when it needs them fails in the middle of a day where the system has no room for one more, and
asyncio's own has up to 32 of them. Never decides what they do.

One that asks a file system that has died, as a network's does, may not come back, and nothing but the end of the
process ends it. The interpreter waits for each at its own end; `end_workers` says whether it would wait in vain.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

_START_TIMEOUT = 10.0
"""Seconds until all must run."""

_END_TIMEOUT = 1.0
"""Seconds that they get, when all else has ended, to be done with what they do."""

_PREFIX = "reloadd-workers-"


def start_workers(number: int, name: str) -> ThreadPoolExecutor:
    """A pool of so many threads, each of which runs.

    Raises:
        RuntimeError: the system has no room for them.
        threading.BrokenBarrierError: they did not get to run in time.
    """
    pool = ThreadPoolExecutor(number, thread_name_prefix=_PREFIX + name)
    # Each waits for all others, so that none is idle before the last one is there.
    all_run = threading.Barrier(number + 1)
    for _ in range(number):
        pool.submit(all_run.wait)
    all_run.wait(_START_TIMEOUT)
    return pool


def end_workers(*pools: ThreadPoolExecutor) -> bool:
    """Have these pools take no more work. Whether all threads ended in time, also those of pools shut down before."""
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
    end = time.monotonic() + _END_TIMEOUT
    ours = [each for each in threading.enumerate() if each.name.startswith(_PREFIX)]
    for thread in ours:
        thread.join(max(0.0, end - time.monotonic()))
    return not any(each.is_alive() for each in ours)
