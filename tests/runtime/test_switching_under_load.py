"""Forty switches between two generations while clients ask as fast as they can."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import write_files
from tests.support.handing_over import APPS, Relay, generations
from tests.support.served import Client, listening

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.booting import BootedChild

SWITCHES = 40
BETWEEN = 0.03
"""Seconds between two switches: some requests' worth."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Which process answered, and when it was asked."""

    pid: int
    asked: float
    answered: float


@dataclass(frozen=True, slots=True)
class Pause:
    """When a process accepted nothing: from the moment on at which that was confirmed, until it was let in again."""

    pid: int
    begun: float
    ended: float


class Asking(threading.Thread):
    """A client that asks until it is told to stop.

    Attributes:
        answers: what it was told.
        failures: what went wrong instead.
    """

    def __init__(self, listener: socket.socket, stop: threading.Event, *, keep_alive: bool) -> None:
        super().__init__()
        self.answers: list[Answer] = []
        self.failures: list[BaseException] = []
        self._listener = listener
        self._is_over = stop
        self._keep_alive = keep_alive
        self.start()

    def run(self) -> None:
        """On its own thread."""
        with contextlib.closing(Client(self._listener)) as client:
            while not self._is_over.is_set():
                asked = time.monotonic()
                try:
                    pid = int(client.get("/slow"))
                except (OSError, http.client.HTTPException, AssertionError, ValueError) as error:
                    self.failures.append(error)
                    client.close()
                else:
                    self.answers.append(Answer(pid, asked, time.monotonic()))
                if not self._keep_alive:
                    client.close()


def _switch(relay: Relay, old: BootedChild, new: BootedChild) -> list[Pause]:
    begun: dict[BootedChild, float] = {}
    pauses = []
    for number in range(SWITCHES):
        time.sleep(BETWEEN)
        one, other = (old, new) if number % 2 == 0 else (new, old)
        relay.pause()
        begun[one] = time.monotonic()
        if other in begun:
            pauses.append(Pause(other.process.pid, begun[other], time.monotonic()))
        relay.admit(other)
    return pauses


CASES = [
    (server, age) for server in ("uvicorn", "hypercorn", "waitress", "werkzeug", "wsgiref") for age in ("old", "new")
]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["ipv4", "unix"])
@pytest.mark.parametrize(("server", "age"), [*CASES, ("uvicorn", "fast")])
def test_no_request_is_lost_and_none_is_answered_by_who_has_paused(
    server: str, age: str, family: str, pythons: dict[str, Path], tmp_path: Path
) -> None:
    """Nothing is refused, reset or cut off; after `paused` no request that is sent then is answered by that process."""
    write_files(tmp_path, {"apps.py": APPS})
    stop = threading.Event()
    with (
        listening(family, tmp_path) as listener,
        generations(pythons[age], server, listener, tmp_path, is_heard=False) as both,
    ):
        clients = [Asking(listener, stop, keep_alive=keep_alive) for keep_alive in (True, True, False, False)]
        try:
            pauses = _switch(both.relay, both.old, both.new)
        finally:
            stop.set()
            for client in clients:
                client.join()

    answers = [answer for client in clients for answer in client.answers]
    assert [failure for client in clients for failure in client.failures] == []
    assert len({answer.pid for answer in answers}) == 2
    assert [
        (answer, pause)
        for answer in answers
        for pause in pauses
        if answer.pid == pause.pid and pause.begun < answer.asked and answer.answered < pause.ended
    ] == []
