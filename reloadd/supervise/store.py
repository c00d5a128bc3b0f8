"""Listeners that outlive the daemon: each is left with the service manager, and taken back by the next daemon.

Between two daemons the kernel goes on queueing connections, so that none is refused. The sockets of a socket unit are
used in the same way, but stay the unit's. Never binds anything: `listeners` does.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Protocol

from reloadd.core.records import record
from reloadd.profile.model import TcpAddress, UnixAddress
from reloadd.supervise.listeners import Listener, Origin, node_of, resolve
from reloadd.supervise.passed import kept_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reloadd.core.records import Record
    from reloadd.profile.model import Listen
    from reloadd.supervise.passed import Passed

_ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


class Keeper(Protocol):
    """Where descriptors are left: the service manager, or nobody."""

    @property
    def is_heard(self) -> bool:
        """Whether there is anybody."""

    def keep(self, name: str, descriptor: int) -> None:
        """Keep a descriptor under a name; the same one a second time changes nothing."""

    def forget(self, name: str) -> None:
        """Close all that is kept under a name."""


class Store:
    """The listeners that were handed to the daemon at its start, and those that it leaves with its manager.

    Args:
        passed: what was handed to it; owned from now on.
        keeper: the service manager.
        publish: is told of sockets that no profile uses.
    """

    def __init__(self, passed: Sequence[Passed], keeper: Keeper, publish: Callable[[Record], None]) -> None:
        self._passed = list(passed)
        self._keeper = keeper
        self._publish = publish
        self._kept = {each.name: _identity(each.socket) for each in passed if each.is_kept}
        self._unclaimed: set[str] = set()

    @property
    def outlives_us(self) -> bool:
        """Whether what is left with the manager will still be there after our end."""
        return self._keeper.is_heard

    def take(self, profile: str, listen: Listen) -> Listener | None:
        """The socket for an address, if it was handed to us: exactly that address rather than one that includes it."""
        fits = [passed for passed in self._passed if _is_at(passed, profile, listen)]
        fits += [passed for passed in self._passed if _includes(passed, listen)]
        if not fits:
            return None
        found, *_ = fits
        taken = found.socket.dup()
        origin = Origin.KEPT if found.is_kept else Origin.UNIT
        match listen.address:
            case TcpAddress(host):
                return Listener(listen, TcpAddress(host, taken.getsockname()[1]), taken, origin=origin)
            case UnixAddress(path):
                node = node_of(path) if found.is_kept else None
                return Listener(listen, listen.address, taken, node, origin)

    def settle(self, assigned: Mapping[str, tuple[Listener, ...]]) -> None:
        """Leave exactly these listeners with the manager, and drop what an earlier daemon left and no profile uses."""
        listeners = [(name, listener) for name, each in assigned.items() for listener in each]
        ours = {
            kept_name(name, listener.name): listener
            for name, listener in listeners
            if listener.origin is not Origin.UNIT
        }
        # A name stands for all that is kept under it, so the old one goes first.
        for name, identity in list(self._kept.items()):
            if name not in ours or _identity(ours[name].socket) != identity:
                self._keeper.forget(name)
                del self._kept[name]
        for name, listener in ours.items():
            if name not in self._kept:
                self._keeper.keep(name, listener.socket.fileno())
                self._kept[name] = _identity(listener.socket)
        for passed in [each for each in self._passed if each.is_kept]:
            passed.socket.close()
            self._passed.remove(passed)
        self._tell_of_unclaimed({_identity(listener.socket) for _, listener in listeners})

    def close(self) -> None:
        """Close our ends; the manager keeps its own."""
        for passed in self._passed:
            passed.socket.close()

    def _tell_of_unclaimed(self, used: set[int]) -> None:
        unclaimed = {_shown(each): each for each in self._passed if _identity(each.socket) not in used}
        for address in unclaimed.keys() - self._unclaimed:
            hint = "name it in `[listen]` of a profile, or take it out of the socket unit"
            self._publish(record("socket.unclaimed", socket=unclaimed[address].name, address=address, hint=hint))
        self._unclaimed = set(unclaimed)


def _is_at(passed: Passed, profile: str, listen: Listen) -> bool:
    """Whether it is bound to just that address; one with port 0 is known by its name."""
    match listen.address:
        case UnixAddress(path):
            return passed.socket.family is socket.AF_UNIX and _path(passed) == str(path) and path.is_socket()
        case TcpAddress(port=0) if passed.name != kept_name(profile, listen.name):
            return False
        case TcpAddress(host, port):
            try:
                family, wanted = resolve(host, port)
            except OSError:
                return False
            return (passed.socket.family, passed.socket.getsockname()[0]) == (family, wanted[0]) and port in {
                0,
                passed.socket.getsockname()[1],
            }


def _includes(passed: Passed, listen: Listen) -> bool:
    """Whether it is bound to all addresses of the machine, that one among them: nobody else could bind it then."""
    bound = passed.socket
    if not isinstance(listen.address, TcpAddress) or bound.family not in _ANY:
        return False
    host, port = bound.getsockname()[:2]
    if host != _ANY[socket.AddressFamily(bound.family)] or port != listen.address.port:
        return False
    try:
        family, _ = resolve(listen.address.host, port)
    except OSError:
        return False
    is_dual = bound.family is socket.AF_INET6 and not bound.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    return family is bound.family or is_dual


def _identity(found: socket.socket) -> int:
    """What all descriptors of one socket have in common: its number in the kernel's socket file system."""
    return os.fstat(found.fileno()).st_ino


def _path(passed: Passed) -> str:
    name = passed.socket.getsockname()
    return os.fsdecode(name) if isinstance(name, bytes) else str(name)


def _shown(passed: Passed) -> str:
    """The address of a passed socket, as a profile would have it."""
    if passed.socket.family is socket.AF_UNIX:
        return f"unix:{_path(passed)}"
    return str(TcpAddress(*passed.socket.getsockname()[:2]))
