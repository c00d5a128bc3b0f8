"""uvicorn (0.33 and later): `Config`, `Server.run(sockets=...)`."""

from __future__ import annotations

import asyncio
import logging

import uvicorn

from ..reports import FAILURE
from .asgi_door import AsgiDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any, Callable, List, Optional

    from ..door import Orders
    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = False

_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access")


class Adapter:
    """Serves on the event loop and with the protocols that uvicorn itself chooses."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        files = options.tls if isinstance(options.tls, dict) else {"cert": None, "key": None}
        levels = {name: logging.getLogger(name).level for name in _LOGGERS}
        self._door = AsgiDoor(app)
        self._config = uvicorn.Config(
            self._door.app, interface="asgi3", ssl_certfile=files["cert"], ssl_keyfile=files["key"]
        )
        # Started by its own command, uvicorn sets up its logging before the app is imported: the app has the last word.
        for name, level in levels.items():
            if level != logging.NOTSET:
                logging.getLogger(name).setLevel(level)
        self._config.load()
        self._socket = listener.open()

    def serve(self, life: Life, orders: Orders) -> None:
        """See the package.

        Raises:
            SystemExit: the app's lifespan failed to start (1; uvicorn has logged it).
        """
        server = _Server(self._config, self._door, life, orders)
        logging.getLogger("uvicorn.error").addFilter(_is_no_cancelling)
        try:
            server.run(sockets=[self._socket])
        except SystemExit:
            # Newer versions exit by themselves, with 3: that would ask the daemon to start the app again at once.
            if server.started:
                raise
        if not server.started:
            raise SystemExit(FAILURE)


class _Server(uvicorn.Server):  # type: ignore[misc] # to the checker it is anything
    """Ends when the door does, and lets the process know of the signals that uvicorn takes while it serves."""

    def __init__(self, config: uvicorn.Config, door: AsgiDoor, life: Life, orders: Orders) -> None:
        super().__init__(config)
        self._door = door
        self._life = life
        self._orders = orders

    async def startup(self, sockets: Optional[List[socket.socket]] = None) -> None:
        assert sockets is not None  # noqa: S101 - see `serve`
        self._door.install(sockets[0], self._orders)
        await super().startup(sockets=sockets)
        if self.started:
            self._serving = asyncio.ensure_future(self._door.serve(self._life))
            self._serving.add_done_callback(self._end)

    def handle_exit(self, *_: object) -> None:
        self._life.stop()

    def _end(self, serving: asyncio.Future[None]) -> None:
        self.should_exit = True
        serving.result()


def _is_no_cancelling(record: logging.LogRecord) -> bool:
    """Whether the record is about something else than a call of the app that was cancelled, which only we do."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
