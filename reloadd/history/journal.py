"""Records and printed lines from the bus, made into numbered entries once, for all who keep or follow them.

Never keeps anything itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reloadd.history.entries import PrintedEntries, record_entry, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Printed, Record
    from reloadd.history.entries import Entry


@dataclass(frozen=True, slots=True)
class Written:
    """The entry of a record, and the profile that it is about; None for the daemon."""

    entry: Entry
    profile: str | None


@dataclass(frozen=True, slots=True)
class WrittenLines:
    """The entries of lines that an app printed, and its profile."""

    entries: PrintedEntries
    profile: str


class Journal:
    """A sink of the bus for records and for output.

    Args:
        now: the wall clock.

    Attributes:
        run: what tells this daemon's entries from another's.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.run = secrets.token_hex(4)
        self._now = now
        self._number = 0
        self._sinks: list[Callable[[Written | WrittenLines], None]] = []

    @property
    def number(self) -> int:
        """Of the newest entry; entries are numbered from 1."""
        return self._number

    def subscribe(self, sink: Callable[[Written | WrittenLines], None]) -> None:
        """Call `sink` with all that is written from now on. It must not block and must not raise."""
        self._sinks.append(sink)

    def unsubscribe(self, sink: Callable[[Written | WrittenLines], None]) -> None:
        """Call `sink` no more."""
        self._sinks.remove(sink)

    def hear(self, record: Record) -> None:
        """Take a record."""
        self._number += 1
        entry = {**record_entry(record, self._stamp()), "run": self.run, "number": self._number}
        self._tell(Written(entry, record.profile))

    def hear_output(self, printed: Printed) -> None:
        """Take what an app printed."""
        entries = PrintedEntries(printed, self._stamp(), self.run, self._number + 1)
        self._number += len(printed.lines)
        self._tell(WrittenLines(entries, printed.profile))

    def _tell(self, written: Written | WrittenLines) -> None:
        for sink in tuple(self._sinks):
            sink(written)

    def _stamp(self) -> str:
        return timestamp(self._now())
