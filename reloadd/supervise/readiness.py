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
    ReadyFinished,
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
    from reloadd.supervise.notices import Notices

_PAUSE = 0.005
"""Seconds between two looks at what cannot be waited for."""

_PAUSE_BETWEEN_REQUESTS = 0.1
_FIRST_BAD_STATUS = 400


async def wait_ready(profile: Profile, listeners: Sequence[Listener], notices: Notices | None) -> None:
    """Return once the child of this profile serves; never for one that tells by the wire, as an `app`, or has to end.

    Args:
        profile: whose child.
        listeners: the daemon's sockets that it has.
        notices: where it says so, if it does that by sd_notify.
    """
    match profile.ready:
        case ReadyTold() if notices is not None:
            await notices.wait_ready()
        case ReadyTold() | ReadyFinished():
            await asyncio.get_running_loop().create_future()
        case ReadyStarted(seconds):
            await asyncio.sleep(seconds)
        case ReadyListening(None):
            await _wait_accepting(listeners[0])
        case ReadyListening(address) if address is not None:
            (await _connected(address)).close()
        case ReadyHttp(path):
            await _wait_answering(profile, next(each for each in listeners if each.name == "http"), path)


async def _wait_accepting(listener: Listener) -> None:
    """Put a connection into the listener's backlog and wait until one has left it: others may keep it from emptying."""
    before = backlog_length(listener.socket)
    if before is None:
        await _wait_any_answer(listener.address)
        return
    with await _connected(listener.address):
        # One may be gone before the first look.
        longest = before + 1
        while (length := backlog_length(listener.socket)) and length >= longest:
            longest = length
            await asyncio.sleep(_PAUSE)


async def _wait_any_answer(address: Address) -> None:
    """Where the backlog cannot be seen: any byte, or the end of the connection, comes from one who accepted it."""
    loop = asyncio.get_running_loop()
    with await _connected(address) as connection, suppress(ConnectionError):
        await loop.sock_sendall(connection, b"OPTIONS * HTTP/1.0\r\n\r\n")
        await loop.sock_recv(connection, 1)


async def _connected(address: Address) -> socket.socket:
    """A connection, as soon as there can be one."""
    while True:
        with suppress(OSError):
            return await _connect(address)
        await asyncio.sleep(_PAUSE)


async def _connect(address: Address) -> socket.socket:
    """A connection to the first of a name's addresses that takes one.

    Raises:
        OSError: none does.
    """
    if not isinstance(address, TcpAddress):
        return await _connect_to(socket.AF_UNIX, str(address.path))
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)
    found = await asyncio.get_running_loop().getaddrinfo(host, address.port, type=socket.SOCK_STREAM)
    # IPv4 first, as the daemon binds; but a server that opened `localhost` by itself may have taken ::1 alone.
    *others, last = sorted(found, key=lambda item: item[0] != socket.AF_INET)
    for family, *_, target in others:
        with suppress(OSError):
            return await _connect_to(family, target)
    return await _connect_to(last[0], last[4])


async def _connect_to(family: int, target: tuple[str | int | bytes, ...] | str) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(0)
    try:
        await asyncio.get_running_loop().sock_connect(connection, target)
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
