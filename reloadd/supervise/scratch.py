"""Directories for files that are of use only while this daemon runs. What a killed daemon left, the next one removes.

Each directory is locked (flock(2)) for as long as its daemon lives. So one that can be locked was left behind.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "reloadd-ledgers-"


class Scratch:
    """A new, empty directory that is this user's alone, until `close`.

    Attributes:
        path: where it is.

    Raises:
        OSError: when none can be made.
    """

    def __init__(self) -> None:
        _remove_left_behind(tempfile.gettempdir())
        self.path, self._lock = _make()

    def close(self) -> None:
        """Remove it. Safe to call twice."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def _make() -> tuple[Path, int | None]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return path, lock
            # A daemon that has just started took it for one that was left behind.
            os.close(lock)


@functools.cache
def _remove_left_behind(directory: str) -> None:
    """Remove what daemons of this user that were killed have left there. Once is enough."""
    for path in Path(directory).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            # Another user's cannot be opened: they are made for their owner alone (mkdtemp(3)).
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
