"""Sockets that a service manager handed to the daemon: by socket activation, or kept from an earlier daemon of ours.

Both arrive in the same way (sd_listen_fds(3)) and are told apart by their names: those that we had it keep have ours.
Never closes one that it does not own: the manager has a descriptor of its own for each.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST = 3
"""SD_LISTEN_FDS_START."""

_LISTENER = "reloadd/"
_CONNECTION = "reloadd-connection/"


@dataclass(frozen=True, slots=True)
class Passed:
    """A stream socket that was handed to us: it listens, or is connected.

    Attributes:
        name: under which it came.
        socket: itself; owned by whoever holds this.
    """

    name: str
    socket: socket.socket

    @property
    def is_kept(self) -> bool:
        """Whether an earlier daemon of ours had it kept; otherwise it belongs to a unit of the manager's."""
        return self.name.startswith((_LISTENER, _CONNECTION))

    @property
    def listens(self) -> bool:
        """Whether connections can be accepted from it."""
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0


def kept_name(profile: str, listener: str) -> str:
    """The name under which a profile's listener is kept: ASCII without a colon, as both parts are anyway."""
    return f"{_LISTENER}{profile}/{listener}"


def connection_name(profile: str) -> str:
    """The name under which all connections of a profile's app are kept."""
    return f"{_CONNECTION}{profile}"


def take_passed(environ: Mapping[str, str], pid: int) -> tuple[Passed, ...]:
    """What was handed to this process, stream sockets only; from now on, children do not inherit it."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal():
        return ()
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    passed = []
    for index in range(int(count)):
        descriptor = _FIRST + index
        name = names[index] if index < len(names) else ""
        try:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 (it takes no keyword)
        except OSError:
            # It is not open: whoever set these variables did not mean us.
            continue
        found = _stream(descriptor)
        if found is not None:
            passed.append(Passed(name, found))
    return tuple(passed)


def _stream(descriptor: int) -> socket.socket | None:
    """The socket behind a descriptor; None if it is something else."""
    try:
        found = socket.socket(fileno=descriptor)
    except OSError:
        return None
    if found.type is socket.SOCK_STREAM:
        found.settimeout(None)
        return found
    found.detach()
    return None
