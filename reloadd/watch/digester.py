"""Reads files in the background, so that a save which changes nothing can later be told from one that does.

A few files at a time, and never while a look at the same files is made.
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
    """Reads for one shared watch. To be used on the event loop's thread.

    Args:
        lookout: whose files are read.
        executor: whose threads read.
        on_failure: is called with what kept files from being read: they count as changed when they are written.
    """

    def __init__(self, lookout: Lookout, executor: Executor, on_failure: Callable[[Exception], None]) -> None:
        self._lookout = lookout
        self._executor = executor
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None
        self._is_asked = False

    @property
    def is_idle(self) -> bool:
        """Whether every file was read that was to be read."""
        return self._task is None

    def ask(self) -> None:
        """Have the files read that were not read yet."""
        self._is_asked = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._read_all(), name="watch digester")

    def close(self) -> None:
        """Read no more. Safe to call twice."""
        self._is_asked = False
        if self._task is not None:
            self._task.cancel()

    async def _read_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._is_asked:
                self._is_asked = False
                while await loop.run_in_executor(self._executor, self._lookout.digest_some, AT_ONCE):
                    pass
        except Exception as error:  # noqa: BLE001 - whatever it is, watching goes on without
            self._on_failure(error)
        finally:
            self._task = None
