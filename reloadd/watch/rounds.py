"""Looking at a tree again and again without being told: a slice at a time, so that it costs next to nothing.

Polling looks each time at every directory that is polled, at the files edited lately, and at as many of the others as
its share of the processor allows. Sweeping goes over everything, polled or not, and takes its time. How much is decided
in `core.rounds`; what is done about a difference, by the tree's own walk.
"""

from __future__ import annotations

import os
import time
from heapq import nlargest
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.core.rounds import SWEEP_SLICE, poll_slice
from reloadd.watch.pieces import Round, glimpse, stamp_fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadd.watch.directories import Directories
    from reloadd.watch.pieces import Piece
    from reloadd.watch.snapshot import Snapshot

MOST_HOT = 64
"""Files that are looked at each time because they were edited lately: what is edited once is edited again. To begin
with, those that were edited last before anybody looked."""

_FIRST_COST = 3e-6
"""Seconds of CPU for one stat, until it is measured."""


class Rounds:
    """The rounds over all that is looked at in the same manner.

    Args:
        directories: its directories.
        snapshot: its files.
        relist: plans to list a directory anew.

    Attributes:
        mounted: files to look at each time, wherever they lie.
    """

    def __init__(self, directories: Directories, snapshot: Snapshot, relist: Callable[[str], None]) -> None:
        self._directories = directories
        self._snapshot = snapshot
        self._relist = relist
        self.mounted: frozenset[str] = frozenset()
        self._hot: dict[str, None] = {}
        self._polling, self._sweeping = Round(directories), Round(directories)
        self._files = 0
        self._cost = _FIRST_COST

    @property
    def is_swept(self) -> bool:
        """Whether the round over everything is at its end, and the next slice begins another one."""
        return self._sweeping.is_over

    def edited(self, path: str) -> None:
        """Look at this file each time from now on, until so many others were edited."""
        self._hot.pop(path, None)
        self._hot[path] = None
        if len(self._hot) > MOST_HOT:
            del self._hot[next(iter(self._hot))]

    def poll(self, interval: float) -> None:
        """Look at what is polled, as far as it is due.

        Args:
            interval: seconds between two calls.
        """
        begun = time.thread_time()
        polled, snapshot = self._directories.polled, self._snapshot
        if not self._hot:
            for path in self._edited_last(polled):
                self.edited(path)
        for path in self._others(polled):
            self._relist(path)
        self._stat([path for path in self.mounted if path in snapshot])
        self._stat([path for path in self._hot if path in snapshot and os.path.dirname(path) in polled])
        if self._polling.is_over:
            self._polling.begin(polled)
            self._files = sum(len(each.files) for each in map(self._directories.get, polled) if each)
        spent = time.thread_time() - begun
        most = poll_slice(self._files, interval=interval, spent=spent, cost=self._cost)
        pieces = self._polling.take(most, own=0)
        for piece in pieces:
            self._look_at(piece, self._polling)
        if files := sum(len(piece.names) for piece in pieces):
            self._cost = (time.thread_time() - begun - spent) / files
        for path in snapshot.untold():
            self.edited(path)

    def _edited_last(self, polled: Iterable[str]) -> list[str]:
        """Of the files that are polled those that were written to last, the very last one at the end."""
        written = []
        for path in polled:
            directory = self._directories.get(path)
            for name in directory.files if directory else ():
                file = os.path.join(path, name)
                if known := self._snapshot.get(file):
                    written.append((known.mtime_ns, file))
        return [file for _, file in sorted(nlargest(MOST_HOT, written))]

    def sweep(self) -> None:
        """Look at the next slice of everything."""
        if self._sweeping.is_over:
            self._sweeping.begin(self._directories.paths())
        for piece in self._sweeping.take(SWEEP_SLICE, own=1):
            if self._is_unheard(piece.directory):
                # It may be listened to by now.
                self._relist(piece.directory)
            else:
                self._look_at(piece, self._sweeping)

    def _is_unheard(self, path: str) -> bool:
        directory = self._directories.get(path)
        return directory is not None and directory.subscription is None

    def _others(self, paths: Iterable[str]) -> list[str]:
        """Those directories in which names came or went, or that are other ones than when they were listed."""
        get, stat = self._directories.get, os.stat
        others = []
        for path in paths:
            directory = get(path)
            if directory is None:
                continue
            try:
                now = stat(path)
            except OSError:
                others.append(path)
                continue
            # Whether a clock is too coarse was asked when the stamp was taken.
            if stamp_fields_of(now) != directory.stamp:
                others.append(path)
        return others

    def _look_at(self, piece: Piece, its: Round) -> None:
        """Look at some files of a directory, and at that: at each for itself only where something is new."""
        directory = self._directories.get(piece.directory)
        if directory is None:
            return
        seen = glimpse(piece)
        if seen is None or stamp_fields_of(seen.directory) != directory.stamp:
            if self._others([piece.directory]):
                self._relist(piece.directory)
            else:
                self._stat(piece.paths())
        elif its.is_new(piece, seen.files):
            for path, now in zip(piece.paths(), seen.files, strict=True):
                self._take(path, now)

    def _stat(self, paths: Iterable[str]) -> None:
        """Look at files that are known, each for itself."""
        stat = os.stat
        for path in paths:
            try:
                now = stat(path)
            except OSError:
                self._snapshot.update(path, None)
            else:
                self._take(path, now)

    def _take(self, path: str, now: os.stat_result) -> None:
        """Take in what a file is now. What became of one that is no file any more is for a listing to find out."""
        if not self._snapshot.is_as_seen(path, now) and not S_ISDIR(now.st_mode):
            self._snapshot.update(path, now)
