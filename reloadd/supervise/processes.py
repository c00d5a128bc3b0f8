"""What the operating system knows of processes: how one ended, who is left in a group, and when the group is gone.

Never starts a process.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reloadd.core.exits import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Callable

_ASK_AGAIN = 0.01
"""Seconds between two looks at a process that cannot be waited for: it is not our child, or there are no pidfds."""

_ASK_AT_LEAST = 0.08
"""Seconds, as above, after some time: each look at a group reads all of /proc."""

_KILL_TIMEOUT = 2.0
"""Seconds that a killed group is waited for; a process in uninterruptible sleep may take longer than anybody waits."""

_UNKNOWN = 255
"""The return code of a child whose end somebody else has been told of."""

_PR_SET_CHILD_SUBREAPER = 36


class Process(Protocol):
    """A child of this process, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its return code, if it has ended; a signal is a negative number."""

    def wait(self) -> int:
        """Its return code, once it has ended."""


class Adopted:
    """A child that another process forked, and that became ours when that process ended."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._returncode: int | None = None

    def poll(self) -> int | None:
        """Its return code, if it has ended."""
        return self._take(os.WNOHANG)

    def wait(self) -> int:
        """Its return code, once it has ended."""
        code = self._take(0)
        return _UNKNOWN if code is None else code

    def _take(self, options: int) -> int | None:
        if self._returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:
                self._returncode = _UNKNOWN
            else:
                self._returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self._returncode


def adopt_orphans() -> bool:
    """Become the parent of the processes that our children leave behind (prctl(2)); whether the system can do that."""
    if sys.platform != "linux":
        return False
    done: int = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return done == 0


def reap_group(group: int) -> None:
    """Reap the processes of a group that became our children when their parents ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass


def exit_status(returncode: int) -> ExitStatus:
    """The status behind `Popen.returncode`, where a signal is a negative number."""
    if returncode >= 0:
        return ExitStatus(code=returncode)
    try:
        return ExitStatus(signal=signal.Signals(-returncode).name)
    except ValueError:
        return ExitStatus(signal=f"SIG{-returncode}")


def watch_exit(process: Process, callback: Callable[[], None]) -> None:
    """Call `callback` on the event loop once `process` has ended; it is left to be waited for (pidfd_open(2))."""
    loop = asyncio.get_running_loop()
    descriptor = _open_pidfd(process.pid)
    if descriptor is None:
        _poll_exit(loop, process, callback)
        return

    def ended() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        callback()

    loop.add_reader(descriptor, ended)


def _open_pidfd(pid: int) -> int | None:
    """None where there is no such thing: not Linux, before 5.3, forbidden by a container, or no descriptor left."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _poll_exit(loop: asyncio.AbstractEventLoop, process: Process, callback: Callable[[], None]) -> None:
    if process.poll() is None:
        loop.call_later(_ASK_AGAIN, _poll_exit, loop, process, callback)
    else:
        callback()


def signal_group(group: int, number: int) -> bool:
    """Send a signal to each process of a group; whether there was any."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # A member that changed its user; the others got the signal (kill(2)).
        return True
    return True


async def wait_group_gone(group: int, timeout: float) -> bool:  # noqa: ASYNC109 (a bound, not a cancellation scope)
    """Whether no process of the group lives any more, after `timeout` seconds at the most."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    pause = _ASK_AGAIN
    while _has_living_member(group):
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, _ASK_AT_LEAST)
    return True


async def end_group(group: int, *, grace: float) -> bool:
    """Give the rest of a group whose leader is gone `grace` seconds, then kill it; whether it is gone."""
    is_gone = await wait_group_gone(group, grace)
    if not is_gone:
        signal_group(group, signal.SIGKILL)
        is_gone = await wait_group_gone(group, _KILL_TIMEOUT)
    reap_group(group)
    return is_gone


def _has_living_member(group: int) -> bool:
    """Whether a group has a process that is not a zombie: those count as members until their parent looks (kill(2))."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        if sys.platform != "linux":
            # What macOS says of a group that has nothing but zombies in it.
            return False
    if sys.platform != "linux":
        return True
    return any(_lives_in(entry, group) for entry in Path("/proc").glob("[0-9]*"))


def _lives_in(process: Path, group: int) -> bool:
    """Whether it is a living member (proc_pid_stat(5): state, ppid and pgrp stand behind the name in parentheses)."""
    try:
        state, _, member_of, *_ = (process / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return False
    return int(member_of) == group and state not in "ZX"
