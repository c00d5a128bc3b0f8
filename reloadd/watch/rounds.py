"""Looking at a tree again and again without being told: a slice at a time, so that it costs next to nothing.

Polling looks each time at every directory that is polled, at the files edited lately, and at as many of the others as
its share of the processor allows. Sweeping goes over everything, polled or not, and takes its time. How much is decided
in `core.rounds`; what is done about a difference, by the tree's own walk.
"""

from __future__ import annotations

import os
import time
from collections import deque
from heapq import nlargest
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.core.paths import prefix_of
from reloadd.core.rounds import SWEEP_SLICE, poll_slice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadd.watch.directories import Directories
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
        self._polling, self._sweeping = _Round(directories), _Round(directories)
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
        files = self._polling.files(self._polling.directories(most, own=0), most)
        self._stat(files)
        if files:
            self._cost = (time.thread_time() - begun - spent) / len(files)
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
        paths = self._sweeping.directories(SWEEP_SLICE, own=1)
        # One that could not be listened to may be by now.
        others = {*self._others(paths), *filter(self._is_unheard, paths)}
        for path in others:
            self._relist(path)
        self._stat(self._sweeping.files((path for path in paths if path not in others), SWEEP_SLICE))

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
            # A plain tuple equals the stamp that has its fields, and is made in a fraction of the time. Whether a clock
            # is too coarse was asked when the stamp was taken.
            if (now.st_mtime_ns, now.st_ctime_ns, now.st_ino, now.st_dev) != directory.stamp:
                others.append(path)
        return others

    def _stat(self, paths: Iterable[str]) -> None:
        """Look at files that are known. What became of one that is no file now is for a listing to find out."""
        is_as_seen, stat = self._snapshot.is_as_seen, os.stat
        for path in paths:
            try:
                now = stat(path)
            except OSError:
                self._snapshot.update(path, None)
                continue
            if not is_as_seen(path, now) and not S_ISDIR(now.st_mode):
                self._snapshot.update(path, now)


class _Round:
    """One round over directories and their files. It can be cut anywhere, for a directory may hold any number of files.

    Args:
        known: all directories.
    """

    def __init__(self, known: Directories) -> None:
        self._known = known
        self._ahead: deque[str] = deque()
        self._files: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether everything has had its turn."""
        return not (self._ahead or self._files)

    def begin(self, paths: Iterable[str]) -> None:
        """Go over these directories."""
        self._ahead.extend(paths)

    def directories(self, most: int, *, own: int) -> list[str]:
        """The next directories, until there are so many files ahead, each directory counting as so many itself."""
        most -= len(self._files)
        taken = []
        while self._ahead and most > 0:
            path = self._ahead.popleft()
            directory = self._known.get(path)
            if directory is not None:
                taken.append(path)
                most -= own + len(directory.files)
        return taken

    def files(self, directories: Iterable[str], most: int) -> list[str]:
        """The next files, so many at the most: those that are left of the directories before, and those in these."""
        files = self._files
        for path in directories:
            directory = self._known.get(path)
            if directory is not None:
                prefix = prefix_of(path)
                files += [prefix + name for name in directory.files]
        due, self._files = files[:most], files[most:]
        return due
