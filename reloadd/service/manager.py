"""The service manager, kept informed: every record may change how the daemon stands, and what changed is told.

Never decides what that is: `core.daemon_standing` does. The sign of life comes from the event loop itself, because a
thread would go on giving it for a loop that hangs.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reloadd.core import daemon_standing
from reloadd.service.notify import Notifier, notify_address, watchdog_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reloadd.core.records import Record


class Manager:
    """A sink for records, and what else the manager has to know.

    Args:
        environ: the daemon's environment, where the manager says how to reach it.

    Attributes:
        notifier: what carries the words.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.notifier = Notifier(notify_address(environ))
        self._watchdog = watchdog_seconds(environ, os.getpid())
        self._standing = daemon_standing.DaemonStanding()
        self._told: daemon_standing.DaemonStanding | None = None
        self._beats: asyncio.TimerHandle | None = None
        if self.notifier.is_heard:
            if self._watchdog is not None:
                # It kills by SIGABRT; where we hung is then the last thing in the journal.
                faulthandler.enable()
            self._beat()

    def __call__(self, record: Record) -> None:
        """Take a record."""
        self._become(daemon_standing.hear(self._standing, record))

    def expect(self, names: Iterable[str]) -> None:
        """Know which apps there are from now on."""
        self._become(daemon_standing.expect(self._standing, names))

    @contextmanager
    def reloading(self, rejected: Callable[[], tuple[str, ...]]) -> Iterator[None]:
        """Profiles are read again, until the end of the block.

        Args:
            rejected: asked at the end: the names of the profiles that were.
        """
        self._become(daemon_standing.begin_reload(self._standing))
        try:
            yield
        finally:
            self._become(daemon_standing.end_reload(self._standing, rejected()))

    def close(self) -> None:
        """Say nothing any more."""
        if self._beats is not None:
            self._beats.cancel()
        self.notifier.close()

    def _become(self, standing: daemon_standing.DaemonStanding) -> None:
        has_new_phase = standing.phase is not self._standing.phase
        self._standing = standing
        if not self.notifier.is_heard:
            return
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        said = daemon_standing.assignments(self._told, standing, moment=microseconds)
        self._told = standing
        self.notifier.say(*said)
        if has_new_phase:
            self._beat()

    def _beat(self) -> None:
        self.notifier.say(*daemon_standing.beat(self._standing, watchdog=self._watchdog))
        if self._beats is not None:
            self._beats.cancel()
        pause = daemon_standing.pause_between_beats(self._standing, watchdog=self._watchdog)
        self._beats = None if pause is None else asyncio.get_running_loop().call_later(pause, self._beat)
