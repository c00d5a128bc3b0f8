"""Who opens a file for writing: told by a lease on it, at which the kernel has them wait until we have looked.

Only what is opened in place is seen, not what is renamed over it; only on Linux, and only for files that are our user's
and that nobody has open for writing (fcntl(2), F_SETLEASE). Where there is no lease, nothing is known. Whoever waits
does so for as long as a look at /proc takes, some milliseconds; for /proc/sys/fs/lease-break-time (45 s) at the most,
should the daemon be stopped. Never decides which files are worth that.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WAITING = "break_lease"
"""Part of the name of the kernel's function in which whoever opens a leased file waits (fs/locks.c)."""


@dataclass(frozen=True, slots=True)
class Opener:
    """A process that opens a leased file for writing.

    Attributes:
        lineage: itself, those that it comes from, and the leaders of its process group and of its session.
    """

    lineage: frozenset[int]


class Lease:
    """One that was taken. Made by `Leases`.

    Args:
        descriptor: open on the file.
        on_opened: see `Leases.take`.
    """

    def __init__(self, descriptor: int, on_opened: Callable[[tuple[Opener, ...]], None]) -> None:
        self.descriptor = descriptor
        self.on_opened = on_opened

    @property
    def is_broken(self) -> bool:
        """Whether somebody waits for it to be given back."""
        return fcntl.fcntl(self.descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK


class Leases:
    """Those that the daemon holds."""

    def __init__(self) -> None:
        self._held: set[Lease] = set()
        self._looks: set[asyncio.Task[None]] = set()

    def take(self, path: str, on_opened: Callable[[tuple[Opener, ...]], None]) -> Lease | None:
        """Take one; None if it cannot be had.

        Args:
            path: of the file.
            on_opened: is called once, with those that wait to write; with none if nobody was found.
        """
        if sys.platform != "linux":
            return None
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            return None
        # Its default is to end the process (signal(7)).
        asyncio.get_running_loop().add_signal_handler(signal.SIGIO, self._signalled)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:
            os.close(descriptor)
            return None
        lease = Lease(descriptor, on_opened)
        self._held.add(lease)
        return lease

    def give_back(self, lease: Lease) -> None:
        """Give one back; whoever waits goes on. Safe to call twice."""
        if lease in self._held:
            self._held.remove(lease)
            # To close the only descriptor gives it up (fcntl(2)).
            os.close(lease.descriptor)

    def _signalled(self) -> None:
        """Someone opens leased files."""
        if broken := [lease for lease in self._held if lease.is_broken]:
            look = asyncio.get_running_loop().create_task(self._look(broken))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)

    async def _look(self, broken: list[Lease]) -> None:
        try:
            openers = await asyncio.to_thread(lambda: tuple(_find_openers()))
            for lease in broken:
                if lease in self._held:
                    lease.on_opened(openers)
        finally:
            for lease in broken:
                self.give_back(lease)


def _find_openers() -> Iterator[Opener]:
    """All that wait at a lease, as far as they are ours to see (proc_pid_wchan(5))."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            threads = (process / "task").iterdir()
            if any(_WAITING in (thread / "wchan").read_text("ascii", "replace") for thread in threads):
                yield Opener(_lineage(int(process.name)))


def _lineage(pid: int) -> frozenset[int]:
    """See `Opener`."""
    found: set[int] = set()
    with suppress(OSError, ValueError):
        while pid > 1:
            # After the name in parentheses: state, ppid, pgrp, session (proc_pid_stat(5)).
            stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2]
            parent, group, session = map(int, stat.split()[1:4])
            found |= {pid, group, session}
            pid = parent
    return frozenset(found)
