"""What is served where nothing is installed is plain, and right."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import app, booted, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.served import Client, connect, get, listening

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

APPS = '''\
import json

def echo(environ, start_response):
    """Reads to the end, as PEP 3333 says it may."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [body]

def deaf(environ, start_response):
    start_response("403 Forbidden", [("Content-Type", "text/plain")])
    return [b"no"]

def tell(environ, start_response):
    start_response("200 OK", [])
    names = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "QUERY_STRING", "PATH_INFO", "wsgi.multithread")
    return [json.dumps([environ[name] for name in names]).encode()]

def broken(environ, start_response):
    raise RuntimeError("mine")
'''


@contextlib.contextmanager
def _served(interpreter: Interpreter, name: str, listener: socket.socket, directory: Path) -> Iterator[None]:
    write_files(directory, {"apps.py": APPS})
    go = app(f"apps:{name}", "wsgiref")
    with booted(interpreter.executable, go, directory=directory, listeners={"http": listener}) as child:
        child.until_ready()
        yield
        outcome = child.stop()
    assert outcome.status == 0, outcome


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_body_ends_where_it_ends(interpreter: Interpreter, http: socket.socket, tmp_path: Path) -> None:
    """An app that reads its input to the end gets the body, of any length, and waits for no more."""
    with _served(interpreter, "echo", http, tmp_path):
        for body in (b"", b"x", bytes(range(256)) * 1000):
            with contextlib.closing(Client(http)) as client:
                client.request("POST", "/", body=body)

                assert client.getresponse().read() == body


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_answer_arrives_though_the_body_was_not_read(
    interpreter: Interpreter, http: socket.socket, tmp_path: Path
) -> None:
    """A client that sends on while it is refused still gets the refusal, and no reset."""
    with _served(interpreter, "deaf", http, tmp_path):
        for _ in range(5):
            with contextlib.closing(Client(http)) as client:
                client.request("POST", "/", body=b"x" * 500_000)
                response = client.getresponse()

                assert (response.status, response.read()) == (403, b"no")


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
@pytest.mark.parametrize("family", ["ipv4", "ipv6", "unix"])
def test_environ_tells_the_truth(interpreter: Interpreter, family: str, tmp_path: Path) -> None:
    """Both ends of the connection, as far as it has names, and that there are threads."""
    with listening(family, tmp_path) as listener:
        address = listener.getsockname()
        host, port = ("localhost", 80) if family == "unix" else address[:2]
        with _served(interpreter, "tell", listener, tmp_path):
            assert get(listener, "/a%20b?c=d") == f'["{host}", "{host}", "{port}", "c=d", "/a b", true]'


def test_connection_without_a_request_is_nobodys_error(http: socket.socket, tmp_path: Path) -> None:
    """A client that hangs up without a word, or in the middle of one, leaves nothing on standard error."""
    write_files(tmp_path, {"apps.py": APPS})
    python = newest_interpreter().executable
    with booted(python, app("apps:echo", "wsgiref"), directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()
        for said in (b"", b"GE"):
            with connect(http) as connection:
                connection.sendall(said)
        get(http)
        outcome = child.stop()

    assert (outcome.status, b"Traceback" in outcome.stderr) == (0, False), outcome


def test_overlong_request_line_is_refused(http: socket.socket, tmp_path: Path) -> None:
    """With 414, as the standard library's other servers do."""
    with _served(newest_interpreter(), "echo", http, tmp_path), contextlib.closing(Client(http)) as client:
        client.request("GET", "/" + "x" * 70_000)

        assert client.getresponse().status == 414


def test_exception_in_the_app_is_one_failed_request(http: socket.socket, tmp_path: Path) -> None:
    """A 500 and a traceback, and the next request is answered."""
    write_files(tmp_path, {"apps.py": APPS})
    python = newest_interpreter().executable
    with booted(python, app("apps:broken", "wsgiref"), directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()
        for _ in range(2):
            with contextlib.closing(Client(http)) as client:
                client.request("GET", "/")

                assert client.getresponse().status == 500
        outcome = child.stop()

    assert outcome.stderr.count(b"RuntimeError: mine") == 2
