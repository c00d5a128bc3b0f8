"""The daemon's side of the guardian: starts it, tells it of process groups, and starts it again if it dies.

Never kills anything itself.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.records import record
from reloadd.supervise.processes import exit_status, watch_exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Record

_SCRIPT = Path(__file__).with_name("guardian.py")
_MARK_NAME = "RELOADD_MARK"
_END_TIMEOUT = 2.0


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

    @property
    def environ(self) -> dict[str, str]:
        """What each child has to carry in its environment."""
        return {_MARK_NAME: self._mark}

    def start(self) -> None:
        """Start the guardian process. It does not carry the mark itself, nor one of an outer daemon."""
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SCRIPT), f"{_MARK_NAME}={self._mark}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={},
        )
        self._process = process
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
        if self._process is None or self._process.stdin is None:
            return
        try:
            # A line is shorter than PIPE_BUF, and the guardian reads at once: this does not block.
            os.write(self._process.stdin.fileno(), line.encode())
        except OSError:
            # It died; `_lost` starts another one, which is told of all groups.
            return

    def _lost(self, process: subprocess.Popen[bytes]) -> None:
        if process is not self._process:
            return
        self._publish(record("guardian.lost", exit=exit_status(process.wait()).words))
        if process.stdin is not None:
            process.stdin.close()
        self.start()
