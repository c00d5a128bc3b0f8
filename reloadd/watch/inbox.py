"""What a source of events and the one who listens say to each other, and the way from any thread to the event loop.

An event carries no state, only where to look and whether the writer is done. Never looks at a file.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reloadd.core.paths import prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Hint(Enum):
    """What an event says of a name in a directory."""

    COMPLETE = "complete"
    """Closed after writing, or moved here."""
    BEGUN = "begun"
    """Created; it may be written to before it is closed."""
    GONE = "gone"
    DIRECTORY = "directory"
    """The name is, or was, a directory."""
    ITSELF = "itself"
    """The directory that was listened to was moved, deleted or unmounted."""


class Purpose(Enum):
    """Why a directory is listened to."""

    CONTENT = "content"
    """It is part of the tree."""
    NAMES = "names"
    """Some of its names decide what paths of the tree mean: the root's own, a link's, a .gitignore's above the root."""


class Sighting(NamedTuple):
    """One event. The name is empty where the directory itself is meant."""

    subscriber: Subscriber
    hint: Hint
    name: str

    @property
    def path(self) -> str:
        """What it is about."""
        directory = self.subscriber.directory
        return prefix_of(directory) + self.name if self.name else directory


@dataclass(frozen=True, slots=True, eq=False)
class Subscriber:
    """One directory that is listened to.

    Attributes:
        directory: by the name that the root knows it by.
        names: those that matter; None for all. Names that do not matter wake nobody.
    """

    inbox: Inbox
    purpose: Purpose
    directory: str
    names: frozenset[str] | None = None

    def sighting(self, hint: Hint, name: str) -> Sighting | None:
        """An event as it is to be passed on; None if it does not matter."""
        if self.names is None or hint is Hint.ITSELF or name in self.names:
            return Sighting(self, hint, name)
        return None


class Subscription(Protocol):
    """One subscriber that is being told."""

    def close(self) -> None:
        """Tell it no more. Safe to call twice, and after the source was closed."""


class Source(Protocol):
    """Tells subscribers of events; knows nothing of profiles."""

    def listen(self, subscriber: Subscriber) -> Subscription:
        """Tell the subscriber of what happens in its directory; symbolic links in its path are followed.

        Raises:
            OSError: it cannot be listened to. Some numbers mean that it may still be looked at: see `hearing.LIMITS`.
        """


class Inbox:
    """One shared watch's events, put in by any thread and taken out by the event loop's."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sightings: deque[Sighting] = deque()
        self._filled = asyncio.Event()
        self._waking = False
        self._lost = False
        self._failure: BaseException | None = None

    def __len__(self) -> int:
        return len(self._sightings)

    def put(self, sightings: Iterable[Sighting]) -> None:
        """Add what one event means to all subscribers of this inbox. Called on any thread.

        All at once: one save may have several names in a tree, and is told as one change.
        """
        self._sightings.extend(tuple(sightings))
        self.wake()

    def put_here(self, sightings: Iterable[Sighting]) -> None:
        """The same on the event loop's thread, which need not be woken."""
        self._sightings.extend(sightings)
        self._filled.set()

    def lose(self, failure: BaseException | None = None) -> None:
        """Say that events were lost, so that everything must be looked at. Called on any thread.

        Args:
            failure: what broke the source; None if the kernel's queue ran over.
        """
        self._failure = failure or self._failure
        self._lost = True
        self.wake()

    def wake(self) -> None:
        """Let `wait` return. Called on any thread."""
        if not self._waking:
            self._waking = True
            with suppress(RuntimeError):  # the loop was closed: nobody is there to be woken
                self._loop.call_soon_threadsafe(self._filled.set)

    async def wait(self, until: float) -> None:
        """Return when there is something, or at `until` in seconds of the loop's clock."""
        timer = None if until == math.inf else self._loop.call_at(until, self._filled.set)
        try:
            await self._filled.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def take(self, most: int | None = None) -> tuple[Sighting, ...]:
        """The events that there are, in order: so many at the most, or all; for what is left `wait` returns at once."""
        # Before the events are taken: one that comes in between wakes once too often, never once too rarely.
        self._waking = False
        there = len(self._sightings)
        if most is None or there <= most:
            self._filled.clear()
            most = there
        return tuple(self._sightings.popleft() for _ in range(most))

    def take_loss(self) -> Loss | None:
        """Whether and why events were lost since the last call. All events up to then are void with it."""
        if not self._lost:
            return None
        self._lost = False
        failure, self._failure = self._failure, None
        self.take()
        return Loss(failure)


class Loss(NamedTuple):
    """Events were lost, because of a failure or because there were too many."""

    failure: BaseException | None
