"""Which files a look at what is polled takes in."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("inotify is Linux's", allow_module_level=True)

from reloadd.core.rounds import POLL_LEAST
from reloadd.watch.directories import Directories, sight_of
from reloadd.watch.events import KernelEvents
from reloadd.watch.hearing import Hearing
from reloadd.watch.inbox import Inbox
from reloadd.watch.interest import Scope
from reloadd.watch.known import known_file
from reloadd.watch.rounds import MOST_HOT, Rounds
from reloadd.watch.ruling import NOBODY
from reloadd.watch.snapshot import Snapshot
from tests.support.watching import save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _nobody_knows(_path: str) -> None:
    """Whether a file is being written."""


class Ground:
    """Directories of files that hold `one`, each written to later than the one before it. To be made on an event loop.

    Args:
        top: an empty directory.
        source: where events come from; None to poll.
        directories: how many there are in it.
        files: how many there are in each of them.
    """

    def __init__(self, top: Path, source: KernelEvents | None, directories: int, files: int) -> None:
        self.files = [top / f"{number}/{name}.py" for number in range(directories) for name in range(files)]
        self._directories, self._snapshot = _nothing_entered(source), Snapshot(_nobody_knows)
        scope = Scope(str(top), exclude=(), gitignore=False)
        for number in range(directories):
            (top / f"{number}").mkdir()
            known = self._directories.enter(str(top / f"{number}"), NOBODY, {}, None)
            known.files = {f"{name}.py" for name in range(files)}
        for number, file in enumerate(self.files):
            save(file, "one")
            os.utime(file, (number, number))
            self._snapshot.see(str(file), known_file(file.stat(), (scope,)))
        for path in self._directories.paths():
            os.utime(path, (0, 0))  # long enough ago for its clock
            self._directories.enter(path, NOBODY, {}, sight_of(path).stamp)
        self.rounds = Rounds(self._directories, self._snapshot, relist=lambda _path: None)

    def seen(self) -> set[Path]:
        """The files of which it is known how they are now."""
        return {file for file in self.files if self._snapshot.is_as_seen(str(file), file.stat())}

    def is_cut_into(self, most: int, look: Callable[[], None]) -> None:
        """Show that looks see all files that are saved now, and none of them more than so many."""
        for file in self.files:
            save(file, "three")
        seen = 0
        while seen < len(self.files):
            look()
            before, seen = seen, len(self.seen())
            assert before < seen <= before + most


def _nothing_entered(source: KernelEvents | None) -> Directories:
    return Directories(Hearing(source, Inbox(), checks_mounts=False))


def test_what_was_edited_last_before_the_start_is_looked_at_each_time(tmp_path: Path) -> None:
    """Its first save is seen by the first look, and not when its turn comes; until others are edited that stays so"""

    async def scenario() -> None:
        ground = Ground(tmp_path, None, 400, 10)
        last = ground.files[-MOST_HOT:]
        for text in ("first", "second time"):
            for file in last:
                save(file, text)
            ground.rounds.poll(interval=0.0)
            assert ground.seen().issuperset(last)

    asyncio.run(scenario())


def test_polling_is_cut_within_a_directory(tmp_path: Path) -> None:
    """However many files it holds, a look takes no more than its share, and none is left out in any round"""

    async def scenario() -> None:
        ground = Ground(tmp_path, None, 2, 1000)
        for _ in range(2):
            ground.is_cut_into(POLL_LEAST + MOST_HOT, lambda: ground.rounds.poll(interval=0.0))

    asyncio.run(scenario())


def test_a_sweep_is_cut_within_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files it holds, a slice is none too large, and none is left out in any round"""
    monkeypatch.setattr("reloadd.watch.rounds.SWEEP_SLICE", 300)

    async def scenario() -> None:
        with closing(KernelEvents()) as source:
            ground = Ground(tmp_path, source, 2, 1000)
            for _ in range(2):
                ground.is_cut_into(300, ground.rounds.sweep)
            assert ground.rounds.is_swept

    asyncio.run(scenario())
