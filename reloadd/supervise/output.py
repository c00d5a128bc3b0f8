"""What a child prints, on its way to the terminal: line by line, colours kept, the last lines remembered.

Never interprets a line: `core.blame` does that when the child has ended.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.terminal import Writer

_CHUNK = 1 << 16
_TAIL_LINES = 200
"""Lines that are remembered for the case that they are a child's last ones."""

_LONGEST_LINE = 1 << 16
"""Bytes after which a line is taken for ended, so that a child that never ends one costs no memory."""

_MOST_KEPT = 1 << 18
"""Bytes that are kept of what a process prints that is only prepared; the last ones."""

_LONGEST_REMEMBERED = 1 << 12
"""Bytes of a line that are remembered."""

_LAST_READS = 64
"""Chunks that are read at most after a child's end: what it started may still print into the same pipe."""


class Output:
    """Reads one child's output until it is closed.

    Args:
        descriptor: where to read; owned, and closed by `close`.
        writer: where the output goes.
        prefix: put in front of each line. Empty: everything is handed on as it comes, also a prompt without a newline.

    Attributes:
        on_lines: called with the lines that have ended, without their newlines.
    """

    def __init__(self, descriptor: int, writer: Writer, prefix: bytes) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._writer = writer
        self._prefix = prefix
        self._begun = b""
        self._tail: deque[bytes] = deque(maxlen=_TAIL_LINES)
        self._loop = asyncio.get_running_loop()
        self._kept: bytearray | None = None
        self._is_open = True
        self.on_lines: Callable[[tuple[bytes, ...]], None] | None = None
        self._loop.add_reader(descriptor, self._read)

    def hold(self) -> None:
        """Hand nothing on from now on, but keep it."""
        self._kept = bytearray()

    def take_kept(self) -> bytes:
        """What has been printed since `hold`, or since this was last asked."""
        for _ in range(_LAST_READS):
            if not self._take():
                break
        taken = bytes(self._kept or b"")
        if self._kept is not None:
            self._kept.clear()
        return taken

    def release(self, prefix: bytes) -> None:
        """Hand on what is kept, and all that follows, with this prefix."""
        kept, self._kept, self._prefix = self._kept, None, prefix
        if kept:
            self._hand_on(bytes(kept))

    @property
    def tail(self) -> Sequence[str]:
        """The last lines, the oldest first."""
        return [line.decode("utf-8", "replace") for line in self._tail]

    def close(self) -> None:
        """Take what is left, without waiting for more, and close the descriptor."""
        if not self._is_open:
            return
        for _ in range(_LAST_READS):
            if not self._take():
                break
        if self._begun:
            self._writer.write_output(self._prefix + self._begun + b"\n" if self._prefix else b"\n")
            self._remember([self._begun])
        self._is_open = False
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        if not self._writer.call_when_roomy(self._resume_from_thread):
            # Whoever reads our output is slow. Not reading makes the child wait, as it would on a terminal.
            self._loop.remove_reader(self._descriptor)
            return
        self._take()

    def _resume_from_thread(self) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._resume)

    def _resume(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._descriptor, self._read)

    def _take(self) -> bool:
        """Read once; whether there was anything."""
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            # A pseudo terminal's way to say that its last user closed it (EIO).
            data = b""
        if not data:
            self._loop.remove_reader(self._descriptor)
            return False
        self._hand_on(data)
        return True

    def _hand_on(self, data: bytes) -> None:
        if self._kept is not None:
            self._kept += data
            del self._kept[:-_MOST_KEPT]
            return
        if not self._prefix:
            self._writer.write_output(data)
        *lines, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > _LONGEST_LINE:
            lines.append(self._begun)
            self._begun = b""
        if self._prefix and lines:
            self._writer.write_output(b"".join(self._prefix + line + b"\n" for line in lines))
        self._remember(lines)

    def _remember(self, lines: Sequence[bytes]) -> None:
        self._tail.extend(line[:_LONGEST_REMEMBERED] for line in lines)
        if lines and self.on_lines is not None:
            self.on_lines(tuple(lines))
