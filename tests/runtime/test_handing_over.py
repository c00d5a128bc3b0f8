"""Between two generations on one listener no request is lost, and none is answered by the one that has paused."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import app, booted, write_files
from tests.support.environments import environment
from tests.support.handing_over import (
    APPS,
    KEEP_ALIVE,
    WebSocket,
    count_descriptors,
    generations,
    read_line,
)
from tests.support.interpreters import newest_interpreter
from tests.support.served import INTERFACES, Client, Request, connect, get, listening, make_certificate

if TYPE_CHECKING:
    import socket
    from pathlib import Path

ASGI = ("uvicorn", "hypercorn")
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _each(*servers: str) -> pytest.MarkDecorator:
    """Each server in its oldest and newest version; uvicorn also on what makes it fast."""
    cases = [(server, age) for server in servers for age in ("old", "new")]
    cases += [("uvicorn", "fast")] * ("uvicorn" in servers)
    return pytest.mark.parametrize(("server", "age"), cases)


each_server = _each(*INTERFACES)
each_keep_alive_server = _each(*KEEP_ALIVE)
each_asgi_server = _each(*ASGI)


@pytest.fixture(scope="session")
def pythons(server_pythons: dict[str, Path]) -> dict[str, Path]:
    """Interpreters with servers: the oldest, the newest, and uvicorn with all that is written in C."""
    fast = environment(newest_interpreter(), "uvicorn", "httptools", "uvloop", "websockets")
    return {**server_pythons, "fast": fast}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with the apps."""
    write_files(tmp_path, {"apps.py": APPS})
    return tmp_path


@each_server
def test_nothing_is_accepted_without_leave(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """A child says `ready` and waits; what comes meanwhile is answered as soon as it may accept."""
    go = app(f"apps:{INTERFACES[server]}", server)
    with booted(pythons[age], go, directory=project, listeners={"http": http}, accept=False) as child:
        child.until_ready()
        request = Request(http, "/")
        request.join(0.1)
        is_held = request.is_alive()
        child.say("accept")

        assert request.answer() == str(child.process.pid)
        assert is_held
        assert child.stop().status == 0


@each_server
@pytest.mark.parametrize("family", ["ipv4", "unix"])
def test_silent_connection_moves(
    server: str, age: str, family: str, pythons: dict[str, Path], project: Path
) -> None:
    """One on which nothing was said is answered by the new generation, also with a request that waited unread."""
    with (
        listening(family, project) as http,
        generations(pythons[age], server, http, project) as (old, new),
        contextlib.closing(Client(http)) as silent,
        contextlib.closing(Client(http)) as speaking,
    ):
        silent.connect()
        assert get(http) == str(old.process.pid)
        connections = old.pause()
        speaking.connect()
        speaking.request("GET", "/")
        for connection in connections:
            with connection:
                new.say("connection", connection)
        new.say("accept")

        assert len(connections) == 1
        assert silent.get("/") == str(new.process.pid)
        assert speaking.getresponse().read().decode() == str(new.process.pid)
        assert get(http) == str(new.process.pid)
        assert [old.stop().status, new.stop().status] == [0, 0]


@each_keep_alive_server
@pytest.mark.parametrize("family", ["ipv4", "unix"])
def test_idle_connection_moves(
    server: str, age: str, family: str, pythons: dict[str, Path], project: Path
) -> None:
    """A client that keeps its connection alive is answered by the new generation on the same connection, and back."""
    with (
        listening(family, project) as http,
        generations(pythons[age], server, http, project) as (old, new),
        contextlib.closing(Client(http)) as client,
    ):
        answers = [client.get("/")]
        connection = client.sock
        for one, other in ((old, new), (new, old)):
            one.hand_over(other)
            answers += [client.get("/"), client.get("/")]

        pids = [str(child.process.pid) for child in (old, new)]
        assert answers == [pids[0], pids[1], pids[1], pids[0], pids[0]]
        assert client.sock is connection


@each_server
def test_request_in_flight_is_answered_by_the_old(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """It ends where it began, and its connection follows to the new generation then."""
    with (
        generations(pythons[age], server, http, project) as (old, new),
        contextlib.closing(Client(http)) as client,
    ):
        client.request("GET", "/wait")
        assert read_line(old) == b"waiting\n"
        old.hand_over(new)
        assert get(http) == str(new.process.pid)
        old.process.send_signal(signal.SIGTERM)
        write_files(project, {"go-on": ""})
        assert client.getresponse().read().decode() == str(old.process.pid)
        if server in KEEP_ALIVE:
            with old.next_connection() as connection:
                new.say("connection", connection)

        assert client.get("/") == str(new.process.pid)
        assert old.outcome().status == 0


@each_server
def test_new_generation_that_fails_changes_nothing(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Paused and told to accept again, a child goes on: with new connections, and with those that it had."""
    with (
        generations(pythons[age], server, http, project) as (old, _),
        contextlib.closing(Client(http)) as idle,
        connect(http) as silent,
    ):
        idle.get("/")
        old.hand_over(old)
        silent.sendall(GET)

        assert silent.recv(1 << 16).startswith(b"HTTP/1.")
        assert [idle.get("/"), get(http)] == [str(old.process.pid)] * 2
        handed_in = old.pause()
        assert bool(handed_in) == (server in KEEP_ALIVE)
        assert old.pause() == []
        for connection in handed_in:
            connection.close()


@each_server
def test_connection_that_comes_after_a_stop_is_given_back(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """What the daemon sent just before the signal is not lost with the process."""
    with generations(pythons[age], server, http, project) as (old, new), contextlib.closing(Client(http)) as client:
        client.connect()
        get(http)
        (connection,) = old.pause()
        with connection:
            old.say("connection", connection)
        old.process.send_signal(signal.SIGTERM)
        with old.next_connection() as connection:
            new.say("connection", connection)
        new.say("accept")

        assert client.get("/") == str(new.process.pid)
        assert old.outcome().status == 0


@each_asgi_server
def test_pipelined_requests_are_answered_where_they_were_read(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """A connection is not idle between two requests that came together, nor in the middle of one."""
    with generations(pythons[age], server, http, project) as (old, new), connect(http) as client:
        client.sendall(GET.replace(b"/ ", b"/wait ", 1) + GET + GET[:10])
        assert read_line(old) == b"waiting\n"
        old.hand_over(new)
        write_files(project, {"go-on": ""})
        answers = client.makefile("rb")
        bodies = [_read_answer(answers), _read_answer(answers)]
        client.sendall(GET[10:])
        bodies.append(_read_answer(answers))
        with old.next_connection() as connection:
            new.say("connection", connection)
        client.sendall(GET)
        bodies.append(_read_answer(answers))
        answers.close()

        assert bodies == [b"%d" % child.process.pid for child in (old, old, old, new)]


def _read_answer(stream: socket.SocketIO) -> bytes:
    head = b"".join(iter(stream.readline, b"\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].split(None, 1)[0])
    return stream.read(length)


@each_asgi_server
def test_connection_moves_when_its_answer_has_left(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """An answer that its client is slow to read reaches it whole, and the connection moves after it."""
    with (
        generations(pythons[age], server, http, project) as (old, new),
        contextlib.closing(Client(http)) as client,
    ):
        client.request("GET", "/large")
        response = client.getresponse()
        old.hand_over(new)
        body = response.read()
        with old.next_connection() as connection:
            new.say("connection", connection)

        assert len(body) == 5_000_000
        assert client.get("/") == str(new.process.pid)


@each_server
def test_stream_is_ended_with_the_drain(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """The client of an event stream sees the end of a whole answer; the process ends soon, with 0 and no complaint."""
    go = app(f"apps:{INTERFACES[server]}", server, drain=0.3)
    with (
        booted(pythons[age], go, directory=project, listeners={"http": http}) as child,
        contextlib.closing(Client(http)) as client,
    ):
        child.until_ready()
        client.request("GET", "/events")
        assert read_line(child) == b"streaming\n"
        begun = time.monotonic()
        child.process.send_signal(signal.SIGTERM)
        body = client.getresponse().read()
        outcome = child.outcome()

        assert 0.3 <= time.monotonic() - begun < 2.5
        assert body.startswith(b"data: 0\n\ndata: 1\n\n")
        assert body.endswith(b"data: 1\n\n")
        assert (outcome.status, b"Traceback" in outcome.stderr) == (0, False), outcome
        assert (b"lifespan is over" in outcome.stdout) == (INTERFACES[server] == "asgi")


@each_asgi_server
def test_websocket_is_closed_with_the_drain(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Its client is told that the service restarts (1012), the app that it is closed."""
    go = app("apps:asgi", server, drain=0.3)
    with (
        booted(pythons[age], go, directory=project, listeners={"http": http}) as child,
        contextlib.closing(WebSocket(http)) as client,
    ):
        child.until_ready()
        assert read_line(child) == b"streaming\n"
        begun = time.monotonic()
        child.process.send_signal(signal.SIGTERM)
        code = client.wait_closed()
        outcome = child.outcome()

        assert code == 1012
        assert 0.3 <= time.monotonic() - begun < 2.5
        assert b"websocket.disconnect" in outcome.stdout
        assert (outcome.status, b"Traceback" in outcome.stderr) == (0, False), outcome


@each_server
def test_thread_that_never_returns_is_left(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """The process ends all the same, with 0, and what the app has registered for its end is done."""
    go = app(f"apps:{INTERFACES[server]}", server, drain=0.3)
    with booted(pythons[age], go, directory=project, listeners={"http": http}) as child, connect(http) as client:
        child.until_ready()
        client.sendall(GET.replace(b"/ ", b"/never ", 1))
        assert read_line(child) == b"waiting\n"
        begun = time.monotonic()
        outcome = child.stop()

        assert time.monotonic() - begun < 5
        assert (outcome.status, b"at exit" in outcome.stdout) == (0, True), outcome
        assert b"Traceback" not in outcome.stderr


@_each("uvicorn", "hypercorn")
def test_encrypted_connection_is_closed(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """It cannot move: after a pause the next answer on it is the last one, and an idle one is closed by a stop."""
    files, context = make_certificate(project)
    go = app("apps:asgi", server, tls=files)
    with (
        booted(pythons[age], go, directory=project, listeners={"http": http}) as child,
        contextlib.closing(Client(http, tls=context)) as busy,
        contextlib.closing(Client(http, tls=context)) as idle,
    ):
        child.until_ready()
        idle.get("/")
        busy.request("GET", "/wait")
        assert read_line(child) == b"waiting\n"
        assert child.pause() == []
        write_files(project, {"go-on": ""})
        response = busy.getresponse()
        response.read()
        outcome = child.stop()

        assert response.getheader("connection") == "close"
        assert idle.sock.recv(1) == b""
        assert outcome.status == 0, outcome


@each_server
@pytest.mark.parametrize("path", ["/fail", "/failing-events"])
def test_traceback_shows_no_frame_of_ours(
    server: str, age: str, path: str, *, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """What a server prints of an app's exception is what it would print without us."""
    go = app(f"apps:{INTERFACES[server]}", server)
    with booted(pythons[age], go, directory=project, listeners={"http": http}) as child, connect(http) as client:
        child.until_ready()
        client.sendall(GET.replace(b"/ ", path.encode() + b" ", 1))
        client.recv(1 << 16)
        outcome = child.stop()

    assert b"ZeroDivisionError" in outcome.stderr
    assert b"apps.py" in outcome.stderr
    assert b"reloadd/runtime" not in outcome.stderr


@each_server
def test_pauses_leave_no_descriptor_behind(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """After a hundred rounds with connections of all kinds both generations have as many open as before."""
    with (
        generations(pythons[age], server, http, project) as (old, new),
        contextlib.closing(Client(http)) as idle,
    ):
        children = (old, new)
        for child in children:
            old.hand_over(new)
            get(http)
            new.hand_over(old)
        before = [count_descriptors(child) for child in children]
        for _ in range(50):
            for one, other in (children, children[::-1]):
                with connect(http):
                    idle.get("/")
                    one.hand_over(other)
                    assert idle.get("/") == str(other.process.pid)
        idle.close()
        deadline = time.monotonic() + 10
        while any(count_descriptors(child) > count for child, count in zip(children, before, strict=True)):
            assert time.monotonic() < deadline, (before, [count_descriptors(child) for child in children])
            time.sleep(0.01)
