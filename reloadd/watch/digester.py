"""Reads files in the background, so that a save which changes nothing can later be told from one that does.

One file after the other for the whole daemon, and never while a look at the same files is made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from reloadd.watch.lookout import Lookout

AT_ONCE = 64
"""Files read in one go: 1 to 2 ms, by which a look may be late."""


class Digester:
    """Lookouts whose files are to be read, in the order in which they asked.

    Args:
        executor: whose threads read.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._waiting: dict[Lookout, Callable[[Exception], None]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether every file was read that was to be read."""
        return self._task is None

    def ask(self, lookout: Lookout, on_failure: Callable[[Exception], None]) -> None:
        """Have the lookout's unread files read. To be called on the event loop's thread, as `on_failure` will be."""
        self._waiting[lookout] = on_failure
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._read_all(), name="watch digester")

    def close(self) -> None:
        """Read no more. Safe to call twice."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _read_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                lookout = next(iter(self._waiting))
                on_failure = self._waiting.pop(lookout)
                try:
                    while await loop.run_in_executor(self._executor, lookout.digest_some, AT_ONCE):
                        pass
                except Exception as error:  # noqa: BLE001 - what is not read counts as changed when it is written
                    on_failure(error)
        finally:
            self._task = None
