"""What is used of watchdog's `InotifyFD`, which is not documented: a new version that breaks it fails here, by name."""

from __future__ import annotations

import inspect
import os
import queue
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("inotify is Linux's", allow_module_level=True)

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, WatchDescriptor

from reloadd.watch.events import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 20.0


@dataclass
class Callback:
    """Keeps what it is called with."""

    events: queue.Queue[InotifyEvent] = field(default_factory=queue.Queue)
    deleted: queue.Queue[int] = field(default_factory=queue.Queue)

    def on_event(self, event: InotifyEvent) -> None:
        """An event of the watched directory."""
        self.events.put(event)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The watch is gone."""
        self.deleted.put(wd)

    def on_queue_overflow(self) -> None:
        """Not made to happen here."""


@pytest.fixture
def descriptor() -> Iterator[InotifyFD]:
    """A running instance."""
    running = InotifyFD()
    running._is_reading = False  # see `reloadd.watch.events`
    running.start()
    yield running
    running.stop()
    running.join(DEADLINE)
    assert not running.is_alive()


def test_every_callback_of_a_directory_is_called(descriptor: InotifyFD, tmp_path: Path) -> None:
    """Two callbacks share the kernel's watch; an event has a mask and the name as bytes"""
    first, second = Callback(), Callback()
    one = descriptor.add_callback(os.fsencode(tmp_path), MASK, first, CallbackId(1))
    two = descriptor.add_callback(os.fsencode(tmp_path), MASK, second, CallbackId(2))
    assert one == two
    (tmp_path / "a.py").write_text("one")
    for callback in (first, second):
        created, closed = (callback.events.get(timeout=DEADLINE) for _ in range(2))
        assert created.mask == InotifyConstants.IN_CREATE
        assert closed.mask == InotifyConstants.IN_CLOSE_WRITE
        assert closed.name == b"a.py"


def test_removing_one_callback_leaves_the_other(descriptor: InotifyFD, tmp_path: Path) -> None:
    """The watch is given back with the last callback only, and removing one that is gone does no harm"""
    first, second = Callback(), Callback()
    watch = descriptor.add_callback(os.fsencode(tmp_path), MASK, first, CallbackId(1))
    descriptor.add_callback(os.fsencode(tmp_path), MASK, second, CallbackId(2))
    descriptor.remove_callbacks([(watch, CallbackId(1))])
    (tmp_path / "sub").mkdir()
    event = second.events.get(timeout=DEADLINE)
    assert event.mask == InotifyConstants.IN_CREATE | InotifyConstants.IN_ISDIR
    assert first.events.empty()
    descriptor.remove_callbacks([(watch, CallbackId(2))])
    descriptor.remove_callbacks([(watch, CallbackId(2))])


def test_a_deleted_directory_ends_its_watch(descriptor: InotifyFD, tmp_path: Path) -> None:
    """An event about the directory itself has no name, and the callback is told that the watch is gone"""
    (tmp_path / "sub").mkdir()
    callback = Callback()
    watch = descriptor.add_callback(os.fsencode(tmp_path / "sub"), MASK, callback, CallbackId(1))
    (tmp_path / "sub").rmdir()
    event = callback.events.get(timeout=DEADLINE)
    assert (event.mask, event.name) == (InotifyConstants.IN_DELETE_SELF, b"")
    assert callback.deleted.get(timeout=DEADLINE) == watch


def test_a_directory_that_is_not_there_is_an_error(descriptor: InotifyFD, tmp_path: Path) -> None:
    """With the kernel's own error number"""
    with pytest.raises(FileNotFoundError):
        descriptor.add_callback(os.fsencode(tmp_path / "none"), MASK, Callback(), CallbackId(1))
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        descriptor.add_callback(os.fsencode(tmp_path / "file"), MASK, Callback(), CallbackId(1))


def test_what_is_overridden_is_there(descriptor: InotifyFD) -> None:
    """The descriptor, the flag that says who closes it, and the thread's own method"""
    assert Path(f"/proc/self/fd/{descriptor._inotify_fd}").readlink().name == "anon_inode:inotify"
    assert isinstance(descriptor._is_reading, bool)
    assert inspect.signature(InotifyFD.run).parameters.keys() == {"self"}
