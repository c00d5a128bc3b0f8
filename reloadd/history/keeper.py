"""Keeps entries on disk, from a thread of its own: a disk that is full, slow or gone is nothing to the apps.

Never raises and never blocks whom it hears: what finds no room is left out, and counted.
"""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.records import record
from reloadd.history.entries import Entry, encode_entry
from reloadd.history.places import DAEMONS, FILE, LOG, RESTARTS, directory_name
from reloadd.history.restarts import Restarts
from reloadd.history.rotated import RotatedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reloadd.core.records import Record
    from reloadd.history.journal import Written

LOG_ROOM = 4 << 20
RESTARTS_ROOM = 1 << 19
"""Bytes of a file before it takes the place of its predecessor: a profile takes twice the sum of both at the most."""

MOST_DIRECTORIES = 200
"""Profiles of which anything is kept; beyond that, those are forgotten that have been quiet for longest."""

_QUEUE_ROOM = 8 << 20
"""Bytes that may wait for the disk before entries are left out."""

_BATCH = 256
_CLOSE_TIMEOUT = 2.0


class Keeper:
    """A sink of the journal that keeps entries in the user's state directory.

    Args:
        directory: that directory.
        file_of: a profile's file, as long as the daemon has that profile.
        publish: the bus, to say there that nothing can be kept.
    """

    def __init__(
        self, directory: Path, *, file_of: Callable[[str], str | None], publish: Callable[[Record], None]
    ) -> None:
        self._directory = directory
        self._file_of = file_of
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._restarts = Restarts()
        self._names: dict[str, tuple[str, str]] = {}
        self._queue: queue.SimpleQueue[_Job | threading.Event | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._left_out = 0
        self._trouble: str | None = None
        self._disk = _Disk(directory)
        self._thread = threading.Thread(target=self._run, name="reloadd-keeper", daemon=True)
        self._thread.start()

    @property
    def directory(self) -> Path:
        """Where it keeps them."""
        return self._directory

    @property
    def trouble(self) -> str | None:
        """Why nothing can be kept at the moment; None if all is well."""
        return self._trouble

    def hear(self, written: Written) -> None:
        """Take an entry."""
        place = self._place(written.profile)
        self._put(_Job(place, LOG, written.entry, written.room))
        if not written.is_output and (row := self._restarts.take(written.entry)) is not None:
            self._put(_Job(place, RESTARTS, row, written.room))

    async def flush(self) -> None:
        """Return once all entries so far are on disk, or could not be put there, or after two seconds."""
        done = threading.Event()
        self._queue.put(done)
        await asyncio.to_thread(done.wait, _CLOSE_TIMEOUT)

    def close(self) -> None:
        """Keep what waits, but not for longer than two seconds, and end the thread."""
        self._queue.put(None)
        self._thread.join(_CLOSE_TIMEOUT)

    def _place(self, profile: str | None) -> tuple[str, str]:
        """The directory of a profile, and its file; a profile that is gone by now has its last one."""
        if profile is None:
            return DAEMONS, ""
        file = self._file_of(profile)
        if file is not None:
            self._names[profile] = (directory_name(profile, file), file)
        return self._names.get(profile, (DAEMONS, ""))

    def _put(self, job: _Job) -> None:
        with self._lock:
            if self._waiting > _QUEUE_ROOM:
                self._left_out += 1
                return
            self._waiting += job.room
        self._queue.put(job)

    # On the thread.

    def _run(self) -> None:
        is_over = False
        while not is_over:
            jobs: list[_Job] = []
            flushed: list[threading.Event] = []
            for job in self._next():
                match job:
                    case None:
                        is_over = True
                    case threading.Event():
                        flushed.append(job)
                    case _:
                        jobs.append(job)
            self._keep(jobs)
            for done in flushed:
                done.set()
        self._disk.close()

    def _next(self) -> list[_Job | threading.Event | None]:
        """What waits, at least one."""
        found = [self._queue.get()]
        with suppress(queue.Empty):
            while len(found) < _BATCH:
                found.append(self._queue.get_nowait())
        return found

    def _keep(self, jobs: list[_Job]) -> None:
        try:
            self._disk.keep(jobs)
        except OSError as error:
            self._tell_trouble(error)
            lost = len(jobs)
        else:
            lost = 0
            if jobs and self._trouble is not None:
                self._trouble = None
                self._say(record("history.resumed", path=str(self._directory), left_out=self._left_out))
                self._left_out = 0
        with self._lock:
            self._waiting -= sum(job.room for job in jobs)
            self._left_out += lost

    def _tell_trouble(self, error: OSError) -> None:
        """Say once what is wrong; it is tried again with each entry."""
        reason = (error.strerror or str(error)).lower()
        if self._trouble is None:
            hint = f"make room or rights at `{error.filename or self._directory}`, or set `XDG_STATE_HOME`"
            self._say(record("history.failed", path=str(self._directory), error=reason, hint=hint))
        self._trouble = reason

    def _say(self, said: Record) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._publish, said)


class _Job:
    """An entry on its way to the disk: which directory (and the profile's file), which file in it, bytes of room."""

    __slots__ = ("entry", "place", "room", "to")

    def __init__(self, place: tuple[str, str], to: str, entry: Entry, room: int) -> None:
        self.place = place
        self.to = to
        self.entry = entry
        self.room = room


_ROOMS = {LOG: LOG_ROOM, RESTARTS: RESTARTS_ROOM}


class _Disk:
    """The files, on the keeper's thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[tuple[str, str], RotatedFile] = {}
        self._has_pruned = False

    def keep(self, jobs: list[_Job]) -> None:
        """Append entries, those for one file together.

        Raises:
            OSError: some could not be.
        """
        if not jobs:
            return
        gathered: dict[tuple[str, str], list[_Job]] = {}
        for job in jobs:
            gathered.setdefault((job.place[0], job.to), []).append(job)
        for (name, to), of_file in gathered.items():
            self._file(name, to, of_file[0].place[1]).append(b"".join(encode_entry(job.entry) for job in of_file))
        if not self._has_pruned:
            self._has_pruned = True
            self._prune()

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()

    def _file(self, name: str, to: str, profile_file: str) -> RotatedFile:
        found = self._files.get((name, to))
        if found is None:
            directory = self._directory / name
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.mkdir(mode=0o700, exist_ok=True)
            if profile_file:
                (directory / FILE).write_bytes(os.fsencode(profile_file))
            found = self._files[name, to] = RotatedFile(directory / to, _ROOMS[to])
        return found

    def _prune(self) -> None:
        """Forget the profiles that have been quiet for longest, beyond the number that is kept."""
        found = [each for each in self._directory.iterdir() if (each / FILE).exists()]
        if len(found) > MOST_DIRECTORIES:
            by_age = sorted(found, key=lambda each: each.stat().st_mtime)
            for old in by_age[: len(found) - MOST_DIRECTORIES]:
                shutil.rmtree(old, ignore_errors=True)
