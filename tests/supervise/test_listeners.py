"""Sockets that the daemon owns, on real addresses."""

from __future__ import annotations

import socket
import sys
import tempfile
from pathlib import Path

import pytest

from reloadd.profile.model import Address, TcpAddress, UnixAddress
from reloadd.supervise.holders import find_holder
from reloadd.supervise.listeners import CannotBindError, bind, may_be_free
from tests.support.processes import open_descriptors, running
from tests.support.sockets import connect, free_port, listen_on

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="who holds an address is known on Linux only")

LISTEN_ELSEWHERE = """
import socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind((host, port))
listening.listen()
print("listening", flush=True)
time.sleep(600)
"""


def refusal(address: Address) -> CannotBindError:
    """Why an address cannot be had."""
    with pytest.raises(CannotBindError) as caught:
        bind(listen_on(address))
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0"])
def test_port_0_becomes_a_real_port(host: str) -> None:
    """The address says the port that the kernel chose, under the host that the profile names."""
    listener = bind(listen_on(TcpAddress(host, 0)))
    try:
        assert listener.address == TcpAddress(host, listener.socket.getsockname()[1])
        assert listener.address.port != 0
    finally:
        listener.close()


def test_localhost_is_ipv4() -> None:
    """`localhost` is 127.0.0.1, as it is to Werkzeug and its like, also where it has an IPv6 address too."""
    listener = bind(listen_on(TcpAddress("localhost", 0)))
    try:
        assert listener.socket.getsockname()[0] == "127.0.0.1"
    finally:
        listener.close()


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "unix"])
def test_connections_wait_while_nobody_accepts(tmp_path: Path, kind: str) -> None:
    """What was sent before anybody accepted is there when somebody does."""
    addresses: dict[str, Address] = {
        "tcp": TcpAddress("127.0.0.1", 0),
        "tcp6": TcpAddress("::1", 0),
        "unix": UnixAddress(tmp_path / "app.sock"),
    }
    listener = bind(listen_on(addresses[kind]))
    clients = [connect(listener.address) for _ in range(200)]
    try:
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)
        for number in range(len(clients)):
            accepted, _ = listener.socket.accept()
            with accepted:
                assert accepted.recv(100) == b"%d" % number
    finally:
        for client in clients:
            client.close()
        listener.close()


def test_port_is_free_again_after_close() -> None:
    """A port can be bound again at once, although a connection of it is in TIME_WAIT."""
    first = bind(listen_on(TcpAddress("127.0.0.1", 0)))
    with connect(first.address) as client:
        accepted, _ = first.socket.accept()
        accepted.close()
        assert client.recv(1) == b""
    first.close()

    bind(listen_on(first.address)).close()


@linux_only
def test_taken_port_names_the_process() -> None:
    """The reason has the pid and the command line of whoever listens there; the hint has a line to type."""
    port = free_port()
    with running(LISTEN_ELSEWHERE, "127.0.0.1", str(port)) as process:
        error = refusal(TcpAddress("127.0.0.1", port))

    assert error.reason.startswith(f"it is taken by process {process.pid} (`{sys.executable} -c import socket, sys")
    assert error.reason.endswith("…`)")
    assert error.hint == f"stop it with `kill {process.pid}`, or choose another address"
    assert str(error).startswith(f"cannot listen on `127.0.0.1:{port}`: it is taken")


@linux_only
@pytest.mark.parametrize(("theirs", "ours"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"), ("::", "127.0.0.1")])
def test_taken_by_all_addresses(theirs: str, ours: str) -> None:
    """A port that is taken on every address is taken on each of them, and the other way round."""
    port = free_port()
    with running(LISTEN_ELSEWHERE, theirs, str(port)) as process:
        assert f"process {process.pid} " in refusal(TcpAddress(ours, port)).reason


@linux_only
def test_process_on_another_address_is_not_blamed() -> None:
    """The same port of another host is nobody's fault: its process is not to be killed."""
    port = free_port()
    with running(LISTEN_ELSEWHERE, "127.0.0.2", str(port)), running(LISTEN_ELSEWHERE, "127.0.0.1", str(port)) as holder:
        found = find_holder(TcpAddress("127.0.0.1", port))

    assert found is not None
    assert found[0] == holder.pid


@linux_only
def test_own_listener_is_not_to_be_killed() -> None:
    """Where this very process listens, the hint does not tell the user to kill the daemon."""
    held = bind(listen_on(TcpAddress("127.0.0.1", 0)))
    try:
        error = refusal(TcpAddress("0.0.0.0", held.socket.getsockname()[1]))
    finally:
        held.close()

    assert error.reason == "this daemon listens there already, for another profile or on another host"
    assert "kill" not in error.hint


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("no-such-host.invalid", "its host is not known"),
        # TEST-NET-3 of RFC 5737 is never an address of a machine.
        ("203.0.113.1", "it is no address of this machine"),
    ],
)
def test_host_that_is_not_ours(host: str, reason: str) -> None:
    """A wrong host is told apart from a taken port."""
    assert refusal(TcpAddress(host, 0)).reason == reason


def test_unix_socket_goes_with_its_listener(tmp_path: Path) -> None:
    """The file is there while somebody can listen, and not longer."""
    path = tmp_path / "app.sock"
    listener = bind(listen_on(UnixAddress(path)))
    assert path.is_socket()
    listener.close()

    assert not path.exists()


def test_file_of_another_is_left_at_close(tmp_path: Path) -> None:
    """What has taken our socket's path meanwhile is not ours to remove."""
    path = tmp_path / "app.sock"
    ours = bind(listen_on(UnixAddress(path)))
    path.unlink()
    theirs = bind(listen_on(UnixAddress(path)))
    try:
        ours.close()
        assert path.is_socket()
        connect(theirs.address).close()
    finally:
        theirs.close()


def test_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    """A socket that a killed daemon left behind does not have to be removed by hand."""
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = bind(listen_on(UnixAddress(path)))
    try:
        connect(listener.address).close()
    finally:
        listener.close()


@pytest.mark.parametrize("backlog", [10, 0])
def test_live_unix_socket_is_refused(tmp_path: Path, backlog: int) -> None:
    """A socket that somebody listens on is not stolen, even if no connection finds room at the moment."""
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(path))
        theirs.listen(backlog)
        with connect(UnixAddress(path)):
            error = refusal(UnixAddress(path))

    assert error.hint == "choose another address" if sys.platform == "linux" else "is taken" in error.reason
    assert path.is_socket()


@pytest.mark.parametrize("content", ["data", None])
def test_other_files_are_never_removed(tmp_path: Path, content: str | None) -> None:
    """A file or a directory at the path stays as it is, and is called what it is."""
    path = tmp_path / "app.sock"
    if content is None:
        path.mkdir()
    else:
        path.write_text(content)
    error = refusal(UnixAddress(path))

    assert error.reason == "a file that is no socket is there"
    assert path.is_dir() if content is None else path.read_text() == content


@pytest.mark.parametrize("kind", ["ipv4", "unix"])
def test_whether_an_address_is_free_is_seen_without_a_trace(tmp_path: Path, kind: str) -> None:
    """Whoever has it gets no connection, and what is free stays free."""
    listener = bind(listen_on(UnixAddress(tmp_path / "web.sock") if kind == "unix" else TcpAddress("127.0.0.1", 0)))
    is_free = [may_be_free(listener.address)]
    listener.socket.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.socket.accept()
    listener.close()
    is_free += [may_be_free(listener.address) for _ in range(2)]
    bind(listen_on(listener.address)).close()

    assert is_free == [False, True, True]


def test_a_path_is_free_where_a_socket_can_be_made(tmp_path: Path) -> None:
    """A socket that nobody listens on any more is in nobody's way; a file is, and so is a directory that is missing."""
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    (tmp_path / "file").write_text("")

    assert may_be_free(UnixAddress(stale))
    assert not may_be_free(UnixAddress(tmp_path / "file"))
    assert not may_be_free(UnixAddress(tmp_path / "missing" / "web.sock"))


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    """The reason is about the directory, which is what is missing."""
    error = refusal(UnixAddress(tmp_path / "run" / "app.sock"))

    assert (error.reason, error.hint) == ("its directory does not exist", "make the directory first")


def test_permission() -> None:
    """Without the right to write into a directory no socket is bound there; the reason says so."""
    as_nobody = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from reloadd.profile.model import Listen, UnixAddress\n"
        "from reloadd.supervise.listeners import CannotBindError, bind\n"
        "if os.getuid() == 0:\n"
        "    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    bind(Listen('http', UnixAddress(Path(sys.argv[1]))))\n"
        "except CannotBindError as error:\n"
        "    print(error.reason, flush=True)\n"
    )
    # Not below `tmp_path`, which nobody else may enter.
    with tempfile.TemporaryDirectory() as directory:
        closed = Path(directory)
        closed.chmod(0o555)
        with running(as_nobody, str(closed / "app.sock")) as program:
            assert program.said == "permission is denied\n"
        closed.chmod(0o755)


def test_nothing_is_left_open_after_a_refusal(tmp_path: Path) -> None:
    """A refused address costs no descriptor."""
    (tmp_path / "file").write_text("")
    held = bind(listen_on(TcpAddress("127.0.0.1", 0)))
    try:
        before = open_descriptors()
        refusal(held.address)
        refusal(UnixAddress(tmp_path / "file"))
        refusal(UnixAddress(tmp_path / "none" / "app.sock"))
        assert open_descriptors() == before
    finally:
        held.close()
