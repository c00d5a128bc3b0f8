"""waitress (3.0 and later): `waitress.create_server(sockets=[...])`, its own loop turned from here.

Connections are made into channels as waitress's own accepting does it. One is idle, and can be moved, when it has
neither a request, whole or begun, nor output that has not been sent. That changes on the thread of the loop, or is told
to it by the trigger that ends each request.
"""

from __future__ import annotations

import functools
import logging
import time

from waitress import create_server, wasyncore

from ..door import Door, State
from ..tracebacks import drop_own_frames
from .wsgi_app import EndableApp

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any, Callable, Dict, Optional

    from ..door import Orders
    from ..life import Life
    from ..listeners import Listener
    from . import Options

FORKS_BY_ITSELF = False

_TURN = 1.0
"""Seconds after which waitress looks for connections that have been idle for too long, as in its own loop."""


class Adapter:
    """Serves with waitress's own pool of threads."""

    def __init__(self, app: Callable[..., Any], listener: Listener, options: Options) -> None:
        self._map: Dict[int, Any] = {}
        self._app = EndableApp(app)
        self._listening = listener.open()
        threads = {} if options.threads is None else {"threads": options.threads}
        self._server = create_server(self._app, map=self._map, sockets=[self._listening], **threads)
        # It takes part in the loop for the sake of its maintenance; accepting is the door's.
        self._server.accepting = False
        logging.getLogger("waitress").addFilter(_leave_frames_out)

    def serve(self, life: Life, orders: Orders) -> None:
        """See the package."""
        self._door = Door(self._listening, orders, _Readers(self._map), self)
        _Reader(life, lambda: None, self._map)
        life.ready()
        self._door.open()
        while not life.must_stop():
            self._turn(_TURN)
        self._door.stop()
        if not self._drain(life.drain):
            self._app.end()
            life.leave_soon()
            self._drain(life.GRACE)
        self._server.task_dispatcher.shutdown(timeout=life.GRACE)
        wasyncore.close_all(self._map)

    def take(self, connection: socket.socket, address: Any) -> None:
        """Make a channel of it, as `handle_accept` does."""
        server = self._server
        try:
            server.set_socket_options(connection)
        except OSError:
            connection.close()
            return
        server.channel_class(server, connection, server.fix_addr(address), server.adj, map=self._map)

    def pause(self) -> None:
        """See the door; channels that become idle later are found after the turn of the loop that each causes."""
        for channel in list(self._server.active_channels.values()):
            if _is_idle(channel):
                self._door.hand_in(channel.socket.fileno())
                channel.handle_close()
            else:
                channel.readable = functools.partial(_reads_on, channel)

    def resume(self) -> None:
        """See the door."""
        for channel in self._server.active_channels.values():
            vars(channel).pop("readable", None)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self._map, count=1)
        if self._door.state is not State.ACCEPTING:
            self.pause()

    def _drain(self, seconds: float) -> bool:
        """Go on until nothing is in flight, so long at most; whether nothing is."""
        deadline = time.monotonic() + seconds
        while self._server.active_channels:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._turn(min(left, _TURN))
        return True


def _is_idle(channel: Any) -> bool:
    with channel.requests_lock:
        is_busy = channel.requests or channel.request is not None or channel.total_outbufs_len
    return not (is_busy or channel.will_close or channel.close_when_flushed)


def _reads_on(channel: Any) -> bool:
    """Whether there is more to come of a request; what its client sends when it has the answer is not for us."""
    return channel.request is not None and type(channel).readable(channel)


def _leave_frames_out(record: logging.LogRecord) -> bool:
    if record.exc_info:
        kind, error, trace = record.exc_info
        record.exc_info = (kind, error, drop_own_frames(trace))  # type: ignore[assignment] # all three, or none
    return True


class _Readers:
    """Waitress's loop, with the callbacks of others."""

    def __init__(self, channels: Dict[int, Any]) -> None:
        self._channels = channels

    def add_reader(self, fd: Any, callback: Callable[..., Any], *args: Any) -> None:
        _Reader(fd, lambda: callback(*args), self._channels)

    def remove_reader(self, fd: Any) -> None:
        del self._channels[fd.fileno()]


class _Reader:
    """Takes part in waitress's loop for a file that is read elsewhere."""

    accepting = False

    def __init__(self, file: Any, callback: Callable[[], Optional[object]], channels: Dict[int, Any]) -> None:
        self.handle_read_event = callback
        self._file = file
        channels[file.fileno()] = self

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_expt_event(self) -> None:
        """Urgent data, which is nothing to HTTP."""

    def handle_error(self) -> None:
        raise  # noqa: PLE0704 - called by the loop while it handles what a callback raised

    def close(self) -> None:
        """Its owner closes it."""
