"""Sockets that a service manager handed to the daemon: by socket activation, or kept from an earlier daemon.

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

_OURS = "reloadd/"


@dataclass(frozen=True, slots=True)
class Passed:
    """A listening socket that was handed to us.

    Attributes:
        name: under which it came.
        socket: itself; owned by whoever holds this.
    """

    name: str
    socket: socket.socket

    @property
    def is_kept(self) -> bool:
        """Whether an earlier daemon of ours had it kept; otherwise it belongs to a unit of the manager's."""
        return self.name.startswith(_OURS)


def kept_name(profile: str, listener: str) -> str:
    """The name under which a profile's socket is kept: ASCII without a colon, as both parts are anyway."""
    return f"{_OURS}{profile}/{listener}"


def take_passed(environ: Mapping[str, str], pid: int) -> tuple[Passed, ...]:
    """What was handed to this process, listening stream sockets only; from now on, children do not inherit it."""
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
        found = _listening(descriptor)
        if found is not None:
            passed.append(Passed(name, found))
    return tuple(passed)


def _listening(descriptor: int) -> socket.socket | None:
    """The socket behind a descriptor, if connections can be accepted from it."""
    try:
        found = socket.socket(fileno=descriptor)
    except OSError:
        return None
    if found.type is socket.SOCK_STREAM and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        found.settimeout(None)
        return found
    found.detach()
    return None
