"""What a program says to its service manager: the receiving end of sd_notify(3), one for each child.

Never believes more than `READY=1`: whoever knows the socket's name may send to it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

_LONGEST = 1 << 16
"""Bytes of a message; longer ones are cut off, as by the service manager itself."""


class Notices:
    """A datagram socket, from its making until `close`."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self._socket.settimeout(0)
        if sys.platform == "linux":
            # The kernel picks a name that is in no directory, and so needs no cleaning up (unix(7), autobind).
            self._socket.bind("")
            name = "@" + self._socket.getsockname()[1:].decode("ascii")
        else:
            directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="reloadd-"))
            name = str(Path(directory) / "notify")
            self._socket.bind(name)
        self.environ = {"NOTIFY_SOCKET": name}

    async def wait_ready(self) -> None:
        """Return once a message has a line `READY=1`."""
        loop = asyncio.get_running_loop()
        while b"READY=1" not in (await loop.sock_recv(self._socket, _LONGEST)).split(b"\n"):
            pass

    def close(self) -> None:
        """Hear no more."""
        self._stack.close()
