"""What the operating system knows of processes: how one ended, who is left in a group, when it is gone.

Never starts a process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.exits import ExitStatus

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

_ASK_AGAIN = 0.01
"""Seconds between two looks at a process that cannot be waited for: it is not our child, or there are no pidfds."""

_ASK_AT_LEAST = 0.08
"""Seconds, as above, after some time: each look at a group reads all of /proc."""

_KILL_TIMEOUT = 2.0
"""Seconds that a killed group is waited for; a process in uninterruptible sleep may take longer than anybody waits."""


def exit_status(returncode: int) -> ExitStatus:
    """The status behind `Popen.returncode`, where a signal is a negative number."""
    if returncode >= 0:
        return ExitStatus(code=returncode)
    try:
        return ExitStatus(signal=signal.Signals(-returncode).name)
    except ValueError:
        return ExitStatus(signal=f"SIG{-returncode}")


def watch_exit(process: subprocess.Popen[bytes], callback: Callable[[], None]) -> None:
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


def _poll_exit(loop: asyncio.AbstractEventLoop, process: subprocess.Popen[bytes], callback: Callable[[], None]) -> None:
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
    if await wait_group_gone(group, grace):
        return True
    signal_group(group, signal.SIGKILL)
    return await wait_group_gone(group, _KILL_TIMEOUT)


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
