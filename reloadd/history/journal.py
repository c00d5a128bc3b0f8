"""Records and printed lines from the bus, made into numbered entries once, for all who keep or follow them.

Never keeps anything itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reloadd.history.entries import printed_entry, record_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Printed, Record
    from reloadd.history.entries import Entry


@dataclass(frozen=True, slots=True)
class Written:
    """An entry, and what those who keep or send it sort it by.

    Attributes:
        profile: whose app it is about; None for the daemon.
        is_output: whether an app printed it.
        room: bytes that it takes in memory, roughly.
    """

    entry: Entry
    profile: str | None
    is_output: bool
    room: int


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
        self._sinks: list[Callable[[Written], None]] = []

    @property
    def number(self) -> int:
        """Of the newest entry; entries are numbered from 1."""
        return self._number

    def subscribe(self, sink: Callable[[Written], None]) -> None:
        """Call `sink` with each entry from now on. It must not block and must not raise."""
        self._sinks.append(sink)

    def unsubscribe(self, sink: Callable[[Written], None]) -> None:
        """Call `sink` no more."""
        self._sinks.remove(sink)

    def hear(self, record: Record) -> None:
        """Take a record."""
        self._tell(record_entry(record, self._stamp()), record.profile, is_output=False)

    def hear_output(self, printed: Printed) -> None:
        """Take what an app printed."""
        stamp = self._stamp()
        for line in printed.lines:
            self._tell(printed_entry(printed, line, stamp), printed.profile, is_output=True, length=len(line))

    def _tell(self, entry: Entry, profile: str | None, *, is_output: bool, length: int = 0) -> None:
        self._number += 1
        entry["run"], entry["number"] = self.run, self._number
        written = Written(entry, profile, is_output, _ROOM + 2 * length)
        for sink in tuple(self._sinks):
            sink(written)

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_ROOM = 1024
"""Bytes of an entry without its text."""
