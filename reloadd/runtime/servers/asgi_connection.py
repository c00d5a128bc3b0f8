"""A connection of an asyncio server, watched from between its transport and its protocol: is it idle, can it be moved?

It is idle when every request that was read from it has been answered, and no byte of another has been read. Then to
close it here and go on with it elsewhere is nothing that its client could notice. TLS, HTTP/2 and upgraded connections
have a state that no descriptor carries, and stay: the client is told to close them with the next answer where HTTP/1
can say so, and idle ones are closed at a stop.
"""

from __future__ import annotations

from . import asgi_app
from .http1 import Received

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any, Optional, Protocol

    class House(Protocol):
        """What all connections of a server have in common."""

        loop: asyncio.AbstractEventLoop

        @property
        def is_accepting(self) -> bool:
            """Whether idle connections stay."""

        @property
        def is_over(self) -> bool:
            """Whether the server stops: idle connections that cannot be moved are closed."""

        def enter(self, connection: Connection) -> None:
            """It is open."""

        def leave(self, connection: Connection) -> None:
            """It is closed, or somebody else's."""

        def hand_in(self, descriptor: int) -> None:
            """Let another process go on with it."""


class Connection:
    """One connection, from the moment on at which its protocol is made.

    The protocol's methods are replaced on the instance: what the server does in them is done in the connection's name,
    which the app's call finds in its context, whatever context the event loop calls back in.
    """

    def __init__(self, house: House, *, is_encrypted: bool) -> None:
        self._house = house
        self._is_encrypted = is_encrypted
        self._received = Received()
        self._answered = 0
        self._is_paused = False
        self._transport: Optional[asyncio.Transport] = None

    @property
    def is_busy(self) -> bool:
        """Whether a request is being read or answered; of other protocols only the app's calls are known."""
        return self._received.is_counted and not (self._is_idle and self._unsent == 0)

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is read from it."""
        return self._transport is not None and self._transport.is_closing()

    @property
    def must_close(self) -> bool:
        """Whether the client has to be told not to send another request on it."""
        return not self._house.is_accepting and self._is_encrypted and self._received.is_counted

    def watch(self, protocol: Any) -> None:
        """Learn from now on what happens to it."""
        connection_made, connection_lost = protocol.connection_made, protocol.connection_lost
        data_received, resume_writing = protocol.data_received, protocol.resume_writing

        def made(transport: asyncio.Transport) -> None:
            self._transport = transport
            self._house.enter(self)
            self._in_its_name(connection_made, transport)

        def received(data: bytes) -> None:
            self._received.feed(data)
            self._in_its_name(data_received, data)
            self._look_soon()

        def resumed() -> None:
            resume_writing()
            self._look_soon()

        def lost(error: Optional[Exception]) -> None:
            self._house.leave(self)
            connection_lost(error)

        protocol.connection_made, protocol.connection_lost = made, lost
        protocol.data_received, protocol.resume_writing = received, resumed

    def answered(self) -> None:
        """One response has been given to the transport, to its last byte."""
        self._answered += 1
        self._look_soon()

    def look(self) -> None:
        """Let it go if idle connections are to go, and it is one."""
        transport = self._transport
        if self._house.is_accepting or transport is None or transport.is_closing():
            return
        if not self._is_idle:
            self._read_no_further(transport)
        elif self._is_encrypted:
            if self._house.is_over:
                transport.close()
        elif self._unsent:
            # `resume_writing` tells when it is empty.
            transport.set_write_buffer_limits(high=0)
        else:
            self._house.hand_in(transport.get_extra_info("socket").fileno())
            self._house.leave(self)
            # Closes the descriptor and shuts nothing down.
            transport.abort()

    def stay(self) -> None:
        """Idle connections are kept again."""
        if self._transport is not None and not self._is_encrypted and not self._transport.is_closing():
            self._transport.set_write_buffer_limits()
            if self._is_paused:
                self._transport.resume_reading()
        self._is_paused = False

    def abort(self) -> None:
        """Close it whatever its client does, and whatever is unsent."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def _unsent(self) -> int:
        """Bytes that the transport was given and still has."""
        try:
            return self._transport.get_write_buffer_size() if self._transport is not None else 0
        except AttributeError:
            # Before 3.11 asyncio's TLS has nothing left to ask once a connection is lost, and tells a turn later.
            return 0

    @property
    def _is_idle(self) -> bool:
        received = self._received
        return received.is_counted and received.is_between and self._answered >= received.whole

    def _read_no_further(self, transport: asyncio.Transport) -> None:
        """What its client sends when it has the answer is not for this process, if another can have it."""
        is_whole = self._received.is_counted and self._received.is_between
        if is_whole and not self._is_encrypted and not self._is_paused:
            self._is_paused = True
            transport.pause_reading()

    def _look_soon(self) -> None:
        """Not from within a method of the protocol, which its transport may not be closed under."""
        if not self._house.is_accepting:
            self._house.loop.call_soon(self.look)

    def _in_its_name(self, method: Any, argument: object) -> None:
        token = asgi_app.connection.set(self)
        try:
            method(argument)
        finally:
            asgi_app.connection.reset(token)
