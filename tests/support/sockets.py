"""Sockets that the tests' own servers and clients use: addresses that are free, and servers that answer late."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reloadd.profile.model import Address, Listen, TcpAddress, UnixAddress

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

DEADLINE = 20.0
"""Seconds after which a peer that does nothing has failed the test."""

ANY_PORT = TcpAddress("127.0.0.1", 0)


def listen_on(address: Address = ANY_PORT, name: str = "http") -> Listen:
    """What a profile asks for."""
    return Listen(name, address)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def connect(address: Address) -> socket.socket:
    """A connection to a listener, with a deadline on all it does."""
    if isinstance(address, UnixAddress):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(DEADLINE)
        connection.connect(str(address.path))
        return connection
    return socket.create_connection((address.host, address.port), timeout=DEADLINE)


@contextmanager
def answering(
    listening: socket.socket, answer: Callable[[int], bytes], tls: ssl.SSLContext | None = None
) -> Iterator[None]:
    """A server thread that gives each connection one answer.

    Args:
        listening: what it accepts from; its own end is closed with the block.
        answer: the bytes for the n-th connection that asked for something, from 0.
        tls: how connections are encrypted.
    """
    accepting = listening.dup()
    accepting.settimeout(0.02)
    stop = threading.Event()

    def serve() -> None:
        count = 0
        while not stop.is_set():
            try:
                connection, _ = accepting.accept()
            except TimeoutError:
                continue
            connection.settimeout(DEADLINE)
            try:
                with tls.wrap_socket(connection, server_side=True) if tls else connection as peer:
                    if peer.recv(1 << 16):
                        peer.sendall(answer(count))
                        count += 1
            except OSError:
                # The peer wanted no more than to be accepted.
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(DEADLINE)
        accepting.close()
