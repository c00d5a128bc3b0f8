"""A child finds the daemon's sockets where sd_listen_fds(3) and Werkzeug say, whatever numbers they came under."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.runtime import wire
from tests.support.booting import BOOT, Go, app, booted, clean_environ, command, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LOOK = """\
import json, os
names = ("LISTEN_FDS", "LISTEN_FDNAMES", "WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD")
found = {name: os.environ[name] for name in names if name in os.environ}
found["is mine"] = os.environ.get("LISTEN_PID") == str(os.getpid())
found["open"] = []
for fd in range(3, 200):
    try:
        found["open"].append([fd, os.fstat(fd).st_ino, os.get_inheritable(fd)])
    except OSError:
        pass
print(json.dumps(found))
"""

PLACE = """\
import os, sys
moves = [tuple(map(int, move.split(":"))) for move in sys.argv[4:]]
for have, want in moves:
    os.dup2(have, 100 + want)
os.closerange(3, 100)
for have, want in moves:
    os.dup2(100 + want, want)
os.closerange(100, 256)
os.execv(sys.argv[1], sys.argv[1:4])
"""

SPAWN_AND_FORK = """\
import os, subprocess, sys
def sockets():
    listed = []
    for fd in range(3, 200):
        try:
            os.fstat(fd)
        except OSError:
            continue
        listed.append(fd)
    return listed
if sys.argv[1:] == ["listed"]:
    print(sockets())
else:
    subprocess.run([sys.executable, "main.py", "listed"], close_fds=False)
    if os.fork() == 0:
        print(sockets(), flush=True)
        os._exit(0)
    os.wait()
    os._exit(0)
"""


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Five listening sockets."""
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
    yield opened
    for each in opened:
        each.close()


def _inode(opened: socket.socket) -> int:
    return os.fstat(opened.fileno()).st_ino


def _look(
    python: Path | list[str], go: Go, directory: Path, listeners: Mapping[str, socket.socket]
) -> dict[str, object]:
    write_files(directory, {"look.py": LOOK})
    with booted(python, go, directory=directory, listeners=listeners) as child:
        outcome = child.outcome()
    assert outcome.stderr == b""
    found: dict[str, object] = json.loads(outcome.stdout)
    return found


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_listeners_are_at_three_and_on_and_described(
    interpreter: Interpreter, sockets: list[socket.socket], tmp_path: Path
) -> None:
    """In the profile's order, inheritable, with both conventions' variables, and nothing else is open."""
    listeners = {"admin": sockets[4], "http": sockets[0], "metrics": sockets[2]}

    found = _look(interpreter.executable, script(tmp_path / "look.py"), tmp_path, listeners)

    assert found == {
        "LISTEN_FDS": "3",
        "LISTEN_FDNAMES": "admin:http:metrics",
        "WERKZEUG_RUN_MAIN": "true",
        "WERKZEUG_SERVER_FD": "4",
        "is mine": True,
        "open": [[3, _inode(sockets[4]), True], [4, _inode(sockets[0]), True], [5, _inode(sockets[2]), True]],
    }


def test_without_http_nothing_is_said_to_werkzeug(sockets: list[socket.socket], tmp_path: Path) -> None:
    """Both of its variables or none: it takes the descriptor for granted where it finds the flag."""
    go = script(tmp_path / "look.py")

    found = _look(newest_interpreter().executable, go, tmp_path, {"metrics": sockets[0]})

    assert found == {
        "LISTEN_FDS": "1",
        "LISTEN_FDNAMES": "metrics",
        "is mine": True,
        "open": [[3, _inode(sockets[0]), True]],
    }


def test_without_listeners_nothing_is_said_at_all(tmp_path: Path) -> None:
    """No variable of either convention, and no open descriptor."""
    found = _look(newest_interpreter().executable, script(tmp_path / "look.py"), tmp_path, {})

    assert found == {"is mine": False, "open": []}


@pytest.mark.parametrize(
    ("wire_at", "listeners_at"),
    [(3, (4, 5, 6)), (6, (5, 4, 3)), (5, (3, 4, 6)), (4, (5, 3, 7)), (3, (9, 8, 4)), (50, (3, 4, 5))],
)
def test_numbers_may_collide(
    wire_at: int, listeners_at: tuple[int, ...], sockets: list[socket.socket], tmp_path: Path
) -> None:
    """Sockets that come under each other's future numbers, with the wire among them, all arrive."""
    write_files(tmp_path, {"look.py": LOOK, "place.py": PLACE})
    described = [{"name": f"l{at}", "fd": at} for at in listeners_at]
    ours, theirs = socket.socketpair()
    ours.sendall(wire.encode("go", **script(tmp_path / "look.py"), listeners=described, terminal=False))
    inherited = [theirs.fileno(), *(each.fileno() for each in sockets[: len(listeners_at)])]
    moves = [f"{have}:{want}" for have, want in zip(inherited, (wire_at, *listeners_at), strict=True)]

    with ours, theirs:
        output = subprocess.run(
            [sys.executable, tmp_path / "place.py", newest_interpreter().executable, BOOT, str(wire_at), *moves],
            env=clean_environ(),
            pass_fds=inherited,
            capture_output=True,
            check=True,
        ).stdout

    assert json.loads(output)["open"] == [[3 + place, _inode(sockets[place]), True] for place in range(3)]


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_apps_own_children_do_not_get_the_wire(
    interpreter: Interpreter, sockets: list[socket.socket], tmp_path: Path
) -> None:
    """Neither a fork nor a program that is started with all descriptors has it; the listener they may have."""
    write_files(tmp_path, {"main.py": SPAWN_AND_FORK, "served.py": "import main"})
    programs = [script(tmp_path / "main.py"), app("served:nothing")]

    for go in programs:
        with booted(interpreter.executable, go, directory=tmp_path, listeners={"http": sockets[0]}) as child:
            outcome = child.outcome()

        assert outcome.stdout == b"[3]\n[3]\n", outcome


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_command_gets_them_in_the_same_pid(
    interpreter: Interpreter, sockets: list[socket.socket], tmp_path: Path
) -> None:
    """LISTEN_PID is right for a program that has replaced the interpreter, and the wire is gone."""
    go = command(str(interpreter.executable), "look.py")

    found = _look([sys.executable, "-I", "-S"], go, tmp_path, {"http": sockets[3]})

    assert found == {
        "LISTEN_FDS": "1",
        "LISTEN_FDNAMES": "http",
        "WERKZEUG_RUN_MAIN": "true",
        "WERKZEUG_SERVER_FD": "3",
        "is mine": True,
        "open": [[3, _inode(sockets[3]), True]],
    }
