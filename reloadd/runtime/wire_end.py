"""One end of a wire while an app is served: words both ways, and connections that come and go with them.

Reading never waits. The daemon never does either, so neither can hold up the other.
"""

from __future__ import annotations

import array
import collections
import contextlib
import os
import socket
import threading

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Deque, Iterator, Optional, Tuple

_CHUNK = 1 << 16
_MOST_DESCRIPTORS = 16
"""How many one read may bring; the kernel gives those of one frame at a time."""

_ONE = array.array("i", [0]).itemsize

_NOT_INHERITED = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
"""Where there is no such flag, an `exec` at the wrong moment inherits a connection."""


class WireEnd:
    """A connected stream socket. Any thread may speak, one listens."""

    def __init__(self, descriptor: int, received: bytes = b"") -> None:
        """Take it over.

        Args:
            descriptor: closed by `close`.
            received: what has been read from it, and not been heeded.
        """
        self._received = received
        self._connection = socket.socket(fileno=descriptor)
        self._speaking = threading.Lock()
        self._descriptors: Deque[int] = collections.deque()
        # An exec closes it; a fork must be told to.
        os.register_at_fork(after_in_child=self.close)

    def fileno(self) -> int:
        """Readable when something was said; -1 when it is closed."""
        return self._connection.fileno()

    def take(self) -> Iterator[Tuple[str, Optional[socket.socket]]]:
        """The words that have come, each with the connection that came with it.

        Raises:
            EOFError: the other end is gone.
            ValueError: what came is not a frame.
        """
        self._receive()
        frames, self._received = wire.split_frames(self._received)
        for frame in frames:
            carries = frame["word"] == "connection" and self._descriptors
            yield frame["word"], socket.socket(fileno=self._descriptors.popleft()) if carries else None

    def say(self, word: str, **fields: str) -> None:
        """Say a word. A daemon that is gone hears nothing, and whoever ends its children ends this one too."""
        with self._speaking, contextlib.suppress(OSError):
            self._connection.sendall(wire.encode(word, **fields))

    def hand_in(self, descriptor: int) -> None:
        """Give away a connection. The caller closes its own descriptor, and shuts nothing down."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        with self._speaking, contextlib.suppress(OSError):
            self._connection.sendmsg([wire.encode("connection")], rights)

    def close(self) -> None:
        """Neither hear nor say any more."""
        self._connection.close()

    def _receive(self) -> None:
        flags = socket.MSG_DONTWAIT | _NOT_INHERITED
        try:
            data, ancillary, _, _ = self._connection.recvmsg(_CHUNK, socket.CMSG_SPACE(_MOST_DESCRIPTORS * _ONE), flags)
        except BlockingIOError:
            return
        except OSError:
            raise EOFError("the other end is gone") from None
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors = array.array("i")
                descriptors.frombytes(content[: len(content) - len(content) % _ONE])
                self._descriptors.extend(descriptors)
        if not data:
            raise EOFError("the other end is gone")
        self._received += data
