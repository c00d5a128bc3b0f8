"""Werkzeug's development server (3.0 and later): `werkzeug.serving.make_server(fd=...)`."""

from __future__ import annotations

import socket
import ssl
import sys

import werkzeug.serving

from ..reports import give_up
from .accepting import OneRequest, Waiting, accept_until_stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = True


class Adapter:
    """Serves each request in a thread, or in a process where a number of processes is asked for."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._waiting = Waiting()
        with listener.open() as listening:
            address = listening.getsockname()
            is_unix = listening.family == socket.AF_UNIX
            self._server = werkzeug.serving.make_server(
                "unix://%s" % address if is_unix else address[0],
                0 if is_unix else address[1],
                app,
                threaded=options.processes == 1,
                processes=options.processes,
                request_handler=type(
                    "Handler", (OneRequest, werkzeug.serving.WSGIRequestHandler), {"waiting": self._waiting}
                ),
                ssl_context=_tls(options),
                fd=listening.fileno(),
            )
        # What is in flight is waited for when the server is closed.
        self._server.daemon_threads = False
        if isinstance(self._server.socket, ssl.SSLSocket):
            # A client that does not speak must not hold up the others: let its own thread shake hands.
            self._server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined] # typeshed lacks it

    def serve(self, life: Life) -> None:
        """See the package."""
        accept_until_stopped(self._server, self._waiting, life)


def _tls(options: Options) -> Any:
    if not isinstance(options.tls, str):
        return None if options.tls is None else (options.tls["cert"], options.tls["key"])
    try:
        import cryptography  # noqa: F401, PLC0415 - Werkzeug makes the certificate with it, and says so in a traceback
    except ModuleNotFoundError:
        give_up('`tls = "adhoc"` needs the package `cryptography`', "%s -m pip install cryptography" % sys.executable)
    return options.tls
