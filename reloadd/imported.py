"""What an app imports or reads outside of its roots, watched as well: an editable install, a package beside it.

Its ledger says what that is, when it serves and some time after. Never decides which files: `core.outside` does.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.outside import glob_of
from reloadd.core.patterns import compile_includes
from reloadd.supervise.noted import read_ledger, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadd.core.account import LedgerSignature
    from reloadd.core.inputs import Noticed, Quiet
    from reloadd.profile.model import Profile, WatchSet
    from reloadd.watch.base import Watch, Watcher

READ_AFTER = (0.0, 2.0, 15.0)
"""Seconds after which the ledger of a child that serves is read: what the first requests import comes later."""


class Imported:
    """One app's.

    Args:
        watcher: the daemon's.
        take: takes change sets.
        take_note: is told when something was noticed, and when that is over.
    """

    def __init__(
        self, watcher: Watcher, take: Callable[[ChangeSet], None], take_note: Callable[[Noticed | Quiet], None]
    ) -> None:
        self._watcher = watcher
        self._take = take
        self._take_note = take_note
        self._loop = asyncio.get_running_loop()
        self._files: set[str] = set()
        self._watch: Watch | None = None
        self._task: asyncio.Task[None] | None = None

    def watches(self, paths: Iterable[str]) -> bool:
        """Whether one of these absolute paths is watched because it was imported or read."""
        return not self._files.isdisjoint(paths)

    def serves(self, profile: Profile, ledger: Path) -> None:
        """Read this child's ledger, now and some times after; no earlier child's any more."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._loop.create_task(self._read(profile, ledger), name=f"imports of {profile.name}")

    def close(self) -> None:
        """Watch nothing more. Safe to call twice."""
        if self._task is not None:
            self._task.cancel()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    async def _read(self, profile: Profile, ledger: Path) -> None:
        includes = compile_includes(profile.watch.include)
        roots = [str(each) for root in profile.watch.roots for each in (root, root.resolve())]
        served_at = self._loop.time()
        for after in READ_AFTER:
            await asyncio.sleep(served_at + after - self._loop.time())
            seen = await asyncio.to_thread(read_ledger, ledger)
            found = seen.outside(roots, includes)
            if new := found.keys() - self._files:
                await self._watch_also(profile, new)
                self._tell_changed(await asyncio.to_thread(changed_since, {file: found[file] for file in new}))

    async def _watch_also(self, profile: Profile, new: Iterable[str]) -> None:
        self._files.update(new)
        watch_set = watch_set_of(profile.watch, self._files)
        self._watch = await self._watcher.watch(
            profile.name, watch_set, self._changed, on_burst=self._take_note, instead_of=self._watch
        )

    def _changed(self, changes: ChangeSet) -> None:
        """Take a set of the files that were imported; beside them, others of the same names may have changed."""
        if ours := tuple(each for each in changes.changes if each.path in self._files):
            self._take(replace(changes, changes=ours))

    def _tell_changed(self, files: Iterable[str]) -> None:
        """Files that were saved after the app had read them, and before they were watched."""
        if changes := tuple(Change(ChangeKind.MODIFIED, file) for file in sorted(files)):
            self._take(ChangeSet(changes, seen_at=self._loop.time(), settled_at=self._loop.time()))


def watch_set_of(around: WatchSet, files: Iterable[str]) -> WatchSet:
    """What watches these files and little else: their directories, each without those below it."""
    return replace(
        around,
        roots=tuple(sorted({Path(file).parent for file in files})),
        include=tuple(sorted({glob_of(Path(file).name) for file in files})),
        exclude=(),
        gitignore=False,
    )


def changed_since(noted: Mapping[str, LedgerSignature]) -> set[str]:
    """Those files that are no longer as they were noted."""
    return {file for file, signature in noted.items() if signature_of(file) != signature}
