"""The door of an asyncio server: the accepting that its event loop would have done, done here.

uvicorn and hypercorn both ask the loop for a server on a socket that they are given (`loop.create_server(sock=...)`).
They get one that looks like it, and each connection by the public way for connections that somebody else has accepted
(`loop.connect_accepted_socket`).
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Callable

from ..door import Door, State
from .asgi_app import EndableApp
from .asgi_connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Set

    from ..door import Orders
    from ..life import Life


class AsgiDoor:
    """For one server, on the event loop that runs when it is installed.

    Attributes:
        app: what the server has to serve.
        loop: the event loop.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = EndableApp(app, self._changed)
        self._connections: Set[Connection] = set()
        self._arriving: Set[asyncio.Task[None]] = set()

    @property
    def is_accepting(self) -> bool:
        """Whether idle connections stay."""
        return self._door.state is State.ACCEPTING

    @property
    def is_over(self) -> bool:
        """Whether the server stops."""
        return self._door.state is State.OVER

    def install(self, listening: socket.socket, orders: Orders) -> None:
        """Be what the loop's next server on this socket is, and accept for it when the daemon says so."""
        self.loop = asyncio.get_running_loop()
        self._change = asyncio.Event()
        self._door = Door(listening, orders, self.loop, self)
        create_server = self.loop.create_server
        ours = os.fstat(listening.fileno())

        async def create(factory: Callable[[], Any], *arguments: Any, **options: Any) -> Any:
            given = options.pop("sock", None)
            if given is None or not os.path.samestat(os.fstat(given.fileno()), ours):
                return await create_server(factory, *arguments, sock=given, **options)
            # Only this one is taken from the loop; what the app asks of it is none of ours.
            del self.loop.create_server
            self._factory = factory
            self._options = {name: options[name] for name in _PASSED_ON if options.get(name) is not None}
            return _Server(self.loop)

        self.loop.create_server = create  # type: ignore[method-assign, assignment] # on this instance

    async def serve(self, life: Life) -> None:
        """Say ready and serve until a stop; return when nothing is in flight, or was made to end.

        The server, which can tell when its own start is done, calls it then and closes when it returns.
        """
        woken = asyncio.Event()
        self.loop.add_reader(life, woken.set)
        life.ready()
        self._door.open()
        while not life.must_stop():
            await woken.wait()
            woken.clear()
        self.loop.remove_reader(life)
        self._door.stop()
        if not await self._wait_until(self._is_drained, life.drain):
            life.leave_soon()
            await self.app.end(life.GRACE)
        # A client that does not answer to the end of TLS would be waited for, by the server and by asyncio.
        await self._wait_until(self._is_nothing_closing, life.GRACE)
        self._abort_closing()
        # What is left now the server closes.
        self.loop.call_later(life.GRACE, self._abort_closing)

    def take(self, connection: socket.socket, _: object) -> None:
        """Make a transport of it."""
        task = self.loop.create_task(self._connect(connection))
        self._arriving.add(task)
        task.add_done_callback(self._arrived)

    def pause(self) -> None:
        """See the door."""
        for connection in list(self._connections):
            connection.look()

    def resume(self) -> None:
        """See the door."""
        for connection in self._connections:
            connection.stay()

    def enter(self, connection: Connection) -> None:
        """See the connection."""
        self._connections.add(connection)

    def leave(self, connection: Connection) -> None:
        """See the connection."""
        self._connections.discard(connection)
        self._changed()

    def hand_in(self, descriptor: int) -> None:
        """See the door."""
        self._door.hand_in(descriptor)

    async def _connect(self, accepted: socket.socket) -> None:
        connection = Connection(self, is_encrypted="ssl" in self._options)

        def make_protocol() -> Any:
            protocol = self._factory()
            connection.watch(protocol)
            return protocol

        accepted.setblocking(False)  # noqa: FBT003 - it has no keyword
        try:
            await self.loop.connect_accepted_socket(make_protocol, accepted, **self._options)
        except OSError:
            # The client has gone, or does not speak TLS.
            accepted.close()

    def _abort_closing(self) -> None:
        for connection in list(self._connections):
            if connection.is_closing:
                connection.abort()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._arriving.discard(task)
        self._changed()

    def _is_drained(self) -> bool:
        return not (self.app.calls or self._arriving or any(connection.is_busy for connection in self._connections))

    def _is_nothing_closing(self) -> bool:
        return not any(connection.is_closing for connection in self._connections)

    async def _wait_until(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Wait until it is, so long at most; whether it is."""
        deadline = self.loop.time() + seconds
        while not is_so():
            self._change.clear()
            try:
                await asyncio.wait_for(self._change.wait(), deadline - self.loop.time())
            except asyncio.TimeoutError:
                return is_so()
        return True

    def _changed(self) -> None:
        self._change.set()


_PASSED_ON = ("ssl", "ssl_handshake_timeout")
"""The options of a server that are about each of its connections."""


class _Server(asyncio.AbstractServer):
    """What a server closes in the end; there is nothing left to close then."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return True

    async def start_serving(self) -> None:
        """It does when the daemon says so."""

    async def serve_forever(self) -> None:
        await self._loop.create_future()

    def close(self) -> None:
        """Nothing is accepted any more."""

    async def wait_closed(self) -> None:
        """The same."""
