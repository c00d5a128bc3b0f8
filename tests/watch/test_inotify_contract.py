"""What is used of watchdog's `InotifyFD`, which is not documented: a new version that breaks it fails here, by name."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("inotify is Linux's", allow_module_level=True)

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, WatchDescriptor

from reloadd.watch.events import MASK, _Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Callback:
    """Keeps what it is called with."""

    events: list[InotifyEvent] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)

    def on_event(self, event: InotifyEvent) -> None:
        """An event of the watched directory."""
        self.events.append(event)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The watch is gone."""
        self.deleted.append(wd)

    def on_queue_overflow(self) -> None:
        """Not made to happen here."""


@pytest.fixture
def descriptor() -> Iterator[_Descriptor]:
    """One that is read by the test. The kernel has queued an event by the time that what caused it returns."""
    opened = _Descriptor()
    yield opened
    opened.close()


def test_every_callback_of_a_directory_is_called(descriptor: _Descriptor, tmp_path: Path) -> None:
    """Two callbacks share the kernel's watch; an event has a mask and the name as bytes"""
    first, second = Callback(), Callback()
    one = descriptor.add_callback(os.fsencode(tmp_path), MASK, first, CallbackId(1))
    two = descriptor.add_callback(os.fsencode(tmp_path), MASK, second, CallbackId(2))
    assert one == two
    (tmp_path / "a.py").write_text("one")
    descriptor.read()
    for callback in (first, second):
        created, closed = callback.events
        assert created.mask == InotifyConstants.IN_CREATE
        assert closed.mask == InotifyConstants.IN_CLOSE_WRITE
        assert closed.name == b"a.py"
    descriptor.read()  # does not wait for more


def test_removing_one_callback_leaves_the_other(descriptor: _Descriptor, tmp_path: Path) -> None:
    """The watch is given back with the last callback only, and removing one that is gone does no harm"""
    first, second = Callback(), Callback()
    watch = descriptor.add_callback(os.fsencode(tmp_path), MASK, first, CallbackId(1))
    descriptor.add_callback(os.fsencode(tmp_path), MASK, second, CallbackId(2))
    descriptor.remove_callbacks([(watch, CallbackId(1))])
    (tmp_path / "sub").mkdir()
    descriptor.read()
    (event,) = second.events
    assert event.mask == InotifyConstants.IN_CREATE | InotifyConstants.IN_ISDIR
    assert not first.events
    descriptor.remove_callbacks([(watch, CallbackId(2))])
    descriptor.remove_callbacks([(watch, CallbackId(2))])


def test_a_deleted_directory_ends_its_watch(descriptor: _Descriptor, tmp_path: Path) -> None:
    """An event about the directory itself has no name, and the callback is told once that the watch is gone"""
    (tmp_path / "sub").mkdir()
    callback = Callback()
    watch = descriptor.add_callback(os.fsencode(tmp_path / "sub"), MASK, callback, CallbackId(1))
    (tmp_path / "sub").rmdir()
    descriptor.read()
    (event,) = callback.events
    assert (event.mask, event.name) == (InotifyConstants.IN_DELETE_SELF, b"")
    assert callback.deleted == [watch]
    descriptor.remove_callbacks([(watch, CallbackId(1))])  # no harm, though the kernel has no such watch any more
    descriptor.close()
    assert callback.deleted == [watch]


def test_a_directory_that_is_not_there_is_an_error(descriptor: _Descriptor, tmp_path: Path) -> None:
    """With the kernel's own error number"""
    with pytest.raises(FileNotFoundError):
        descriptor.add_callback(os.fsencode(tmp_path / "none"), MASK, Callback(), CallbackId(1))
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        descriptor.add_callback(os.fsencode(tmp_path / "file"), MASK, Callback(), CallbackId(1))


def test_reading_waits_for_nobody_who_adds_a_watch(descriptor: _Descriptor, tmp_path: Path) -> None:
    """InotifyFD's lock is held while the kernel looks for a directory, on a disk that may not answer"""
    callback = Callback()
    descriptor.add_callback(os.fsencode(tmp_path), MASK, callback, CallbackId(1))
    (tmp_path / "a.py").touch()
    assert isinstance(descriptor._lock, type(threading.Lock()))
    with descriptor._lock:
        descriptor.read()
    assert callback.events


def test_closing_leaves_no_descriptor(tmp_path: Path) -> None:
    """No thread was started, so nobody else would close them; closing twice does no harm"""
    before = set(Path("/proc/self/fd").iterdir())
    descriptor = _Descriptor()
    assert isinstance(descriptor, InotifyFD)
    assert Path(f"/proc/self/fd/{descriptor.fileno()}").readlink().name == "anon_inode:inotify"
    descriptor.add_callback(os.fsencode(tmp_path), MASK, Callback(), CallbackId(1))
    descriptor.close()
    descriptor.close()
    assert set(Path("/proc/self/fd").iterdir()) == before
