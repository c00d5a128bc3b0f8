"""The child's end of the wire until the app is there. Never lets the app's own children have it."""

from __future__ import annotations

import os

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple

    from .wire import Frame

_CHUNK = 1 << 16


class Link:
    """A connected stream socket, known by its descriptor: the `socket` module would be one more import."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = b""
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it has no keyword
        # An exec closes it; a fork must be told to.
        os.register_at_fork(after_in_child=self.close)

    def receive(self) -> Frame:
        """Wait for the next frame.

        Raises:
            EOFError: the daemon is gone.
            ValueError: what came is not a frame.
        """
        while not self.has_frame():
            self._read()
        line, newline, self._unread = self._unread.partition(b"\n")
        frames, _ = wire.split_frames(line + newline)
        return next(frames)

    def has_frame(self) -> bool:
        """Whether a whole frame has been read."""
        return b"\n" in self._unread

    def feed(self, chunk: bytes) -> None:
        """Take what somebody else has read.

        Raises:
            EOFError: it is nothing, so the daemon is gone.
        """
        if not chunk:
            raise EOFError("the daemon is gone")
        self._unread += chunk

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def replace(self, descriptor: int) -> None:
        """Go on over another connection."""
        self.close()
        self._unread = b""
        self._descriptor = descriptor

    def has_come(self) -> bool:
        """Whether there is anything to receive now.

        Raises:
            EOFError: the daemon is gone.
        """
        os.set_blocking(self._descriptor, False)
        try:
            self._read()
        except BlockingIOError:
            pass
        finally:
            os.set_blocking(self._descriptor, True)
        return bool(self._unread)

    def say(self, word: str, **fields: Any) -> None:
        """Say a word. A daemon that is gone hears nothing, and whoever ends its children ends this one too."""
        if self._descriptor < 0:
            return
        try:
            os.write(self._descriptor, wire.encode(word, **fields))
        except OSError:
            self.close()

    def detach(self) -> Tuple[int, bytes]:
        """Give up the descriptor, and what has been read from it beyond the last frame."""
        descriptor, self._descriptor = self._descriptor, -1
        return descriptor, self._unread

    def move_to(self, lowest: int) -> None:
        """Make room: afterwards the descriptor is `lowest` or higher."""
        if self._descriptor < lowest:
            self._descriptor = move_above(self._descriptor, lowest)

    def _read(self) -> None:
        self.feed(os.read(self._descriptor, _CHUNK))

    def close(self) -> None:
        """Say no more. Safe to call twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def move_above(descriptor: int, lowest: int) -> int:
    """The same file under a number of at least `lowest`, not inheritable; the number it had is free."""
    passed = [descriptor]
    while passed[-1] < lowest:
        passed.append(os.dup(passed[-1]))
    for low in passed[:-1]:
        os.close(low)
    return passed[-1]
