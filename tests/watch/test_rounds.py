"""Which files a look at what is polled takes in."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from reloadd.watch.directories import Directories
from reloadd.watch.hearing import Hearing
from reloadd.watch.inbox import Inbox
from reloadd.watch.interest import Scope
from reloadd.watch.rounds import MOST_HOT, Rounds
from reloadd.watch.signature import signature_of
from reloadd.watch.snapshot import Snapshot
from tests.support.watching import save

if TYPE_CHECKING:
    from pathlib import Path

FILES = 4000
"""Many more than one look takes in where it may take no time."""


def _nobody_knows(_path: str) -> None:
    """Whether a file is being written."""


def test_what_was_edited_last_before_the_start_is_looked_at_each_time(tmp_path: Path) -> None:
    """Its first save is seen by the first look, and not when its turn comes; until others are edited that stays so"""
    scope = Scope(str(tmp_path), exclude=(), gitignore=False)

    async def listen() -> Directories:
        return Directories(Hearing(None, Inbox(), checks_mounts=False))

    directories, snapshot = asyncio.run(listen()), Snapshot(_nobody_knows)
    for number in range(FILES // 10):
        directory = tmp_path / f"{number}"
        directory.mkdir()
        directories.enter(str(directory), {}, {}).files = {f"{name}.py" for name in range(10)}
        for name in range(10):
            save(directory / f"{name}.py", "one")
            os.utime(directory / f"{name}.py", (number, number))
            snapshot.see(f"{directory}/{name}.py", signature_of((directory / f"{name}.py").stat()), (scope,))
    last = [tmp_path / f"{FILES // 10 - 1 - number // 10}/{number % 10}.py" for number in range(MOST_HOT - 4)]
    rounds = Rounds(directories, snapshot, relist=lambda _path: None)
    for text in ("first", "second time"):
        for file in last:
            save(file, text)
        rounds.poll(interval=0.0)
        assert {snapshot.signature(str(file)) for file in last} == {signature_of(file.stat()) for file in last}
