"""Where connections come in, and where they go on to the next generation: accepting, pausing, handing in, adopting.

The old and the new generation inherit the same listening socket, so the switch between them is made here. A connection
on which nothing has been said is kept by the door, and the server gets it with the first byte of a request. So there is
no moment at which a request that came before a pause could be lost, and the connections that browsers open in advance
are moved, with all that waits unread in them. Takes nothing out of a connection.
"""

from __future__ import annotations

import enum
import errno
import os
import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Optional, Protocol, Tuple

    class Orders(Protocol):
        """The daemon's words, and what it is told: see `wire_end.WireEnd`."""

        def fileno(self) -> int:
            """Readable when something was said."""

        def take(self) -> Iterator[Tuple[str, Optional[socket.socket]]]:
            """The words that have come, each with the connection that came with it."""

        def say(self, word: str) -> None:
            """Say a word."""

        def hand_in(self, descriptor: int) -> None:
            """Give away a connection."""

        def close(self) -> None:
            """Neither hear nor say any more."""

    class Readers(Protocol):
        """Calls back when a file is readable, for as long as it is; asyncio's event loops are such."""

        def add_reader(self, fd: Any, callback: Callable[..., Any], *args: Any) -> Any:
            """Begin to look at `fd`, a descriptor or what has one."""

        def remove_reader(self, fd: Any) -> Any:
            """Look at it no more."""

    class Server(Protocol):
        """What stands behind the door."""

        def take(self, connection: socket.socket, address: Any) -> None:
            """Serve a connection, whose first bytes are there to be read. It is the server's now."""

        def pause(self) -> None:
            """Hand in the connections that are idle, and from now on each that becomes so."""

        def resume(self) -> None:
            """Keep connections again."""


_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Why accept(2) fails although a connection is there, and goes on failing until something else is closed."""

_WAIT_FOR_ROOM = 0.01
"""Seconds."""


class State(enum.Enum):
    """What becomes of connections."""

    PAUSED = "paused"
    ACCEPTING = "accepting"
    OVER = "over"


class Door:
    """The way in, for one server in one process. Every method is for the thread that calls back.

    Attributes:
        state: what becomes of connections now.
    """

    def __init__(self, listening: socket.socket, orders: Orders, readers: Readers, server: Server) -> None:
        """Make one that is paused, and heeds no orders yet.

        Args:
            listening: what to accept from; closed by its owner.
            orders: the daemon's.
            readers: for as long as the door is used.
            server: gets the connections.
        """
        listening.setblocking(False)  # noqa: FBT003 - it has no keyword
        self.state = State.PAUSED
        self._listening = listening
        self._orders = orders
        self._readers = readers
        self._server = server
        self._silent: Dict[int, Tuple[socket.socket, Any]] = {}
        # In a process that the app forks off, a connection would be kept open that all others have closed.
        os.register_at_fork(after_in_child=self._forget)

    def open(self) -> None:
        """Heed the daemon's orders, and first those that have come already."""
        self._readers.add_reader(self._orders, self._heed)
        self._heed()

    def stop(self) -> None:
        """Accept no more, whatever the daemon says; hand in what is idle, and what becomes so."""
        if self.state is State.OVER:
            return
        self._shut(State.OVER)
        # What was sent before the signal has yet to be taken, perhaps.
        self._heed()

    def hand_in(self, descriptor: int) -> None:
        """Let another process go on with a connection. The caller closes its descriptor without shutting down."""
        self._orders.hand_in(descriptor)

    def _heed(self) -> None:
        if self._orders.fileno() < 0:
            return
        try:
            for word, connection in self._orders.take():
                if connection is not None:
                    self._adopt(connection)
                elif word == "accept":
                    self._accept_again()
                elif word == "pause":
                    self._pause()
        except (EOFError, ValueError):
            # Nobody is left to obey. Whoever ends the children of a daemon that is gone ends this one too.
            self._readers.remove_reader(self._orders)
            self._orders.close()

    def _accept_again(self) -> None:
        if self.state is not State.PAUSED:
            return
        self.state = State.ACCEPTING
        self._server.resume()
        for connection, _ in self._silent.values():
            self._readers.add_reader(connection, self._pass_on, connection)
        self._readers.add_reader(self._listening, self._accept)

    def _pause(self) -> None:
        if self.state is State.ACCEPTING:
            self._shut(State.PAUSED)
        self._orders.say("paused")

    def _shut(self, state: State) -> None:
        if self.state is State.ACCEPTING:
            self._readers.remove_reader(self._listening)
            for connection, _ in self._silent.values():
                self._readers.remove_reader(connection)
        self.state = state
        for connection, _ in self._silent.values():
            self._give_back(connection)
        self._silent.clear()
        self._server.pause()

    def _accept(self) -> None:
        try:
            connection, address = self._listening.accept()
        except OSError as error:
            # Another process was faster, or the client has gone again.
            if error.errno in _NO_ROOM:
                time.sleep(_WAIT_FOR_ROOM)
            return
        self._keep(connection, address)

    def _adopt(self, connection: socket.socket) -> None:
        if self.state is State.OVER:
            self._give_back(connection)
            return
        try:
            address = connection.getpeername()
        except OSError:
            # The client has gone while it was on its way.
            connection.close()
            return
        self._keep(connection, address)

    def _keep(self, connection: socket.socket, address: Any) -> None:
        self._silent[connection.fileno()] = (connection, address)
        if self.state is State.ACCEPTING:
            self._readers.add_reader(connection, self._pass_on, connection)

    def _pass_on(self, connection: socket.socket) -> None:
        self._readers.remove_reader(connection)
        _, address = self._silent.pop(connection.fileno())
        if _is_closed(connection):
            # hypercorn would keep it for as long as what is kept alive, and hand it in at each pause.
            connection.close()
        else:
            self._server.take(connection, address)

    def _give_back(self, connection: socket.socket) -> None:
        # What its client has closed would go to and fro for as long as each child pauses before it has looked at it.
        if not _is_closed(connection):
            self._orders.hand_in(connection.fileno())
        connection.close()

    def _forget(self) -> None:
        for connection, _ in self._silent.values():
            connection.close()


def _is_closed(connection: socket.socket) -> bool:
    """Whether the client has closed a connection without a word."""
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
