"""The daemon's side of the guardian: starts it, tells it of process groups, and starts it again if it dies.

Never kills anything itself.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.records import record
from reloadd.supervise.processes import exit_status, watch_exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Record

_SCRIPT = Path(__file__).with_name("guardian.py")
_MARK_NAME = "RELOADD_MARK"
_NOT_FOR_IT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end a daemon, and that a service manager or a user may send to all processes around it."""

_END_TIMEOUT = 2.0
"""Seconds for the guardian to end once it was told to."""

_PAUSE = 1.0
"""Seconds from one loss to the start after the next, so that a guardian that cannot live costs next to nothing."""


class Guard:
    """Ends all apps when the daemon is gone, however it went.

    Args:
        publish: told when the guardian died and was started again.
    """

    def __init__(self, publish: Callable[[Record], None]) -> None:
        self._publish = publish
        self._groups: set[int] = set()
        self._mark = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._rests_until = 0.0
        self._next_start: asyncio.TimerHandle | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What each child has to carry in its environment."""
        return {_MARK_NAME: self._mark}

    def start(self) -> None:
        """Start the guardian process. It does not carry the mark itself, nor one of an outer daemon.

        Raises:
            OSError: the system has no room for it.
        """
        # A mask is inherited (sigprocmask(2)), so there is no first moment in which they would end it.
        ours = signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_FOR_IT)
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SCRIPT), f"{_MARK_NAME}={self._mark}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name != _MARK_NAME},
                start_new_session=True,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, ours)
        self._process = process
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        watch_exit(process, lambda: self._lost(process))
        for group in self._groups:
            self._tell(f"+{group}\n")

    def add(self, group: int) -> None:
        """A process group was started."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """A process group is gone."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    async def close(self) -> None:
        """Let the guardian look round a last time and end."""
        if self._next_start is not None:
            self._next_start.cancel()
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            async with asyncio.timeout(_END_TIMEOUT):
                await asyncio.to_thread(process.wait)
        except TimeoutError:
            process.kill()

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            return
        # It died: the next one is told of all groups. Or it is stopped, and thousands of lines wait for it already:
        # then it has the mark to go by.
        with suppress(OSError):
            # Shorter than PIPE_BUF, so it is written whole or not at all (pipe(7)).
            os.write(self._process.stdin.fileno(), line.encode())

    def _lost(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        if process is not self._process:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._rests_until:
            self._start_again()
        else:
            self._next_start = loop.call_at(self._rests_until, self._start_again)
        self._rests_until = loop.time() + _PAUSE
        self._publish(record("guardian.lost", exit=exit_status(process.wait()).words))

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError:
            self._next_start = asyncio.get_running_loop().call_later(_PAUSE, self._start_again)
