"""What the standard library's `socketserver` lacks to begin, pause and end well; Werkzeug and wsgiref both stand on it.

Both answer one request per connection, in a thread or a process of its own, and close it.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # all of it but its enumerations, at a tenth of the load time
import contextlib
import os
import selectors
import threading
import time

from ..door import Door

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from http.server import BaseHTTPRequestHandler as Handler
    from socketserver import ForkingMixIn, ThreadingMixIn
    from typing import Any, Callable, Protocol, Set

    from ..door import Orders
    from ..life import Life
    from .wsgi_app import EndableApp

    class InFlight(Protocol):
        """The requests that are being answered."""

        def begin(self, connection: socket.socket, address: Any) -> None:
            """One more."""

        def wait(self, seconds: float) -> bool:
            """Wait for them, so long at most; whether none is left."""

        def clean_up(self) -> None:
            """Called after each turn of the loop."""

else:
    Handler = object

_LOOK_AGAIN = 0.01
"""Seconds between two looks at processes, which have nothing that could be waited for with a deadline (before 3.9)."""


class OneRequest(Handler):
    """Mixed into a request handler."""

    home: int
    """The process that accepts; a server may answer in others."""

    def setup(self) -> None:
        """A connection is there, in a thread or a process of its own."""
        # It may have been an event loop's before, and its mode moves with it.
        self.request.settimeout(None)
        if os.getpid() != self.home:
            # Whoever stops this one's parent may tell the whole group: the answer is given all the same.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: None)
        super().setup()


def serve(server: Any, listening: socket.socket, app: EndableApp, life: Life, orders: Orders) -> None:
    """Accept when the daemon says so, until a stop; return when nothing is in flight, or was given up.

    Args:
        server: a `socketserver.TCPServer` with `ThreadingMixIn` or `ForkingMixIn`; it does not accept by itself.
        listening: what to accept from.
        app: what `server` answers with.
        life: of the process.
        orders: the daemon's.
    """
    in_flight: InFlight = _Processes(server) if hasattr(server, "active_children") else _Threads(server)
    with contextlib.closing(_Readers()) as readers:
        door = Door(listening, orders, readers, _Entrance(in_flight, getattr(server, "ssl_context", None)))
        readers.add_reader(life, lambda: None)
        life.ready()
        door.open()
        while not life.must_stop():
            readers.turn()
            in_flight.clean_up()
        door.stop()
    if not in_flight.wait(life.drain):
        app.end()
        life.leave_soon()
        in_flight.wait(life.GRACE)
    server.server_close()


class _Readers:
    """A selector with the callbacks of an event loop."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def close(self) -> None:
        self._selector.close()

    def add_reader(self, fd: Any, callback: Callable[..., Any], *args: Any) -> None:
        self._selector.register(fd, selectors.EVENT_READ, lambda: callback(*args))

    def remove_reader(self, fd: Any) -> None:
        self._selector.unregister(fd)

    def turn(self) -> None:
        """Wait until something is readable, and call back."""
        registered = self._selector.get_map()
        for key, _ in self._selector.select():
            # One callback may take away another's file.
            if registered.get(key.fd) is key:
                key.data()


class _Entrance:
    """What the door leads to."""

    def __init__(self, in_flight: InFlight, tls: Any) -> None:
        self._in_flight = in_flight
        self._tls = tls

    def take(self, connection: socket.socket, address: Any) -> None:
        if self._tls is not None:
            connection.settimeout(None)
            try:
                # A client that does not speak must not hold up the others: its own thread shakes hands.
                connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            except OSError:
                connection.close()
                return
        self._in_flight.begin(connection, address)

    def pause(self) -> None:
        """No connection is ever idle: it is closed with its answer."""

    def resume(self) -> None:
        """Nothing was given up."""


class _Threads:
    def __init__(self, server: ThreadingMixIn) -> None:
        self._server = server
        self._threads: Set[threading.Thread] = set()

    def begin(self, connection: socket.socket, address: Any) -> None:
        # A daemon: one that never returns from the app does not keep the process from its end.
        thread = threading.Thread(target=self._answer, args=(connection, address), daemon=True)
        self._threads.add(thread)
        thread.start()

    def _answer(self, connection: socket.socket, address: Any) -> None:
        try:
            self._server.process_request_thread(connection, address)
        finally:
            self._threads.discard(threading.current_thread())

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not self._threads

    def clean_up(self) -> None:
        """A thread goes by itself."""


class _Processes:
    def __init__(self, server: ForkingMixIn) -> None:
        self._server = server

    def begin(self, connection: socket.socket, address: Any) -> None:
        self._server.process_request(connection, address)

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._server.active_children and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
            self._server.service_actions()
        left = list(self._server.active_children or ())
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return not left

    def clean_up(self) -> None:
        self._server.service_actions()
