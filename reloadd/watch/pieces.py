"""One round over directories and their files, cut into pieces that are looked at as wholes.

What stat says of all files in a piece is compared at once with what it said in the round before. That is most of what
looking costs, beside stat itself. What became of a file is found out elsewhere.
"""

from __future__ import annotations

import os
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.paths import prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadd.watch.directories import Directories

MOST_FILES = 256
"""Files in one piece: less than 1 ms."""

_TO_LOOK_FROM = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
"""O_PATH, where there is one, asks for no right to read the directory: open(2)."""

_fields_of: Callable[[os.stat_result], tuple[int, ...]] = attrgetter("st_mtime_ns", "st_size", "st_ino", "st_ctime_ns")
"""What is in a file's `Signature`, as a plain tuple, which is made in a fraction of the time."""

stamp_fields_of: Callable[[os.stat_result], tuple[int, ...]] = attrgetter(
    "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev"
)
"""What is in a directory's `Stamp`, which equals this."""


class Piece(NamedTuple):
    """Some files of one directory, which are looked at together.

    Attributes:
        directory: its path.
        start: how many of the directory's files come before these.
        names: of the files.
    """

    directory: str
    start: int
    names: list[str]

    def paths(self) -> list[str]:
        """Of the files."""
        prefix = prefix_of(self.directory)
        return [prefix + name for name in self.names]


class Glimpse(NamedTuple):
    """What stat says of a directory and of files in it."""

    directory: os.stat_result
    files: list[os.stat_result]


def glimpse(piece: Piece) -> Glimpse | None:
    """Look at a piece; None if a part of it is not there."""
    stat = os.stat
    try:
        directory = os.open(piece.directory, _TO_LOOK_FROM)
    except OSError:
        return None
    try:
        # From the directory, the kernel's way to each file is one name long.
        return Glimpse(stat(directory), [stat(name, dir_fd=directory) for name in piece.names])
    except OSError:
        return None
    finally:
        os.close(directory)


class Round:
    """Everything again and again, a piece at a time.

    Args:
        known: all directories.
    """

    def __init__(self, known: Directories) -> None:
        self._known = known
        self._ahead: deque[str] = deque()
        self._pieces: deque[Piece] = deque()
        self._hashes: dict[tuple[str, int], int] = {}

    @property
    def is_over(self) -> bool:
        """Whether everything has had its turn."""
        return not (self._ahead or self._pieces)

    def begin(self, paths: Iterable[str]) -> None:
        """Go over these directories."""
        self._ahead.extend(paths)
        self._hashes = {key: its for key, its in self._hashes.items() if key[0] in self._known}

    def take(self, most: int, *, own: int) -> list[Piece]:
        """The next pieces: one, and more of them up to so many names, each directory counting as so many itself."""
        taken: list[Piece] = []
        while self._pieces or self._ahead:
            if not self._pieces:
                self._cut(self._ahead.popleft())
                continue
            most -= own + len(self._pieces[0].names)
            if taken and most < 0:
                break
            taken.append(self._pieces.popleft())
        return taken

    def _cut(self, path: str) -> None:
        directory = self._known.get(path)
        if directory is not None:
            names = list(directory.files)
            starts = range(0, len(names) or 1, MOST_FILES)
            self._pieces.extend(Piece(path, start, names[start : start + MOST_FILES]) for start in starts)

    def is_new(self, piece: Piece, files: list[os.stat_result]) -> bool:
        """Whether files are other ones than in the round before, or there was none.

        Only a hash of them is kept: what is known of each file is in no cache by the time that its turn comes. That two
        states have the same one is a chance of one in 10**18.
        """
        key, now = (piece.directory, piece.start), hash(tuple(map(_fields_of, files)))
        before, self._hashes[key] = self._hashes.get(key), now
        return now != before
