"""The child's end of the wire. Never lets the app's own children have it, and never makes the app wait."""

from __future__ import annotations

import os

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .wire import Frame

_CHUNK = 1 << 16


class Link:
    """A connected stream socket, known by its descriptor: the `socket` module would be one more import."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it has no keyword
        # An exec closes it; a fork must be told to.
        os.register_at_fork(after_in_child=self.close)

    def receive(self) -> Frame:
        """Wait for the next frame. The daemon says no other before it has been answered.

        Raises:
            EOFError: the daemon is gone.
            ValueError: what came is not a frame.
        """
        received = b""
        while True:
            chunk = os.read(self._descriptor, _CHUNK)
            if not chunk:
                raise EOFError("the daemon is gone")
            frames, received = wire.split_frames(received + chunk)
            for frame in frames:
                return frame

    def say(self, word: str, **fields: str) -> None:
        """Say a word. A daemon that is gone hears nothing, and whoever ends its children ends this one too."""
        if self._descriptor < 0:
            return
        try:
            os.write(self._descriptor, wire.encode(word, **fields))
        except OSError:
            self.close()

    def move_to(self, lowest: int) -> None:
        """Make room: afterwards the descriptor is `lowest` or higher."""
        if self._descriptor < lowest:
            self._descriptor = move_above(self._descriptor, lowest)

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
