"""uvicorn (0.33 and later): `Config`, `Server.run(sockets=...)`."""

from __future__ import annotations

import asyncio
import logging

import uvicorn

from ..reports import FAILURE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, Optional

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
        self._config = uvicorn.Config(
            app, ssl_certfile=files["cert"], ssl_keyfile=files["key"], callback_notify=self._notify
        )
        # Started by its own command, uvicorn sets up its logging before the app is imported: the app has the last word.
        for name, level in levels.items():
            if level != logging.NOTSET:
                logging.getLogger(name).setLevel(level)
        self._config.load()
        self._socket = listener.open()

    def serve(self, life: Life) -> None:
        """See the package.

        Raises:
            SystemExit: the app's lifespan failed to start (1; uvicorn has logged it).
        """
        self._life = life
        self._is_ready = False
        self._server = _Server(self._config, life)
        try:
            self._server.run(sockets=[self._socket])
        except SystemExit:
            # Newer versions exit by themselves, with 3: that would ask the daemon to start the app again at once.
            if self._server.started:
                raise
        if not self._server.started:
            raise SystemExit(FAILURE)

    async def _notify(self) -> None:
        """Called by uvicorn when it has begun to accept, and again from time to time."""
        if not self._is_ready:
            self._is_ready = True
            asyncio.get_running_loop().add_reader(self._life, self._wake)
            self._life.ready()

    def _wake(self) -> None:
        if self._life.must_stop():
            asyncio.get_running_loop().remove_reader(self._life)
            self._server.should_exit = True


class _Server(uvicorn.Server):  # type: ignore[misc] # to the checker it is anything
    """Lets the process know of the signals that uvicorn takes for itself while it serves."""

    def __init__(self, config: uvicorn.Config, life: Life) -> None:
        super().__init__(config)
        self._life = life

    def handle_exit(self, sig: int, frame: Optional[FrameType]) -> None:
        self._life.stop()
        super().handle_exit(sig, frame)
