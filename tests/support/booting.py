"""Children as the daemon starts them: an interpreter, `boot.py`, and a `go` frame on the wire."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.runtime import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BOOT = Path(wire.__file__).with_name("boot.py")

DEADLINE = 30.0
"""Seconds after which a child that does not do what a test waits for has failed it."""

_INTERFACES = {"uvicorn": "asgi", "hypercorn": "asgi", "werkzeug": "wsgi", "waitress": "wsgi", "wsgiref": "wsgi"}

Go = dict[str, object]


def clean_environ(**more: str) -> dict[str, str]:
    """This process's environment without what changes an interpreter's ways, such as PYTHONDONTWRITEBYTECODE."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LISTEN_", "WERKZEUG"))}
    return {**kept, **more}


def script(path: Path, *argv: str) -> Go:
    """`go` for a script target."""
    return {"target": "script", "name": str(path), "argv": list(argv)}


def module(name: str, *argv: str) -> Go:
    """`go` for a module target."""
    return {"target": "module", "name": name, "argv": list(argv)}


def command(*argv: str) -> Go:
    """`go` for a command target."""
    return {"target": "command", "argv": list(argv)}


def app(
    spelled: str,
    *servers: str,
    argv: Sequence[str] = (),
    threads: int | None = None,
    processes: int | None = None,
    tls: Mapping[str, str] | str | None = None,
    drain: float = DEADLINE,
) -> Go:
    """`go` for an app target; all servers are candidates if none is named."""
    name, _, attribute = spelled.partition(":")
    return {
        "target": "app",
        "name": name,
        "attribute": attribute.removesuffix("()"),
        "factory": attribute.endswith("()"),
        "servers": [{"name": server, "interface": _INTERFACES[server]} for server in servers or _INTERFACES],
        "threads": threads,
        "processes": processes,
        "tls": tls,
        "drain": drain,
        "argv": list(argv),
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program that has ended left behind; the status as `subprocess` has it."""

    stdout: bytes
    stderr: bytes
    status: int


class BootedChild:
    """A child that runs, and the daemon's end of its wire."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self.process = process
        self._handed_in: list[socket.socket] = []
        self._connection = connection
        self._received = b""

    def next_word(self) -> wire.Frame | None:
        """Wait for the next frame; None when the child has closed its end."""
        while b"\n" not in self._received:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._connection, 1 << 16, 16)
            except ConnectionResetError:
                # It ended before it had read all that it was told.
                return None
            self._handed_in += [socket.socket(fileno=descriptor) for descriptor in descriptors]
            if not data:
                return None
            self._received += data
        line, newline, self._received = self._received.partition(b"\n")
        frames, _ = wire.split_frames(line + newline)
        return next(frames)

    def take_handed_in(self) -> list[socket.socket]:
        """The connections that came with the words so far; the caller closes them."""
        handed_in, self._handed_in = self._handed_in, []
        return handed_in

    def say(self, word: str, connection: socket.socket | None = None) -> None:
        """Say a word of the wire, and give the child a connection with it."""
        descriptors = [] if connection is None else [connection.fileno()]
        socket.send_fds(self._connection, [wire.encode(word)], descriptors)

    def tell(self, word: str, *descriptors: int, **fields: object) -> None:
        """Say a word with fields, and give the child descriptors with it."""
        socket.send_fds(self._connection, [wire.encode(word, **fields)], descriptors)

    def hang_up(self) -> None:
        """Close the daemon's end of the wire, as its death would."""
        self._connection.close()

    def until_ready(self) -> wire.Frame:
        """Wait for `ready`; fail with what the child wrote if it ends first."""
        while (frame := self.next_word()) is not None:
            if frame["word"] == "ready":
                return frame
        raise AssertionError(self.outcome())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Outcome:
        """Send the signal and wait for the end."""
        self.process.send_signal(number)
        return self.outcome()

    def outcome(self) -> Outcome:
        """Wait for the end."""
        stdout, stderr = self.process.communicate(timeout=DEADLINE)
        return Outcome(stdout, stderr, self.process.returncode)

    def close(self) -> None:
        """Leave nothing behind, whatever the child is doing."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        for connection in self._handed_in:
            connection.close()
        self._connection.close()


@contextlib.contextmanager
def booted(
    python: Path | str | Sequence[str],
    go: Go,
    *,
    directory: Path,
    listeners: Mapping[str, socket.socket] | None = None,
    environ: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    terminal: bool = False,
    accept: bool = True,
    boot: Path = BOOT,
) -> Iterator[BootedChild]:
    """A child that has been told to `go`, in a session of its own; it and its group are gone afterwards.

    Its first word is another if `go` has a `word`.

    An app is told to accept right away, as one without a predecessor is, unless `accept` is False.
    """
    ours, theirs = socket.socketpair()
    handed_down = listeners or {}
    described = [{"name": name, "fd": listener.fileno()} for name, listener in handed_down.items()]
    first = str(go.get("word", "go"))
    fields = {name: value for name, value in go.items() if name != "word"}
    ours.sendall(wire.encode(first, **fields, listeners=described, terminal=terminal))
    if accept and go["target"] == "app" and first == "go":
        ours.sendall(wire.encode("accept"))
    ours.settimeout(DEADLINE)
    interpreter = [str(python)] if isinstance(python, Path | str) else [*python]
    with theirs:
        process = subprocess.Popen(
            [*interpreter, str(boot), str(theirs.fileno()), "dev"],
            cwd=directory,
            env=clean_environ() if environ is None else environ,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno(), *(listener.fileno() for listener in handed_down.values())],
            start_new_session=True,
        )
    child = BootedChild(process, ours)
    try:
        yield child
    finally:
        child.close()


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write each file, and the directories that it is in."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
