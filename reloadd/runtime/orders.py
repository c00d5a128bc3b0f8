"""The child's end of the wire while an app is served: the daemon's words, and connections that come and go with them.

Reading never waits. The daemon never does either, so neither can hold up the other.
"""

from __future__ import annotations

import array
import collections
import contextlib
import os
import socket

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Deque, Iterator, Optional, Tuple

    from .link import Link

_CHUNK = 1 << 16
_MOST_DESCRIPTORS = 16
"""How many one read may bring; the kernel gives those of one frame at a time."""

_ONE = array.array("i", [0]).itemsize

_NOT_INHERITED = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
"""Where there is no such flag, an `exec` at the wrong moment inherits a connection."""


class Orders:
    """The wire, taken over from a link that has done its part."""

    def __init__(self, link: Link) -> None:
        descriptor, self._received = link.detach()
        self._connection = socket.socket(fileno=descriptor)
        self._descriptors: Deque[int] = collections.deque()
        # An exec closes it; a fork must be told to.
        os.register_at_fork(after_in_child=self.close)

    def fileno(self) -> int:
        """Readable when the daemon has said something; -1 when it is gone."""
        return self._connection.fileno()

    def take(self) -> Iterator[Tuple[str, Optional[socket.socket]]]:
        """The words that have come, each with the connection that came with it.

        Raises:
            EOFError: the daemon is gone.
            ValueError: what came is not a frame.
        """
        self._receive()
        frames, self._received = wire.split_frames(self._received)
        for frame in frames:
            carries = frame["word"] == "connection" and self._descriptors
            yield frame["word"], socket.socket(fileno=self._descriptors.popleft()) if carries else None

    def say(self, word: str, **fields: str) -> None:
        """Say a word. A daemon that is gone hears nothing, and whoever ends its children ends this one too."""
        with contextlib.suppress(OSError):
            self._connection.sendall(wire.encode(word, **fields))

    def hand_in(self, descriptor: int) -> None:
        """Give the daemon a connection. The caller closes its own descriptor, and shuts nothing down."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        with contextlib.suppress(OSError):
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
            raise EOFError("the daemon is gone") from None
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors = array.array("i")
                descriptors.frombytes(content[: len(content) - len(content) % _ONE])
                self._descriptors.extend(descriptors)
        if not data:
            raise EOFError("the daemon is gone")
        self._received += data
