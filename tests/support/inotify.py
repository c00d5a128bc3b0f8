"""The inotify instances of this process, and how to make one lose events. Linux only."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.watching import Stage

_LIMITS = Path("/proc/sys/fs/inotify")


def inotify_descriptors() -> list[int]:
    """This process's inotify descriptors: inotify(7) gives their link's text."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if entry.readlink().name == "anon_inode:inotify":
                found.append(int(entry.name))
        except FileNotFoundError:
            continue
    return found


def watches_in_use() -> int:
    """How many inotify watches this process has: proc_pid_fdinfo(5)."""
    return sum(Path(f"/proc/self/fdinfo/{fd}").read_text().count("inotify wd:") for fd in inotify_descriptors())


@contextmanager
def losing_events(stage: Stage, directory: Path) -> Iterator[None]:
    """Let the kernel drop every event that the block causes, because its queue is full.

    Args:
        stage: whose watcher loses them.
        directory: one that is watched; files come and go in it.
    """
    with stage.held_up():
        one, other = directory / "one", directory / "other"
        one.touch()
        # Two events for each rename; nobody reads them meanwhile.
        for _ in range(int((_LIMITS / "max_queued_events").read_text()) // 4):
            one.rename(other)
            other.rename(one)
        one.unlink()
        yield
