"""hypercorn (0.17 and later): `Config.bind = ["fd://N"]`, `hypercorn.asyncio.serve`."""

from __future__ import annotations

import asyncio

from hypercorn.asyncio import serve
from hypercorn.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = False

_AS_LONG_AS_IT_TAKES = 86400.0
"""Seconds for what is in flight; the daemon keeps the deadline."""


class Adapter:
    """Serves with one process, on asyncio."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._app = app
        self._config = Config()
        # It closes the descriptor that it is given.
        self._config.bind = ["fd://%d" % listener.open().detach()]
        self._config.graceful_timeout = _AS_LONG_AS_IT_TAKES
        if isinstance(options.tls, dict):
            self._config.certfile = options.tls["cert"]
            self._config.keyfile = options.tls["key"]

    def serve(self, life: Life) -> None:
        """See the package."""

        async def until_stopped() -> None:
            # It asks what to wait for when it has begun to accept, and not before.
            woken = asyncio.Event()
            loop = asyncio.get_running_loop()
            loop.add_reader(life, woken.set)
            life.ready()
            while not life.must_stop():
                await woken.wait()
                woken.clear()
            loop.remove_reader(life)

        asyncio.run(serve(self._app, self._config, shutdown_trigger=until_stopped, mode="asgi"))
