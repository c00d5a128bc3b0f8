"""Whatever comes to the control socket, the apps never notice, memory stays bounded, and other users get nothing."""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reloadd.control.protocol import LONGEST_REQUEST
from tests.support.daemon import DEADLINE, RunningDaemon, wait_until
from tests.support.talking import Home, wait_at_rest, write_three_apps

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("control-abuse")]

FRAMES = 10_000
NOBODY = 65534
MEBIBYTE = 1 << 20
MOST_GROWTH = 24 * MEBIBYTE
"""Of the daemon's memory: a follower's room, what waits for the disk, and what Python keeps for later."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A user with three profiles."""
    home = Home(tmp_path_factory.mktemp("home"))
    write_three_apps(home.directory)
    return home


@pytest.fixture(scope="module")
def daemon(home: Home) -> Iterator[RunningDaemon]:
    """Their daemon. That no app restarts, and that one is served all the while, is held at the end."""
    with home.daemon("--profile", "./") as daemon:
        wait_at_rest(daemon)
        exits = len(daemon.all("child.exited"))
        answers: Counter[str] = Counter()
        over = threading.Event()
        asking = threading.Thread(target=keep_asking, args=(daemon, answers, over))
        asking.start()
        yield daemon
        over.set()
        asking.join(2 * DEADLINE)
        assert answers.keys() == {"hello"}
        assert len(daemon.all("child.exited")) == exits
        assert daemon.all("daemon.failed") == []


def keep_asking(daemon: RunningDaemon, answers: Counter[str], over: threading.Event) -> None:
    """Count what the app answers, errors included, until it is over."""
    while not over.wait(0.02):
        try:
            answers[daemon.get(profile="web")] += 1
        except OSError as error:
            answers[repr(error)] += 1


def memory(daemon: RunningDaemon) -> int:
    """Bytes of the daemon that are in memory."""
    pages = int(Path(f"/proc/{daemon.process.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def answers(connection: socket.socket, count: int) -> list[Any]:
    """So many lines of what comes."""
    with connection.makefile("rb") as stream:
        return [json.loads(stream.readline()) for _ in range(count)]


def refused(answer: Any) -> str:
    """The code of a refusal."""
    return str(answer["error"]["code"])


def hangs_up(connection: socket.socket) -> bool:
    """Whether the other side closes the connection, after whatever it still sends."""
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


def random_line(chance: random.Random) -> bytes:
    """Something that is no request, or nearly one."""
    requests: list[dict[str, object]] = [
        {"version": chance.choice([2, None, "1", True, [], 1.5])},
        {"version": 1, "request": chance.choice(["statsu", None, 7, {}, "x" * 5000])},
        {"version": 1, "request": "restart", "profiles": chance.choice([None, [1], "web", [], {}])},
        {"version": 1, "request": "stop", "profiles": ["\ud800", "nobody" * 900]},
        {"version": 1, "request": "reload", "wait": chance.choice([-1, 1e9, "5", True])},
        {"version": 1, "request": "status", "whatever": 1},
    ]
    return chance.choice(
        [
            *(json.dumps(request).encode() for request in requests),
            chance.randbytes(chance.randrange(200)).replace(b"\n", b""),
            b"[" * chance.randrange(1, 20000),
            b'{"version":1,"request":"status","usage":' + b"9" * 9000 + b"}",
            b"",
        ]
    )


def test_malformed_requests_are_answered_one_by_one(home: Home, daemon: RunningDaemon) -> None:
    """Each line gets one error, on a connection that goes on; a right request after them is answered."""
    seed = random.randrange(1 << 32)  # noqa: S311 - chance, not secrecy
    chance = random.Random(seed)  # noqa: S311 - the same
    lines = [random_line(chance) for _ in range(FRAMES)]
    before = memory(daemon)
    with home.connect() as connection, connection.makefile("rb") as stream:
        for at in range(0, len(lines), 50):
            some = lines[at : at + 50]
            connection.sendall(b"".join(line + b"\n" for line in some))
            assert all("error" in json.loads(stream.readline()) for _ in some), f"seed {seed}"
        connection.sendall(b'{"version":1,"request":"status","usage":false}\n')
        status = json.loads(stream.readline())

    assert [profile["state"] for profile in status["profiles"]] == ["held", "serving", "serving"]
    assert memory(daemon) - before < MOST_GROWTH


def test_a_request_without_end_is_cut_off(home: Home, daemon: RunningDaemon) -> None:
    """100 MB on one line: refused at the bound, read no further."""
    before = memory(daemon)
    chunk = b"x" * MEBIBYTE
    sent = 0
    with home.connect() as connection:
        try:
            while sent < 100 * MEBIBYTE:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
    with home.connect() as whole:
        whole.sendall(b" " * LONGEST_REQUEST)
        (answer,) = answers(whole, 1)
        is_over = hangs_up(whole)

    assert sent < 4 * MEBIBYTE
    assert (refused(answer), is_over) == ("too-long", True)
    assert memory(daemon) - before < MOST_GROWTH


def test_clients_that_stop_halfway_are_given_up(home: Home, daemon: RunningDaemon) -> None:
    """Half a request, none at all, a request whose answer nobody reads, and more clients than there is room for."""
    halves = [home.connect() for _ in range(3)]
    halves[0].sendall(b'{"version":1,"req')
    halves[1].sendall(b'{"version":1,"request":"status"}\n' * 2000)
    many = [home.connect() for _ in range(80)]
    (busy,) = answers(many[-1], 1)
    for connection in many:
        connection.close()
    (late,) = answers(halves[0], 1)
    (silent,) = answers(halves[2], 1)

    assert refused(busy) == "too-many"
    assert (refused(late), refused(silent)) == ("too-late", "too-late")
    assert hangs_up(halves[0])
    assert hangs_up(halves[2])
    for connection in halves:
        connection.close()
    assert home.reloadd("status", "web").status == 0
    assert daemon.process.poll() is None


def collect(connection: socket.socket, numbers: list[int]) -> None:
    """Read what a follower is sent, until the connection is shut."""
    with connection.makefile("rb") as stream:
        for line in stream:
            message = json.loads(line)
            if "entry" in message:
                numbers.append(message["entry"]["number"])


def test_a_follower_that_never_reads_is_dropped_and_told(home: Home, daemon: RunningDaemon) -> None:
    """It costs a bounded room; one that reads gets everything; what the follower reads last says why it ended."""
    before = memory(daemon)
    numbers: list[int] = []
    with home.connect() as idle, home.connect() as reader:
        for connection in (idle, reader):
            connection.sendall(b'{"version":1,"request":"follow"}\n')
        reading = threading.Thread(target=collect, args=(reader, numbers))
        reading.start()
        with home.connect() as noise, noise.makefile("rb") as replies:
            end = time.monotonic() + 2 * DEADLINE
            while not daemon.all("control.dropped"):
                assert time.monotonic() < end
                # A start of what serves: a record each time, and nothing to the app.
                noise.sendall(b'{"version":1,"request":"start","profiles":["web"]}\n' * 100)
                for _ in range(100):
                    replies.readline()
        with idle.makefile("rb") as rest:
            last = json.loads(rest.readlines()[-1])
        dropped = home.reloadd("logs", "-v", "--records", "-n", "1", "--output", "json")
        wait_until(lambda: numbers[-1] >= json.loads(dropped.out)["number"], "the reader has all that there is")
        reader.shutdown(socket.SHUT_RDWR)
        reading.join(DEADLINE)

    assert refused(last) == "too-slow"
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert memory(daemon) - before < MOST_GROWTH


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_gets_nothing(home: Home, daemon: RunningDaemon) -> None:
    """Neither through the directory, nor, were it open, through the socket."""
    (path,) = home.sockets
    closed = as_nobody(path)
    parents = [parent for parent in path.parents if parent != Path("/") and parent.stat().st_uid == 0]
    modes = {each: each.stat().st_mode & 0o7777 for each in [path, *parents]}
    try:
        for each, mode in modes.items():
            each.chmod(mode | 0o777)
        opened = as_nobody(path)
    finally:
        for each, mode in modes.items():
            each.chmod(mode)
    denied = daemon.wait_for("control.refused")

    assert closed == "PermissionError"
    assert opened in {"", "BrokenPipeError", "ConnectionResetError"}
    assert denied["uid"] == NOBODY


def as_nobody(path: Path) -> str:
    """What a process of another user hears from a socket, or the error that it gets."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        heard: str
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(DEADLINE)
                connection.connect(str(path))
                connection.sendall(b'{"version":1,"request":"status"}\n')
                heard = connection.recv(1 << 16).decode()
        except OSError as error:
            heard = type(error).__name__
        os.write(writer, heard.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        heard = stream.read()
    os.waitpid(pid, 0)
    return heard


def test_its_own_clients_are_served_after_all_that(home: Home, daemon: RunningDaemon) -> None:
    """Nothing of it lasts."""
    wait_until(lambda: home.reloadd("status", "web").status == 0, "an answer")

    assert daemon.get(profile="web") == "hello"
