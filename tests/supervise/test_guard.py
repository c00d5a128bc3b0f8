"""What becomes of the apps when the daemon, or the guardian, is killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reloadd.supervise.guard import Guard
from tests.support.processes import lives, open_descriptors, running, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from reloadd.core.records import Record

PROMISED = 1.0
"""Seconds within which everything is gone; the time of a busy machine comes on top."""

SLACK = 4.0

DAEMON = """
import asyncio, os, subprocess, sys
from reloadd.supervise.guard import Guard

PLAIN = "import time; time.sleep(600)"
ESCAPED = (
    "import os, sys, time\\n"
    "if os.fork(): time.sleep(600)\\n"
    "os.setsid()\\n"
    "if os.fork(): os._exit(0)\\n"
    "os.write(int(sys.argv[1]), b'%d ' % os.getpid())\\n"
    "os.close(1); os.close(2)\\n"
    "time.sleep(600)\\n"
)

async def main():
    guard = Guard(lambda record: None)
    guard.start()
    ours, theirs = os.pipe()
    environ = {**os.environ, **guard.environ}
    children = []
    for source in (PLAIN, ESCAPED):
        child = subprocess.Popen(
            [sys.executable, "-c", source, str(theirs)], env=environ, pass_fds=[theirs], start_new_session=True
        )
        guard.add(child.pid)
        children.append(child)
    escaped = os.read(ours, 100).decode()
    print(guard._process.pid, *(child.pid for child in children), escaped, flush=True)
    if sys.argv[1] == "wait":
        await asyncio.sleep(600)
    await guard.close()
    print("closed", flush=True)
    for child in children:
        child.wait()

asyncio.run(main())
"""
"""A daemon in small: a child that stays in its group, and one whose grandchild has left it as a service does."""


def wait_gone(pids: list[int]) -> float:
    """Wait until none of the processes lives; how many seconds it took."""
    begun = time.monotonic()
    while any(map(lives, pids)):
        assert time.monotonic() < begun + PROMISED + SLACK, f"alive: {[pid for pid in pids if lives(pid)]}"
        time.sleep(0.01)
    return time.monotonic() - begun


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
@pytest.mark.skipif(sys.platform != "linux", reason="a process that left its group is found by /proc")
def test_nothing_survives_a_killed_daemon(number: signal.Signals) -> None:
    """Groups and what left them are gone soon after; then the guardian goes too."""
    with running(DAEMON, "wait") as daemon:
        guardian, *apps = map(int, daemon.said.split())
        assert len(apps) == 3
        assert all(map(lives, (guardian, *apps)))
        daemon.send_signal(number)
        wait_gone(apps)
        wait_gone([guardian])


def test_guardian_is_deaf_to_what_ends_a_daemon() -> None:
    """The signals of Ctrl-C, of a closed window and of a service manager do not end it, not even at its very start."""

    async def scenario(guard: Guard, records: list[Record]) -> None:
        guardian = guardian_of(guard)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            guardian.send_signal(number)
        with group() as app:
            guard.add(app.pid)
            await guard.close()
            await until(lambda: app.poll() is not None, "the end of the group")
        assert (guardian.returncode, records) == (0, [])

    guarded(scenario)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@pytest.mark.skipif(sys.platform != "linux", reason="a process that left its group is found by /proc")
def test_close_leaves_nothing() -> None:
    """After `close` neither the guardian is left nor what carries its mark."""
    with running(DAEMON, "close") as daemon:
        guardian, *apps = map(int, daemon.said.split())
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "closed\n"
        assert not lives(guardian)
        wait_gone(apps)
        assert daemon.wait() == 0


@contextmanager
def group() -> Iterator[subprocess.Popen[bytes]]:
    """A process group without the mark, so that only being told of it can end it."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def guarded(scenario: Callable[[Guard, list[Record]], Awaitable[None]]) -> None:
    """Run a scenario with a guard that has started."""

    async def run() -> None:
        records: list[Record] = []
        guard = Guard(records.append)
        guard.start()
        try:
            await scenario(guard, records)
        finally:
            await guard.close()

    asyncio.run(run())


def guardian_of(guard: Guard) -> subprocess.Popen[bytes]:
    """The process at work."""
    assert guard._process is not None
    return guard._process


async def lose_guardian(guard: Guard, records: list[Record]) -> None:
    """Kill the guardian and wait for the next one."""
    lost = guardian_of(guard)
    lost.kill()
    await until(lambda: guardian_of(guard) is not lost, "another guardian")
    assert [(each.name, each.fields["exit"]) for each in records[-1:]] == [
        ("guardian.lost", "SIGKILL (killed, perhaps out of memory)")
    ]


def test_killed_guardian_is_replaced() -> None:
    """It is told of in a record; the next one knows all groups that are there, and none that are gone."""

    async def scenario(guard: Guard, records: list[Record]) -> None:
        with group() as kept, group() as gone:
            guard.add(kept.pid)
            guard.add(gone.pid)
            guard.remove(gone.pid)
            await lose_guardian(guard, records)
            await guard.close()
            await until(lambda: kept.poll() is not None, "the end of the group")
            assert gone.poll() is None

    guarded(scenario)


def test_words_between_two_guardians_are_not_lost() -> None:
    """A group that starts while there is no guardian is known to the next one."""

    async def scenario(guard: Guard, records: list[Record]) -> None:
        lost = guardian_of(guard)
        lost.kill()
        lost.wait()
        with group() as late:
            guard.add(late.pid)
            await until(lambda: guardian_of(guard) is not lost, "another guardian")
            await guard.close()
            await until(lambda: late.poll() is not None, "the end of the group")
        assert len(records) == 1

    guarded(scenario)


def test_guardian_that_cannot_live_is_not_started_without_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An interpreter that has gone, as after an upgrade, is tried again at once, then once a second."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    losses: list[int] = []

    async def scenario(_: Guard, records: list[Record]) -> None:
        await until(lambda: len(records) == 2, "the second loss")
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        await asyncio.sleep(0.5)
        losses.append(len(records))

    guarded(scenario)
    assert losses == [2]
    assert capfd.readouterr().err == ""


def test_stopped_guardian_stops_nothing() -> None:
    """More words than its pipe holds do not make the daemon wait."""

    async def scenario(guard: Guard, _: list[Record]) -> None:
        guardian = guardian_of(guard)
        guardian.send_signal(signal.SIGSTOP)
        try:
            for number in range(20_000):
                guard.add(2_000_000_000 + number)
                guard.remove(2_000_000_000 + number)
        finally:
            guardian.kill()

    guarded(scenario)


def test_guard_leaves_no_descriptor() -> None:
    """Neither a killed guardian nor a closed one leaves anything open."""
    before: list[set[str]] = []

    async def scenario(guard: Guard, records: list[Record]) -> None:
        await lose_guardian(guard, records)
        before.append(open_descriptors())
        await lose_guardian(guard, records)
        assert open_descriptors() == before[0]

    guarded(scenario)
