"""Streams and WebSockets that are open when the code is saved: they delay nothing, and end properly."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import DEADLINE, RunningDaemon, write_files
from tests.support.environments import environment
from tests.support.interpreters import newest_interpreter

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import asyncio
VERSION = {version}

async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({{"type": "websocket.accept"}})
        await send({{"type": "websocket.send", "text": str(VERSION)}})
        while (await receive())["type"] != "websocket.disconnect":
            pass
    elif scope["type"] == "http":
        stream = scope["path"] == "/stream"
        headers = [(b"content-type", b"text/event-stream" if stream else b"text/plain")]
        await send({{"type": "http.response.start", "status": 200, "headers": headers}})
        while stream:
            await send({{"type": "http.response.body", "body": b"data: tick\\n\\n", "more_body": True}})
            await asyncio.sleep(0.05)
        await send({{"type": "http.response.body", "body": str(VERSION).encode()}})
"""

PROFILE = """
[target]
app = "web:app"
python = "{python}"
server = "{server}"
[listen]
http = "127.0.0.1:0"
[restart]
drain-timeout = 0.5
"""

UPGRADE = (
    b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

SERVICE_RESTART = 1012
"""The close code for it (IANA registry of RFC 6455)."""


def connect(daemon: RunningDaemon) -> socket.socket:
    """A bare connection to the app."""
    host, _, port = daemon.address().rpartition(":")
    return socket.create_connection((host, int(port)), timeout=DEADLINE)


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    """Read until something has come; fails if the connection ends before."""
    received = b""
    while wanted not in received:
        chunk = connection.recv(1 << 16)
        assert chunk, received
        received += chunk
    return received


@pytest.mark.slow
@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_open_stream_and_websocket_end_properly(tmp_path: Path, server: str) -> None:
    """New code serves at once; a chunked stream gets its last chunk, a WebSocket its close frame."""
    python = environment(newest_interpreter(), server, "websockets")
    write_files(tmp_path, {"web.py": APP.format(version=1), "dev.toml": PROFILE.format(python=python, server=server)})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        with connect(daemon) as stream, connect(daemon) as live:
            stream.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            read_until(stream, b"data: tick")
            live.sendall(UPGRADE)
            opened = read_until(live, b"\x81\x011")
            (tmp_path / "web.py").write_text(APP.format(version=2))
            daemon.wait_for("restart.completed", generation=2)

            assert opened.startswith(b"HTTP/1.1 101 ")
            assert daemon.get() == "2"
            read_until(stream, b"\r\n0\r\n\r\n")
            # Its connection was not the stream's end: it goes on with the new generation.
            stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_until(stream, b"\r\n0\r\n\r\n").endswith(b"\r\n2\r\n0\r\n\r\n")
            closed = read_until(live, b"\x88")
            assert struct.unpack_from("!H", closed, closed.index(b"\x88") + 2) == (SERVICE_RESTART,)
            live.sendall(b"\x88\x80\x00\x00\x00\x00")
            exited = daemon.wait_for("child.exited", generation=1)
            assert (exited["exit_code"], exited["asked"]) == (0, True)
            assert daemon.all("child.killed") == []
