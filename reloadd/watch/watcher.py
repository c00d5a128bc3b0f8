"""The daemon's `Watcher`: one source of events for all profiles, and one shared watch for each manner of looking.

Never looks at a file and knows no path.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple

from reloadd.profile.model import Backend
from reloadd.watch.audience import Callbacks, Member
from reloadd.watch.manner import manner_of
from reloadd.watch.mounts import MountWatch
from reloadd.watch.shared import SharedWatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reloadd.core.changes import ChangeSet
    from reloadd.core.inputs import Noticed, Quiet
    from reloadd.core.records import Record
    from reloadd.profile.model import WatchSet
    from reloadd.watch.base import Watch
    from reloadd.watch.events import KernelEvents
    from reloadd.watch.manner import Manner
    from reloadd.watch.observer import ObserverEvents


class _Look(NamedTuple):
    """What of a watch set decides about the manner."""

    backend: Backend
    poll_interval: float
    roots: tuple[Path, ...]


class DaemonWatcher:
    """See `Watcher`. To be made and used on the running event loop's thread.

    Args:
        report: takes the records `watch.*`, on the same thread.
    """

    def __init__(self, *, report: Callable[[Record], None]) -> None:
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._events: KernelEvents | ObserverEvents | None = None
        self._shared: dict[Manner, SharedWatch] = {}
        self._asking: dict[_Look, asyncio.Task[Manner]] = {}
        self._mounts = MountWatch(self._remounted)

    async def watch(
        self,
        profile: str | None,
        watch_set: WatchSet,
        on_settled: Callable[[ChangeSet], None],
        *,
        on_burst: Callable[[Noticed | Quiet], None] | None = None,
        on_ignored: Callable[[str], None] | None = None,
        instead_of: Watch | None = None,
    ) -> Watch:
        """Take the baseline and begin: from the return on, no difference from that baseline is missed."""
        begun = self._loop.time()
        manner = await self._manner_of(watch_set)
        shared = self._shared.get(manner) or self._open(manner)
        member = await shared.join(watch_set, Callbacks(profile, on_settled, on_burst, on_ignored))
        if isinstance(instead_of, Member):
            await self._take_over(instead_of, member)
        # From here on the earlier one tells nothing any more.
        shared.say_started(member, begun)
        member.open()
        return member

    async def _manner_of(self, watch_set: WatchSet) -> Manner:
        """How a watch set is to be looked at. Profiles that look alike and begin together ask once: 0.2 ms each."""
        look = _Look(watch_set.backend, watch_set.poll_interval, watch_set.roots)
        asking = self._asking.get(look)
        if asking is None:
            asking = self._asking[look] = self._loop.create_task(asyncio.to_thread(manner_of, watch_set))
            asking.add_done_callback(lambda _: self._asking.pop(look, None))
        # One of them may be cancelled.
        return await asyncio.shield(asking)

    async def _take_over(self, earlier: Member, member: Member) -> None:
        """Tell what the earlier one would have told, and close it."""
        try:
            if earlier.audience is member.audience:
                # It was told all that the other was told meanwhile.
                member.forget()
            elif earlier in earlier.audience:
                before = await earlier.shared.told(earlier)
                await member.shared.tell_since(
                    member, before, lambda path: earlier.shared.lookout.wants(earlier.audience.interest, path)
                )
        except BaseException:
            member.close()
            raise
        earlier.close()

    def close(self) -> None:
        """Close every watch and end every thread. Safe to call twice."""
        for shared in list(self._shared.values()):
            shared.close()
        self._mounts.close()
        if self._events is not None:
            self._events.close()

    def _remounted(self, points: frozenset[str]) -> None:
        for shared in self._shared.values():
            shared.remounted(points)

    def _open(self, manner: Manner) -> SharedWatch:
        shared = SharedWatch(
            manner,
            source=None if manner.backend is Backend.POLL else self._source(),
            report=self._report,
            on_empty=lambda: self._forget(manner),
        )
        self._shared[manner] = shared
        return shared

    def _forget(self, manner: Manner) -> None:
        self._shared.pop(manner, None)

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
