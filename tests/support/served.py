"""Apps for every server, and a client that speaks to whatever a child listens on."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import trustme

from tests.support.booting import DEADLINE
from tests.support.environments import environment
from tests.support.interpreters import find_interpreters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INTERFACES = {"uvicorn": "asgi", "hypercorn": "asgi", "werkzeug": "wsgi", "waitress": "wsgi", "wsgiref": "wsgi"}

OLD_SERVERS = ("uvicorn==0.33.0", "hypercorn==0.17.3", "werkzeug==3.0.6", "waitress==3.0.0", "flask==3.0.3")
NEW_SERVERS = ("uvicorn", "hypercorn", "werkzeug", "waitress", "flask")

APPS = '''\
"""One app, twice: says who answers; `/wait` tells on standard output that it is there, and waits for a file."""
import os, sys, time

def answer(path):
    if path == "/wait":
        print("waiting", flush=True)
        while not os.path.exists("go-on"):
            time.sleep(0.01)
    return ("%s %d" % (path, os.getpid())).encode()

def wsgi(environ, start_response):
    body = answer(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    import asyncio
    body = await asyncio.get_running_loop().run_in_executor(None, answer, scope["path"])
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
'''


def server_environments() -> dict[str, Path]:
    """The oldest interpreter with the oldest servers that are supported, and the newest with the newest."""
    interpreters = find_interpreters()
    return {
        "old": environment(interpreters[0], *OLD_SERVERS),
        "new": environment(interpreters[-1], *NEW_SERVERS),
    }


class Client(http.client.HTTPConnection):
    """A connection to the other end of a listening socket of any family."""

    def __init__(self, listener: socket.socket, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__("localhost", timeout=DEADLINE)
        self._listener = listener
        self._tls = tls

    def connect(self) -> None:
        """Connect, and shake hands."""
        self.sock = connect(self._listener)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname="localhost")

    def get(self, path: str) -> str:
        """The body of the answer to a GET, which must be a success."""
        self.request("GET", path)
        response = self.getresponse()
        body = response.read().decode()
        assert response.status == http.HTTPStatus.OK, body
        return body


def connect(listener: socket.socket) -> socket.socket:
    """A connection on which nothing has been said."""
    connection = socket.socket(listener.family, socket.SOCK_STREAM)
    connection.settimeout(DEADLINE)
    connection.connect(listener.getsockname())
    return connection


def get(listener: socket.socket, path: str = "/", *, tls: ssl.SSLContext | None = None) -> str:
    """One GET on a connection of its own."""
    with contextlib.closing(Client(listener, tls=tls)) as client:
        return client.get(path)


class Request(threading.Thread):
    """A GET that is on its way."""

    def __init__(self, listener: socket.socket, path: str) -> None:
        super().__init__()
        self._listener = listener
        self._path = path
        self._answer: str | OSError | None = None
        self.start()

    def run(self) -> None:
        """On its own thread."""
        try:
            self._answer = get(self._listener, self._path)
        except OSError as error:
            self._answer = error

    def answer(self) -> str:
        """Wait for it.

        Raises:
            OSError: there was none.
        """
        self.join(DEADLINE)
        assert self._answer is not None
        if isinstance(self._answer, OSError):
            raise self._answer
        return self._answer


@contextlib.contextmanager
def listening(family: str, directory: Path) -> Iterator[socket.socket]:
    """A socket that listens, as the daemon would own it: `ipv4`, `ipv6` or `unix`."""
    if family == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(directory / "http.sock"))
        listener.listen()
    elif family == "ipv6":
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    else:
        listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        yield listener


def make_certificate(directory: Path) -> tuple[dict[str, str], ssl.SSLContext]:
    """A certificate for localhost and its key, as `go` names them, and a client's context that trusts it alone."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return {"cert": str(cert), "key": str(key)}, context
