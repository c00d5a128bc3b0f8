"""Two generations on one listener, and apps that show which of them answers."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import struct
import threading
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.booting import DEADLINE, BootedChild, app, booted
from tests.support.served import INTERFACES, Client, connect

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

KEEP_ALIVE = ("uvicorn", "hypercorn", "waitress")
"""Servers that answer more than one request on a connection."""

APPS = '''\
"""Each path is an app: who answers, and in which way."""
import atexit, os, time

def waited_for(name):
    print("waiting", flush=True)
    while not os.path.exists(name):
        time.sleep(0.01)

def answer(path):
    if path == "/slow":
        time.sleep(0.005)
    elif path == "/wait":
        waited_for("go-on")
    elif path == "/never":
        atexit.register(print, "at exit", flush=True)
        waited_for("nothing")
    elif path == "/fail":
        1 / 0
    return b"%d" % os.getpid()

def events():
    yield b"data: 0\\n\\n"
    print("streaming", flush=True)
    while True:
        time.sleep(0.01)
        yield b"data: 1\\n\\n"

def failing_events():
    yield b"data: 0\\n\\n"
    1 / 0

def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path in ("/events", "/failing-events"):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return events() if path == "/events" else failing_events()
    body = answer(path)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

async def asgi(scope, receive, send):
    import asyncio
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                print("lifespan is over", flush=True)
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        print("streaming", flush=True)
        message = await receive()
        print(message["type"], message["code"], flush=True)
        return
    path = scope["path"]
    if path in ("/events", "/failing-events"):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 0\\n\\n", "more_body": True})
        if path == "/failing-events":
            1 / 0
        print("streaming", flush=True)
        while True:
            await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b"data: 1\\n\\n", "more_body": True})
    if path == "/large":
        body = b"x" * 5_000_000
    elif path == "/short":
        headers = [(b"content-length", b"9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"short"})
    elif path == "/fail":
        body = answer(path)
    else:
        body = await asyncio.get_running_loop().run_in_executor(None, answer, path)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
'''


class Relay:
    """The daemon's part, for children that are ready: who accepts, and where connections go meanwhile.

    Attributes:
        handed_in: how many connections it was given.
    """

    def __init__(self, accepting: BootedChild, *others: BootedChild) -> None:
        self.handed_in = 0
        self._accepting: BootedChild | None = accepting
        self._waiting: list[socket.socket] = []
        self._lock = threading.Lock()
        self._paused: queue.Queue[BootedChild | None] = queue.Queue()
        self._children = (accepting, *others)
        self._threads = [threading.Thread(target=self._hear, args=(child,)) for child in self._children]
        for thread in self._threads:
            thread.start()

    def pause(self) -> None:
        """Let nobody accept; return when that is confirmed."""
        with self._lock:
            child, self._accepting = self._accepting, None
        assert child is not None
        child.say("pause")
        assert self._paused.get(timeout=DEADLINE) is child

    def admit(self, child: BootedChild) -> None:
        """Let this one accept, beginning with the connections that wait."""
        with self._lock:
            self._accepting = child
            for connection in self._waiting:
                with connection:
                    child.say("connection", connection)
            self._waiting.clear()
        child.say("accept")

    def switch(self, child: BootedChild) -> None:
        """Let this one accept instead."""
        self.pause()
        self.admit(child)

    def discard_output(self, child: BootedChild) -> None:
        """Let it write as much as it likes: nobody else reads it."""
        for stream in (child.process.stdout, child.process.stderr):
            assert stream is not None
            self._threads.append(threading.Thread(target=stream.read))
            self._threads[-1].start()

    def close(self) -> None:
        """End the children, and take their last words: connections that are handed in now have nowhere to go."""
        with self._lock:
            self._accepting = None
        for child in self._children:
            child.process.kill()
        for thread in self._threads:
            thread.join(DEADLINE)
        for connection in self._waiting:
            connection.close()

    def _hear(self, child: BootedChild) -> None:
        while (frame := child.next_word()) is not None:
            if frame["word"] == "paused":
                self._paused.put(child)
            for connection in child.take_handed_in():
                with self._lock:
                    self._take(connection)
        self._paused.put(None)

    def _take(self, connection: socket.socket) -> None:
        self.handed_in += 1
        if self._accepting is None:
            self._waiting.append(connection)
        else:
            with connection:
                self._accepting.say("connection", connection)


@dataclass(frozen=True, slots=True)
class Generations:
    """Two children that are ready, and who lets them accept; the old one does."""

    old: BootedChild
    new: BootedChild
    relay: Relay

    def pids(self) -> list[str]:
        """As the apps tell them."""
        return [str(self.old.process.pid), str(self.new.process.pid)]


@contextlib.contextmanager
def generations(
    python: Path, server: str, listener: socket.socket, directory: Path, *, is_heard: bool = True
) -> Iterator[Generations]:
    """Two generations of the apps; what they say is read by the test, or, if not, thrown away."""
    go = app(f"apps:{INTERFACES[server]}", server)
    listeners = {"http": listener}
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(booted(python, go, directory=directory, listeners=listeners))
        new = stack.enter_context(booted(python, go, directory=directory, listeners=listeners, accept=False))
        old.until_ready()
        new.until_ready()
        relay = Relay(old, new)
        for child in () if is_heard else (old, new):
            relay.discard_output(child)
        try:
            yield Generations(old, new, relay)
        finally:
            relay.close()


def get_and_close(listener: socket.socket) -> str:
    """Who answers; the server has closed the connection when it is known."""
    with contextlib.closing(Client(listener)) as client:
        client.request("GET", "/", headers={"Connection": "close"})
        return client.getresponse().read().decode()


def read_line(child: BootedChild) -> bytes:
    """What the app says next that is no access log."""
    assert child.process.stdout is not None
    for line in child.process.stdout:
        if b"HTTP/1" not in line:
            return line
    raise AssertionError(child.outcome())


def count_descriptors(child: BootedChild) -> int:
    """How many the child has open."""
    return sum(1 for _ in Path(f"/proc/{child.process.pid}/fd").iterdir())


class WebSocket:
    """A client's end (RFC 6455), as much of it as the tests need."""

    def __init__(self, listener: socket.socket) -> None:
        self._connection = connect(listener)
        key = b64encode(os.urandom(16))
        self._connection.sendall(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
        )
        self._stream = self._connection.makefile("rb")
        head = b"".join(iter(self._stream.readline, b"\r\n"))
        accepted = b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324 (it is what the RFC asks for)
        assert accepted in head, head

    def wait_closed(self) -> int:
        """The status code of the close frame that must come next; it is answered, and the connection must end."""
        first, length = self._stream.read(2)
        payload = self._stream.read(length)
        assert first == 0x88, (first, payload)
        self._connection.sendall(bytes([0x88, 0x80 | length, 0, 0, 0, 0]) + payload)
        with contextlib.suppress(ConnectionResetError):
            # Some servers do not wait for the answer.
            assert self._stream.read() == b""
        return int(struct.unpack("!H", payload[:2])[0])

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._connection.close()
