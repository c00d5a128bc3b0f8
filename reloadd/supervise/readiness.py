"""How it is known that a child serves, where the child does not say so itself.

Each wait ends when it is so; the machine's deadline, or the child's end, cancels it. Never decides what follows.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.profile.model import (
    Address,
    ReadyHttp,
    ReadyListening,
    ReadyStarted,
    ReadyTold,
    TcpAddress,
)
from reloadd.supervise.backlog import backlog_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.profile.model import Profile
    from reloadd.supervise.listeners import Listener

_PAUSE = 0.005
"""Seconds between two looks at what cannot be waited for."""

_PAUSE_BETWEEN_REQUESTS = 0.1
_FIRST_BAD_STATUS = 400


async def wait_ready(profile: Profile, listeners: Sequence[Listener]) -> None:
    """Return once the child of this profile serves; never, if only the child itself can tell."""
    match profile.ready:
        case ReadyTold():
            await asyncio.get_running_loop().create_future()
        case ReadyStarted(seconds):
            await asyncio.sleep(seconds)
        case ReadyListening(None):
            await _wait_accepting(listeners[0])
        case ReadyListening(address) if address is not None:
            await _wait_connected(address)
        case ReadyHttp(path):
            await _wait_answering(profile, next(each for each in listeners if each.name == "http"), path)


async def _wait_accepting(listener: Listener) -> None:
    """Put a connection into the listener's backlog and wait until the backlog is empty."""
    if backlog_length(listener.socket) is None:
        await _wait_any_answer(listener)
        return
    with await _connect(listener.address):
        while backlog_length(listener.socket):  # noqa: ASYNC110 (the kernel tells nobody when it shrinks)
            await asyncio.sleep(_PAUSE)


async def _wait_any_answer(listener: Listener) -> None:
    """Where the backlog cannot be seen: any byte, or the end of the connection, comes from one who accepted it."""
    loop = asyncio.get_running_loop()
    with await _connect(listener.address) as connection:
        await loop.sock_sendall(connection, b"OPTIONS * HTTP/1.0\r\n\r\n")
        await loop.sock_recv(connection, 1)


async def _wait_connected(address: Address) -> None:
    while True:
        with suppress(OSError), await _connect(address):
            return
        await asyncio.sleep(_PAUSE)


async def _connect(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    if isinstance(address, TcpAddress):
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)
        found = await loop.getaddrinfo(host, address.port, type=socket.SOCK_STREAM)
        family, *_, target = min(found, key=lambda item: item[0] != socket.AF_INET)
        connection = socket.socket(family, socket.SOCK_STREAM)
    else:
        target = str(address.path)  # type: ignore[assignment]  # the kind of address that this family takes
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(0)
    try:
        await loop.sock_connect(connection, target)
    except BaseException:
        connection.close()
        raise
    return connection


async def _wait_answering(profile: Profile, listener: Listener, path: str) -> None:
    while True:
        with suppress(OSError, EOFError, ValueError):
            if await _status(profile, listener.address, path) < _FIRST_BAD_STATUS:
                return
        await asyncio.sleep(_PAUSE_BETWEEN_REQUESTS)


async def _status(profile: Profile, address: Address, path: str) -> int:
    """The status of one GET request."""
    context = None
    if profile.tls is not None:
        # The certificate is the developer's own and the other end is this machine: there is nobody to be fooled.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    host = str(address) if isinstance(address, TcpAddress) else "localhost"
    connection = await _connect(address)
    reader, writer = await asyncio.open_connection(
        sock=connection, ssl=context, server_hostname="localhost" if context else None
    )
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: reloadd\r\nConnection: close\r\n\r\n"
        writer.write(request.encode("ascii"))
        status_line = await reader.readline()
        return int(status_line.split(maxsplit=2)[1]) if status_line else _FIRST_BAD_STATUS
    except IndexError:
        return _FIRST_BAD_STATUS
    finally:
        writer.close()
