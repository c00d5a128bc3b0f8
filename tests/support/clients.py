"""Clients that never stop asking while an app is reloaded, and remember each answer and each failure."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.support.daemon import DEADLINE

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Answer:
    """One request's fate.

    Attributes:
        sent: when it was sent, on the monotonic clock.
        came: when its answer was complete, or it failed.
        body: the answer; None for a failure.
        error: what went wrong; empty for an answer.
    """

    sent: float
    came: float
    body: str | None
    error: str = ""


@dataclass
class Clients:
    """Threads that ask for `/`, from `with` to the end of the block.

    Attributes:
        address: where.
        keeping: how many of them keep their connection.
        closing: how many use a new connection for each request.
        answers: all that was answered or failed so far.
    """

    address: str
    keeping: int = 2
    closing: int = 2
    answers: list[Answer] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._is_over = threading.Event()
        kinds = [True] * self.keeping + [False] * self.closing
        self._threads = [threading.Thread(target=self._ask, args=(keeps,), daemon=True) for keeps in kinds]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(DEADLINE)

    @property
    def failures(self) -> list[Answer]:
        """The requests that were not answered."""
        return [answer for answer in self.answers if answer.body is None]

    def _ask(self, keeps: bool) -> None:  # noqa: FBT001 (a thread's only argument)
        connection = None
        while not self._is_over.is_set():
            sent = time.monotonic()
            try:
                if connection is None or connection.sock is None:
                    # The server may close a connection with its answer, and says so in it: that is no failure.
                    connection = connect(self.address)
                connection.request("GET", "/")
                answer = connection.getresponse()
                body, error = answer.read().decode(), "" if answer.status == 200 else f"status {answer.status}"
            except (OSError, http.client.HTTPException) as failure:
                body, error = None, repr(failure)
            self.answers.append(Answer(sent, time.monotonic(), body if not error else None, error))
            if connection is not None and (not keeps or error):
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


def connect(address: str) -> http.client.HTTPConnection:
    """A connection over TCP or a socket in the file system."""
    connection = http.client.HTTPConnection("localhost", timeout=DEADLINE)
    if address.startswith("unix:"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(DEADLINE)
        connection.sock.connect(address.removeprefix("unix:"))
    else:
        host, _, port = address.rpartition(":")
        connection.sock = socket.create_connection((host.strip("[]"), int(port)), timeout=DEADLINE)
    return connection
