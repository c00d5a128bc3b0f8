"""What the processes of an app use, by the kernel's count: a child, all of its session, and all that they started.

Never signals a process. What the kernel hides is left out.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")
_PROPORTIONAL = re.compile(rb"(?m)^Pss:\s+(\d+) kB$")


@dataclass(frozen=True, slots=True)
class Usage:
    """What some processes use together.

    Attributes:
        processes: how many there are.
        cpu_s: seconds of processor time that they have used so far, with that of their children that ended.
        lived_s: seconds that the oldest has lived.
        memory: bytes; of what they share with others, only their part.
    """

    processes: int = 0
    cpu_s: float = 0.0
    lived_s: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class _Process:
    """What proc_pid_stat(5) says of a process; moments in clock ticks."""

    pid: int
    parent: int
    session: int
    ticks: int
    began: int
    resident: int


def measure(leaders: Mapping[str, Iterable[int]]) -> dict[str, Usage]:
    """What the apps use, each the processes that descend from its leaders or are in their sessions.

    It reads all of /proc, which takes milliseconds: not for the event loop's thread.

    Args:
        leaders: by app, the processes that were started for it, each of which leads a session.
    """
    processes = {process.pid: process for process in _all_processes()}
    owners = {leader: name for name, some in leaders.items() for leader in some}
    owned: dict[str, list[_Process]] = {name: [] for name in leaders}
    for process in processes.values():
        owner = _owner(process, processes, owners)
        if owner is not None:
            owned[owner].append(process)
    up = float((_PROC / "uptime").read_text("ascii").split()[0])
    return {name: _sum(some, up) for name, some in owned.items()}


def _owner(process: _Process, processes: Mapping[int, _Process], owners: Mapping[int, str]) -> str | None:
    seen: set[int] = set()
    while process.pid not in seen:
        found = owners.get(process.pid) or owners.get(process.session)
        if found is not None:
            return found
        seen.add(process.pid)
        parent = processes.get(process.parent)
        if parent is None:
            return None
        process = parent
    return None


def _sum(processes: list[_Process], up: float) -> Usage:
    return Usage(
        processes=len(processes),
        cpu_s=sum(process.ticks for process in processes) / _TICK,
        lived_s=max((up - process.began / _TICK for process in processes), default=0.0),
        memory=sum(map(_memory, processes)),
    )


def _memory(process: _Process) -> int:
    try:
        found = _PROPORTIONAL.search((_PROC / str(process.pid) / "smaps_rollup").read_bytes())
    except OSError:
        # Hidden, as where the process has changed its user, or before Linux 4.14.
        found = None
    return int(found[1]) * 1024 if found else process.resident


def _all_processes() -> Iterator[_Process]:
    for name in os.listdir(_PROC):  # noqa: PTH208 - a thousand names, of which only a digit matters
        if name.isdigit() and (process := _read(int(name))) is not None:
            yield process


def _read(pid: int) -> _Process | None:
    try:
        # The name stands in parentheses and may hold any character; the fields after it are numbered from 3.
        stat = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    if stat[0] in {b"Z", b"X"}:
        return None
    return _Process(
        pid=pid,
        parent=int(stat[1]),
        session=int(stat[3]),
        ticks=sum(map(int, stat[11:15])),
        began=int(stat[19]),
        resident=int(stat[21]) * _PAGE,
    )
