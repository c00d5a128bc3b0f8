"""Datagrams to a socket in the file system, sent without ever waiting: if there is no room, it is tried again.

Never looks at what is sent. Both ways of talking to systemd, sd_notify(3) and the journal's, are datagrams.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from array import array
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PAUSE = 0.02
"""Seconds until the next try: the peer's queue has no room, and a socket that is not connected cannot be waited for."""

_FULL = frozenset({errno.EAGAIN, errno.ENOBUFS})

Send = tuple[bytes, tuple[int, ...]]


class Datagrams:
    """A sender. Not connected, so that it outlives the socket that it sends to.

    Args:
        address: a path, or an abstract name behind a NUL or an `@` (unix(7)).
        most: how many may wait.
        shrink: what to send in place of a datagram that is too long; the descriptors are then this sender's to close.
        on_lost: told how many were lost, once there is room again.
    """

    def __init__(
        self,
        address: str,
        *,
        most: int,
        shrink: Callable[[bytes], int] | None = None,
        on_lost: Callable[[int], None] | None = None,
    ) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._most = most
        self._shrink = shrink
        self._on_lost = on_lost
        self._waiting: deque[Send] = deque()
        self._lost = 0
        self._retry: asyncio.TimerHandle | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)

    def send(self, data: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send a datagram, after those that wait. The descriptors stay the caller's, who may close them."""
        if len(self._waiting) >= self._most:
            self._lost += 1
            return
        self._waiting.append((data, tuple(map(os.dup, descriptors))))
        if len(self._waiting) == 1:
            self._flush()

    def close(self, timeout: float) -> None:
        """Send what waits, but not for longer than `timeout` seconds, and close."""
        if self._retry is not None:
            self._retry.cancel()
        deadline = time.monotonic() + timeout
        while not self._send_waiting() and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        while self._waiting:
            self._drop_first()
        self._socket.close()

    def _flush(self) -> None:
        self._retry = None
        if not self._send_waiting():
            self._retry = asyncio.get_running_loop().call_later(_PAUSE, self._flush)
        elif self._lost and self._on_lost is not None:
            lost, self._lost = self._lost, 0
            self._on_lost(lost)

    def _send_waiting(self) -> bool:
        """Whether nothing waits any more."""
        while self._waiting:
            try:
                self._send(*self._waiting[0])
            except OSError as error:
                if error.errno in _FULL:
                    return False
                # Nobody is there: there is nothing to try again.
            self._drop_first()
        return True

    def _drop_first(self) -> None:
        _, descriptors = self._waiting.popleft()
        for descriptor in descriptors:
            os.close(descriptor)

    def _send(self, data: bytes, descriptors: tuple[int, ...]) -> None:
        try:
            self._send_now(data, descriptors)
        except OSError as error:
            if error.errno != errno.EMSGSIZE or self._shrink is None:
                raise
            with open(self._shrink(data), "rb") as stand_in:  # noqa: PTH123 (a descriptor, not a path)
                self._send_now(b"", (stand_in.fileno(),))

    def _send_now(self, data: bytes, descriptors: tuple[int, ...]) -> None:
        # `socket.send_fds` takes an address and does not use it.
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))] if descriptors else []
        self._socket.sendmsg([data], rights, 0, self._address)
