"""How many connections wait, as the kernel tells it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Address, TcpAddress, UnixAddress
from reloadd.supervise.backlog import backlog_length
from reloadd.supervise.listeners import bind
from tests.support.processes import open_descriptors
from tests.support.sockets import connect, listen_on

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the length is not known")


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "unix"])
def test_length_follows_what_waits(tmp_path: Path, kind: str) -> None:
    """Each connection counts until it is accepted, also one whose other end is gone."""
    addresses: dict[str, Address] = {
        "tcp": TcpAddress("127.0.0.1", 0),
        "tcp6": TcpAddress("::1", 0),
        "unix": UnixAddress(tmp_path / "app.sock"),
    }
    listener = bind(listen_on(addresses[kind]))
    with ExitStack() as stack:
        stack.callback(listener.close)
        descriptors = open_descriptors()
        lengths = [backlog_length(listener.socket)]
        assert open_descriptors() == descriptors
        for _ in range(3):
            stack.enter_context(connect(listener.address))
            lengths.append(backlog_length(listener.socket))
        connect(listener.address).close()
        lengths.append(backlog_length(listener.socket))
        for _ in range(4):
            listener.socket.accept()[0].close()
            lengths.append(backlog_length(listener.socket))

        assert lengths == [0, 1, 2, 3, 4, 3, 2, 1, 0]


def test_each_unix_socket_has_its_own(tmp_path: Path) -> None:
    """What waits at one socket is not counted at another."""
    busy = bind(listen_on(UnixAddress(tmp_path / "busy.sock")))
    idle = bind(listen_on(UnixAddress(tmp_path / "idle.sock")))
    try:
        with connect(busy.address):
            assert (backlog_length(busy.socket), backlog_length(idle.socket)) == (1, 0)
    finally:
        busy.close()
        idle.close()
