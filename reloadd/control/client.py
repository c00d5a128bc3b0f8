"""Asking daemons from outside: a plain blocking socket with deadlines, so that a verb starts in no time.

Never decides whom to ask or what to show: the verbs do.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from reloadd.control.places import Place, runtime_directory
from reloadd.control.protocol import RequestError, decode, encode
from reloadd.core.reasons import reason_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection, Mapping
    from types import TracebackType

_CONNECT_TIMEOUT = 2.0
"""Seconds for a daemon that is alive but busy to take the connection."""

ANSWER_TIMEOUT = 5.0
"""Seconds for a daemon to answer what it need not wait for."""

_CHUNK = 1 << 16
_LONGEST_ANSWER = 1 << 26


class NoAnswerError(Exception):
    """A daemon is there and does not answer, or not in a way that can be understood.

    Attributes:
        daemon: its name, mostly its process number.
    """

    def __init__(self, daemon: str, reason: str) -> None:
        super().__init__(reason)
        self.daemon = daemon


class RefusedError(Exception):
    """A daemon understood the request, or that it cannot be understood, and refused it.

    Attributes:
        code: as in `protocol.Code`, or one of a newer daemon's.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Connection:
    """A connection to one daemon.

    Attributes:
        daemon: the daemon's name, mostly its process number.
    """

    def __init__(self, daemon: str, connected: socket.socket) -> None:
        self.daemon = daemon
        self._socket = connected
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """For `select`: when there is something to `receive`."""
        return self._socket.fileno()

    def ask(self, request: str, **fields: object) -> Mapping[str, Any]:
        """The answer to a request that the daemon need not wait for; raises as `send` and `receive`."""
        self.send(request, **fields)
        return self.receive()

    def send(self, request: str, **fields: object) -> None:
        """Send a request. Several daemons are sent theirs before the first answer is waited for.

        Args:
            request: its word.
            fields: what the request carries besides; None for what it does not.

        Raises:
            NoAnswerError: the daemon does not take it.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            self._socket.settimeout(ANSWER_TIMEOUT)
            self._socket.sendall(encode({"request": request, **given}))
        except TimeoutError:
            raise NoAnswerError(self.daemon, f"it took nothing for {ANSWER_TIMEOUT:g} s") from None
        except OSError as error:
            raise NoAnswerError(self.daemon, reason_of(error)) from error

    def receive(self, timeout: float = ANSWER_TIMEOUT) -> Mapping[str, Any]:
        """The next message, once it is here.

        Args:
            timeout: seconds for all of it.

        Raises:
            RefusedError: the request was refused.
            NoAnswerError: there was none in time, or none that can be understood.
        """
        deadline = time.monotonic() + timeout
        while b"\n" not in self._received:
            self._received += self._read(deadline, timeout)
            if len(self._received) > _LONGEST_ANSWER:
                raise NoAnswerError(self.daemon, "its answer has no end")
        line, _, self._received = self._received.partition(b"\n")
        try:
            message = decode(line)
        except RequestError as error:
            raise NoAnswerError(self.daemon, "its answer cannot be understood") from error
        if isinstance(refusal := message.get("error"), dict):
            raise RefusedError(str(refusal.get("code")), str(refusal.get("message")))
        return message

    def has_message(self) -> bool:
        """Whether the next message is here already."""
        return b"\n" in self._received

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _read(self, deadline: float, timeout: float) -> bytes:
        rest = deadline - time.monotonic()
        try:
            self._socket.settimeout(max(rest, 0.001))
            data = self._socket.recv(_CHUNK)
        except TimeoutError:
            raise NoAnswerError(self.daemon, f"it did not answer within {timeout:g} s") from None
        except OSError as error:
            raise NoAnswerError(self.daemon, reason_of(error)) from error
        if not data:
            raise NoAnswerError(self.daemon, "it hung up")
        return data


def connect_all(
    environ: Mapping[str, str], *, but: Collection[str] = ()
) -> tuple[list[Connection], list[NoAnswerError]]:
    """Connections to all daemons of this user, and those that take none. Sockets of dead daemons are removed.

    Args:
        environ: where they are looked for.
        but: the names of daemons that are left out.

    Raises:
        PlaceError: the directory of sockets is not to be trusted.
    """
    connections: list[Connection] = []
    silent: list[NoAnswerError] = []
    try:
        place = Place(runtime_directory(environ))
    except FileNotFoundError:
        return [], []
    try:
        for name in place.names():
            daemon = os.path.splitext(name)[0]  # noqa: PTH122 - `pathlib` takes longer to import than all this does
            if daemon in but:
                continue
            try:
                connected = place.connect(name, timeout=_CONNECT_TIMEOUT)
            except OSError as error:
                silent.append(NoAnswerError(daemon, (error.strerror or "it takes no connection").lower()))
                continue
            if connected is not None:
                connections.append(Connection(daemon, connected))
    finally:
        with suppress(OSError):
            place.close()
    return connections, silent
