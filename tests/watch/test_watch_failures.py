"""What stops events from telling, and what a watch does about it; and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Backend
from reloadd.watch.events import KernelEvents, _Descriptor
from reloadd.watch.inbox import Hint, Inbox, Purpose, Sighting, Subscriber
from tests.support.inotify import inotify_descriptors, losing_events, watches_in_use
from tests.support.limited_watching import Outcome, watch_under_limit
from tests.support.watching import Stage, save, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from watchdog.observers.inotify_c import CallbackId, Mask, WatchCallback, WatchDescriptor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


def under_limit(root: Path, limit: str, value: int) -> Outcome:
    """Watch under a lower limit, where this system lets us make one."""
    outcome = watch_under_limit(root, limit, value)
    if outcome is None:
        pytest.skip("no user namespace to be had, in which to lower a limit")
    return outcome


def descriptors() -> set[str]:
    """This process's open descriptors, without the one that lists them."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir() if entry.exists() or entry.is_symlink()}


@contextmanager
def no_descriptor_left() -> Iterator[Callable[[], None]]:
    """Let this process open nothing; gives what takes those that were closed meanwhile."""
    taken: list[int] = []

    def take_all() -> None:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, descriptors())) + 1, before[1]))
    try:
        take_all()
        yield take_all
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_cannot_be_looked_into_is_not_gone(root: Path, tmp_path: Path) -> None:
    """A directory that no descriptor is left for stays as it is known, and what came into it is told later"""
    for path in (root / "a.py", root / "sub/b.py", tmp_path / "c.py"):
        path.parent.mkdir(exist_ok=True)
        save(path, "one")
    with Stage() as stage:
        shop = stage.begin(watch_set(root, backend=Backend.POLL))
        with no_descriptor_left() as take_all:
            (tmp_path / "c.py").rename(root / "c.py")

            def is_said() -> bool:
                take_all()
                return any(each.name == "watch.degraded" for each in stage.records)

            wait_until(is_said)
        paths = stage.recorded("watch.degraded").fields["paths"]
        assert isinstance(paths, tuple)
        assert str(root) in paths
        assert shop.told() == {"c.py": "created"}
        shop.has_told_nothing()


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


class Breaking(Subscriber):
    """Fails whenever it is told of anything."""

    def sighting(self, hint: Hint, name: str) -> None:
        """It cannot say whether that matters."""
        raise LookupError(f"not ready for {hint.value} {name}")


def test_a_descriptor_that_fails_is_replaced(root: Path) -> None:
    """Whatever ends the reading is recorded at once, and nothing that happened meanwhile is lost"""
    (root / "sub").mkdir()
    with Stage() as stage:
        shop = stage.begin(watch_set(root))
        events = stage.watcher._events
        assert isinstance(events, KernelEvents)
        stage.on_loop(lambda: events.listen(Breaking(Inbox(), Purpose.CONTENT, str(root / "sub"))))
        save(root / "sub/a.py", "one")
        record = stage.recorded("watch.failed")
        assert record.fields == {"error": "LookupError('not ready for begun a.py')"}
        assert shop.told() == {"sub/a.py": "created"}
        save(root / "sub/a.py", "two")
        assert shop.told() == {"sub/a.py": "modified"}
        assert len(inotify_descriptors()) == 1


def test_who_begins_to_listen_too_late_looks_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens after the kernel listens and before it is known for whom is told as something about the directory"""
    add_callback = _Descriptor.add_callback

    def add_late(
        descriptor: _Descriptor, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        (root / "a.py").touch()
        descriptor.read()
        return add_callback(descriptor, path, mask, callback, id_)

    async def scenario() -> None:
        with closing(KernelEvents()) as source:
            first, second = (Subscriber(Inbox(), Purpose.CONTENT, str(root)) for _ in range(2))
            source.listen(first)
            monkeypatch.setattr(_Descriptor, "add_callback", add_late)
            source.listen(second)
            assert first.inbox.take() == (Sighting(first, Hint.BEGUN, "a.py"), Sighting(first, Hint.COMPLETE, "a.py"))
            assert second.inbox.take() == (Sighting(second, Hint.ITSELF, ""),)

    asyncio.run(scenario())


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


def test_a_source_that_is_closed_at_once_leaves_nothing(root: Path) -> None:
    """Not even if the event loop had no turn yet in which to begin to read"""

    async def scenario() -> None:
        open_before = descriptors()
        source = KernelEvents()
        source.listen(Subscriber(Inbox(), Purpose.CONTENT, str(root)))
        source.close()
        await asyncio.sleep(0)
        assert descriptors() == open_before
        with pytest.raises(OSError, match="shutdown"):
            source.listen(Subscriber(Inbox(), Purpose.CONTENT, str(root)))

    asyncio.run(scenario())


def test_one_descriptor_serves_all_profiles(root: Path) -> None:
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
