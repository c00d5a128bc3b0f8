"""hypercorn (0.17 and later): `Config.bind = ["fd://N"]`, `hypercorn.asyncio.serve`."""

from __future__ import annotations

import asyncio

from hypercorn.asyncio import serve
from hypercorn.config import Config

from .asgi_door import AsgiDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ..door import Orders
    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = False

_AS_LONG_AS_IT_TAKES = 86400.0
"""Seconds for what is in flight, which is over when hypercorn begins to count."""


class Adapter:
    """Serves with one process, on asyncio."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._door = AsgiDoor(app)
        self._listening = listener.open()
        self._config = Config()
        # It closes the descriptor that it is given.
        self._config.bind = ["fd://%d" % listener.open().detach()]
        self._config.graceful_timeout = _AS_LONG_AS_IT_TAKES
        if isinstance(options.tls, dict):
            self._config.certfile = options.tls["cert"]
            self._config.keyfile = options.tls["key"]

    def serve(self, life: Life, orders: Orders) -> None:
        """See the package."""
        asyncio.run(self._serve(life, orders))

    async def _serve(self, life: Life, orders: Orders) -> None:
        self._door.install(self._listening, orders)
        # It asks what to wait for when its start is done, and not before.
        await serve(self._door.app, self._config, shutdown_trigger=lambda: self._door.serve(life), mode="asgi")
