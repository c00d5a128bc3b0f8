"""Who opens a file for writing: with a lease on the file, the kernel has them wait until we have looked.

This shows who opens a file in place, not who renames another over it. It works only on Linux, and only for files that
are our user's and that nobody has open for writing (fcntl(2), F_SETLEASE); without a lease, nothing is known. Whoever
opens the file waits for as long as we look at our own processes, which takes a few milliseconds, or at all processes,
if we have to be certain. Should the daemon be stopped, the kernel ends the wait after /proc/sys/fs/lease-break-time (45
s). Never decides which files need a lease.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WAITING = "break_lease"
"""Part of the name of the kernel's function in which whoever opens a leased file waits (fs/locks.c)."""


_LOOKS, _BETWEEN_LOOKS = 3, 0.001
"""How often we look for a process of ours that waits, and seconds in between: the signal comes just before it waits."""


@dataclass(frozen=True, slots=True)
class Opener:
    """A process below this one that opens a leased file for writing.

    Attributes:
        lineage: itself, those that it comes from, and the leaders of its process group and of its session.
    """

    lineage: frozenset[int]


class Lease:
    """A lease on a file. Made by `Leases`.

    Args:
        descriptor: open on the file.
        on_opened: see `Leases.take`.
        is_certain: see `Leases.take`.
    """

    def __init__(
        self, descriptor: int, on_opened: Callable[[tuple[Opener, ...] | None], None], *, is_certain: bool
    ) -> None:
        self.descriptor = descriptor
        self.on_opened = on_opened
        self.is_certain = is_certain

    @property
    def is_broken(self) -> bool:
        """Whether somebody waits for it to be given back."""
        return fcntl.fcntl(self.descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK


class Leases:
    """The leases that the daemon holds."""

    def __init__(self) -> None:
        self._held: set[Lease] = set()
        self._looks: set[asyncio.Task[None]] = set()

    def take(
        self, path: str, on_opened: Callable[[tuple[Opener, ...] | None], None], *, is_certain: bool
    ) -> Lease | None:
        """Take a lease; None if there can be none.

        Args:
            path: of the file.
            on_opened: is called once somebody opens the file, with the processes of ours that do: none if it is
                somebody else, None if that cannot be known.
            is_certain: whether somebody else counts only if they are seen. Otherwise it is enough that no process of
                ours is seen. That is quicker, and wrong only if the machine is so busy that one of ours is late.
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
        lease = Lease(descriptor, on_opened, is_certain=is_certain)
        self._held.add(lease)
        return lease

    def give_back(self, lease: Lease) -> None:
        """Give a lease back; whoever waits goes on. Safe to call twice."""
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
            is_certain = any(lease.is_certain for lease in broken)
            openers = await asyncio.to_thread(_find_openers, is_certain=is_certain)
            for lease in broken:
                if lease in self._held:
                    lease.on_opened(openers)
        finally:
            for lease in broken:
                self.give_back(lease)


def _find_openers(*, is_certain: bool) -> tuple[Opener, ...] | None:
    """The processes of ours that wait at a lease; none if it is somebody else; None if that cannot be known."""
    can_see = False
    for number in range(_LOOKS):
        if number:
            time.sleep(_BETWEEN_LOOKS)
        found = []
        for pid in _below(os.getpid()):
            places = list(_places(pid))
            can_see = can_see or any(place not in {"", "0"} for place in places)
            if any(_WAITING in place for place in places):
                found.append(Opener(_lineage(pid)))
        if found:
            return tuple(found)
    if is_certain:
        everybody = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
        waiting = [pid for pid in everybody if any(_WAITING in place for place in _places(pid))]
        # On a busy machine a process of ours may have come too late to be seen above.
        ours = tuple(Opener(lineage) for lineage in map(_lineage, waiting) if os.getpid() in lineage)
        return ours or (() if waiting else None)
    return () if can_see else None


def _below(pid: int) -> Iterator[int]:
    """All processes below one, as far as the system tells (proc_pid_task(5))."""
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text("ascii").split():
                yield int(child)
                yield from _below(int(child))


def _places(pid: int) -> Iterator[str]:
    """The kernel's function in which each thread of a process waits; "0" if it does not, or is not ours to see."""
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            yield (thread / "wchan").read_text("ascii", "replace")


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
