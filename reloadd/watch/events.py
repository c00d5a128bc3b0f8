"""The kernel's events on Linux: inotify(7) by way of watchdog's `InotifyFD`, one descriptor that the event loop reads.

watchdog's public `Observer` is not used here. It watches what was to be pruned, cannot say that events were lost, holds
events back for half a second, and its reader may die without a sign. `InotifyFD`, below it, does nothing of that, but
is not documented: a contract test holds what is used of it. The thread that it is made to be is never started: to wake
one thread from another takes a fifth of all that a save waits for.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from reloadd.watch.inbox import Hint, Sighting
from reloadd.watch.promptness import ask_for_short_slice

if TYPE_CHECKING:
    from reloadd.watch.inbox import Inbox, Subscriber, Subscription

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

_AT_ONCE = 16384
"""Bytes read in one go: some 400 events and 5 ms, by which all else on the event loop may be late."""

# What watchdog would print beside our log, such as that events were lost, records say.
logging.getLogger("watchdog").addHandler(logging.NullHandler())


class KernelEvents:
    """All listening of a daemon. To be made and closed on the event loop's thread; any thread may listen."""

    def __init__(self) -> None:
        ask_for_short_slice()
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._descriptor: _Descriptor | None = None
        self._inboxes: WeakSet[Inbox] = WeakSet()
        self._closed = False

    def listen(self, subscriber: Subscriber) -> Subscription:
        """Tell the subscriber of what happens in its directory. See `Source`."""
        with self._lock:
            if self._closed:
                raise OSError(errno.ESHUTDOWN, os.strerror(errno.ESHUTDOWN))
            if self._descriptor is None:
                self._descriptor = _Descriptor()
                self._loop.call_soon_threadsafe(self._begin_to_read, self._descriptor)
            self._inboxes.add(subscriber.inbox)
            return _Ear(self._descriptor, subscriber)

    def _begin_to_read(self, descriptor: _Descriptor) -> None:
        if descriptor is self._descriptor:  # else it was closed by now
            self._loop.add_reader(descriptor.fileno(), self._read, descriptor)

    def _read(self, descriptor: _Descriptor) -> None:
        try:
            descriptor.read()
        except Exception as failure:  # noqa: BLE001 - whatever it is, those who listen must hear of it
            self._fail(failure)

    def _fail(self, failure: Exception) -> None:
        """The next one who listens gets a new descriptor, and all are told to listen anew."""
        with self._lock:
            self._stop()
        for inbox in list(self._inboxes):
            inbox.lose(failure)

    def close(self) -> None:
        """Listen to nothing any more, and close the descriptor. Safe to call twice."""
        with self._lock:
            self._closed = True
            self._stop()

    def _stop(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._loop.remove_reader(descriptor.fileno())
            descriptor.close()


class _Descriptor(InotifyFD):
    """The descriptor and its watches; it is not passed on to children."""

    def __init__(self) -> None:
        super().__init__()
        # So that `close` closes the descriptors itself, and does not leave them to the thread that was never started.
        self._is_reading = False
        self._heard: list[tuple[Subscriber, Hint, str]] = []
        self._heard_lately: set[WatchDescriptor] = set()
        os.set_inheritable(self._inotify_fd, False)  # noqa: FBT003 - its parameters have no names
        os.set_blocking(self._inotify_fd, False)

    def fileno(self) -> int:
        """The descriptor's number."""
        return self._inotify_fd

    def add_ear(self, ear: _Ear, directory: str) -> tuple[WatchDescriptor, bool]:
        """Let an ear hear what happens in a directory. To be called by one thread at a time.

        Returns:
            The watch, and whether something happened to it that the ear was too late for.

        Raises:
            OSError: the kernel refused.
        """
        self._heard_lately = set()
        wd = self.add_callback(os.fsencode(directory), MASK, ear, ear.id)
        if wd == -1:  # all that is left of EACCES
            self.remove_callbacks([(wd, ear.id)])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), directory)
        return wd, wd in self._heard_lately

    def read(self) -> None:
        """Pass on what there is, and what it means to one inbox at once. Called on the event loop's thread.

        Raises:
            OSError: the descriptor cannot be read.
        """
        try:
            events = os.read(self._inotify_fd, _AT_ONCE)
        except BlockingIOError:
            return
        for wd, mask, cookie, name in self._parse_event_buffer(events):
            self.handle_event(InotifyEvent(wd, mask, cookie, name))
        heard, self._heard = self._heard, []
        sightings: dict[Inbox, list[Sighting]] = {}
        for subscriber, hint, its_name in heard:
            if sighting := subscriber.sighting(hint, its_name):
                sightings.setdefault(subscriber.inbox, []).append(sighting)
        for inbox, its in sightings.items():
            inbox.put_here(its)

    def handle_event(self, event: InotifyEvent) -> None:
        """Pass an event on to all who listen, as `InotifyFD` does, but without its lock.

        Whoever adds a watch holds that while the kernel looks for the directory, and the event loop waits for no disk.
        A table is looked into in one step, and changed by those who add and remove alone: a watch that the kernel has
        ended stays in it until its ears are closed, for no other one ever gets its number.
        """
        if event.is_queue_overflow:
            for watch in list(self._watch_for_wd.values()):
                for callback in list(watch.callbacks.values()):
                    callback.on_queue_overflow()
            return
        self._heard_lately.add(event.wd)
        heard = self._watch_for_wd.get(event.wd)
        for callback in () if heard is None else list(heard.callbacks.values()):
            if event.is_ignored:
                callback.on_watch_deleted(event.wd)
            else:
                callback.on_event(event)

    def hear(self, subscriber: Subscriber, hint: Hint, name: str) -> None:
        """Take note of an event for one."""
        self._heard.append((subscriber, hint, name))


class _Ear:
    """One subscriber in one directory: a `WatchCallback` as `InotifyFD` calls it."""

    __slots__ = ("_descriptor", "_subscriber", "_wd")

    def __init__(self, descriptor: _Descriptor, subscriber: Subscriber) -> None:
        self._descriptor: _Descriptor | None = descriptor
        self._subscriber = subscriber
        self._wd, is_late = descriptor.add_ear(self, subscriber.directory)
        if is_late:
            subscriber.inbox.put([Sighting(subscriber, Hint.ITSELF, "")])

    @property
    def id(self) -> CallbackId:
        """What tells it from others in the same directory."""
        return CallbackId(id(self))

    def on_event(self, event: InotifyEvent) -> None:
        """Pass an event on. An exception would end the listening of all."""
        if event.name:
            self._hear(_hint(event.mask), os.fsdecode(event.name))
        elif event.mask & (_ITSELF | InotifyConstants.IN_UNMOUNT):
            self._hear(Hint.ITSELF, "")

    def on_watch_deleted(self, _wd: WatchDescriptor) -> None:
        """The kernel ended the watch: the directory is gone, or its file system."""
        self._hear(Hint.ITSELF, "")

    def _hear(self, hint: Hint, name: str) -> None:
        descriptor = self._descriptor
        if descriptor is not None:  # else it was closed by now
            descriptor.hear(self._subscriber, hint, name)

    def on_queue_overflow(self) -> None:
        """The kernel dropped events of we know not which directory."""
        self._subscriber.inbox.lose()

    def close(self) -> None:
        """Tell the subscriber no more. Safe to call twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):  # it was closed meanwhile
                descriptor.remove_callbacks([(self._wd, self.id)])


def _hint(mask: int) -> Hint:
    if mask & InotifyConstants.IN_ISDIR:
        return Hint.DIRECTORY
    if mask & _COMPLETE:
        return Hint.COMPLETE
    return Hint.GONE if mask & _GONE else Hint.BEGUN
