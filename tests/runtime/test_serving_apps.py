"""Every server serves the app on the daemon's socket, says when it does, and loses nothing when it is stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import BootedChild, Outcome, app, booted, write_files
from tests.support.served import APPS, INTERFACES, Client, Request, connect, get, listening, make_certificate

if TYPE_CHECKING:
    import socket
    from pathlib import Path

each_age = pytest.mark.parametrize("age", ["old", "new"])
each_server = pytest.mark.parametrize("server", INTERFACES)
each_tls_server = pytest.mark.parametrize("server", ["uvicorn", "hypercorn", "werkzeug"])

AT_ONCE = 15.0
"""Seconds that a stop may take where nothing is in flight; far less than any server's own patience."""

FAILING_LIFESPAN = """\
async def asgi(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with the apps."""
    write_files(tmp_path, {"apps.py": APPS})
    return tmp_path


def _target(server: str) -> str:
    return f"apps:{INTERFACES[server]}"


def _read_line(child: BootedChild) -> bytes:
    assert child.process.stdout is not None
    return child.process.stdout.readline()


@each_age
@each_server
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_says_so_and_stops(
    age: str,
    server: str,
    number: signal.Signals,
    http: socket.socket,
    *,
    project: Path,
    server_pythons: dict[str, Path],
) -> None:
    """`imported`, `ready` with the server's version, answers, and exit code 0 after either signal."""
    with booted(
        server_pythons[age], app(_target(server), server), directory=project, listeners={"http": http}
    ) as child:
        assert child.next_word() == {"word": "imported"}
        ready = child.next_word()
        assert ready is not None
        name, version = ready["server"].split()
        assert get(http, "/path") == f"/path {child.process.pid}"
        outcome = child.stop(number)

    assert (ready["word"], name, version[0].isdigit()) == ("ready", server, True)
    assert (outcome.status, b"Traceback" in outcome.stderr) == (0, False), outcome


@each_age
@each_server
def test_request_in_flight_is_finished(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """A stop waits for the answer, and accepts nothing new: what comes later is left to the next generation."""
    go = app(_target(server), server)
    with booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child:
        child.until_ready()
        request = Request(http, "/wait")
        assert b"waiting" in _read_line(child)
        child.process.send_signal(signal.SIGTERM)
        write_files(project, {"go-on": ""})
        answer = request.answer()
        outcome = child.outcome()

        assert (answer, outcome.status) == (f"/wait {child.process.pid}", 0), outcome

    late = Request(http, "/late")
    with booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child:
        assert late.answer() == f"/late {child.process.pid}"


@each_age
@each_server
def test_idle_connections_do_not_delay_a_stop(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Neither one on which nothing was ever said, nor one that is kept alive."""
    go = app(_target(server), server)
    with (
        booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child,
        contextlib.closing(Client(http)) as kept_alive,
        connect(http),
    ):
        child.until_ready()
        kept_alive.get("/")
        begun = time.monotonic()
        outcome = child.stop()

    assert time.monotonic() - begun < AT_ONCE
    assert outcome.status == 0


@each_age
@each_server
@pytest.mark.parametrize("family", ["ipv6", "unix"])
def test_other_families_are_served(
    age: str, server: str, family: str, server_pythons: dict[str, Path], project: Path
) -> None:
    """The socket says what it is; nobody has to be told."""
    go = app(_target(server), server)
    with (
        listening(family, project) as listener,
        booted(server_pythons[age], go, directory=project, listeners={"http": listener}) as child,
    ):
        child.until_ready()

        assert get(listener, "/x") == f"/x {child.process.pid}"
        assert child.stop().status == 0


@each_age
@each_tls_server
def test_tls_is_served_and_a_silent_client_holds_nobody_up(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """With the profile's certificate, also while somebody has connected and does not shake hands."""
    files, context = make_certificate(project)
    go = app(_target(server), server, tls=files)
    with booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child:
        with connect(http):
            child.until_ready()
            answer = get(http, "/x", tls=context)

        assert answer == f"/x {child.process.pid}"
        assert child.stop().status == 0


def test_made_up_certificate_needs_a_package(
    server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Where it is not installed, one line says which, and how to get it."""
    go = app("apps:wsgi", "werkzeug", tls="adhoc")
    python = server_pythons["new"]
    with booted(python, go, directory=project, listeners={"http": http}) as child:
        outcome = child.outcome()

    message = f'error: `tls = "adhoc"` needs the package `cryptography`\nhint: {python} -m pip install cryptography\n'
    assert outcome == Outcome(b"", message.encode(), 1)


@each_age
@pytest.mark.parametrize("server", ["waitress", "wsgiref"])
def test_threads_bound_what_is_in_the_app(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """With two threads, two of three requests are in the app, and the third is answered when one has left it."""
    go = app(_target(server), server, threads=2)
    with booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child:
        child.until_ready()
        slow = [Request(http, "/wait") for _ in range(2)]
        assert [b"waiting" in _read_line(child) for _ in slow] == [True, True]
        third = Request(http, "/third")
        third.join(0.3)
        is_held = third.is_alive()
        write_files(project, {"go-on": ""})

        assert is_held
        assert [request.answer() for request in (*slow, third)] == [
            f"{path} {child.process.pid}" for path in ("/wait", "/wait", "/third")
        ]
        assert child.stop().status == 0


@each_age
@each_tls_server
def test_processes_share_the_listener(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Two requests that wait at the same time are answered by two processes; all are gone after a stop."""
    go = app(_target(server), server, processes=2)
    with booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child:
        child.until_ready()
        pids: set[int] = set()
        deadline = time.monotonic() + 20
        while len(pids) < 2:
            assert time.monotonic() < deadline
            requests = [Request(http, "/") for _ in range(4)]
            pids |= {int(request.answer().split()[1]) for request in requests}
        outcome = child.stop()

        assert outcome.status == 0, outcome
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


@each_age
@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_process_that_is_lost_ends_the_others(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """The daemon is told by the exit code, and starts all of them again; half an app is not served."""
    go = app(_target(server), server, processes=2)
    with booted(server_pythons[age], go, directory=project, listeners={"http": http}) as child:
        child.until_ready()
        sibling = child.process.pid
        while sibling == child.process.pid:
            sibling = int(get(http).split()[1])
        os.kill(sibling, signal.SIGKILL)
        outcome = child.outcome()

    assert outcome.status == 1
    assert f"error: process {sibling} of the app ended with status -9\n".encode() in outcome.stderr


@each_age
@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
@pytest.mark.parametrize("processes", [None, 2])
def test_lifespan_that_fails_is_a_failed_start(
    age: str,
    server: str,
    processes: int | None,
    http: socket.socket,
    *,
    tmp_path: Path,
    server_pythons: dict[str, Path],
) -> None:
    """Exit code 1 and the app's words, and never `ready`; uvicorn would exit with 3, which means again."""
    write_files(tmp_path, {"apps.py": FAILING_LIFESPAN})
    go = app("apps:asgi", server, processes=processes)
    with booted(server_pythons[age], go, directory=tmp_path, listeners={"http": http}) as child:
        assert child.next_word() == {"word": "imported"}
        assert child.next_word() is None
        outcome = child.outcome()

    assert outcome.status == 1
    assert b"no database" in outcome.stderr
