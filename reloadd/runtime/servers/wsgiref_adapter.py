"""The standard library's `wsgiref`: for apps in whose environment nothing better is installed.

HTTP/1.0 and one request per connection, as `wsgiref.simple_server` has it; but in threads, from an inherited socket of
any family, with a request body that ends (PEP 3333 wants that of a server), and with an end that loses nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import socketserver
import threading
import wsgiref.simple_server

from ..tracebacks import drop_own_frames
from .accepting import OneRequest, serve
from .wsgi_app import EndableApp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, ContextManager, Optional

    from ..door import Orders
    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = False

_LONGEST_LINE = 65536
"""Bytes of a request's first line, as everywhere in `http.server`."""

_URI_TOO_LONG = 414

_LINGER = 0.2
"""Seconds of silence after which a client is not going to send the rest of a body that the app did not read."""

_LINGER_BYTES = 1 << 20


class Adapter:
    """Serves each connection in a thread; `threads` bounds how many of them are in the app at once."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._app = EndableApp(app)
        self._listening = listener.open()
        handler = type("Handler", (_Handler,), {"home": os.getpid()})
        self._server = _Server(self._app, self._listening, handler, options.threads)

    def serve(self, life: Life, orders: Orders) -> None:
        """See the package."""
        serve(self._server, self._listening, self._app, life, orders)


class _Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    def __init__(self, app: Callable[..., Any], listening: socket.socket, handler: Any, threads: Optional[int]) -> None:
        address = listening.getsockname()
        is_unix = listening.family == socket.AF_UNIX
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_address = address
        self.server_name, self.server_port = ("localhost", 80) if is_unix else address[:2]
        self.setup_environ()
        self.app = app
        self.turn: ContextManager[Any] = (
            contextlib.nullcontext() if threads is None else threading.BoundedSemaphore(threads)
        )


class _Handler(OneRequest, wsgiref.simple_server.WSGIRequestHandler):
    server: _Server

    def setup(self) -> None:
        if self.server.socket.family == socket.AF_UNIX:
            # The other end of a Unix socket has no name.
            self.client_address = ("localhost", 0)
        super().setup()

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
        if len(self.raw_requestline) > _LONGEST_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(_URI_TOO_LONG)
            return
        if not self.raw_requestline or not self.parse_request():
            return
        body = _Body(self.rfile, self.headers.get("Content-Length", "0"))
        run = _Run(self, body)
        with self.server.turn:
            run.run(self.server.app)
        if body.left:
            self._linger()

    def _linger(self) -> None:
        """Read what the app left unread: closing over it would reset the connection, and the answer could be lost."""
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.request.shutdown(socket.SHUT_WR)
            self.request.settimeout(_LINGER)
            budget = _LINGER_BYTES
            while budget > 0:
                read = len(self.request.recv(_LONGEST_LINE))
                budget = budget - read if read else 0


class _Run(wsgiref.simple_server.ServerHandler):
    """One request's way through the app."""

    def __init__(self, handler: _Handler, body: _Body) -> None:
        # The checker takes connections for files that cannot be read and written, which they can.
        super().__init__(
            io.BufferedReader(body),
            handler.wfile,  # type: ignore[arg-type] # as above
            handler.get_stderr(),
            handler.get_environ(),
            multithread=True,
        )
        self.request_handler = handler

    def log_exception(self, exc_info: Any) -> None:
        drop_own_frames(exc_info[2])
        super().log_exception(exc_info)


class _Body(io.RawIOBase):
    """The body of a request, which ends where Content-Length says so and not with the connection."""

    def __init__(self, connection: io.BufferedIOBase, length: str) -> None:
        self._connection = connection
        self.left = int(length) if length.isdigit() else 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._connection.read1(min(len(buffer), self.left)) if self.left else b""
        buffer[: len(read)] = read
        self.left = self.left - len(read) if read else 0
        return len(read)
