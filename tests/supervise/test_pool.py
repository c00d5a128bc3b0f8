"""Listeners over several readings of the profiles."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Listen, Profile, TcpAddress, UnixAddress
from reloadd.service.notify import Notifier
from reloadd.supervise.listeners import Origin
from reloadd.supervise.passed import Passed, kept_name
from reloadd.supervise.pool import CannotListenError, ListenerPool
from reloadd.supervise.store import Store
from tests.support.processes import open_descriptors
from tests.support.sockets import connect, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reloadd.core.records import Record
    from reloadd.supervise.listeners import Listener
    from tests.support.launching import MakeProfile


@pytest.fixture
def pool() -> Iterator[ListenerPool]:
    """A pool that closes all it has at the end."""
    unclaimed: list[Record] = []
    made = ListenerPool(Store((), Notifier(None), unclaimed.append))
    yield made
    made.close()


def adopt(pool: ListenerPool, *profiles: Profile) -> dict[str, tuple[Listener, ...]]:
    """Read the profiles, and make it final."""
    assigned = pool.prepare(profiles)
    pool.keep(assigned)
    return dict(assigned)


def listening(profile: Profile, **addresses: TcpAddress | UnixAddress) -> Profile:
    """The profile with these sockets."""
    return replace(profile, listen=tuple(Listen(name, address) for name, address in addresses.items()))


def test_listeners_are_in_the_profiles_order(pool: ListenerPool, make_profile: MakeProfile, tmp_path: Path) -> None:
    """A profile gets a listener for each socket that it names, in its order."""
    shop = listening(make_profile("shop"), http=TcpAddress("127.0.0.1", 0), admin=UnixAddress(tmp_path / "admin.sock"))

    assert [each.name for each in adopt(pool, shop)["shop"]] == ["http", "admin"]


def test_sockets_stay_when_profiles_are_read_again(pool: ListenerPool, make_profile: MakeProfile) -> None:
    """The same address is the same listener, also one with port 0; a connection that waits is not lost."""
    shop = listening(make_profile("shop"), http=TcpAddress("127.0.0.1", free_port()), api=TcpAddress("127.0.0.1", 0))
    first = adopt(pool, shop)
    with connect(first["shop"][1].address):
        second = adopt(pool, shop)
        accepted, _ = second["shop"][1].socket.accept()
        accepted.close()

    assert [id(each) for each in second["shop"]] == [id(each) for each in first["shop"]]


def test_a_port_that_was_chosen_may_be_written_into_the_profile(pool: ListenerPool, make_profile: MakeProfile) -> None:
    """The socket stays open; for another profile the port is taken"""
    shop, other = (listening(make_profile(name), http=TcpAddress("127.0.0.1", 0)) for name in ("shop", "other"))
    chosen = adopt(pool, shop, other)["shop"][0]
    pinning = [replace(each, listen=(Listen("http", chosen.address),)) for each in (shop, other)]
    for refused in ([shop, pinning[1]], pinning):
        with pytest.raises(CannotListenError):
            pool.prepare(refused)

    pinned = adopt(pool, pinning[0], other)["shop"][0]
    assert pinned.socket is chosen.socket
    connect(pinned.address).close()


def test_socket_goes_with_a_profile_that_has_another_name(pool: ListenerPool, make_profile: MakeProfile) -> None:
    """Renaming a profile, or its socket, closes nothing: the address is what matters."""
    address = TcpAddress("127.0.0.1", free_port())
    (before,) = adopt(pool, listening(make_profile("shop"), http=address))["shop"]
    (after,) = adopt(pool, listening(make_profile("store"), web=address))["store"]

    assert after.socket is before.socket
    assert (after.name, after.address) == ("web", address)


def test_port_0_is_each_profiles_own(pool: ListenerPool, make_profile: MakeProfile) -> None:
    """Two profiles that leave the port to the kernel get two ports."""
    any_port = TcpAddress("127.0.0.1", 0)
    assigned = adopt(
        pool, listening(make_profile("shop"), http=any_port), listening(make_profile("api"), http=any_port)
    )

    assert assigned["shop"][0].address != assigned["api"][0].address


def test_listeners_nobody_has_are_closed(pool: ListenerPool, make_profile: MakeProfile, tmp_path: Path) -> None:
    """What no profile names any more is told and refuses connections; its file is gone."""
    path = tmp_path / "admin.sock"
    shop = make_profile("shop")
    (http, _) = adopt(pool, listening(shop, http=TcpAddress("127.0.0.1", 0), admin=UnixAddress(path)))["shop"]
    gone = pool.keep({"shop": (http,)})

    assert [each.name for each in gone] == ["admin"]
    assert not path.exists()
    connect(http.address).close()


def test_failure_changes_nothing(pool: ListenerPool, make_profile: MakeProfile, tmp_path: Path) -> None:
    """If one socket cannot be had, all is as it was: names, sockets, and nothing new is left open or on disk."""
    address = TcpAddress("127.0.0.1", free_port())
    shop = listening(make_profile("shop"), http=address)
    (before,) = adopt(pool, shop)["shop"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = TcpAddress("127.0.0.1", other.getsockname()[1])
        wrong = listening(make_profile("shop"), web=address, new=UnixAddress(tmp_path / "new.sock"), taken=taken)
        descriptors = open_descriptors()
        with pytest.raises(CannotListenError) as caught:
            pool.prepare([wrong])
        assert open_descriptors() == descriptors

    assert (caught.value.profile.name, caught.value.cause.listen.name) == ("shop", "taken")
    assert not (tmp_path / "new.sock").exists()
    assert adopt(pool, shop)["shop"][0] is before
    connect(address).close()


def test_failure_leaves_what_was_handed_over(make_profile: MakeProfile, tmp_path: Path) -> None:
    """A socket that an earlier daemon left can still be had after another profile was refused; so can its file."""
    path = tmp_path / "kept.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.listen()
    pool = ListenerPool(Store([Passed(kept_name("shop", "http"), left)], Notifier(None), lambda _: None))
    shop = listening(make_profile("shop"), http=UnixAddress(path))
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = listening(make_profile("api"), http=TcpAddress("127.0.0.1", other.getsockname()[1]))
        with pytest.raises(CannotListenError):
            pool.prepare([shop, taken])
    (listener,) = adopt(pool, shop)["shop"]

    assert listener.origin is Origin.KEPT
    connect(listener.address).close()
    pool.close()
