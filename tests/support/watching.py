"""A watcher under test: collects what it tells, and proves that it told nothing by what it tells next."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reloadd.profile.model import Backend, WatchSet
from reloadd.watch.watcher import DaemonWatcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.watch.base import Watch

DEADLINE = 10.0
"""Seconds to wait for what must come."""

EXCLUDED = (
    ".git",
    "__pycache__",
    "node_modules",
    "*~",
    ".#*",
    "#*#",
    "*.sw?",
    "4913",
    "*___jb_tmp___",
    "*___jb_old___",
)


def watch_set(
    *roots: Path,
    backend: Backend = Backend.EVENTS,
    include: tuple[str, ...] = ("*.py",),
    exclude: tuple[str, ...] = EXCLUDED,
    settle: float | None = None,
    poll_interval: float = 0.02,
) -> WatchSet:
    """A watch set as a profile would have it."""
    return WatchSet(
        roots=roots,
        include=include,
        exclude=exclude,
        gitignore=True,
        backend=backend,
        poll_interval=poll_interval,
        settle=settle,
    )


@dataclass
class Observed:
    """One watch and what it told."""

    roots: tuple[Path, ...]
    watch: Watch
    records: list[Record]
    sets: asyncio.Queue[ChangeSet] = field(default_factory=asyncio.Queue)

    async def next_set(self) -> ChangeSet:
        """The next set as it was told."""
        async with asyncio.timeout(DEADLINE):
            return await self.sets.get()

    async def told(self) -> dict[str, str]:
        """The next set: kinds by path, relative to the first root where it lies in it."""
        return self.shown(await self.next_set())

    def shown(self, changes: ChangeSet) -> dict[str, str]:
        """A set in few words."""
        top = str(self.roots[0]) + "/"
        return {each.path.removeprefix(top): each.kind.value for each in changes.changes}

    async def has_told_nothing(self, sentinel: str = "sentinel.py") -> None:
        """Show that nothing else was told, by a change that is made now and must come alone."""
        path = self.roots[0] / sentinel
        kind = "modified" if path.exists() else "created"
        save(path, f"sentinel {asyncio.get_running_loop().time()}")
        told = await self.told()
        assert told == {sentinel: kind}

    async def recorded(self, name: str) -> Record:
        """The first record of that name, as soon as there is one."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for each in self.records:
                    if each.name == name:
                        return each
                await asyncio.sleep(0.005)


@dataclass
class Watching:
    """A watcher and a way to begin watches on it."""

    watcher: DaemonWatcher
    records: list[Record]

    async def begin(self, watched: WatchSet, profile: str = "shop") -> Observed:
        """Begin to watch."""
        sets: asyncio.Queue[ChangeSet] = asyncio.Queue()
        watch = await self.watcher.watch(profile, watched, sets.put_nowait)
        return Observed(watched.roots, watch, self.records, sets)


@asynccontextmanager
async def watching() -> AsyncIterator[Watching]:
    """A watcher that is closed at the end."""
    records: list[Record] = []
    watcher = DaemonWatcher(report=records.append)
    try:
        yield Watching(watcher, records)
    finally:
        watcher.close()


def save(path: Path, text: str) -> None:
    """Write a file in place."""
    path.write_text(text, encoding="utf-8")


def save_by_rename(path: Path, text: str) -> None:
    """Write a file beside, and move it over."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
