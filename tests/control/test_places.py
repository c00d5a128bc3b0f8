"""The directory in which daemons and commands find each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reloadd.control.places import Place, PlaceError, runtime_directory

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A new directory of sockets."""
    place = Place(str(tmp_path / "reloadd"), make=True)
    yield place
    place.close()


def test_it_is_where_the_users_runtime_files_are(tmp_path: Path) -> None:
    """A relative XDG_RUNTIME_DIR is not valid; without one it is systemd's, or one of the user's own in /tmp."""
    fallbacks = {f"/run/user/{os.getuid()}/reloadd", f"/tmp/reloadd-{os.getuid()}"}  # noqa: S108 - what is looked for

    assert runtime_directory({"XDG_RUNTIME_DIR": str(tmp_path)}) == f"{tmp_path}/reloadd"
    assert runtime_directory({"XDG_RUNTIME_DIR": "run"}) in fallbacks
    assert runtime_directory({}) in fallbacks


def test_what_others_may_enter_is_closed_to_them(tmp_path: Path) -> None:
    """A directory of the user's own that is open is made private before it is used."""
    path = tmp_path / "reloadd"
    path.mkdir()
    path.chmod(0o777)
    Place(str(path)).close()

    assert path.stat().st_mode & 0o777 == 0o700


def test_what_is_not_the_users_own_is_not_used(tmp_path: Path) -> None:
    """Not a link, not a file, not another user's directory: anybody could have put it there."""
    (tmp_path / "file").write_text("")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    problems = {}
    for name in ("file", "link"):
        with pytest.raises(PlaceError) as caught:
            Place(str(tmp_path / name), make=True)
        problems[name] = caught.value.message
    with pytest.raises(FileNotFoundError):
        Place(str(tmp_path / "missing"))

    assert problems == {name: f"`{tmp_path / name}` cannot be used: it is no directory" for name in ("file", "link")}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    """Even for root, who could use it: its owner could change what is in it."""
    path = tmp_path / "reloadd"
    path.mkdir()
    os.chown(path, 65534, 65534)
    with pytest.raises(PlaceError) as caught:
        Place(str(path), make=True)

    assert caught.value.message == f"`{path}` belongs to another user"


def test_a_socket_gets_its_name_when_it_listens(place: Place, tmp_path: Path) -> None:
    """So there is never one that refuses and is not dead; it is for this user alone."""
    listener, name = place.listen(4211)
    with listener:
        mode = (tmp_path / "reloadd" / name).stat().st_mode & 0o777
        connection = place.connect(name, timeout=1)
        assert connection is not None
        connection.close()

    assert (place.names(), mode) == (["4211.sock"], 0o600)


def test_the_socket_of_the_dead_is_removed_and_that_of_the_living_never(place: Place) -> None:
    """Also where the living one is too busy to take a connection."""
    dead, dead_name = place.listen(1)
    dead.close()
    living, living_name = place.listen(2)
    callers: list[socket.socket] = []
    with living:
        try:
            while (caller := place.connect(living_name, timeout=0)) is not None:
                callers.append(caller)
        except BlockingIOError:
            pass
        found = place.connect(dead_name, timeout=0)
        for caller in callers:
            caller.close()

    assert found is None
    assert place.names() == [living_name]
    assert callers


def test_two_daemons_with_one_number_have_two_sockets(place: Place) -> None:
    """As two containers have that share the directory; what a dead one left is taken over."""
    dead, _ = place.listen(7)
    dead.close()
    first, first_name = place.listen(7)
    second, second_name = place.listen(7)
    first.close()
    second.close()

    assert (first_name, second_name) == ("7.sock", "7-2.sock")


def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    """An address has room for 107 bytes only (unix(7))."""
    long = tmp_path / ("x" * 120)
    long.mkdir()
    place = Place(str(long / "reloadd"), make=True)
    listener, name = place.listen(1)
    with listener:
        connection = place.connect(name, timeout=1)
        assert connection is not None
        connection.close()
    place.remove(name)

    assert place.names() == []
    place.close()
