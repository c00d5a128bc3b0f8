"""Ends of processes and of their groups."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess

import pytest

from reloadd.core.exits import ExitStatus
from reloadd.supervise.processes import end_group, exit_status, signal_group, wait_group_gone, watch_exit
from tests.support.processes import DEADLINE, lives, open_descriptors, running, until

LEAVE_A_MEMBER = """
import os, signal, sys
if os.fork():
    signal.pause()
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print(os.getpid(), flush=True)
while True:
    signal.pause()
"""
"""A leader that waits, and a member that heeds SIGTERM or is deaf to it."""

KEEP_A_ZOMBIE = """
import os, sys, time
ours, theirs = os.pipe()
member = os.fork()
if member == 0:
    os.setpgid(0, 0)
    os._exit(0)
os.waitid(os.P_PID, member, os.WEXITED | os.WNOWAIT)
print(member, flush=True)
time.sleep(600)
"""
"""A process whose child leads a group of its own and is dead, but not waited for."""


@pytest.mark.parametrize(
    ("returncode", "expected"),
    [
        (0, ExitStatus(code=0)),
        (3, ExitStatus(code=3)),
        (255, ExitStatus(code=255)),
        (-9, ExitStatus(signal="SIGKILL")),
        (-11, ExitStatus(signal="SIGSEGV")),
        (-50, ExitStatus(signal="SIG50")),
    ],
)
def test_exit_status(returncode: int, expected: ExitStatus) -> None:
    """A negative number is a signal, also one without a name (real-time signals)."""
    assert exit_status(returncode) == expected


async def watched_exit(process: subprocess.Popen[bytes]) -> list[int | None]:
    """End a process; what had become of it when the callback came."""
    seen: list[int | None] = []
    watch_exit(process, lambda: seen.append(process.poll()))
    process.send_signal(signal.SIGINT)
    await until(lambda: seen, "the callback")
    return seen


def test_exit_is_told_once() -> None:
    """The callback comes when the process can be waited for, and leaves nothing open."""
    with subprocess.Popen(["sleep", "600"]) as process:
        descriptors = open_descriptors()
        assert asyncio.run(watched_exit(process)) == [-signal.SIGINT]
        assert open_descriptors() == descriptors


def test_exit_is_told_where_no_descriptor_is_left() -> None:
    """Without a pidfd (here: none is to be had) the process is asked after."""

    async def scenario(process: subprocess.Popen[bytes]) -> list[int | None]:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            return await watched_exit(process)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    with subprocess.Popen(["sleep", "600"]) as process:
        assert asyncio.run(scenario(process)) == [-signal.SIGINT]


def test_signal_reaches_the_whole_group() -> None:
    """The leader and its children get it."""
    with running(LEAVE_A_MEMBER, "heeds") as leader:
        assert signal_group(leader.pid, signal.SIGTERM)
        assert asyncio.run(wait_group_gone_after(leader))


async def wait_group_gone_after(leader: subprocess.Popen[str]) -> bool:
    """Take the leader's status, then wait for the rest."""
    leader.wait(DEADLINE)
    return await wait_group_gone(leader.pid, DEADLINE)


def test_no_such_group() -> None:
    """A group that is gone is told from one that got the signal."""
    with running("print()") as process:
        process.wait(DEADLINE)
        assert not signal_group(process.pid, signal.SIGTERM)
        assert asyncio.run(wait_group_gone(process.pid, 0))


@pytest.mark.parametrize("kind", ["heeds", "deaf"])
def test_members_without_a_leader_are_ended(kind: str) -> None:
    """What a crashed leader leaves behind gets its grace, and is killed after it."""

    async def scenario() -> tuple[bool, bool]:
        with running(LEAVE_A_MEMBER, kind) as leader:
            os.kill(leader.pid, signal.SIGKILL)
            leader.wait(DEADLINE)
            is_gone_by_itself = await wait_group_gone(leader.pid, 0.05)
            if kind == "heeds":
                signal_group(leader.pid, signal.SIGTERM)
            grace = DEADLINE if kind == "heeds" else 0.05
            return is_gone_by_itself, await end_group(leader.pid, grace=grace)

    assert asyncio.run(scenario()) == (False, True)


def test_zombies_are_not_living() -> None:
    """A group of which only a zombie is left is gone: it will be a member for as long as its parent likes."""
    with running(KEEP_A_ZOMBIE) as parent:
        zombie = int(parent.said)
        os.killpg(zombie, 0)

        assert asyncio.run(wait_group_gone(zombie, 0))
        assert not lives(zombie)


def test_waiting_leaves_the_loop_alone() -> None:
    """Others go on while a group is waited for, and the wait ends when it was said to."""

    async def scenario() -> int:
        with running("import time; print(); time.sleep(600)") as process:
            turns = 0
            waiting = asyncio.create_task(wait_group_gone(process.pid, 0.3))
            while not waiting.done():
                await asyncio.sleep(0.001)
                turns += 1
            assert not waiting.result()
            return turns

    assert asyncio.run(scenario()) > 10
