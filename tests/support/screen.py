"""A daemon on a terminal: what a person would type and see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

from tests.support.daemon import DEADLINE, clean_environ

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

ROWS, COLUMNS = 33, 117


class Screen:
    """A terminal in which `reloadd` runs in the foreground, from `with` to the end of the block.

    Args:
        directory: where it is started.
        arguments: of the command.
        command: what is typed before them.
        environ: of the command.
    """

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        command: Sequence[str] = (sys.executable, "-m", "reloadd"),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.text = ""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            environ = clean_environ(TERM="xterm", PYTHONSAFEPATH="") if environ is None else environ
            os.execvpe(command[0], [*command, *arguments], environ)  # noqa: S606 (no shell)
        self.resize(ROWS, COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running():
            os.kill(self.pid, signal.SIGTERM)
            self.wait_ended()
        os.close(self._terminal)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size, which tells the foreground group (ioctl_tty(2))."""
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._terminal)
        self._terminal = os.open(os.devnull, os.O_RDONLY)

    def wait_for(self, text: str, *, deadline: float = DEADLINE) -> str:
        """Wait until the text is on the screen, after what was waited for before; returns what stands between them."""
        end = time.monotonic() + deadline
        while text not in self.text:
            assert time.monotonic() < end, f"no {text!r} on:\n{self.text}"
            self._read(0.1)
        before, _, self.text = self.text.partition(text)
        return before

    def wait_ended(self) -> int:
        """Wait for the end of the daemon, reading what it says; its exit status, or minus the signal."""
        end = time.monotonic() + DEADLINE
        while self.is_running():
            assert time.monotonic() < end, f"still running:\n{self.text}"
            self._read(0.02)
        return self._status

    def is_running(self) -> bool:
        """Whether the daemon has not ended yet."""
        if self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                return True
            self.pid, self._status = 0, os.waitstatus_to_exitcode(status)
        return False

    def modes(self) -> int:
        """The local modes of the terminal (termios(3), c_lflag)."""
        return int(termios.tcgetattr(self._terminal)[3])

    def _read(self, timeout: float) -> None:
        if select.select([self._terminal], [], [], timeout)[0]:
            try:
                self.text += os.read(self._terminal, 1 << 16).decode("utf-8", "replace")
            except OSError:
                # The terminal's last user is gone (EIO).
                time.sleep(timeout)
