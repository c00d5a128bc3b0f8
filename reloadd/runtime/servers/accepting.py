"""What the standard library's `socketserver` lacks to end well; Werkzeug and wsgiref both stand on it.

Both answer one request per connection. So a stop has to tell two kinds of connections apart: those whose request has
come, which are waited for, and those that wait for one, such as a browser opens in advance, which are hung up on.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler as Handler
    from socketserver import TCPServer
    from typing import Set

    from ..life import Life
else:
    Handler = object


class Waiting:
    """The connections on which no request has come yet. For any thread.

    Attributes:
        process: the process that accepts; a server may answer in others.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self._lock = threading.Lock()
        self._connections: Set[socket.socket] = set()
        self._is_over = False

    def add(self, connection: socket.socket) -> None:
        """It is open, and silent."""
        with self._lock:
            self._connections.add(connection)
            if self._is_over:
                _hang_up(connection)

    def remove(self, connection: socket.socket) -> None:
        """It is silent no more, or gone."""
        with self._lock:
            self._connections.discard(connection)

    def end(self) -> None:
        """Wait no longer, on any of them or on any to come."""
        with self._lock:
            self._is_over = True
            for connection in self._connections:
                _hang_up(connection)


class OneRequest(Handler):
    """Mixed into a request handler: keeps `waiting` up to date."""

    waiting: Waiting

    _has_come = False

    def setup(self) -> None:
        """A connection is there, in a thread or a process of its own."""
        # The listener does not block, and on some systems what it accepts does not either.
        self.request.settimeout(None)
        if os.getpid() == self.waiting.process:
            self.waiting.add(self.request)
        else:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop_process)
        super().setup()

    def _stop_process(self, *_: object) -> None:
        """A stop has reached a process that exists for this one connection."""
        if not self._has_come:
            _hang_up(self.request)

    def parse_request(self) -> bool:
        """The first line of the request has come."""
        self._has_come = True
        self.waiting.remove(self.request)
        return super().parse_request()

    def finish(self) -> None:
        """The connection has been dealt with."""
        self.waiting.remove(self.request)
        super().finish()


def accept_until_stopped(server: TCPServer, waiting: Waiting, life: Life) -> None:
    """Serve like `serve_forever`, but notice a stop at once, and see every request to its end.

    Args:
        server: a server with `ThreadingMixIn` or `ForkingMixIn` that waits for its threads or processes when closed.
        waiting: kept by the server's handlers.
        life: of the process.
    """
    # Another process may take a connection between the look and the accept.
    server.socket.setblocking(False)  # noqa: FBT003 - it has no keyword
    server.timeout = 0
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        selector.register(life, selectors.EVENT_READ)
        life.ready()
        while not life.must_stop():
            selector.select()
            server.handle_request()
            server.service_actions()
    waiting.end()
    for process in getattr(server, "active_children", None) or ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    server.server_close()


def _hang_up(connection: socket.socket) -> None:
    """Let the reader of a connection see its end, after what has already come on it."""
    with contextlib.suppress(OSError):
        # Not by the method of a TLS socket, which would forget how to decrypt what has come.
        socket.socket.shutdown(connection, socket.SHUT_RD)
