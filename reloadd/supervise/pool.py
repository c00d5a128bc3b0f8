"""All listeners of a daemon, so that profiles can be read again without closing a socket that is still wanted.

Never closes a listener before its replacement is known to work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reloadd.profile.model import Address, Listen, Profile, TcpAddress
from reloadd.supervise.listeners import CannotBindError, Listener, Origin, bind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reloadd.supervise.store import Store

_Key = tuple[str, str, Address] | Address


class CannotListenError(Exception):
    """A profile's socket cannot be had.

    Attributes:
        profile: whose.
        cause: which socket, and why.
    """

    def __init__(self, profile: Profile, cause: CannotBindError) -> None:
        super().__init__(f"`{profile.name}` {cause}")
        self.profile = profile
        self.cause = cause


class ListenerPool:
    """Owns the listeners of all profiles.

    Args:
        store: what an earlier daemon left with the service manager, and where this one leaves its own.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: dict[_Key, Listener] = {}

    def prepare(self, profiles: Sequence[Profile]) -> Mapping[str, tuple[Listener, ...]]:
        """Each profile's listeners: those there are already, and new ones bound now. `keep` makes it final.

        Raises:
            CannotListenError: one cannot be had. Nothing has changed then.
        """
        taken: dict[_Key, Listener] = {}
        assigned: dict[str, tuple[Listener, ...]] = {}
        try:
            for profile in profiles:
                assigned[profile.name] = tuple(self._take(profile, listen, taken) for listen in profile.listen)
        except CannotListenError:
            had = {each.socket for each in self._listeners.values()}
            for each in taken.values():
                if each.socket not in had:
                    _give_back(each)
            raise
        moved = {each.socket for each in taken.values()}
        self._listeners = {key: each for key, each in self._listeners.items() if each.socket not in moved} | taken
        return assigned

    def keep(self, assigned: Mapping[str, tuple[Listener, ...]]) -> tuple[Listener, ...]:
        """Close the listeners that nobody has any more; returns them."""
        wanted = {id(listener) for listeners in assigned.values() for listener in listeners}
        gone = {key: listener for key, listener in self._listeners.items() if id(listener) not in wanted}
        for key, listener in gone.items():
            del self._listeners[key]
            listener.close()
        self._store.settle(assigned)
        return tuple(gone.values())

    def close(self) -> None:
        """Close all listeners; of those that the manager keeps, only our ends: the next daemon goes on with them."""
        for listener in self._listeners.values():
            if self._store.outlives_us:
                listener.socket.close()
            else:
                listener.close()
        self._listeners.clear()
        self._store.close()

    def _take(self, profile: Profile, listen: Listen, taken: dict[_Key, Listener]) -> Listener:
        key = _key(profile, listen)
        known = self._listeners.get(key) or self._chosen(profile, listen.address)
        if known is None:
            try:
                taken[key] = self._store.take(profile.name, listen) or bind(listen)
            except CannotBindError as error:
                raise CannotListenError(profile, error) from error
        else:
            # The same address, perhaps under another name: the socket is what matters, and it stays open.
            taken[key] = known if known.listen == listen else replace(known, listen=listen)
        return taken[key]

    def _chosen(self, profile: Profile, address: Address) -> Listener | None:
        """A profile's own listener with port 0, if this is the port that the kernel chose for it."""
        own = (each for key, each in self._listeners.items() if isinstance(key, tuple) and key[0] == profile.name)
        return next((each for each in own if each.address == address), None)


def _give_back(listener: Listener) -> None:
    """Let go of a listener that was not used. One that was handed to us is as it was, to be taken again."""
    if listener.origin is Origin.BOUND:
        listener.close()
    else:
        listener.socket.close()


def _key(profile: Profile, listen: Listen) -> _Key:
    """What makes two listeners the same one; with port 0 each has a port of its own."""
    if isinstance(listen.address, TcpAddress) and listen.address.port == 0:
        return (profile.name, listen.name, listen.address)
    return listen.address
