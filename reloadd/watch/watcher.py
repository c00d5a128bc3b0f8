"""The daemon's `Watcher`: one source of events and a few worker threads for all profiles.

Never looks at a file and knows no path.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import WeakSet

from reloadd.profile.model import Backend
from reloadd.watch.digester import Digester
from reloadd.watch.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.profile.model import WatchSet
    from reloadd.watch.base import Watch
    from reloadd.watch.events import KernelEvents
    from reloadd.watch.observer import ObserverEvents

_WORKERS = 4
"""As many looks at once, so that one profile on a slow file system does not hold up the others."""


class DaemonWatcher:
    """See `Watcher`. To be made and used on the running event loop's thread.

    Args:
        report: takes the records `watch.*` and `change.ignored`, on the same thread.
    """

    def __init__(self, *, report: Callable[[Record], None]) -> None:
        self._report = report
        self._events: KernelEvents | ObserverEvents | None = None
        self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="reloadd-watch")
        self._digester = Digester(self._executor, report)
        # One that is closed and forgotten by its profile is forgotten here too.
        self._sessions: WeakSet[Session] = WeakSet()

    async def watch(self, profile: str | None, watch_set: WatchSet, on_settled: Callable[[ChangeSet], None]) -> Watch:
        """Take the baseline and begin: from the return on, no difference from that baseline is missed."""
        session = Session(
            profile,
            watch_set,
            source=None if watch_set.backend is Backend.POLL else self._source(),
            executor=self._executor,
            digester=self._digester,
            on_settled=on_settled,
            report=self._report,
        )
        self._sessions.add(session)
        try:
            await session.begin()
        except BaseException:
            session.close()
            raise
        return session

    def close(self) -> None:
        """Close every watch and end every thread. Safe to call twice."""
        for session in list(self._sessions):
            session.close()
        self._digester.close()
        if self._events is not None:
            self._events.close()
        self._executor.shutdown(wait=False)

    def _source(self) -> KernelEvents | ObserverEvents:
        if self._events is None:
            self._events = _native_events()
        return self._events


def _native_events() -> KernelEvents | ObserverEvents:
    """Each module is imported only where its system calls exist."""
    if sys.platform == "linux":
        from reloadd.watch.events import KernelEvents  # noqa: PLC0415

        return KernelEvents()
    from reloadd.watch.observer import ObserverEvents  # noqa: PLC0415

    return ObserverEvents()
