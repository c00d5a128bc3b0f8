"""waitress (3.0 and later): `waitress.create_server(sockets=[...])`."""

from __future__ import annotations

from waitress import create_server, wasyncore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = False


class Adapter:
    """Serves with waitress's own pool of threads."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._map: Dict[int, Any] = {}
        threads = {} if options.threads is None else {"threads": options.threads}
        self._server = create_server(app, map=self._map, sockets=[listener.open()], **threads)

    def serve(self, life: Life) -> None:
        """See the package."""
        _Stop(life, self._server, self._map)
        life.ready()
        self._server.run()


class _Stop(wasyncore.file_dispatcher):  # type: ignore[misc] # to the checker it is anything
    """Takes part in waitress's loop: on a stop it ends the accepting, and when nothing is in flight the loop."""

    def __init__(self, life: Life, server: Any, channels: Dict[int, Any]) -> None:
        super().__init__(life.fileno(), channels)
        self._life = life
        self._server = server

    def readable(self) -> bool:
        """Asked before each turn of the loop, and the end of each request causes one."""
        if not self._life.must_stop():
            return True
        self._server.accepting = False
        if not any(_is_busy(channel) for channel in list(self._server.active_channels.values())):
            # What `run` takes for the wish to return.
            raise SystemExit
        return False

    def writable(self) -> bool:
        """Nothing is ever written to it."""
        return False

    def handle_read(self) -> None:
        """The turn of the loop is all that was wanted."""


def _is_busy(channel: Any) -> bool:
    return bool(channel.requests or channel.total_outbufs_len or channel.request is not None)
