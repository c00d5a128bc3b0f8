"""Events where there is no inotify: watchdog's public `Observer`, which on macOS stands on FSEvents.

Its events only say where to look, so that what it leaves out or says twice does no harm.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchdog.events import (
    EVENT_TYPE_CLOSED_NO_WRITE,
    EVENT_TYPE_OPENED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from reloadd.core.paths import is_within
from reloadd.watch.inbox import Hint, Purpose, Subscriber
from reloadd.watch.links import real_path

if TYPE_CHECKING:
    from reloadd.watch.inbox import Subscription

_READING = frozenset({EVENT_TYPE_OPENED, EVENT_TYPE_CLOSED_NO_WRITE})


class ObserverEvents(FileSystemEventHandler):
    """All listening of a daemon. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._subscribers: defaultdict[str, list[Subscriber]] = defaultdict(list)
        self._deep: set[str] = set()
        self._flat: set[str] = set()
        self._observer = Observer()
        self._observer.start()

    def listen(self, subscriber: Subscriber) -> Subscription:
        """Tell the subscriber of what happens in its directory. See `Source`."""
        directory = real_path(subscriber.directory)
        with self._lock:
            deep = subscriber.purpose is Purpose.CONTENT
            scheduled = self._deep if deep else self._flat
            if directory not in scheduled and not self._is_below_scheduled(directory):
                self._observer.schedule(self, directory, recursive=deep)
                scheduled.add(directory)
            self._subscribers[directory].append(subscriber)
        return _Place(self, directory, subscriber)

    def _is_below_scheduled(self, directory: str) -> bool:
        return any(is_within(directory, top) for top in self._deep)

    def forget(self, directory: str, subscriber: Subscriber) -> None:
        """Tell this subscriber no more. What was scheduled covers others too, and stays so until the end."""
        with self._lock:
            if subscriber in self._subscribers[directory]:
                self._subscribers[directory].remove(subscriber)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass an event on. Called on the observer's thread, which an exception would end."""
        if event.event_type in _READING:
            return
        hint = Hint.DIRECTORY if event.is_directory else Hint.COMPLETE
        for path in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
            directory, name = os.path.split(path)
            meant = [each.sighting(hint, name) for each in self._subscribers_of(directory)]
            meant += [each.sighting(Hint.ITSELF, "") for each in self._subscribers_of(path)]
            for sighting in meant:
                if sighting is not None:
                    sighting.subscriber.inbox.put([sighting])

    def _subscribers_of(self, directory: str) -> tuple[Subscriber, ...]:
        with self._lock:
            return tuple(self._subscribers.get(directory, ()))

    def close(self) -> None:
        """End the threads. Safe to call twice."""
        self._observer.stop()
        self._observer.join()


@dataclass(frozen=True, slots=True)
class _Place:
    _events: ObserverEvents
    _directory: str
    _subscriber: Subscriber

    def close(self) -> None:
        """Tell the subscriber no more. Safe to call twice."""
        self._events.forget(self._directory, self._subscriber)
