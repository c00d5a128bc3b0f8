"""Between two generations on one listener no request is lost, and none is answered by the one that has paused."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import DEADLINE, app, booted, write_files
from tests.support.handing_over import (
    APPS,
    KEEP_ALIVE,
    WebSocket,
    count_descriptors,
    generations,
    get_and_close,
    read_line,
)
from tests.support.served import INTERFACES, Client, Request, connect, get, listening, make_certificate

if TYPE_CHECKING:
    import socket
    from pathlib import Path
    from typing import BinaryIO

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
def test_silent_connection_moves(server: str, age: str, family: str, pythons: dict[str, Path], project: Path) -> None:
    """One on which nothing was said is answered by the new generation, also with a request that waited unread."""
    with (
        listening(family, project) as http,
        generations(pythons[age], server, http, project) as both,
        contextlib.closing(Client(http)) as silent,
        contextlib.closing(Client(http)) as waiting,
    ):
        old, new = both.pids()
        silent.connect()
        waiting.connect()
        # They are accepted in their order.
        assert get_and_close(http) == old
        both.relay.pause()
        assert both.relay.handed_in == 2
        waiting.request("GET", "/")
        both.relay.admit(both.new)

        assert [silent.get("/"), get(http), waiting.getresponse().read().decode()] == [new] * 3
        both.relay.pause()
        assert [both.old.stop().status, both.new.stop().status] == [0, 0]


@each_keep_alive_server
@pytest.mark.parametrize("family", ["ipv4", "unix"])
def test_idle_connection_moves(server: str, age: str, family: str, pythons: dict[str, Path], project: Path) -> None:
    """A client that keeps its connection alive is answered by the new generation on the same connection, and back."""
    with (
        listening(family, project) as http,
        generations(pythons[age], server, http, project) as both,
        contextlib.closing(Client(http)) as client,
    ):
        answers = [client.get("/")]
        connection = client.sock
        for other in (both.new, both.old):
            both.relay.switch(other)
            answers += [client.get("/"), client.get("/")]

        old, new = both.pids()
        assert answers == [old, new, new, old, old]
        assert client.sock is connection


@each_keep_alive_server
def test_connection_that_its_client_has_closed_is_not_moved_around(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """It is closed as soon as that is seen, whatever the server waits for, and does not go to and fro for ever."""
    with generations(pythons[age], server, http, project) as both:
        with contextlib.closing(Client(http)) as client, connect(http):
            client.get("/")
        deadline = time.monotonic() + DEADLINE
        before = -1
        while both.relay.handed_in > before:
            assert time.monotonic() < deadline
            before = both.relay.handed_in
            for other in (both.new, both.old):
                both.relay.switch(other)


@each_server
def test_request_in_flight_is_answered_by_the_old(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """It ends where it began, and its connection follows to the new generation then."""
    with (
        generations(pythons[age], server, http, project) as both,
        contextlib.closing(Client(http)) as client,
    ):
        old, new = both.pids()
        client.request("GET", "/wait")
        connection = client.sock
        assert read_line(both.old) == b"waiting\n"
        both.relay.switch(both.new)
        assert get(http) == new
        both.old.process.send_signal(signal.SIGTERM)
        write_files(project, {"go-on": ""})
        assert client.getresponse().read().decode() == old
        assert client.get("/") == new

        assert (client.sock is connection) == (server in KEEP_ALIVE)
        assert both.old.outcome().status == 0


@each_server
def test_new_generation_that_fails_changes_nothing(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Paused and told to accept again, a child goes on: with new connections, and with those that it had."""
    with (
        generations(pythons[age], server, http, project) as both,
        contextlib.closing(Client(http)) as idle,
        contextlib.closing(Client(http)) as silent,
    ):
        idle.connect()
        connection = idle.sock
        idle.get("/")
        silent.connect()
        for _ in range(2):
            both.relay.switch(both.old)

        assert [silent.get("/"), idle.get("/"), get(http)] == [both.pids()[0]] * 3
        assert (idle.sock is connection) == (server in KEEP_ALIVE)


@each_server
def test_pause_is_confirmed_each_time(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Also before there was leave to accept, and when there is nothing to do."""
    go = app(f"apps:{INTERFACES[server]}", server)
    with booted(pythons[age], go, directory=project, listeners={"http": http}, accept=False) as child:
        for word in ("pause", "accept", "pause", "pause"):
            child.say(word)
        words = [child.next_word() for _ in range(5)]
        assert child.stop().status == 0

    assert [frame and frame["word"] for frame in words] == ["imported", "ready", "paused", "paused", "paused"]


@each_server
def test_connection_that_comes_with_a_stop_is_given_back(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """What the daemon sent just before the signal is not lost with the process."""
    go = app(f"apps:{INTERFACES[server]}", server)
    with (
        booted(pythons[age], go, directory=project, listeners={"http": http}, accept=False) as child,
        connect(http),
        http.accept()[0] as connection,
    ):
        child.until_ready()
        child.process.send_signal(signal.SIGSTOP)
        child.say("connection", connection)
        child.process.send_signal(signal.SIGTERM)
        child.process.send_signal(signal.SIGCONT)

        assert child.next_word() == {"word": "connection"}
        (given_back,) = child.take_handed_in()
        with given_back:
            assert given_back.getpeername() == connection.getpeername()
        assert child.outcome().status == 0


@each_asgi_server
def test_pipelined_requests_are_answered_where_they_were_read(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """A connection is not idle between two requests that came together, nor in the middle of one."""
    with (
        generations(pythons[age], server, http, project) as both,
        connect(http) as client,
        client.makefile("rb") as answers,
    ):
        client.sendall(GET.replace(b"/ ", b"/wait ", 1) + GET + GET[:10])
        assert read_line(both.old) == b"waiting\n"
        both.relay.switch(both.new)
        write_files(project, {"go-on": ""})
        bodies = [_read_answer(answers), _read_answer(answers)]
        client.sendall(GET[10:])
        bodies.append(_read_answer(answers))
        client.sendall(GET)
        bodies.append(_read_answer(answers))

        old, new = both.pids()
        assert bodies == [old, old, old, new]


def _read_answer(stream: BinaryIO) -> str:
    head = b"".join(iter(stream.readline, b"\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].split(None, 1)[0])
    return stream.read(length).decode()


@each_asgi_server
def test_connection_moves_when_its_answer_has_left(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """An answer that its client is slow to read reaches it whole, and the connection moves after it."""
    with (
        generations(pythons[age], server, http, project) as both,
        contextlib.closing(Client(http)) as client,
    ):
        client.request("GET", "/large")
        response = client.getresponse()
        connection = client.sock
        both.relay.switch(both.new)

        assert len(response.read()) == 5_000_000
        assert client.get("/") == both.pids()[1]
        assert client.sock is connection


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

        assert 0.3 <= time.monotonic() - begun < 15
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
        assert 0.3 <= time.monotonic() - begun < 15
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

        assert time.monotonic() - begun < 15
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
        child.say("pause")
        assert child.next_word() == {"word": "paused"}
        write_files(project, {"go-on": ""})
        response = busy.getresponse()
        response.read()
        outcome = child.stop()

        assert response.getheader("connection") == "close"
        assert idle.sock.recv(1) == b""
        assert outcome.status == 0, outcome


@_each("uvicorn", "hypercorn")
def test_encrypted_connection_may_be_lost_in_the_moment_of_a_stop(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Its client hangs up, and before the server has taken that in it has to stop: it does, at once and with 0."""
    files, context = make_certificate(project)
    go = app("apps:asgi", server, tls=files)
    with (
        booted(pythons[age], go, directory=project, listeners={"http": http}) as child,
        contextlib.closing(Client(http, tls=context)) as client,
    ):
        child.until_ready()
        client.get("/")
        child.process.send_signal(signal.SIGSTOP)
        client.close()
        child.process.send_signal(signal.SIGTERM)
        child.process.send_signal(signal.SIGCONT)
        outcome = child.outcome()

        assert (outcome.status, b"Traceback" in outcome.stderr) == (0, False), outcome


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
    """After a hundred pauses with connections of all kinds both generations have as many open as before."""
    with generations(pythons[age], server, http, project) as both, contextlib.closing(Client(http)) as idle:
        children = (both.new, both.old)
        for child in children:
            both.relay.switch(child)
            get_and_close(http)
        before = [count_descriptors(child) for child in children]
        for _ in range(50):
            for child in children:
                with connect(http):
                    both.relay.switch(child)
                    assert idle.get("/") == str(child.process.pid)
        idle.close()
        deadline = time.monotonic() + DEADLINE
        while any(count_descriptors(child) > count for child, count in zip(children, before, strict=True)):
            assert time.monotonic() < deadline, (before, [count_descriptors(child) for child in children])
            time.sleep(0.01)


@_each("uvicorn", "hypercorn")
def test_processes_pause_and_accept_together(
    server: str, age: str, pythons: dict[str, Path], http: socket.socket, project: Path
) -> None:
    """Confirmed is a pause of all; the connections that they had are handed in before, and no process answers then."""
    go = app("apps:asgi", server, processes=2)
    with (
        booted(pythons[age], go, directory=project, listeners={"http": http}) as child,
        contextlib.ExitStack() as stack,
    ):
        child.until_ready()
        clients: list[Client] = []
        pids: set[str] = set()
        deadline = time.monotonic() + DEADLINE
        while len(pids) < 2:
            assert time.monotonic() < deadline
            clients.append(stack.enter_context(contextlib.closing(Client(http))))
            pids.add(clients[-1].get("/"))
        # A process that has answered somebody else since knows that those connections are idle.
        since: set[str] = set()
        while since < pids:
            assert time.monotonic() < deadline
            since.add(get_and_close(http))
        child.say("pause")
        words: list[str] = []
        while not words or words[-1] != "paused":
            words.append((child.next_word() or {})["word"])
        handed_in = child.take_handed_in()
        request = Request(http, "/")
        request.join(0.1)
        is_held = request.is_alive()
        for connection in handed_in:
            with connection:
                child.say("connection", connection)
        child.say("accept")

        assert words == ["connection"] * len(clients) + ["paused"]
        assert is_held
        assert request.answer() in pids
        assert {client.get("/") for client in clients} <= pids
        assert child.stop().status == 0
