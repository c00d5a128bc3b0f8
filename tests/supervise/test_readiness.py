"""How it is seen that a child serves: against servers that begin late."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import (
    Address,
    Profile,
    Ready,
    ReadyHttp,
    ReadyListening,
    ReadyStarted,
    ReadyTold,
    TcpAddress,
    TlsFiles,
    UnixAddress,
)
from reloadd.supervise.backlog import backlog_length
from reloadd.supervise.listeners import Listener, bind
from reloadd.supervise.readiness import _wait_any_answer, wait_ready
from tests.support.processes import open_descriptors, until
from tests.support.served import make_certificate
from tests.support.sockets import DEADLINE, answering, connect, free_port, listen_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.launching import MakeProfile

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the backlog is not seen")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(params=["tcp", "tcp6", "any", "unix"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    """A listener of each kind that nobody accepts from yet."""
    addresses: dict[str, Address] = {
        "tcp": TcpAddress("127.0.0.1", 0),
        "tcp6": TcpAddress("::1", 0),
        "any": TcpAddress("0.0.0.0", 0),
        "unix": UnixAddress(tmp_path / "app.sock"),
    }
    bound = bind(listen_on(addresses[request.param]))
    yield bound
    bound.close()


@contextmanager
def tcp_listener() -> Iterator[Listener]:
    """A listener at a free port."""
    bound = bind(listen_on())
    try:
        yield bound
    finally:
        bound.close()


def waiting(profile: Profile, ready: Ready, *listeners: Listener) -> asyncio.Task[None]:
    """The wait, begun."""
    return asyncio.create_task(wait_ready(replace(profile, ready=ready), listeners, None))


async def done(task: asyncio.Task[None]) -> None:
    """Wait for the end of the wait."""
    async with asyncio.timeout(DEADLINE):
        await task


async def begin_late(profile: Profile, ready: Ready, listener: Listener, server: ExitStack) -> asyncio.Task[None]:
    """Wait until the wait has put its connection into the backlog; it must not have ended then."""
    task = waiting(profile, ready, listener)
    server.callback(task.cancel)
    await until(lambda: backlog_length(listener.socket), "a connection in the backlog")
    assert not task.done()
    return task


@linux_only
def test_accepting(make_profile: MakeProfile, listener: Listener) -> None:
    """A connection that waits in the backlog is no sign of a child; that it is accepted is one."""

    async def scenario() -> None:
        with ExitStack() as server:
            task = await begin_late(make_profile(), ReadyListening(), listener, server)
            server.enter_context(answering(listener.socket, lambda _: b""))
            await done(task)

    asyncio.run(scenario())


@linux_only
def test_accepting_one_of_many(make_profile: MakeProfile) -> None:
    """A child that works off a long backlog serves as soon as it has accepted anything."""

    async def scenario(listener: Listener) -> None:
        with ExitStack() as clients:
            for _ in range(30):
                clients.enter_context(connect(listener.address))
            task = await begin_late(make_profile(), ReadyListening(), listener, clients)
            await until(lambda: backlog_length(listener.socket) == 31, "the wait's own connection")
            accepted, _ = listener.socket.accept()
            with accepted:
                await done(task)

    with tcp_listener() as listener:
        asyncio.run(scenario(listener))


@pytest.mark.parametrize("ending", ["answer", "close", "reset"])
def test_any_answer(ending: str) -> None:
    """Where the backlog is not seen, a byte, an end or a reset shows that somebody accepted."""

    async def scenario(listener: Listener) -> None:
        task = asyncio.create_task(_wait_any_answer(listener.address))
        listener.socket.settimeout(0)
        accepted, _ = await asyncio.get_running_loop().sock_accept(listener.socket)
        assert not task.done()
        with accepted:
            if ending == "answer":
                accepted.sendall(b"H")
                await done(task)
            elif ending == "reset":
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await done(task)

    with tcp_listener() as listener:
        asyncio.run(scenario(listener))


def localhost_addresses() -> set[str]:
    """What `localhost` is on this machine."""
    return {str(found[4][0]) for found in socket.getaddrinfo("localhost", 0)}


@pytest.mark.parametrize(
    ("named", "opened"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("localhost", "127.0.0.1"),
        pytest.param(
            "localhost",
            "::1",
            marks=pytest.mark.skipif("::1" not in localhost_addresses(), reason="`localhost` has no IPv6 address here"),
        ),
    ],
)
def test_address_of_the_childs_own(make_profile: MakeProfile, named: str, opened: str) -> None:
    """A server that opens its socket itself is ready when that takes a connection, on any of the name's addresses."""
    port = free_port(opened)

    async def scenario() -> None:
        task = waiting(make_profile(), ReadyListening(TcpAddress(named, port)))
        await asyncio.sleep(0.05)
        assert not task.done()
        with socket.create_server((opened, port), family=socket.AF_INET6 if ":" in opened else socket.AF_INET):
            await done(task)

    asyncio.run(scenario())


def test_unix_address_of_the_childs_own(make_profile: MakeProfile, tmp_path: Path) -> None:
    """The same with a socket in the file system, which is there before it listens."""
    path = tmp_path / "own.sock"

    async def scenario() -> None:
        task = waiting(make_profile(), ReadyListening(UnixAddress(path)))
        with socket.socket(socket.AF_UNIX) as own:
            own.bind(str(path))
            await asyncio.sleep(0.05)
            assert not task.done()
            own.listen()
            await done(task)

    asyncio.run(scenario())


def test_http(make_profile: MakeProfile, listener: Listener) -> None:
    """Errors are asked again until there is a good answer; the third one is."""
    asked: list[int] = []

    def answer(number: int) -> bytes:
        asked.append(number)
        return (ERROR, b"not HTTP at all\r\n", OK)[number]

    async def scenario() -> None:
        with answering(listener.socket, answer):
            await done(waiting(make_profile(), ReadyHttp("/health"), listener))

    asyncio.run(scenario())
    assert asked == [0, 1, 2]


@pytest.mark.parametrize(
    "first",
    [b"", b"\r\n", b"HTTP/1.1\r\n", b"HTTP/1.1 abc\r\n", b"HTTP/1.1 404 Not Found\r\n\r\n", b"x" * 200_000],
    ids=["nothing", "empty-line", "no-status", "no-number", "not-found", "endless-line"],
)
def test_http_answers_that_are_none(make_profile: MakeProfile, first: bytes) -> None:
    """What is not a status below 400 is not ready, and does not end the wait."""

    async def scenario(listener: Listener) -> None:
        with answering(listener.socket, lambda number: OK if number else first):
            await done(waiting(make_profile(), ReadyHttp("/"), listener))

    with tcp_listener() as listener:
        asyncio.run(scenario(listener))


@linux_only
def test_http_over_tls(make_profile: MakeProfile, tmp_path: Path) -> None:
    """A self-signed certificate will do: it is the developer's own."""
    paths, _ = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths["cert"], paths["key"])
    profile = replace(make_profile(), tls=TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem"))

    async def scenario(listener: Listener) -> None:
        with ExitStack() as server:
            task = await begin_late(profile, ReadyHttp("/"), listener, server)
            server.enter_context(answering(listener.socket, lambda number: OK if number else ERROR, context))
            await done(task)

    with tcp_listener() as listener:
        asyncio.run(scenario(listener))


def test_started(make_profile: MakeProfile) -> None:
    """So many seconds after the start."""

    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await done(waiting(make_profile(), ReadyStarted(0.05)))
        return loop.time() - begun

    assert 0.05 <= asyncio.run(scenario()) < DEADLINE


@linux_only
@pytest.mark.parametrize(
    "ready", [ReadyTold(), ReadyListening(), ReadyListening(TcpAddress("127.0.0.1", 1)), ReadyHttp("/")]
)
def test_a_wait_can_be_given_up(make_profile: MakeProfile, ready: Ready) -> None:
    """When the child ends first the wait is cancelled, and leaves no connection behind."""

    async def scenario(listener: Listener) -> None:
        await asyncio.to_thread(open_descriptors)
        descriptors = open_descriptors()
        task = waiting(make_profile(), ready, listener)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.shield(task)
        task.cancel()
        await asyncio.wait({task}, timeout=DEADLINE)
        assert task.cancelled()
        await asyncio.sleep(0)
        assert open_descriptors() == descriptors

    with tcp_listener() as listener:
        asyncio.run(scenario(listener))
