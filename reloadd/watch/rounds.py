"""Looking at a tree again and again without being told: a slice at a time, so that it costs next to nothing.

Polling looks each time at every directory that is polled, at the files edited lately, and at as many of the others as
its share of the processor allows. Sweeping goes over everything, polled or not, and takes its time. How much is decided
in `core.rounds`; what is done about a difference, by the tree's own walk.
"""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.core.rounds import SWEEP_SLICE, poll_slice
from reloadd.watch.directories import stamp_of
from reloadd.watch.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadd.watch.directories import Directories, Directory
    from reloadd.watch.snapshot import Snapshot

MOST_HOT = 64
"""Files that are looked at each time because they were edited lately: what is edited once is edited again."""

_FIRST_COST = 3e-6
"""Seconds of CPU for one stat, until it is measured."""


class Rounds:
    """The rounds over all that is looked at in the same manner.

    Args:
        directories: its directories.
        snapshot: its files.
        relist: plans to list a directory again.

    Attributes:
        mounted: files to look at each time, wherever they lie.
    """

    def __init__(self, directories: Directories, snapshot: Snapshot, relist: Callable[[str], None]) -> None:
        self._directories = directories
        self._snapshot = snapshot
        self._relist = relist
        self.mounted: frozenset[str] = frozenset()
        self._hot: dict[str, None] = {}
        self._to_poll: deque[str] = deque()
        self._to_sweep: deque[str] = deque()
        self._cost = _FIRST_COST

    @property
    def is_swept(self) -> bool:
        """Whether the round over everything is at its end, and the next slice begins another one."""
        return not self._to_sweep

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
        polled = self._directories.polled
        for path in tuple(polled):
            self._list_if_another(path)
        for path in (*self.mounted, *self._hot):
            directory, name = os.path.split(path)
            known = self._directories.get(directory)
            if known is not None and name in known.files and (directory in polled or path in self.mounted):
                self._stat(path)
        files = sum(len(directory.files) for directory in map(self._directories.get, polled) if directory)
        if not self._to_poll:
            self._to_poll.extend(polled)
        spent = time.thread_time() - begun
        most = poll_slice(files, interval=interval, spent=spent, cost=self._cost)
        looked_at = self._stat_some(self._to_poll, most)
        if looked_at:
            self._cost = (time.thread_time() - begun - spent) / looked_at
        for path in self._snapshot.untold():
            self.edited(path)

    def sweep(self) -> None:
        """Look at the next slice of everything."""
        if not self._to_sweep:
            self._to_sweep.extend(self._directories.paths())
        looked_at = 0
        while self._to_sweep and looked_at < SWEEP_SLICE:
            path = self._to_sweep.popleft()
            directory = self._directories.get(path)
            if directory is None:
                continue
            # One that could not be listened to may be by now.
            if not self._list_if_another(path, anew=directory.subscription is None):
                self._stat_files(path, directory.files)
            looked_at += 1 + len(directory.files)

    def _list_if_another(self, path: str, *, anew: bool = False) -> bool:
        """Plan to list a directory if names came or went, or if it is another one; whether that was so."""
        directory = self._directories.get(path)
        if directory is None:
            return False
        if not anew and directory.stamp is not None and directory.stamp == stamp_of(path):
            return False
        self._relist(path)
        return True

    def _stat_some(self, ahead: deque[str], most: int) -> int:
        """Look at files of the directories ahead, about as many as said; how many it were."""
        looked_at = 0
        while ahead and looked_at < most:
            path = ahead.popleft()
            directory: Directory | None = self._directories.get(path)
            if directory is not None:
                self._stat_files(path, directory.files)
                looked_at += len(directory.files)
        return looked_at

    def _stat_files(self, directory: str, names: Iterable[str]) -> None:
        prefix, is_as_seen, stat = directory.rstrip("/") + "/", self._snapshot.is_as_seen, os.stat
        for name in tuple(names):
            path = prefix + name
            with suppress(OSError):
                if is_as_seen(path, stat(path)):
                    continue
            self._stat(path)

    def _stat(self, path: str) -> None:
        """Look at one file. What became of it if it is no file now is for a listing to find out."""
        try:
            status = os.stat(path)
        except OSError:
            signature = None
        else:
            if S_ISDIR(status.st_mode):
                return
            signature = signature_of(status)
        self._snapshot.update(path, signature)
