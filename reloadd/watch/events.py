"""The kernel's events on Linux: inotify(7) by way of watchdog's `InotifyFD`, one descriptor and one thread for all.

watchdog's public `Observer` is not used here. It watches what was to be pruned, cannot say that events were lost, holds
events back for half a second, and its reader may die without a sign. `InotifyFD`, below it, does nothing of that, but
is not documented: a contract test holds what is used of it.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from reloadd.watch.inbox import Hint
from reloadd.watch.promptness import ask_for_short_slice

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.watch.inbox import Inbox, Sighting, Subscriber, Subscription

_COMPLETE = InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_MOVED_TO
_GONE = InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM
_ITSELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF

MASK = Mask(
    _COMPLETE
    | _GONE
    | _ITSELF
    | InotifyConstants.IN_CREATE
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_EXCL_UNLINK
)
"""One mask for every watch: listening to the same directory with another one would replace it. Nothing in it is caused
by reading a file."""

# What watchdog would print beside our log, such as that events were lost, records say.
logging.getLogger("watchdog").addHandler(logging.NullHandler())

_JOIN_TIMEOUT = 2.0
"""Seconds. The reader has nothing to do but to return."""


class KernelEvents:
    """All listening of a daemon. To be made on the event loop's thread; any thread may call it."""

    def __init__(self) -> None:
        # The event loop's thread is one end of an event's way to those who listen, the reader's is the other.
        ask_for_short_slice()
        self._lock = threading.Lock()
        self._reader: _Reader | None = None
        self._inboxes: WeakSet[Inbox] = WeakSet()
        self._closed = False

    def listen(self, subscriber: Subscriber) -> Subscription:
        """Tell the subscriber of what happens in its directory. See `Source`."""
        with self._lock:
            if self._closed:
                raise OSError(errno.ESHUTDOWN, os.strerror(errno.ESHUTDOWN))
            if self._reader is None:
                self._reader = self._begin_to_read()
            self._inboxes.add(subscriber.inbox)
            return _Ear(self._reader, subscriber)

    def _begin_to_read(self) -> _Reader:
        reader = _Reader(self._on_death)
        try:
            reader.start()
        except RuntimeError as error:
            reader.stop()
            raise OSError(errno.EAGAIN, str(error)) from error
        return reader

    def _on_death(self, reader: _Reader, failure: BaseException) -> None:
        """Told by the dying thread: the next one who listens gets a new reader, and all are told to listen anew."""
        with self._lock:
            if self._reader is reader:
                self._reader = None
            inboxes = list(self._inboxes)
        reader.stop()
        for inbox in inboxes:
            inbox.lose(failure)

    def close(self) -> None:
        """End the thread and close the descriptor. Safe to call twice."""
        with self._lock:
            self._closed = True
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop()
            reader.join(_JOIN_TIMEOUT)


class _Reader(InotifyFD):
    """The thread, made to tell when it dies; its descriptor is not passed on to children."""

    def __init__(self, on_death: Callable[[_Reader, BaseException], None]) -> None:
        super().__init__()
        self.name = "reloadd-inotify"
        self._on_death = on_death
        self._heard: dict[Inbox, list[Sighting]] = {}
        # Not before its first read: until then a `stop` would leave the descriptors to a thread that never closes them.
        self._is_reading = False
        os.set_inheritable(self._inotify_fd, False)  # noqa: FBT003 - its parameters have no names

    def run(self) -> None:
        ask_for_short_slice()
        try:
            super().run()
        except BaseException as failure:  # noqa: BLE001 - whatever ended it, those who listen must hear of it
            # So that `stop` closes the descriptors itself: nobody is left to be woken and do it.
            self._is_reading = False
            self._on_death(self, failure)

    def handle_event(self, event: InotifyEvent) -> None:
        """Pass one event on to all who listen, and what it means to one inbox at once."""
        super().handle_event(event)
        while self._heard:
            inbox, sightings = self._heard.popitem()
            inbox.put(sightings)

    def hear(self, subscriber: Subscriber, hint: Hint, name: str) -> None:
        """Pass an event on to one. Called on this thread."""
        sighting = subscriber.sighting(hint, name)
        if sighting is not None:
            self._heard.setdefault(subscriber.inbox, []).append(sighting)


class _Ear:
    """One subscriber in one directory: a `WatchCallback` as `InotifyFD` calls it."""

    __slots__ = ("_reader", "_subscriber", "_wd")

    def __init__(self, reader: _Reader, subscriber: Subscriber) -> None:
        self._reader: _Reader | None = reader
        self._subscriber = subscriber
        self._wd = reader.add_callback(os.fsencode(subscriber.directory), MASK, self, self._id)
        if self._wd == -1:  # all that is left of EACCES
            self.close()
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), subscriber.directory)

    @property
    def _id(self) -> CallbackId:
        return CallbackId(id(self))

    def on_event(self, event: InotifyEvent) -> None:
        """Pass an event on. Called on the reader's thread, which an exception would end."""
        if event.name:
            self._hear(_hint(event.mask), os.fsdecode(event.name))
        elif event.mask & (_ITSELF | InotifyConstants.IN_UNMOUNT):
            self._hear(Hint.ITSELF, "")

    def on_watch_deleted(self, _wd: WatchDescriptor) -> None:
        """The kernel ended the watch: the directory is gone, or its file system."""
        self._hear(Hint.ITSELF, "")

    def _hear(self, hint: Hint, name: str) -> None:
        reader = self._reader
        if reader is not None:  # else it was closed by now
            reader.hear(self._subscriber, hint, name)

    def on_queue_overflow(self) -> None:
        """The kernel dropped events of we know not which directory."""
        self._subscriber.inbox.lose()

    def close(self) -> None:
        """Tell the subscriber no more. Safe to call twice."""
        reader, self._reader = self._reader, None
        if reader is not None:
            with suppress(OSError):  # it was closed meanwhile
                reader.remove_callbacks([(self._wd, self._id)])


def _hint(mask: int) -> Hint:
    if mask & InotifyConstants.IN_ISDIR:
        return Hint.DIRECTORY
    if mask & _COMPLETE:
        return Hint.COMPLETE
    return Hint.GONE if mask & _GONE else Hint.BEGUN
