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

    It is opened for each addition: so it is always the one that has the name, whoever rotated or removed it.

    Args:
        path: of the file; its directory is made when it is missing.
        most: bytes.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._older = path.with_name(path.name + OLDER)
        self._most = most
        self._is_cut = False

    def append(self, data: bytes) -> None:
        """Add whole lines at the end; after a failure that may have cut one, on a line of their own.

        Raises:
            OSError: they could not be added, or not all of them.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._write(descriptor, b"\n" + data if self._is_cut and data else data)
            if os.fstat(descriptor).st_size > self._most:
                self._rotate(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, descriptor: int, data: bytes) -> None:
        if not data:
            return
        view = memoryview(data)
        self._is_cut = True
        while view:
            view = view[os.write(descriptor, view) :]
        self._is_cut = False

    def _rotate(self, descriptor: int) -> None:
        # Of two daemons that find it full, the second finds it rotated once it has the lock.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        ours = os.fstat(descriptor)
        try:
            named = self._path.stat()
        except FileNotFoundError:
            # The other one has not begun the next file yet.
            return
        if (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino):
            self._path.rename(self._older)
