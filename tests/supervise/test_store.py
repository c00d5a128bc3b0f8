"""Sockets that were handed to the daemon, and which profile each of them is for."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Listen, TcpAddress, UnixAddress
from reloadd.supervise.listeners import Origin
from reloadd.supervise.passed import Passed, kept_name, take_passed
from reloadd.supervise.store import Store
from tests.support.sockets import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reloadd.core.records import Record
    from reloadd.supervise.listeners import Listener


@dataclass
class Manager:
    """Remembers what it is asked to keep, and to forget."""

    is_heard: bool = True
    asked: list[str] = field(default_factory=list)

    def keep(self, name: str, descriptor: int) -> None:
        """Note a name."""
        os.fstat(descriptor)
        self.asked.append(f"keep {name}")

    def forget(self, name: str) -> None:
        """Note a name."""
        self.asked.append(f"forget {name}")


@dataclass
class Handed:
    """A store with what was handed to it, and what came of that."""

    manager: Manager = field(default_factory=Manager)
    said: list[Record] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    taken: list[Listener] = field(default_factory=list)

    def listening(self, host: str = "127.0.0.1", name: str = "web.socket", family: int = socket.AF_INET) -> int:
        """Hand over a listening socket; its port."""
        made = socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::")
        self.passed.append(Passed(name, made))
        return int(made.getsockname()[1])

    def store(self) -> Store:
        """The store that has them."""
        return Store(self.passed, self.manager, self.said.append)

    def take(self, store: Store, address: TcpAddress | UnixAddress, profile: str = "shop") -> Listener | None:
        """What the store has for an address."""
        found = store.take(profile, Listen("http", address))
        self.taken += [] if found is None else [found]
        return found


@pytest.fixture
def handed() -> Iterator[Handed]:
    """Nothing yet; all that was made is closed."""
    made = Handed()
    yield made
    for passed in made.passed:
        passed.socket.close()
    for listener in made.taken:
        listener.socket.close()


def test_a_socket_is_known_by_its_address(handed: Handed) -> None:
    """Whatever it is called; another port, or another address of the machine, is another socket."""
    port = handed.listening()
    store = handed.store()
    found = handed.take(store, TcpAddress("localhost", port))

    assert found is not None
    assert (found.address, found.origin) == (TcpAddress("localhost", port), Origin.UNIT)
    assert handed.take(store, TcpAddress("127.0.0.2", port)) is None
    assert handed.take(store, TcpAddress("127.0.0.1", port + 1)) is None
    with connect(found.address):
        found.socket.accept()[0].close()


@pytest.mark.parametrize(("host", "family"), [("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6)])
def test_a_socket_for_all_addresses_is_one_for_each(handed: Handed, host: str, family: int) -> None:
    """Nobody else could bind the port, and `ListenStream=8000` makes such a socket."""
    if family is socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = handed.listening(host, family=family)

    assert handed.take(handed.store(), TcpAddress("127.0.0.1", port)) is not None


def test_any_port_is_known_by_its_name(handed: Handed) -> None:
    """Only the profile that it was bound for gets it back, with its number."""
    port = handed.listening(name=kept_name("shop", "http"))
    store, any_port = handed.store(), TcpAddress("127.0.0.1", 0)

    assert handed.take(store, any_port, "other") is None
    found = handed.take(store, any_port)
    assert found is not None
    assert (found.address, found.origin) == (TcpAddress("127.0.0.1", port), Origin.KEPT)


def test_a_socket_in_the_file_system_has_to_be_there(handed: Handed, tmp_path: Path) -> None:
    """One whose file was removed can be reached by nobody: it is bound anew."""
    path = tmp_path / "web.sock"
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen()
    handed.passed.append(Passed(kept_name("shop", "http"), made))
    store = handed.store()

    assert handed.take(store, UnixAddress(path)) is not None
    path.unlink()
    assert handed.take(store, UnixAddress(path)) is None


def test_what_changes_hands_is_kept_under_its_new_name(handed: Handed) -> None:
    """The manager knows a socket by one name only, so the old one goes first; what nobody wants goes."""
    port = handed.listening(name=kept_name("shop", "http"))
    handed.listening(name=kept_name("gone", "http"))
    store = handed.store()
    listener = handed.take(store, TcpAddress("127.0.0.1", port), "api")
    assert listener is not None
    store.settle({"api": (listener,)})
    store.settle({"api": (listener,)})

    assert handed.manager.asked == ["forget reloadd/shop/http", "forget reloadd/gone/http", "keep reloadd/api/http"]


def test_a_units_socket_is_neither_kept_nor_forgotten(handed: Handed) -> None:
    """It is handed over again each time. One without a use is said once."""
    used, unused = handed.listening(), handed.listening()
    store = handed.store()
    listener = handed.take(store, TcpAddress("127.0.0.1", used))
    assert listener is not None
    store.settle({"shop": (listener,)})
    store.settle({"shop": (listener,)})

    assert handed.manager.asked == []
    assert [said.fields["address"] for said in handed.said] == [f"127.0.0.1:{unused}"]


@pytest.mark.parametrize(
    "environ",
    [{}, {"LISTEN_FDS": "2"}, {"LISTEN_FDS": "2", "LISTEN_PID": "1"}, {"LISTEN_FDS": "x", "LISTEN_PID": "7"}],
)
def test_what_was_handed_to_somebody_else_is_not_ours(environ: dict[str, str]) -> None:
    """The variables are inherited by processes that they are not for (sd_listen_fds(3))."""
    assert take_passed(environ, 7) == ()
