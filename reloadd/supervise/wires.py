"""The daemon's end of the wire to a child: frames both ways, some of which carry a descriptor.

Never waits: what cannot be sent now is sent when there is room. Never looks at what a frame means.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.runtime import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reloadd.runtime.wire import Frame

_CHUNK = 1 << 16
_MOST_DESCRIPTORS = 16
"""Descriptors that one read may bring; the kernel gives those of one frame at a time (unix(7), SCM_RIGHTS)."""


class Wire:
    """One end of a connected pair of stream sockets.

    Args:
        connection: our end; owned, and closed by `close`.
        on_frame: called with each frame, and the descriptor that came with it, which is then the callee's.
        on_unsent: called with each descriptor that the other end, being gone, did not get; it is then the callee's.
    """

    def __init__(
        self,
        connection: socket.socket,
        on_frame: Callable[[Frame, int | None], None],
        on_unsent: Callable[[int], None] = os.close,
    ) -> None:
        connection.settimeout(0)
        self._connection = connection
        self._on_frame = on_frame
        self._on_unsent = on_unsent
        self._received = b""
        self._descriptors: deque[int] = deque()
        self._unsent: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._loop = asyncio.get_running_loop()

    @property
    def is_open(self) -> bool:
        """Whether neither end has hung up."""
        return self._connection.fileno() != -1

    def listen(self) -> None:
        """Begin to take frames. Sending needs no listening."""
        self._loop.add_reader(self._connection, self.receive)

    def send(self, word: str, fields: Mapping[str, object] | None = None, *descriptors: int) -> None:
        """Send a frame, in order. The descriptors are the wire's now: they are closed once they are sent."""
        self._unsent.append((wire.encode(word, **(fields or {})), descriptors))
        if len(self._unsent) == 1:
            self._flush()

    def receive(self) -> bool:
        """Take what has come; whether there was anything."""
        if not self.is_open:
            return False
        try:
            data, descriptors, _, _ = socket.recv_fds(self._connection, _CHUNK, _MOST_DESCRIPTORS)
        except BlockingIOError:
            return False
        except OSError:
            data, descriptors = b"", []
        self._descriptors.extend(descriptors)
        if not data:
            self.close()
            return False
        try:
            split, self._received = wire.split_frames(self._received + data)
            frames = list(split)
        except (ValueError, RecursionError):
            # It was not written by us, but by the app into a descriptor that it guessed: it means nothing.
            self.close()
            return False
        for frame in frames:
            brings_one = frame["word"] == "connection" and self._descriptors
            self._on_frame(frame, self._descriptors.popleft() if brings_one else None)
        return True

    def close(self) -> None:
        """Hang up. What was not sent never will be. Safe to call twice."""
        if self.is_open:
            self._loop.remove_reader(self._connection)
            self._loop.remove_writer(self._connection)
            self._connection.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        unsent = [descriptor for _, descriptors in self._unsent for descriptor in descriptors]
        self._unsent.clear()
        for descriptor in unsent:
            self._on_unsent(descriptor)

    def _flush(self) -> None:
        while self._unsent:
            frame, descriptors = self._unsent[0]
            try:
                # Descriptors go with the first byte; what the buffer does not take follows without them.
                sent = socket.send_fds(self._connection, [frame], descriptors)
            except BlockingIOError:
                self._loop.add_writer(self._connection, self._flush)
                return
            except OSError:
                # The child is gone, or does not listen to us (it is no Python of ours any more).
                self._unsent.popleft()
                for descriptor in descriptors:
                    self._on_unsent(descriptor)
                continue
            for descriptor in descriptors:
                os.close(descriptor)
            if sent < len(frame):
                self._unsent[0] = (frame[sent:], ())
                continue
            self._unsent.popleft()
        with suppress(ValueError):  # closed meanwhile
            self._loop.remove_writer(self._connection)
