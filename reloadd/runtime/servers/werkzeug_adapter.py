"""Werkzeug's development server (3.0 and later): `werkzeug.serving.make_server(fd=...)`."""

from __future__ import annotations

import os
import socket
import sys

import werkzeug.serving

from ..reports import give_up
from .accepting import OneRequest, serve
from .wsgi_app import EndableApp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ..door import Orders
    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = True


class Adapter:
    """Serves each request in a thread, or in a process where a number of processes is asked for."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._app = EndableApp(app)
        self._listening = listener.open()
        address = self._listening.getsockname()
        is_unix = self._listening.family == socket.AF_UNIX
        self._server = werkzeug.serving.make_server(
            "unix://%s" % address if is_unix else address[0],
            0 if is_unix else address[1],
            self._app,
            threaded=options.processes == 1,
            processes=options.processes,
            request_handler=type("Handler", (OneRequest, werkzeug.serving.WSGIRequestHandler), {"home": os.getpid()}),
            ssl_context=_tls(options),
            fd=self._listening.fileno(),
        )

    def serve(self, life: Life, orders: Orders) -> None:
        """See the package."""
        serve(self._server, self._listening, self._app, life, orders)


def _tls(options: Options) -> Any:
    if not isinstance(options.tls, str):
        return None if options.tls is None else (options.tls["cert"], options.tls["key"])
    try:
        import cryptography  # noqa: F401, PLC0415 - Werkzeug makes the certificate with it, and says so in a traceback
    except ModuleNotFoundError:
        give_up('`tls = "adhoc"` needs the package `cryptography`', "%s -m pip install cryptography" % sys.executable)
    return options.tls
