"""What an app imports or reads outside of its roots, watched as well: an editable install, a package beside it.

Its ledger says what that is: from when it serves on, and once it has ended. Never decides which files:
`core.outside` does.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.actions import GIVE_WAY
from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.outside import glob_of
from reloadd.core.paths import is_within
from reloadd.core.patterns import compile_includes
from reloadd.supervise.noted import LedgerReader, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadd.core.account import LedgerSignature
    from reloadd.core.inputs import Noticed, Quiet
    from reloadd.profile.model import Profile, WatchSet
    from reloadd.watch.base import Watch, Watcher

_SHORTEST, _LONGEST = 1.0, 4.0
"""Seconds between two looks at the ledger of a child that serves, each twice as long as the one before where nothing is
new: what a request imports comes at any time, and what was saved meanwhile is told then."""

_WATCH_FIRST = 0.1
"""Seconds for which the watch that has just begun may tell of a file before it is told of without it. It may be half
written by now, and the watch waits until it is closed."""


class Imported:
    """One app's.

    Args:
        profile: as it is at first.
        watcher: the daemon's.
        take: takes change sets.
        take_note: is told when something was noticed, and when that is over.
        on_ignored: takes the files that were written and are as they were.
        on_failure: takes what broke.
    """

    def __init__(
        self,
        profile: Profile,
        watcher: Watcher,
        take: Callable[[ChangeSet], None],
        take_note: Callable[[Noticed | Quiet], None],
        *,
        on_ignored: Callable[[str], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._profile = profile
        self._watcher = watcher
        self._take = take
        self._take_note = take_note
        self._on_ignored = on_ignored
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._files: frozenset[str] = frozenset()
        self._watch: Watch | None = None
        self._opened: set[str] = set()
        self._written: set[str] = set()
        self._told_by_watch: set[str] = set()
        self._told_before: dict[str, tuple[int, ...]] = {}
        self._is_anew = False
        self._serving: LedgerReader | None = None
        self._readers: dict[Path, LedgerReader] = {}
        self._replaced: list[LedgerReader] = []
        self._ended: list[LedgerReader] = []
        self._is_adopted = False
        self._pause = _SHORTEST
        self._soon: asyncio.TimerHandle | None = None
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def watches(self, paths: Iterable[str]) -> bool:
        """Whether one of these absolute paths is watched because it was imported or read."""
        return not self._files.isdisjoint(paths)

    def serves(self, ledger: Path) -> None:
        """Read this child's ledger, now and again and again; of an earlier one's, only what it writes."""
        self._serving = self._readers[ledger] = LedgerReader(ledger)
        self._is_anew = True
        self._pause = _SHORTEST
        if self._soon is not None:
            self._soon.cancel()
        self._soon = self._loop.call_later(GIVE_WAY, self._ask)

    def ended(self, ledger: Path) -> None:
        """Read a ledger to its end, before it goes. What a child failed in before it served may lie outside."""
        reader = self._readers.pop(ledger, None)
        is_replaced = reader is not None and reader is not self._serving
        reader = reader or LedgerReader(ledger)
        reader.fetch()
        (self._replaced if is_replaced else self._ended).append(reader)
        self._ask()

    def adopt(self, profile: Profile) -> None:
        """Go by a changed profile: what lies outside may be other files now, or is not to be watched any more."""
        self._profile = profile
        self._is_adopted = True
        if not profile.watch.imported:
            # From this moment on, and not only once the task comes to it.
            self._files = frozenset()
        self._ask()

    def close(self) -> None:
        """Watch nothing more. Safe to call twice."""
        if self._soon is not None:
            self._soon.cancel()
        if self._task is not None:
            self._task.cancel()
        self._unwatch()

    def _ask(self) -> None:
        """Have the one task look: it is never broken off, since a watch that is half taken over tells nothing."""
        self._asked.set()
        if self._task is None:
            self._task = self._loop.create_task(self._keep_looking(), name=f"imports of {self._profile.name}")

    async def _keep_looking(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._serving is None else self._pause):
                    await self._asked.wait()
            self._asked.clear()
            self._pause = min(self._pause * 2, _LONGEST)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 (a bug: it is said, and the roots are watched all the same)
                self._on_failure(error)

    async def _look(self) -> None:
        if is_adopted := self._is_adopted:
            self._is_adopted = False
            await self._keep_outside()
        if not self._profile.watch.imported:
            return
        await self._note_written()
        ended, self._ended = self._ended, []
        for reader in ended:
            await self._read(reader)
        serving = self._serving
        if serving is not None and (is_adopted or serving.has_more):
            is_anew, self._is_anew = self._is_anew, False
            self._pause = _SHORTEST
            await self._read(serving, is_anew=is_anew)
        if not self._written.isdisjoint(self._files):
            await self._keep(self._files - self._written)

    async def _note_written(self) -> None:
        """Take note of what those have written that were replaced."""
        replaced, self._replaced = self._replaced, []
        for reader in replaced:
            await asyncio.to_thread(reader.read_on)
            self._written |= reader.seen.written

    async def _keep_outside(self) -> None:
        """Watch, by the profile as it is now, what still lies outside of the roots."""
        roots = _roots_of(self._profile)
        outside = (file for file in self._files if not any(is_within(file, root) for root in roots))
        await self._keep(frozenset(outside if self._profile.watch.imported else ()))

    async def _keep(self, files: frozenset[str]) -> None:
        """Watch only these of the files."""
        if files:
            await self._watch_these(files)
        else:
            self._unwatch()

    async def _read(self, reader: LedgerReader, *, is_anew: bool = False) -> None:
        """Watch what is found; if the app begins anew with this child, nothing else but what was opened before.

        What was opened is not in every ledger.
        """
        found = await asyncio.to_thread(_read_outside, reader, self._profile)
        self._written |= reader.seen.written
        self._opened |= reader.seen.opened.keys()
        files = (self._files & self._opened if is_anew else self._files) | found.keys() - self._written
        if files != self._files:
            new = files - self._files
            self._told_by_watch.clear()
            await self._keep(files)
            changed = await asyncio.to_thread(changed_since, {file: found[file] for file in new})
            if changed:
                await asyncio.sleep(_WATCH_FIRST)
                self._tell_changed(changed)

    async def _watch_these(self, files: frozenset[str]) -> None:
        self._watch = await self._watcher.watch(
            self._profile.name,
            watch_set_of(self._profile.watch, files),
            self._changed,
            on_burst=self._take_note,
            on_ignored=self._on_ignored,
            instead_of=self._watch,
        )
        self._files = files

    def _unwatch(self) -> None:
        self._files = frozenset()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _changed(self, changes: ChangeSet) -> None:
        """Take a set of the files that were imported, unless the app has just written them itself.

        Beside them, others of the same names may have changed.
        """
        for reader in (*self._readers.values(), *self._replaced):
            # At once: little was added since the last look.
            reader.read_on()
            self._written |= reader.seen.written
        ours = self._files - self._written
        if told := tuple(each for each in changes.changes if each.path in ours and not self._is_told(each.path)):
            self._told_by_watch.update(each.path for each in told)
            self._take(replace(changes, changes=told))

    def _tell_changed(self, files: Iterable[str]) -> None:
        """Files that were saved after the app had read them, and before they were watched, as far as that is known.

        One may have been saved just after the watch had begun: whichever of the two comes first tells of it.
        """
        untold = sorted(set(files) - self._told_by_watch)
        self._told_before.update((file, _state_of(file)) for file in untold)
        if changes := tuple(Change(ChangeKind.MODIFIED, file) for file in untold):
            self._take(ChangeSet(changes, seen_at=self._loop.time(), settled_at=self._loop.time()))

    def _is_told(self, file: str) -> bool:
        """Whether a file is as it was when it was told of without the watch."""
        told = self._told_before.pop(file, None)
        return told is not None and told == _state_of(file)


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


def _state_of(file: str) -> tuple[int, ...]:
    """What differs after every save; empty if there is no such file."""
    try:
        status = os.stat(file)  # noqa: PTH116 - it was written just now, and is in memory
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns


def _roots_of(profile: Profile) -> list[str]:
    return [str(each) for root in profile.watch.roots for each in (root, root.resolve())]


def _read_outside(reader: LedgerReader, profile: Profile) -> Mapping[str, LedgerSignature]:
    """What a ledger says by now that lies outside, by any name: what is reached by a link may be watched already."""
    reader.read_on()
    roots = _roots_of(profile)
    outside = reader.seen.outside(roots, compile_includes(profile.watch.include))
    places = {file: os.path.realpath(file) for file in outside}
    return {
        file: signature
        for file, signature in outside.items()
        if not any(is_within(places[file], root) for root in roots)
    }
