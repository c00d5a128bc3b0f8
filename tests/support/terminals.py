"""Pseudo terminals and pipes that stand for a person's window."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import shutil
import struct
import subprocess
import termios
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.terminal import Writer
from tests.support.daemon import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Window:
    """A terminal, and the person's side of it."""

    person: int
    terminal: int

    def resize(self, columns: int, rows: int) -> None:
        """Drag its corner."""
        fcntl.ioctl(self.person, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.person, keys)

    def wait_for(self, words: bytes, deadline: float) -> None:
        """Read the screen until these words have come; what is read is gone."""
        end = time.monotonic() + deadline
        screen = b""
        while words not in screen:
            assert time.monotonic() < end, f"no {words!r} on:\n{screen!r}"
            if select.select([self.person], [], [], 0.1)[0]:
                screen += os.read(self.person, _CHUNK)


def type_into(command: Sequence[str | Path], keys: Sequence[tuple[str, str]], environ: Mapping[str, str]) -> None:
    """Run a program on a terminal of its own to its end, as a person would.

    Args:
        command: the program, with its arguments.
        keys: what is waited for on the screen, and what is pressed then.
        environ: the program's.

    Raises:
        FileNotFoundError: there is no such program.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such program", str(command[0]))
    with window() as own:
        # A session of its own, so that its keyboard is this terminal: setsid(1), credentials(7).
        program = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command],
            env=environ,
            stdin=own.terminal,
            stdout=own.terminal,
            stderr=own.terminal,
        )
        try:
            for words, pressed in keys:
                own.wait_for(words.encode(), DEADLINE)
                own.type(pressed.encode())
            assert program.wait(DEADLINE) == 0
        finally:
            program.kill()
            program.wait()


@contextmanager
def window() -> Iterator[Window]:
    """A terminal of 80 columns and 24 rows."""
    made = Window(*os.openpty())
    made.resize(80, 24)
    try:
        yield made
    finally:
        for descriptor in (made.person, made.terminal):
            try:
                os.close(descriptor)
            except OSError:
                # The test has hung up.
                continue


class Paper:
    """A pipe that a writer writes into; it is read from `read` on and not before.

    Attributes:
        writer: the one writer.
    """

    def __init__(self) -> None:
        self._readable, self._writable = os.pipe()
        self._read: list[bytes] = []
        self._reader: threading.Thread | None = None
        self.writer = Writer(output=self._writable, log=self._writable)

    @property
    def text(self) -> bytes:
        """What has been read so far."""
        return b"".join(self._read)

    def read(self) -> None:
        """Begin to read, and go on to the end."""
        self._reader = threading.Thread(target=self._run)
        self._reader.start()

    def close(self) -> bytes:
        """Everything that was written, once the writer has ended."""
        if self._reader is None:
            self.read()
        self.writer.close()
        os.close(self._writable)
        if self._reader is not None:
            self._reader.join()
        os.close(self._readable)
        return self.text

    def _run(self) -> None:
        while data := os.read(self._readable, _CHUNK):
            self._read.append(data)
