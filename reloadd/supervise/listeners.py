"""The sockets that the daemon owns: bound once, before any child, and kept over every restart.

Never accepts a connection: what arrives between two children waits in the kernel's backlog.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.reasons import reason_of
from reloadd.profile.model import Address, Listen, TcpAddress, UnixAddress
from reloadd.supervise.holders import find_holder, is_held

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

BACKLOG = 1024
"""Connections that may wait while no child accepts; the kernel caps it at net.core.somaxconn (listen(2))."""


class CannotBindError(Exception):
    """An address cannot be had.

    Attributes:
        listen: which socket.
        reason: why, in words.
        hint: what to do about it.
        holder: the process that listens there; None where that is not known.
    """

    def __init__(self, listen: Listen, reason: str, hint: str, holder: int | None = None) -> None:
        super().__init__(f"cannot listen on `{listen.address}`: {reason}")
        self.listen = listen
        self.reason = reason
        self.hint = hint
        self.holder = holder


class Origin(Enum):
    """Where a listener came from, and so whose it is; the value is the log's word."""

    BOUND = "bound"
    KEPT = "kept"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens.

    Attributes:
        listen: what the profile asked for.
        address: what it became: port 0 is a real port here.
        node: device and inode of a socket in the file system that is ours to remove.
        origin: where it came from: bound by us, kept from an earlier daemon, or a socket unit's.
    """

    listen: Listen
    address: Address
    socket: socket.socket
    node: tuple[int, int] | None = None
    origin: Origin = Origin.BOUND

    @property
    def name(self) -> str:
        """The name that children know it by."""
        return self.listen.name

    def close(self) -> None:
        """Stop listening, and take a socket of the file system away if it is still ours."""
        if isinstance(self.address, UnixAddress) and self.node is not None and self.node == node_of(self.address.path):
            with suppress(OSError):
                self.address.path.unlink()
        self.socket.close()


def bind(listen: Listen) -> Listener:
    """Listen on an address.

    Raises:
        CannotBindError: it is taken, not ours to take, or not an address of this machine.
    """
    try:
        match listen.address:
            case TcpAddress(host, port):
                bound = _bind_tcp(host, port)
                name = bound.getsockname()
                return Listener(listen, TcpAddress(host, name[1]), bound)
            case UnixAddress(path):
                return Listener(listen, listen.address, _bind_unix(path), node_of(path))
    except OSError as error:
        raise CannotBindError(listen, *_explain(listen.address, error)) from error


def may_be_free(address: Address) -> bool:
    """Whether `bind` is worth another try. Nobody notices that it was asked; the name of a host may be looked up."""
    match address:
        case TcpAddress(host, port):
            try:
                family, place = resolve(host, port)
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(place)
            except OSError:
                return False
            return True
        case UnixAddress(path):
            is_vacant = not path.exists() or (_is_socket(path) and not is_held(address))
            return is_vacant and os.access(path.parent, os.W_OK | os.X_OK)


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """The name's first address, IPv4 before IPv6: what `localhost` means to the frameworks served here.

    Raises:
        OSError: there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = min(found, key=lambda item: item[0] != socket.AF_INET)
    return family, address


def _bind_tcp(host: str, port: int) -> socket.socket:
    family, address = resolve(host, port)
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Connections of an earlier run may still be in TIME_WAIT on this port (socket(7)).
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _bind_unix(path: Path) -> socket.socket:
    _remove_stale(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on any more; anything else at that path stays, and bind(2) will refuse it."""
    if not _is_socket(path):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        # Never waits: where the backlog is full, somebody listens.
        probe.settimeout(0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False


def node_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one that has its path by now; None where there is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


_REASONS = {
    errno.EACCES: ("permission is denied", "ports below 1024 and other users' directories need rights that you lack"),
    errno.EADDRNOTAVAIL: ("it is no address of this machine", "use `127.0.0.1`, or an address that `ip address` shows"),
    errno.ENOENT: ("its directory does not exist", "make the directory first"),
}
"""Why bind(2) fails, and what to do about it."""


def _explain(address: Address, error: OSError) -> tuple[str, str] | tuple[str, str, int]:
    """The reason and the hint, and who listens there."""
    if isinstance(error, socket.gaierror):
        return "its host is not known", "name an address of this machine, such as `127.0.0.1`"
    if error.errno != errno.EADDRINUSE:
        other = (reason_of(error), "choose another address")
        return _REASONS.get(error.errno or 0, other)
    if isinstance(address, UnixAddress) and not _is_socket(address.path):
        return "a file that is no socket is there", "remove it, or choose another path"
    holder = find_holder(address)
    if holder is None:
        return "it is taken by another process", "stop that process, or choose another address"
    pid, command = holder
    if pid == os.getpid():
        return "this daemon listens there already, for another profile or on another host", "choose another address"
    return f"it is taken by process {pid} (`{command}`)", f"stop it with `kill {pid}`, or choose another address", pid
