"""One connection to the control socket: bytes in, whole requests out, and a bound on all that is sent or left unread.

Never knows what a request means: the server is handed the line. What a client does can only hurt its own connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Protocol

from reloadd.control.protocol import LONGEST_REQUEST, Code, encode_error

REQUEST_TIMEOUT = 10.0
"""Seconds that a client may take from the connection, or from the last answer, to the end of a request."""

CLOSE_TIMEOUT = 10.0
"""Seconds to take what is still unread when the connection is closed."""

FOLLOWER_ROOM = 1 << 20
"""Bytes that may wait for a follower to read them."""

_CREDENTIALS = struct.Struct("3i")
"""pid, uid and gid (unix(7), SO_PEERCRED)."""


class Host(Protocol):
    """The server, as far as a connection goes."""

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for one more."""

    def closed(self, connection: Connection) -> None:
        """It is gone."""

    def refused(self, pid: int, uid: int) -> None:
        """A process of another user was turned away."""

    def begin(self, connection: Connection, line: bytes) -> asyncio.Task[None]:
        """Answer a request."""


class Connection(asyncio.Protocol):
    """A client.

    Attributes:
        pid: of the client's process.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._answering: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_following = False
        self._is_closing = False
        self._can_write = True
        self.pid = 0

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turn other users away, and those for whom there is no room."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what asyncio makes for a stream socket
        self._transport = transport
        connected: socket.socket = transport.get_extra_info("socket")
        self.pid, uid, _ = _CREDENTIALS.unpack(
            connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if uid != os.getuid():
            self._is_closing = True
            self._host.refused(self.pid, uid)
            transport.abort()
            return
        transport.set_write_buffer_limits(high=FOLLOWER_ROOM)
        if self._host.opened(self):
            self._expect()
        else:
            self.refuse(Code.TOO_MANY, "there are too many connections already")

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._is_closing or self._is_following:
            return
        self._received += data
        self._go_on()

    def pause_writing(self) -> None:
        """The client does not read: answer no more until it does."""
        self._can_write = False

    def resume_writing(self) -> None:
        """It reads again."""
        self._can_write = True
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client is gone: nobody wants its answer any more."""
        self._is_closing = True
        self._expect_nothing()
        if self._answering is not None:
            self._answering.cancel()
        self._host.closed(self)

    # What the server tells.

    def answer(self, message: bytes) -> None:
        """Send an answer."""
        if not self._transport.is_closing():
            self._transport.write(message)

    def follow(self) -> None:
        """Send entries from now on, and take no more requests."""
        self._is_following = True

    def send_entry(self, message: bytes) -> bool:
        """Send an entry to a follower; False if it does not read, and is dropped therefore."""
        if self._is_closing or self._transport.is_closing():
            return True
        if self._transport.get_write_buffer_size() + len(message) > FOLLOWER_ROOM:
            self.refuse(Code.TOO_SLOW, "you did not read what was sent, and are sent no more")
            return False
        self._transport.write(message)
        return True

    def refuse(self, code: Code, message: str) -> None:
        """Say why, and close the connection."""
        self.answer(encode_error(code, message))
        self.close()

    def close(self) -> None:
        """Close it once what was sent is read, and after some seconds in any case."""
        if self._is_closing:
            return
        self._is_closing = True
        self._received = b""
        self._expect_nothing()
        self._transport.close()
        self._deadline = self._loop.call_later(CLOSE_TIMEOUT, self.abort)

    def abort(self) -> None:
        """Close it now."""
        self._transport.abort()

    # Requests, one after the other.

    def _go_on(self) -> None:
        """Begin the next request, if there is a whole one, and stop reading where one is under way already."""
        while self._answering is None and self._can_write and not self._is_closing and b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            if len(line) >= LONGEST_REQUEST:
                self._refuse_length()
                return
            self._expect_nothing()
            self._answering = self._host.begin(self, line)
            self._answering.add_done_callback(self._answered)
        if self._is_closing:
            return
        if self._answering is None and self._can_write and len(self._received) >= LONGEST_REQUEST:
            self._refuse_length()
        elif len(self._received) >= LONGEST_REQUEST:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _refuse_length(self) -> None:
        self.refuse(Code.TOO_LONG, f"a request has {LONGEST_REQUEST} bytes at the most")

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering = None
        if task.cancelled() or self._is_closing or self._is_following:
            return
        self._expect()
        # Not at once: a client that sends a thousand requests in a row must not keep the loop for itself.
        self._loop.call_soon(self._go_on)

    def _expect(self) -> None:
        self._deadline = self._loop.call_later(REQUEST_TIMEOUT, self._is_late)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_late(self) -> None:
        self.refuse(Code.TOO_LATE, f"there was no request for {REQUEST_TIMEOUT:g} s")
