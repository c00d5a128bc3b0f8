"""A real daemon in a real directory: files in, records, output and answers out.

The daemon runs as its users run it, as a command with JSON on standard error; tests wait for records, never for time.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

DEADLINE = 20.0
"""Seconds after which something that did not happen is held never to. Generous: the machine may be busy."""

PAUSE = 0.005
"""Seconds between two looks at what cannot be waited for."""

_LINES_TOLD = 60
"""Lines of a log, and of an output, in the message of a test that fails: as many as somebody reads."""

Fields = dict[str, Any]

_SURROUNDINGS = tempfile.TemporaryDirectory(prefix="reloadd-tests-")
"""Where daemons that say nothing else have their sockets and their history; gone at the end of the run."""


def clean_environ(**extra: str) -> dict[str, str]:
    """The environment of a developer: nothing that hides stale bytecode, nothing of an outer service manager.

    Sockets and history go to a directory of the test run's own.
    """
    hidden = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "NO_COLOR", "FORCE_COLOR", "NOTIFY_SOCKET", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    own = dict.fromkeys(("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"), _SURROUNDINGS.name)
    return {**kept, **own, **extra}


def wait_until(condition: Callable[[], object], what: str, *, deadline: float = DEADLINE) -> None:
    """Return once the condition holds; fail, saying what was waited for, if it does not in time."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"not within {deadline:g} s: {what}"
        time.sleep(PAUSE)


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write files, with the directories that they need."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def save(path: Path, text: str) -> None:
    """Save as editors do: there is never half of it, so it is one change."""
    whole = path.with_name(f"{path.name}~")
    whole.write_text(text)
    whole.replace(path)


class RunningDaemon:
    """A daemon that is running, from `with` to the end of the block.

    Args:
        directory: where it is started.
        arguments: of the command `reloadd`.
        environ: of the daemon.
        python: the words that run Python.
        pass_fds: descriptors that it inherits.
    """

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        python: Sequence[str] = (sys.executable,),
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.directory = directory
        self.records: list[Fields] = []
        self._printed: list[bytes] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [*python, "-m", "reloadd", "--log", "json", *arguments],
            cwd=directory,
            env=environ if environ is not None else clean_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        self._readers = [
            threading.Thread(target=self._read_records, daemon=True),
            threading.Thread(target=self._read_output, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """Stop it as a user would, by SIGTERM; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.wait_ended()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def wait_ended(self) -> int:
        """Wait for its end; its exit status. All that it said has been read then."""
        status = self.process.wait(DEADLINE)
        for reader in self._readers:
            reader.join(DEADLINE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return status

    # What it says.

    @property
    def output(self) -> str:
        """All that its apps have printed so far."""
        return b"".join(self._printed).decode()

    def all(self, event: str, **fields: object) -> list[Fields]:
        """The records so far of this name and with these fields."""
        with self._news:
            return [each for each in self.records if _fits(each, event, fields)]

    def wait_for(self, event: str, *, deadline: float = DEADLINE, **fields: object) -> Fields:
        """The first record of this name and with these fields, once it is there."""
        return self.wait_for_count(event, 1, deadline=deadline, **fields)[0]

    def wait_for_count(self, event: str, count: int, *, deadline: float = DEADLINE, **fields: object) -> list[Fields]:
        """The first `count` records of this name and with these fields, once they are there."""
        end = time.monotonic() + deadline
        with self._news:
            while len(found := [each for each in self.records if _fits(each, event, fields)]) < count:
                rest = end - time.monotonic()
                is_over = self.process.poll() is not None and not self._news.wait(0.2)
                assert rest > 0, f"not in time: {count} `{event}` {fields} in:\n{self.story}"
                assert not is_over, f"the daemon ended without {count} `{event}` {fields}:\n{self.story}"
                self._news.wait(min(rest, 0.2))
            return found[:count]

    def wait_for_output(self, words: str) -> None:
        """Return once an app has printed these words."""
        wait_until(lambda: words in self.output, f"`{words}` in:\n{self.output[-500:]}")

    @property
    def story(self) -> str:
        """What was said and printed last, for the message of a test that fails."""
        log = [json.dumps({k: v for k, v in each.items() if v is not None}) for each in self.records]
        return "\n".join([*_newest(log), "--- output", *_newest(self.output.splitlines())])

    # What it serves.

    def address(self, profile: str | None = None, name: str = "http") -> str:
        """Where a profile listens."""
        fields: Fields = {"socket": name} | ({"profile": profile} if profile else {})
        return str(self.wait_for("socket.bound", **fields)["address"])

    def get(self, path: str = "/", profile: str | None = None) -> str:
        """The body of the answer to one request, on a connection of its own."""
        return ask(self.address(profile), path)[1]

    # What there is of it.

    def processes(self) -> list[int]:
        """The living processes that its mark shows to be its own (Linux)."""
        return marked_processes(self.mark)

    @property
    def mark(self) -> bytes:
        """What all its children carry in their environment."""
        pid = self.wait_for_any("child.ready", "restart.completed", "child.exited")["pid"]
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return next(each for each in environment if each.startswith(b"RELOADD_MARK="))

    def wait_for_any(self, *events: str) -> Fields:
        """The newest record of one of these names, once there is one."""
        wait_until(lambda: any(self.all(event) for event in events), f"one of {events}")
        return [each for each in self.records if each["event"] in events][-1]

    def _read_records(self) -> None:
        for line in self.process.stderr or ():
            try:
                record = json.loads(line)
            except ValueError:
                record = {"event": "", "text": line.decode("utf-8", "replace")}
            with self._news:
                self.records.append(record)
                self._news.notify_all()

    def _read_output(self) -> None:
        stream = self.process.stdout
        while stream is not None and (data := os.read(stream.fileno(), 1 << 16)):
            self._printed.append(data)


def _newest(lines: list[str]) -> list[str]:
    """The last ones, and how many were left out."""
    left_out = len(lines) - _LINES_TOLD
    return lines if left_out <= 0 else [f"... {left_out} lines", *lines[-_LINES_TOLD:]]


def _fits(record: Fields, event: str, fields: Mapping[str, object]) -> bool:
    return record["event"] == event and all(record.get(key) == value for key, value in fields.items())


def ask(address: str, path: str = "/", *, timeout: float = DEADLINE) -> tuple[int, str]:
    """Status and body of one GET request, over TCP or a socket in the file system."""
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    if address.startswith("unix:"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        connection.sock.connect(address.removeprefix("unix:"))
    else:
        host, _, port = address.rpartition(":")
        connection.sock = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def marked_processes(mark: bytes) -> list[int]:
    """Living processes, zombies excepted, that carry a mark in their environment (proc(5))."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def all_gone(pids: Iterable[int]) -> bool:
    """Whether none of these processes lives; a zombie does not."""
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            return False
    return True
