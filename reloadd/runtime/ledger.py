"""What a child imports, reads and does, noted in a file for the daemon: the ledger of a generation.

One JSON object a line, in the form of the wire (`wire.split_frames` reads both). A line is written at once, but those
about what an installed module imports in turn are written together, when that one has been imported: they are most of
a ledger, and there is a write for each line otherwise. Processes that the child forks go on in the same file, with
imports only; what it starts by exec does not.

    begun    first line of each process: `pid`, `parent` (pid)
    path     `path`: the import path; at the start, and when it is another one at a look-up
    sought   `name`: the import system is asked for a module, for the first time; may be left out where `found` follows
    found    `name`, `file`, `signature`, `user`: its source, or extension module, is about to be loaded
    missed   `name`: nobody has it
    entered  `name`, `at`: a module of the user's is about to be read and run, so many milliseconds after the process
             was told to `go` (or to `park`)
    left     `name`, `took_ms`, `raised`: it has run to its end, or to an exception
    hooked   `by`: `sys.meta_path` is another one at a look-up; the type of each finder

and where the daemon asks for it, since looking at every event costs a start 4 to 6 %:

    opened   `file`, `signature`: a file of the user's is about to be opened for reading
    listed   `file`, `signature`, `endings`, `names`: the same of a directory, and what is in it; where `endings` are
             given, only names that end so matter to whoever lists it, and the case does not. null for too many
             names, or none that can be read
    set      `name`, `value`, `by`: the user's code sets or, with null, unsets a variable of the environment
    effect   `event`, `detail`, `by`: what shows outside: an audit event of the interpreter, such as `socket.connect`,
             noted once for each place in the code; the start of a thread is one from Python 3.12 on. `open` for writing
             and `os.rename` are noted once for each file, `detail`, that is written or put in place

`signature` is `[st_mtime_ns, st_size, st_ino]` from before it was read, null where there is nothing; `by` is the
`file:line` of the user's that did it, null if it was done by another's. The user's (`user`) is whatever is neither the
standard library nor installed (`bytecode.is_installed`).

It is asked for by `ledger` in a frame: null, or `path` and `audit` (whether the second part is wanted). Nothing that
goes wrong here reaches the app: the ledger ends early then, and the daemon knows less.
"""

from __future__ import annotations

import os
from time import perf_counter

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from .wire import Frame

_MOST_LINES = 100_000
"""An app that imports or opens for ever does not fill the disk."""

_MOST_WAITING = 256
"""Lines that wait to be written, so that a module which never ends to be imported keeps back only so much."""

_USUAL_LIMIT = 1024
"""Descriptors that a process may have where nobody has set another limit (getrlimit(2))."""


class Ledger:
    """A file that is only appended to, by this process and those that it forks. Any thread may write.

    Attributes:
        process: the pid of the one that opened it.
    """

    def __init__(self) -> None:
        """Note nothing yet."""
        self.process = os.getpid()
        self._writer = 0
        self._left = 0
        self._begun_at = 0.0
        self._descriptor = -1
        self._identity = (-1, -1)
        # Lists, because what several threads do to one is not mixed up.
        self._waiting: List[Frame] = []
        self._imports: List[str] = []
        # A copy would write once more what waits.
        os.register_at_fork(before=self.write)

    def begin(self, path: str) -> None:
        """Go on in the file at `path`, as a ledger that begins; where that cannot be, note nothing."""
        self.close()
        try:
            self._descriptor = _open_out_of_the_way(path)
            status = os.fstat(self._descriptor)
        except OSError:
            return
        self._identity = status.st_dev, status.st_ino
        self.process = os.getpid()
        self._writer = 0
        self._begun_at = perf_counter()
        self._left = _MOST_LINES

    def note(self, word: str, **fields: Any) -> None:
        """Append a line."""
        self._add(word, fields)
        self.write()

    def note_installed(self, word: str, **fields: Any) -> None:
        """Append a line about what is not known to be the user's; while an installed module is imported, at its end."""
        self._add(word, fields)
        if not self._imports or len(self._waiting) >= _MOST_WAITING:
            self.write()

    def import_begins(self, name: str) -> None:
        """An installed module is about to be run."""
        self._imports.append(name)

    def import_ends(self) -> None:
        """It has been run, or has raised."""
        self._imports.pop()
        if not self._imports:
            self.write()

    def elapsed_ms(self) -> float:
        """Milliseconds since the ledger began."""
        return round((perf_counter() - self._begun_at) * 1e3, 2)

    def write(self) -> None:
        """Write what waits."""
        lines = []
        try:
            while self._waiting:
                lines.append(self._waiting.pop(0))
        except IndexError:
            # Another thread has taken the last one, after all.
            pass
        if not lines:
            return
        try:
            status = os.fstat(self._descriptor)
            if (status.st_dev, status.st_ino) != self._identity:
                # A program that closes all descriptors, as daemons do; this one is somebody else's by now.
                raise OSError("the ledger is closed")  # noqa: TRY301 - it ends like any other failure
            os.write(self._descriptor, b"".join([wire.encode(**line) for line in lines]))
        except Exception:  # noqa: BLE001 - whatever it is, it is not the app's affair
            self._left = 0

    def close(self) -> None:
        """Note no more. Safe to call twice."""
        self.write()
        self._left = 0
        descriptor, self._descriptor = self._descriptor, -1
        try:
            status = os.fstat(descriptor)
        except OSError:
            return
        if (status.st_dev, status.st_ino) == self._identity:
            os.close(descriptor)

    def _add(self, word: str, fields: Dict[str, Any]) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        writer = os.getpid()
        if writer != self._writer:
            self._writer = writer
            self._add("begun", {"pid": writer, "parent": os.getppid()})
        if writer != self.process:
            fields["pid"] = writer
        last = self._waiting[-1:]
        if word == "found" and last and last[0]["word"] == "sought" and last[0]["name"] == fields["name"]:
            # In place, since another thread may write it meanwhile.
            last[0].update(fields, word=word)
        else:
            self._waiting.append({"word": word, **fields})


def signature(status: Optional[os.stat_result]) -> Optional[List[int]]:
    """What tells one state of a file from another; None of a file that is not there."""
    return None if status is None else [status.st_mtime_ns, status.st_size, status.st_ino]


def _open_out_of_the_way(path: str) -> int:
    """Open for appending, under a high number: low ones are the app's, which may count on the lowest that is free."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    high = min(os.sysconf("SC_OPEN_MAX"), _USUAL_LIMIT) - 1
    if high <= descriptor:
        return descriptor
    try:
        os.dup2(descriptor, high, inheritable=False)
    finally:
        os.close(descriptor)
    return high
