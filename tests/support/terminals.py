"""Pseudo terminals and pipes that stand for a person's window."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.terminal import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

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
