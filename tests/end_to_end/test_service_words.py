"""A daemon that a service manager started, without systemd: what it says, what it leaves, what its apps do not see."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, ask, clean_environ, write_files
from tests.support.manager import ManagerSocket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import json, os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [json.dumps(dict(os.environ)).encode()]
"""
PROFILE = '[target]\napp = "web:app"\n[listen]\nhttp = "{address}"\n'

START_WITH = """
import os, socket, sys
descriptors, names = [int(word) for word in sys.argv[1].split(",")], sys.argv[2]
for number, descriptor in enumerate(descriptors, 3):
    os.dup2(descriptor, number)
os.environ.update(LISTEN_FDS=str(len(descriptors)), LISTEN_FDNAMES=names, LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[3:]])
"""
"""What a service manager does to pass sockets on; the last step has to be taken by the process itself."""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ManagerSocket]:
    """A manager at a path."""
    with ManagerSocket(str(tmp_path / "notify")) as made:
        yield made


def write_web(directory: Path, address: str) -> None:
    """A profile of a WSGI app that shows its environment."""
    write_files(directory, {"web.py": APP, "dev.toml": PROFILE.format(address=address)})


def test_a_service_says_how_it_stands(tmp_path: Path) -> None:
    """From the first word to the last, over an abstract socket too; and its signs of life go on."""
    write_web(tmp_path, "127.0.0.1:0")
    with ManagerSocket(f"@reloadd-test-{uuid.uuid4().hex}") as manager:
        environ = clean_environ(**manager.environ, WATCHDOG_USEC="100000")
        with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=environ) as daemon:
            manager.wait_for("READY=1")
            manager.wait_for("STATUS=serving dev")
            manager.wait_for("WATCHDOG=1", count=3)
            os.kill(daemon.process.pid, signal.SIGHUP)
            manager.wait_for("RELOADING=1")
            manager.wait_for("READY=1", count=2)

            assert daemon.close() == 0
        manager.wait_for("STOPPING=1")
        lines = manager.lines()

    assert lines.index("READY=1") > lines.index("STATUS=starting dev")
    assert any(line.startswith("MONOTONIC_USEC=") for line in lines)
    assert any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in lines)


def test_apps_see_nothing_of_the_manager(tmp_path: Path, manager: ManagerSocket) -> None:
    """What tells the daemon of its manager, its sockets and its journal would mislead them."""
    write_web(tmp_path, "127.0.0.1:0")
    hidden = ("SYSTEMD_EXEC_PID", "JOURNAL_STREAM", "MAINPID", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "FDSTORE")
    environ = clean_environ(**manager.environ, **dict.fromkeys(hidden, "1"), INVOCATION_ID="abc")
    with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=environ) as daemon:
        daemon.wait_for("child.ready")
        seen = json.loads(daemon.get())

    assert not ({"NOTIFY_SOCKET", *hidden} - {"LISTEN_PID"}) & seen.keys()
    assert seen["LISTEN_PID"] != "1"
    assert seen["INVOCATION_ID"] == "abc"


@pytest.mark.parametrize("address", ["127.0.0.1:0", "unix:{directory}/web.sock"])
def test_the_next_daemon_has_the_sockets_of_the_last(tmp_path: Path, manager: ManagerSocket, address: str) -> None:
    """Kept under their names, they listen while there is none; who connects then is answered by the next one."""
    write_web(tmp_path, address.format(directory=tmp_path))
    environ = clean_environ(**manager.environ)
    with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=environ) as first:
        first.wait_for("child.ready")
        bound = first.address()
        first.close()
    assert list(manager.kept) == ["reloadd/dev/http"]
    kept = manager.kept["reloadd/dev/http"]
    with waiting(bound) as connection, running_with(tmp_path, environ, {"reloadd/dev/http": kept}) as second:
        again = second.wait_for("socket.bound")
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")

        assert connection.recv(5) == b"HTTP/"
        assert (again["address"], again["origin"]) == (bound, "kept")
        second.wait_for("child.ready")
        assert ask(bound)[0] == 200


def test_connections_outlive_the_daemon(tmp_path: Path, manager: ManagerSocket) -> None:
    """One that a browser has open is left with the manager at the end, and answered by the next daemon's app."""
    write_web(tmp_path, "127.0.0.1:0")
    environ = clean_environ(**manager.environ)
    with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=environ) as first:
        first.wait_for("child.ready")
        # Answered, so that the app has accepted all that was opened before.
        with waiting(first.address()) as connection:
            assert ask(first.address())[0] == 200
            first.close()
            manager.wait_for("FDNAME=reloadd-connection/dev")
            with running_with(tmp_path, environ, dict(manager.kept)) as second:
                second.wait_for("child.ready")
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")

                assert connection.recv(5) == b"HTTP/"


def test_a_socket_that_no_profile_wants_is_given_back(tmp_path: Path, manager: ManagerSocket) -> None:
    """One of ours is dropped; one of a socket unit stays the unit's, and is said to have no use."""
    write_web(tmp_path, "127.0.0.1:0")
    with socket.create_server(("127.0.0.1", 0)) as old, socket.create_server(("127.0.0.1", 0)) as unit:
        address = f"127.0.0.1:{unit.getsockname()[1]}"
        passed = {"reloadd/gone/http": old.fileno(), "reloadd.socket": unit.fileno()}
        with running_with(tmp_path, clean_environ(**manager.environ), passed) as daemon:
            unclaimed = daemon.wait_for("socket.unclaimed")
            daemon.wait_for("child.ready")
            manager.wait_for("FDNAME=reloadd/gone/http")

    assert (unclaimed["socket"], unclaimed["address"]) == ("reloadd.socket", address)
    assert ["FDSTOREREMOVE=1", "FDNAME=reloadd/gone/http"] in manager.said
    assert list(manager.kept) == ["reloadd/dev/http"]


def test_a_socket_units_socket_is_used_by_the_profile_that_has_its_address(tmp_path: Path) -> None:
    """It is not bound a second time, which would fail; a socket for all addresses serves one of them."""
    with socket.create_server(("0.0.0.0", 0)) as unit:
        address = f"127.0.0.1:{unit.getsockname()[1]}"
        write_web(tmp_path, address)
        with running_with(tmp_path, clean_environ(), {"web.socket": unit.fileno()}) as daemon:
            bound = daemon.wait_for("socket.bound")
            daemon.wait_for("child.ready")

            assert (bound["address"], bound["origin"]) == (address, "unit")
            assert ask(address)[0] == 200


def waiting(address: str) -> socket.socket:
    """A connection that nobody accepts yet."""
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(address.removeprefix("unix:"))
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def running_with(directory: Path, environ: dict[str, str], passed: dict[str, int]) -> RunningDaemon:
    """A daemon to which sockets are passed, by their names."""
    # Far from the numbers that they get in the end.
    copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100) for descriptor in passed.values()]
    numbers, names = ",".join(map(str, copies)), ":".join(passed)
    try:
        return RunningDaemon(
            directory,
            "--profile",
            "dev.toml",
            environ=environ,
            python=(sys.executable, "-c", START_WITH, numbers, names),
            pass_fds=copies,
        )
    finally:
        for descriptor in copies:
            os.close(descriptor)
