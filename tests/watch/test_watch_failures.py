"""What stops events from telling, and what a watch does about it; and that it leaves nothing behind."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reloadd.profile.model import Backend
from reloadd.watch.base import Means
from reloadd.watch.events import _Reader
from tests.support.inotify import inotify_descriptors, losing_events, watches_in_use
from tests.support.limited_watching import Outcome, watch_under_limit
from tests.support.watching import DEADLINE, Stage, save, wait_until, watch_set

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


def under_limit(root: Path, limit: str, value: int) -> Outcome:
    """Watch under a lower limit, where this system lets us make one."""
    outcome = watch_under_limit(root, limit, value)
    if outcome is None:
        pytest.skip("no user namespace to be had, in which to lower a limit")
    return outcome


def reader() -> threading.Thread:
    """The thread that reads the kernel's events."""
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "reloadd-inotify")
    return thread


def descriptors() -> set[str]:
    """This process's open descriptors, without the one that lists them."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir() if entry.exists() or entry.is_symlink()}


def test_lost_events_are_noticed_and_made_good(root: Path) -> None:
    """When the kernel's queue runs over, everything is compared and the record says so"""
    with Stage() as stage:
        shop = stage.begin(watch_set(root))
        with losing_events(stage, root):
            (root / "made").mkdir()
            save(root / "made/a.py", "one")
        record = stage.recorded("watch.overflowed")
        assert record.profile == "shop"
        assert record.fields["changes"] == 1
        assert shop.told() == {"made/a.py": "created"}
        save(root / "made/a.py", "two")
        assert shop.told() == {"made/a.py": "modified"}


def test_what_cannot_be_listened_to_is_polled(root: Path) -> None:
    """At the limit of watches the rest of the tree is polled, and one record names the limit and how to raise it"""
    for number in range(12):
        (root / f"{number:02}").mkdir()
    outcome = under_limit(root, "max_inotify_watches", 7)
    assert outcome.backend == "events+poll"
    fields = outcome.fields_of("watch.degraded")
    assert fields["error"] == "the limit `fs.inotify.max_user_watches` is reached"
    assert "sudo sysctl fs.inotify.max_user_watches=" in str(fields["hint"])
    assert fields["paths"]
    names = [f"{number:02}/a.py" for number in range(12)]
    assert outcome.told == [{name: kind} for name in names for kind in ("created", "modified")]


def test_without_a_descriptor_everything_is_polled(root: Path) -> None:
    """When no inotify instance is to be had, the record says so and changes are told all the same"""
    (root / "sub").mkdir()
    outcome = under_limit(root, "max_inotify_instances", 0)
    assert outcome.backend == "poll"
    assert "max_user_instances" in str(outcome.fields_of("watch.degraded")["error"])
    assert outcome.told == [{"sub/a.py": "created"}, {"sub/a.py": "modified"}]


def test_a_reader_that_dies_is_replaced(root: Path) -> None:
    """The end of the thread is recorded at once, and nothing that happened meanwhile is lost"""
    (root / "sub").mkdir()
    with Stage() as stage:
        shop = stage.begin(watch_set(root))
        shop.has_told_nothing()  # the thread is at work, and no longer about to begin
        dying = reader()
        assert dying.ident is not None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(dying.ident), ctypes.py_object(SystemExit))
        save(root / "sub/a.py", "one")  # wakes the thread, which then meets its end
        record = stage.recorded("watch.failed")
        assert record.fields == {"error": "SystemExit()"}
        assert shop.told() == {"sub/a.py": "created"}
        save(root / "sub/a.py", "two")
        assert shop.told() == {"sub/a.py": "modified"}
        assert len(inotify_descriptors()) == 1


def test_a_watch_that_breaks_is_begun_again(root: Path) -> None:
    """If whoever is told of a set fails, the record says so and the next set is told"""
    told: list[str] = []

    def listen(_changes: object) -> None:
        told.append("set")
        if len(told) == 1:
            raise LookupError("not ready")

    with Stage() as stage:
        shop = stage.begin(watch_set(root))
        shop.close()
        stage.begin_with(watch_set(root), listen)
        save(root / "a.py", "one")
        assert stage.recorded("watch.failed").fields == {"error": "LookupError('not ready')"}
        save(root / "a.py", "two")
        wait_until(lambda: len(told) == 2)
        assert [each.name for each in stage.records].count("watch.failed") == 1


def test_without_a_thread_everything_is_polled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When none can be started to listen, the record says so, changes are told all the same, and nothing is leaked"""
    start = threading.Thread.start

    def start_others(thread: threading.Thread) -> None:
        if thread.name == "reloadd-inotify":
            raise RuntimeError("can't start new thread")
        start(thread)

    # A limit cannot be made real here: getrlimit(2) does not hold for the superuser.
    monkeypatch.setattr(threading.Thread, "start", start_others)
    with Stage() as stage:
        shop = stage.begin(watch_set(root))
        assert stage.recorded("watch.degraded").fields["error"] == "no thread can be started to listen"
        assert shop.watch.statistics().means is Means.POLL
        save(root / "a.py", "one")
        assert shop.told() == {"a.py": "created"}
        assert inotify_descriptors() == []


def test_closing_leaves_nothing(root: Path) -> None:
    """No thread and no descriptor outlive the watcher; closing twice does no harm"""
    (root / "sub").mkdir()
    threads, open_before = set(threading.enumerate()), descriptors()
    with Stage() as stage:
        one = stage.begin(watch_set(root), "one")
        two = stage.begin(watch_set(root, backend=Backend.POLL), "two")
        assert len(inotify_descriptors()) == 1
        for observed in (one, two):
            observed.close()
            observed.close()
        stage.on_loop(stage.watcher.close)
    # A thread of the test before may have been about to end.
    wait_until(lambda: threads.issuperset(threading.enumerate()) and open_before.issuperset(descriptors()))


def test_a_source_that_is_closed_at_once_leaves_nothing() -> None:
    """Not even if its thread had no turn yet: it would have closed the descriptors after its first read"""
    open_before = descriptors()
    reader = _Reader(on_death=lambda _reader, _failure: None)
    reader.stop()
    reader.start()
    reader.join(DEADLINE)
    assert not reader.is_alive()
    assert descriptors() == open_before


def test_one_descriptor_and_one_thread_serve_all_profiles(root: Path) -> None:
    """And one watch for each directory, whatever they look for; they are given back when the last of them is closed"""
    for number in range(10):
        (root / f"{number}").mkdir()
    with Stage() as stage:
        first = stage.begin(watch_set(root), "first")
        alone = watches_in_use()
        others = [
            stage.begin(
                watch_set(root, include=("*.py", f"*.{number}"), exclude=(f"left out {number % 5}",)), f"{number}"
            )
            for number in range(50)
        ]
        assert watches_in_use() == alone
        assert len(inotify_descriptors()) == 1
        reader()
        for observed in (first, *others[1:]):
            observed.close()
        save(root / "9/a.py", "one")
        assert others[0].told() == {"9/a.py": "created"}
        others[0].close()
        wait_until(lambda: watches_in_use() == 0)


def test_children_do_not_inherit_the_descriptor(root: Path) -> None:
    """Not even those that are started with every descriptor that may be inherited"""
    with Stage() as stage:
        stage.begin(watch_set(root))
        listing = subprocess.run(["ls", "-l", "/proc/self/fd"], close_fds=False, capture_output=True, check=True)
        assert b"inotify" not in listing.stdout
