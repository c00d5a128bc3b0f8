"""A control group for each generation of each app, below the group that a service manager delegated to the daemon.

What a process starts is in its control group for good, even if it leaves its process group and its session. So the end
of a generation is the end of all that it started, and what an app uses can be read there. Without delegation, so
everywhere but in a service, nothing here does anything. Never sets a limit: that is for the unit (cgroups(7)).
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAEMONS_OWN = "supervisor"
"""As `DelegateSubgroup=` of the units has it: no process may be in a group that has groups below it (cgroups(7))."""

_KILL_TIMEOUT = 2.0
"""Seconds for the processes of a group to end once they were killed."""

_ASK_AGAIN, _ASK_AT_LEAST = 0.005, 0.08
"""Seconds between two looks at whether they have, at first and at the most."""


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """What the generations of an app that are there use, by the kernel's own count; it is `control.commands.Grouped`.

    Attributes:
        pids: their processes, however far they got from the child that started them.
        cpu: seconds of processor time, of processes that have ended too.
        memory: bytes; None where the kernel does not count them per group.
    """

    pids: tuple[int, ...]
    cpu: float
    memory: int | None


class Groups:
    """The daemon's control groups.

    Args:
        home: the group that was delegated to us; None for none.
    """

    def __init__(self, home: Path | None) -> None:
        self._home = home

    def enter(self, profile: str, part: str, pid: int) -> None:
        """Put a process that has started nothing yet into the group of a part of an app, such as a generation."""
        if self._home is None:
            return
        # Where that fails, for want of room, the app runs in our own group: the end of the service is its end too.
        with suppress(OSError):
            group = _group(self._home, profile, part)
            group.mkdir(parents=True, exist_ok=True)
            (group / "cgroup.procs").write_text(str(pid))

    async def end(self, profile: str, part: str) -> None:
        """Kill all that is still in the group of a part of an app, and remove the group, within two seconds."""
        if self._home is None:
            return
        group = _group(self._home, profile, part)
        deadline = asyncio.get_running_loop().time() + _KILL_TIMEOUT
        pause = _ASK_AGAIN
        while not _remove(group) and asyncio.get_running_loop().time() < deadline:
            _kill(group)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _ASK_AT_LEAST)

    def usage(self, profile: str) -> GroupUsage | None:
        """What an app uses; None without a group of its own."""
        # Not the parts that have a name: nothing there is the app yet.
        parts = list(_app(self._home, profile).glob("part-[0-9]*")) if self._home is not None else []
        if not parts:
            return None
        spent = sum(int(_table(part / "cpu.stat").get("usage_usec", 0)) for part in parts)
        memory = [int(word) for part in parts for word in _words(part / "memory.current")]
        groups = [below for part in parts for below in part.glob("**/")]
        return GroupUsage(
            pids=tuple(int(pid) for group in groups for pid in _words(group / "cgroup.procs")),
            cpu=spent / 1e6,
            memory=sum(memory) if memory else None,
        )


def delegated_home(environ: Mapping[str, str]) -> Path | None:
    """The group of the service that this process is, which is in the daemon's own part of it then.

    None where there is none: not a service of a manager that we can talk to, no cgroups v2, or a group that is not ours
    to divide. Whether a group was delegated cannot be asked: a user's manager marks its groups in no way.

    Args:
        environ: the daemon's environment.
    """
    is_service = "NOTIFY_SOCKET" in environ and environ.get("SYSTEMD_EXEC_PID", str(os.getpid())) == str(os.getpid())
    if not is_service:
        return None
    try:
        group = _group_of_this_process()
        home = group.parent if group.name == _DAEMONS_OWN else group
        if home.suffix != ".service":
            return None
        own = home / _DAEMONS_OWN
        own.mkdir(exist_ok=True)
        (own / "cgroup.procs").write_text(str(os.getpid()))
    except (OSError, LookupError):
        return None
    for controller in _words(home / "cgroup.controllers"):
        with suppress(OSError):
            (home / "cgroup.subtree_control").write_text(f"+{controller}")
    return home


def _group_of_this_process() -> Path:
    """Where our control group is in the file system (cgroups(7), proc_pid_mountinfo(5))."""
    lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "/")
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            return Path(before.split()[4] + path)
    raise LookupError("no cgroup2 is mounted")


def _app(home: Path, profile: str) -> Path:
    """The prefix keeps a profile from being taken for a file of the kernel's, such as `memory.max`."""
    return home / f"app-{profile}"


def _group(home: Path, profile: str, part: str) -> Path:
    return _app(home, profile) / f"part-{part}"


def _remove(group: Path) -> bool:
    """Remove a group and those that the app made below it; whether it is gone."""
    for below in sorted(group.glob("**/"), reverse=True):
        try:
            below.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            # Somebody is in it (EBUSY).
            return False
    return True


def _kill(group: Path) -> None:
    """End every process of a group and of those below it."""
    try:
        (group / "cgroup.kill").write_text("1")
    except OSError:
        # Linux before 5.14: one by one, and again until none is left.
        for pid in _words(group / "cgroup.procs"):
            with suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)


def _table(file: Path) -> dict[str, str]:
    """A file of names and values; empty if its group has just been removed."""
    words = _words(file)
    return dict(zip(words[::2], words[1::2], strict=False))


def _words(file: Path) -> list[str]:
    try:
        return file.read_text("ascii").split()
    except OSError:
        return []
