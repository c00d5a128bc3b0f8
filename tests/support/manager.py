"""A service manager's end of sd_notify(3), for a daemon that is not run by systemd: a real socket that remembers."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Self

from tests.support.daemon import wait_until

if TYPE_CHECKING:
    from types import TracebackType

_LONGEST = 1 << 16


class ManagerSocket:
    """Hears what a service says, from `with` to the end of the block.

    Args:
        address: a path, or an abstract name behind an `@`.

    Attributes:
        said: each message's lines, in order.
        kept: the descriptors that were given to be kept, by their names.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.said: list[list[str]] = []
        self.kept: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._thread = threading.Thread(target=self._hear, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()
        for descriptor in self.kept.values():
            os.close(descriptor)

    @property
    def environ(self) -> dict[str, str]:
        """What a service is told of us."""
        return {"NOTIFY_SOCKET": self.address}

    def lines(self) -> list[str]:
        """All that was said so far."""
        return [line for message in self.said for line in message]

    def wait_for(self, line: str, count: int = 1) -> None:
        """Return once a line was said so often."""
        wait_until(lambda: self.lines().count(line) >= count, f"{count} x {line} in {self.lines()}")

    def _hear(self) -> None:
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _LONGEST, 16)
            if not data:
                return
            lines = data.decode().split("\n")
            values = dict(line.split("=", 1) for line in lines)
            name = values.get("FDNAME", "")
            if "FDSTOREREMOVE" in values and name in self.kept:
                os.close(self.kept.pop(name))
            for descriptor in descriptors:
                self.kept[name] = descriptor
            self.said.append(lines)
