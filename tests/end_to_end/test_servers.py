"""The server for an `app`, as the profile names it and with what the profile asks of it."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import DEADLINE, RunningDaemon, ask, wait_until
from tests.support.environments import environment
from tests.support.frameworks import LISTEN, NEWEST, OLDEST, STOPPED, Ending, Framework, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.interpreters import Interpreter

pytestmark = [pytest.mark.slow]

APPS = {
    "uvicorn": "asgi_app",
    "hypercorn": "asgi_app",
    "werkzeug": "wsgi_app",
    "waitress": "wsgi_app",
    "wsgiref": "wsgi_app",
}


def served_by(server: str, more_target: str = "", more: str = LISTEN, requirements: tuple[str, ...] = ()) -> Framework:
    """An app of no framework, on that server."""
    installed = () if server == "wsgiref" else (server,)
    return Framework(
        server,
        APPS[server],
        "web.py",
        f'app = "web:app"\nserver = "{server}"\n{more_target}',
        STOPPED,
        more=more,
        requirements=(*installed, *requirements),
    )


@pytest.mark.parametrize("interpreter", [OLDEST, NEWEST], ids=str)
@pytest.mark.parametrize("server", APPS)
def test_each_server_serves_what_was_saved(tmp_path: Path, server: str, interpreter: Interpreter) -> None:
    """Each is found in the app's own environment, says when it is ready, and ends with success when it is told to."""
    with site(served_by(server), tmp_path, interpreter) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        app.assert_serves(daemon, "one")
        app.save("two")
        daemon.wait_for("restart.completed")
        app.assert_serves(daemon, "two")

        assert Ending.of(daemon.wait_for("child.exited", generation=1)) == STOPPED
        assert daemon.close() == 0
        assert [Ending.of(each) for each in daemon.all("child.exited")] == [STOPPED, STOPPED]


@pytest.mark.parametrize("server", ["werkzeug", "uvicorn"])
def test_two_processes_answer_at_the_same_time(tmp_path: Path, server: str) -> None:
    """Each of two requests waits for the other to be in another process; after a save both have the new code."""
    with site(served_by(server, "processes = 2"), tmp_path, NEWEST) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        met = tmp_path / "met"
        answers = []
        first = threading.Thread(target=lambda: answers.append(ask(app.address(daemon), "/meet")))
        first.start()
        # The process that has taken the first request is occupied: only another one can take the second.
        wait_until(lambda: met.is_dir() and len([*met.iterdir()]) == 1, "a process that waits for another")
        answers.append(ask(app.address(daemon), "/meet"))
        first.join(DEADLINE)

        assert [status for status, _ in answers] == [200, 200]
        assert len({pid for _, pid in answers}) == 2
        app.save("two")
        daemon.wait_for("restart.completed")
        for _ in range(10):
            app.assert_serves(daemon, "two")
        assert Ending.of(daemon.wait_for("child.exited", generation=1)) == STOPPED


def test_waitress_has_as_many_threads_as_asked_for(tmp_path: Path) -> None:
    """Its own default is four."""
    with site(served_by("waitress", "threads = 6"), tmp_path, NEWEST) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        status, names = ask(app.address(daemon), "/threads")

        assert (status, names.count("waitress-")) == (200, 6)


def test_uvicorn_serves_with_the_certificate_of_the_profile(tmp_path: Path) -> None:
    """A client that trusts this certificate alone is served, before and after a save."""
    python = environment(NEWEST, "cryptography", "werkzeug")
    make = "from werkzeug.serving import make_ssl_devcert; make_ssl_devcert('dev', host='localhost')"
    subprocess.run([python, "-c", make], cwd=tmp_path, check=True)
    listen = LISTEN + 'tls-cert = "dev.crt"\ntls-key = "dev.key"\n'
    with site(served_by("uvicorn", more=listen), tmp_path, NEWEST) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        assert ask_securely(daemon, tmp_path / "dev.crt", "/") == "one"
        assert ask_securely(daemon, tmp_path / "dev.crt", "/scheme") == "https"
        app.save("two")
        daemon.wait_for("restart.completed")

        assert ask_securely(daemon, tmp_path / "dev.crt", "/") == "two"


def ask_securely(daemon: RunningDaemon, certificate: Path, path: str) -> str:
    """The body of the answer over TLS, to a client that trusts one certificate."""
    port = int(daemon.address().rpartition(":")[2])
    context = ssl.create_default_context(cafile=certificate)
    connection = http.client.HTTPSConnection("localhost", port, timeout=DEADLINE, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
