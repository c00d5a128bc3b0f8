"""Keeps entries on disk, from a thread of its own: a disk that is full, slow or gone is nothing to the apps.

Never raises and never blocks whom it hears: what finds no room is left out, and counted.
"""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.lapses import Lapse, News, observe
from reloadd.core.reasons import reason_of
from reloadd.core.records import record
from reloadd.history.entries import encode_entry
from reloadd.history.journal import WrittenLines
from reloadd.history.places import DAEMONS, FILE, LOG, RESTARTS, directory_name
from reloadd.history.restarts import Restarts
from reloadd.history.rotated import RotatedFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Record
    from reloadd.history.journal import Written

LOG_ROOM = 4 << 20
RESTARTS_ROOM = 1 << 19
"""Bytes of a file before it takes the place of its predecessor: a profile takes twice the sum of both at the most."""

MOST_DIRECTORIES = 200
"""Profiles of which something is kept; if there are more, those that have been quiet for longest are forgotten."""

_QUEUE_ROOM = 4 << 20
"""Bytes that may wait for the disk before entries are left out."""

_BATCH = 256
_ADDITION = 1 << 17
"""Bytes that are gathered before they are added to a file."""

_ENTRY_ROOM, _LINE_ROOM = 1024, 64
"""Bytes of memory that an entry is taken to need, and a printed line beside its text."""

_OVERRUN_PERIOD = 1.0
"""Seconds between two records of what was left out."""

_CLOSE_TIMEOUT = 2.0
"""Seconds that the disk gets to take what waits."""


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
        self._overrun = 0
        self._troubles: dict[str, str] = {}
        self._trouble: str | None = None
        self._lapse = Lapse()
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

    def hear(self, written: Written | WrittenLines) -> None:
        """Take what was written."""
        place = self._place(written.profile)
        if isinstance(written, WrittenLines):
            lines = written.entries.printed.lines
            room = _ENTRY_ROOM + sum(map(len, lines)) + _LINE_ROOM * len(lines)
            self._put(_Job(place, LOG, written.entries.encoded, room, len(lines)))
            return
        self._put(_Job(place, LOG, partial(encode_entry, written.entry), _ENTRY_ROOM))
        if (row := self._restarts.take(written.entry)) is not None:
            self._put(_Job(place, RESTARTS, partial(encode_entry, row), _ENTRY_ROOM))

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
            has_room = self._waiting <= _QUEUE_ROOM
            self._waiting += job.room if has_room else 0
        if has_room:
            self._queue.put(job)
            return
        if not self._overrun:
            self._loop.call_later(_OVERRUN_PERIOD, self._tell_overrun)
        self._overrun += job.entries

    def _tell_overrun(self) -> None:
        """Say how much was left out since this was last said."""
        left_out, self._overrun = self._overrun, 0
        self._publish(record("history.overrun", left_out=left_out))

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

    def _next(self) -> list[_Job | threading.Event | None]:
        """What waits, at least one; nothing when it is time to say that all is well again."""
        found: list[_Job | threading.Event | None] = []
        due = self._lapse.due
        with suppress(queue.Empty):
            found.append(self._queue.get(timeout=None if due is None else max(0.0, due - time.monotonic())))
            while len(found) < _BATCH:
                found.append(self._queue.get_nowait())
        return found

    def _keep(self, jobs: list[_Job]) -> None:
        lost = self._disk.keep(jobs, self._troubles)
        with self._lock:
            self._waiting -= sum(job.room for job in jobs)
        self._left_out += lost
        # Taken out here, since the dictionary is this thread's alone.
        self._trouble = next(iter(self._troubles.values()), None)
        self._lapse, news = observe(self._lapse, is_well=not self._troubles, now=time.monotonic())
        match news:
            case News.FAILED:
                path, error = next(iter(self._troubles.items()))
                hint = f"make room or rights at `{path}`, or set `XDG_STATE_HOME`"
                self._say(record("history.failed", path=str(self._directory), error=error, hint=hint))
            case News.RECOVERED:
                self._say(record("history.resumed", path=str(self._directory), left_out=self._left_out))
                self._left_out = 0

    def _say(self, said: Record) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._publish, said)


@dataclass(frozen=True, slots=True)
class _Job:
    """Entries on their way to the disk.

    Attributes:
        place: the directory, and the profile's file.
        to: which file in the directory.
        encoded: makes them into lines.
        room: bytes that they take in memory, roughly.
        entries: how many there are.
    """

    place: tuple[str, str]
    to: str
    encoded: Callable[[], bytes]
    room: int
    entries: int = 1


_ROOMS = {LOG: LOG_ROOM, RESTARTS: RESTARTS_ROOM}


class _Disk:
    """The files, on the keeper's thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[tuple[str, str], RotatedFile] = {}
        self._has_pruned = False

    def keep(self, jobs: list[_Job], troubles: dict[str, str]) -> int:
        """Append entries, those for one file together; returns how many could not be.

        Args:
            jobs: what to append.
            troubles: the files that cannot be appended to, and why; brought up to date.
        """
        lost = 0
        gathered: dict[tuple[tuple[str, str], str], list[_Job]] = {}
        for job in jobs:
            gathered.setdefault((job.place, job.to), []).append(job)
        for (place, to), of_file in gathered.items():
            if not self._append(place, to, of_file, troubles):
                lost += sum(job.entries for job in of_file)
        if not troubles and not self._has_pruned:
            self._has_pruned = True
            with suppress(OSError):
                self._prune()
        return lost

    def _append(self, place: tuple[str, str], to: str, jobs: list[_Job], troubles: dict[str, str]) -> bool:
        """Append to one file; whether it could be done."""
        path = self._directory / place[0] / to
        try:
            file = self._file(place, to)
            data = b""
            for job in jobs:
                data += job.encoded()
                if len(data) > _ADDITION:
                    file.append(data)
                    data = b""
            file.append(data)
        except OSError as error:
            troubles[str(path)] = reason_of(error)
            return False
        if troubles:
            self._look_again(troubles)
        return True

    def _look_again(self, troubles: dict[str, str]) -> None:
        """Find out which files can be appended to again: one of them could."""
        for path in tuple(troubles):
            try:
                # To add nothing would succeed on a full disk, too. Readers pass over an empty line.
                RotatedFile(Path(path), LOG_ROOM).append(b"\n")
            except OSError:
                continue
            del troubles[path]

    def _file(self, place: tuple[str, str], to: str) -> RotatedFile:
        name, profile_file = place
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
