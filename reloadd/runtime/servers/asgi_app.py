"""The ASGI app as the server sees it: which call answers which connection, when it has, and how to make it end.

No frame of ours may show in the tracebacks that servers print of an app's exceptions. So nothing that the app's code
runs under, or calls, is a coroutine of ours: `__call__` gives the app's own, and `send` the server's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Awaitable, Callable, Dict, Optional, Protocol, Set

    Message = Dict[str, Any]
    Send = Callable[[Message], Awaitable[None]]

    class Answering(Protocol):
        """The connection that a request came on."""

        @property
        def must_close(self) -> bool:
            """Whether the client has to be told not to send another request on it."""

        def answered(self) -> None:
            """One response has been given to the transport, to its last byte."""


connection: contextvars.ContextVar[Optional[Answering]] = contextvars.ContextVar("connection", default=None)
"""Set around all that a server does about a connection; its tasks inherit it."""

_SERVICE_RESTART = 1012
"""The status code of RFC 6455's registry by which clients know that they may come back."""


class EndableApp:
    """The app, for the server to call.

    Attributes:
        calls: the HTTP requests and WebSockets that the app is busy with.
    """

    def __init__(self, app: Callable[..., Any], on_change: Callable[[], None]) -> None:
        """Make one.

        Args:
            app: speaks ASGI 3.
            on_change: called when the app is done with a request or a WebSocket.
        """
        self.calls: Set[_Call] = set()
        self._app = app
        self._on_change = on_change

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """What the app returns, which is to be awaited."""
        kind = _KINDS.get(scope["type"])
        task = asyncio.current_task()
        if kind is None or task is None:
            return self._app(scope, receive, send)
        call = kind(send, task, connection.get())
        self.calls.add(call)
        task.add_done_callback(lambda _: self._done(call))
        return self._app(scope, receive, call.send)

    async def end(self, grace: float) -> None:
        """Bring what is left to an end as clients and the app know it; after `grace` seconds cancel it."""
        tasks = {call.task for call in self.calls}
        ending = [asyncio.ensure_future(call.end()) for call in self.calls]
        if not tasks:
            return
        await asyncio.wait([*tasks, *ending], timeout=grace)
        for task in [*ending, *tasks]:
            task.cancel()
        await asyncio.wait(tasks, timeout=grace)

    def _done(self, call: _Call) -> None:
        call.complete()
        self.calls.discard(call)
        self._on_change()


class _Call:
    """One request or WebSocket, and the task in which the app answers it."""

    def __init__(self, send: Send, task: asyncio.Task[Any], on: Optional[Answering]) -> None:
        self.task = task
        self._send = send
        self._connection = on
        self._is_cut = False

    def send(self, message: Message) -> Awaitable[None]:
        """What the app calls."""
        return _nothing() if self._is_cut else self._send(message)

    async def end(self) -> None:
        """Say to the client that this was all, and let the app say no more."""
        self._is_cut = True
        # A client that has gone, or a state in which there is nothing to end: the connection is closed all the same.
        with contextlib.suppress(Exception):
            await self._send(self._last_message())

    def complete(self) -> None:
        """The app is done."""

    def _last_message(self) -> Message:
        raise NotImplementedError


class _WebSocket(_Call):
    def _last_message(self) -> Message:
        return {"type": "websocket.close", "code": _SERVICE_RESTART}


class _Request(_Call):
    _has_begun = False
    _is_complete = False

    def send(self, message: Message) -> Awaitable[None]:
        if self._is_cut or not isinstance(message, dict):
            return super().send(message)
        kind = message.get("type")
        if kind == "http.response.start":
            self._has_begun = True
            if self._connection is not None and self._connection.must_close:
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        elif kind == "http.response.body" and not message.get("more_body", False):
            # A task of its own, since what follows it must not be a frame in it.
            sending = asyncio.ensure_future(self._send(message))
            sending.add_done_callback(lambda _: self.complete())
            return sending
        return self._send(message)

    async def end(self) -> None:
        if self._has_begun and not self._is_complete:
            await super().end()
            self.complete()

    def complete(self) -> None:
        if not self._is_complete:
            self._is_complete = True
            if self._connection is not None:
                self._connection.answered()

    def _last_message(self) -> Message:
        return {"type": "http.response.body", "body": b"", "more_body": False}


_KINDS = {"http": _Request, "websocket": _WebSocket}


async def _nothing() -> None:
    """What a message that nobody is to get any more is sent to."""
