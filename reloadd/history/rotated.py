"""A file that is appended to and never grows beyond a bound: when it is full, it takes the place of its predecessor.

Several daemons may append to the same one. Never waits for anything but the file system.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OLDER = ".1"
"""What the name of the predecessor ends in."""


class RotatedFile:
    """A file and its predecessor, each of at most `most` bytes and one addition.

    Args:
        path: of the file; its directory is made when it is missing.
        most: bytes.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._older = path.with_name(path.name + OLDER)
        self._most = most
        self._descriptor: int | None = None
        self._is_cut = False

    def append(self, data: bytes) -> None:
        """Add whole lines at the end; after a failure that may have cut one, on a line of their own.

        Raises:
            OSError: they could not be added, or not all of them.
        """
        descriptor = self._open()
        view = memoryview(b"\n" + data if self._is_cut else data)
        self._is_cut = True
        while view:
            view = view[os.write(descriptor, view) :]
        self._is_cut = False
        if os.fstat(descriptor).st_size > self._most:
            self._rotate(descriptor)

    def close(self) -> None:
        """Close it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        """The file that has the name now: another daemon may have rotated it, or the user removed it."""
        if self._descriptor is not None and self._is_current(self._descriptor):
            return self._descriptor
        self.close()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        return self._descriptor

    def _rotate(self, descriptor: int) -> None:
        # Of two daemons that find it full, the second finds it rotated once it has the lock.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if self._is_current(descriptor):
            self._path.rename(self._older)
        self.close()

    def _is_current(self, descriptor: int) -> bool:
        ours = os.fstat(descriptor)
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)
