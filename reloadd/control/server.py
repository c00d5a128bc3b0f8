"""The daemon's end of the control socket: takes requests from this user's processes and answers them.

Never decides anything about an app: it passes on what it is told, and says what is. A client can hurt neither the apps
nor the other clients.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, Self

from reloadd.control.connection import Connection
from reloadd.control.places import Place, PlaceError, runtime_directory
from reloadd.control.protocol import Code, FollowRequest, RequestError, encode, encode_error, parse_request
from reloadd.core.reasons import reason_of
from reloadd.core.records import Value, make_record
from reloadd.history.journal import Written

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from types import TracebackType

    from reloadd.bus import Bus
    from reloadd.control.answers import Answers
    from reloadd.history.journal import Journal, WrittenLines

_MOST_CONNECTIONS = 64


class ControlServer:
    """Serves the control socket for the length of a `with` block.

    A socket that cannot be had is said in a record, and all else runs.

    Args:
        answers: what to say.
        bus: where to say what happens to the socket itself.
        journal: what followers are sent.
        environ: where the directory of sockets is looked up.
    """

    def __init__(self, answers: Answers, *, bus: Bus, journal: Journal, environ: Mapping[str, str]) -> None:
        self._answers = answers
        self._bus = bus
        self._journal = journal
        self._environ = environ
        self._place: Place | None = None
        self._name: str | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._followers: dict[Connection, FollowRequest] = {}
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        try:
            listener = self._listen()
        except PlaceError as error:
            self._say("control.failed", error=error.message, hint=error.hint)
            return self
        except OSError as error:
            path = runtime_directory(self._environ)
            self._say("control.failed", error=reason_of(error), hint=f"make room in `{path}`")
            return self
        self._server = await asyncio.get_running_loop().create_unix_server(partial(Connection, self), sock=listener)
        self._journal.subscribe(self._send_to_followers)
        self._say("control.opened", path=f"{runtime_directory(self._environ)}/{self._name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._journal.unsubscribe(self._send_to_followers)
            self._server.close()
        if self._place is not None:
            if self._name is not None:
                self._place.remove(self._name)
            self._place.close()
        for connection in tuple(self._connections):
            connection.abort()
        # It is not told what ended the block: it would make a group of that, and the error is wanted as it is.
        await self._tasks.__aexit__(None, None, None)

    def _listen(self) -> socket.socket:
        self._place = Place(runtime_directory(self._environ), make=True)
        listener, self._name = self._place.listen(os.getpid())
        return listener

    # What connections tell: it is `connection.Host`.

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for one more."""
        self._connections.add(connection)
        return len(self._connections) <= _MOST_CONNECTIONS

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self._connections.discard(connection)
        self._followers.pop(connection, None)

    def refused(self, pid: int, uid: int) -> None:
        """A process of another user was turned away."""
        self._say("control.refused", uid=uid, pid=pid)

    def begin(self, connection: Connection, line: bytes) -> asyncio.Task[None]:
        """Answer a request."""
        return self._tasks.create_task(self._answer(connection, line))

    async def _answer(self, connection: Connection, line: bytes) -> None:
        try:
            request = parse_request(line)
            if isinstance(request, FollowRequest):
                await self._begin_following(connection, request)
            else:
                connection.answer(encode(await self._answers.answer(request, connection.pid)))
        except RequestError as error:
            connection.answer(encode_error(error.code, error.message))
        except Exception as error:  # noqa: BLE001 - a bug in an answer must not reach the daemon's apps
            self._say("daemon.failed", error=repr(error), where="answering a request")
            connection.answer(encode_error(Code.FAILED, "the daemon failed to answer, which is a bug"))

    # Followers.

    async def _begin_following(self, connection: Connection, request: FollowRequest) -> None:
        """Send what happens from now on, and say when all that happened before is on disk."""
        connection.follow()
        number = self._journal.number
        connection.answer(encode({"run": self._journal.run, "number": number}))
        self._followers[connection] = request
        await self._answers.flush()
        connection.answer(encode({"kept": number}))

    def _send_to_followers(self, written: Written | WrittenLines) -> None:
        asking = [each for each, request in self._followers.items() if _is_asked_for(written, request)]
        if not asking:
            return
        entries = (written.entry,) if isinstance(written, Written) else written.entries.made()
        slow: set[Connection] = set()
        for message in (encode({"entry": entry}) for entry in entries):
            slow |= {connection for connection in asking if not connection.send_entry(message)}
        for connection in slow:
            del self._followers[connection]
        # Only now, since what is said of it is sent to the others, and not before these entries.
        for connection in slow:
            self._say("control.dropped", pid=connection.pid)

    def _say(self, name: str, /, **fields: Value) -> None:
        self._bus.publish(make_record(name, fields))


def _is_asked_for(written: Written | WrittenLines, request: FollowRequest) -> bool:
    if not (request.records if isinstance(written, Written) else request.output):
        return False
    return not request.profiles or written.profile in request.profiles
