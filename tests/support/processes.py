"""Real processes for the tests to end, listen to and count."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE = 20.0
"""Seconds after which something that did not happen is held never to."""

_ROOT = Path(__file__).parents[2]
_PAUSE = 0.005


class Program(subprocess.Popen[str]):
    """A Python program that runs in a session of its own and has said its first line.

    Attributes:
        said: that line.
    """

    said = ""


@contextmanager
def running(source: str, *arguments: str) -> Iterator[Program]:
    """Run a program until the end of the block, from its first line of output on; it and its group are killed then."""
    program = Program(
        [sys.executable, "-c", source, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=_ROOT,
    )
    alarm = threading.Timer(DEADLINE, program.kill)
    alarm.start()
    try:
        assert program.stdout is not None
        program.said = program.stdout.readline()
        alarm.cancel()
        assert program.said, "it ended without a word, or said nothing in time"
        yield program
    finally:
        alarm.cancel()
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait(DEADLINE)
        if program.stdout is not None:
            program.stdout.close()


async def until(condition: Callable[[], object], what: str, *, deadline: float = DEADLINE) -> None:
    """Return once the condition holds, with the event loop running; fail if it does not in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline
    while not condition():
        assert loop.time() < end, f"not within {deadline:g} s: {what}"
        await asyncio.sleep(_PAUSE)


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie (proc(5); elsewhere, whether it can be signalled)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
    except OSError:
        if sys.platform == "linux":
            return False
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    return state not in "ZX"


def open_descriptors() -> set[str]:
    """The numbers of this process's descriptors."""
    return {entry.name for entry in list(Path("/dev/fd").iterdir()) if _is_open(int(entry.name))}


def _is_open(descriptor: int) -> bool:
    """Whether it still is: the look itself took one."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
