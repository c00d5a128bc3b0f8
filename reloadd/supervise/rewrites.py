"""Saves that leave a file as it was, but may have made a start fail that read it while it was half written.

Nothing is told of such a save, so the start that failed is made once more for it. Whether a start that went well read
such a file is not asked: an app that writes the same file at each start would start for ever.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from reloadd.core.changes import Change, ChangeKind, ChangeSet

if TYPE_CHECKING:
    from collections.abc import Callable

_COARSEST_CLOCK = 0.02
"""Seconds by which a time of change may be too early: clocks of file systems tick as rarely as that."""

_WRITER_PAUSE = 0.5
"""Seconds for which a writer may be held up between emptying a file and filling it, beside a start that has failed."""


class Rewrites:
    """Those of one app.

    Args:
        start_again: is called with the files for which a start is to be made once more.
    """

    def __init__(self, start_again: Callable[[ChangeSet], None]) -> None:
        self._start_again = start_again
        self._loop = asyncio.get_running_loop()
        self._begun: float | None = None
        self._failed: float | None = None
        self._files: set[str] = set()
        self._is_again = False

    def start_begins(self) -> None:
        """A child is started. The one that is started again is not started a third time for the same reason."""
        self._begun = None if self._is_again else self._loop.time()
        self._failed = None
        self._files.clear()
        self._is_again = False

    def start_succeeds(self) -> None:
        """It serves."""
        self._begun = None

    def start_fails(self) -> None:
        """It came to nothing, and nobody is about to try again."""
        if self._begun is not None:
            self._failed = self._loop.time()
            self._judge()

    def note(self, path: str) -> None:
        """A file was written, and is as it was; that may be found before the start has failed, or after."""
        written = self._written_at(path)
        if self._begun is None or written is None or written < self._begun - _COARSEST_CLOCK:
            return
        if self._failed is None or written <= self._failed + _WRITER_PAUSE:
            self._files.add(path)
            self._judge()

    def _judge(self) -> None:
        if self._failed is None or not self._files:
            return
        changes = tuple(Change(ChangeKind.MODIFIED, path) for path in sorted(self._files))
        self._begun = None
        self._is_again = True
        now = self._loop.time()
        self._start_again(ChangeSet(changes, seen_at=now, settled_at=now))

    def _written_at(self, path: str) -> float | None:
        """When a file was written last, on the loop's clock; None if it is gone."""
        try:
            changed = os.stat(path).st_ctime  # noqa: PTH116 - it was looked at just now, and is in memory
        except OSError:
            return None
        return self._loop.time() - (time.time() - changed)
