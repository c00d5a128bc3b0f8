"""One line of what is kept and of what followers are sent: a record, or a line that an app printed.

Pure. A record's entry has the keys of the JSON log, so that what reads one reads the other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reloadd.core.records import Printed, Record

Entry = dict[str, Any]
"""As it stands in JSON. `run` and `number` together are unique: the daemon's run, and the entry's number in it."""

PRINTED = "app.printed"
"""The `event` of a line that an app printed. It is no record: it says nothing about what reloadd did."""


_ALWAYS = {"timestamp", "event", "profile", "generation"}


def timestamp(moment: datetime) -> str:
    """A moment as the entries and the log in JSON have it, so that they sort as texts: in UTC, with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def record_entry(record: Record, stamp: str) -> Entry:
    """A record's entry; `stamp` is its `timestamp`."""
    return {
        "timestamp": stamp,
        "level": record.level.value,
        "event": record.name,
        "profile": record.profile,
        "generation": record.generation,
        **record.fields,
    }


@dataclass(frozen=True, slots=True)
class PrintedEntries:
    """The entries of lines that an app printed, which are made only where they are wanted: there may be very many.

    Attributes:
        printed: the lines.
        timestamp: when they came.
        run: of the daemon.
        number: of the first line's entry; the others follow.
    """

    printed: Printed
    timestamp: str
    run: str
    number: int

    def made(self) -> Iterator[Entry]:
        """Each entry; bytes that are no UTF-8 are replaced."""
        for number, line in enumerate(self.printed.lines, self.number):
            yield {**self._common(), "text": _text(line), "run": self.run, "number": number}

    def encoded(self) -> bytes:
        """What `encode_entry` makes of all of them, at a tenth of its price: an app may print faster than that."""
        head = encode_entry(self._common())[:-2] + b',"text":'
        tail = f',"run":"{self.run}","number":'.encode()
        texts = map(encode_basestring_ascii, map(_text, self.printed.lines))
        return b"".join(
            b"%b%b%b%d}\n" % (head, text.encode(), tail, number) for number, text in enumerate(texts, self.number)
        )

    def _common(self) -> Entry:
        return {
            "timestamp": self.timestamp,
            "level": "info",
            "event": PRINTED,
            "profile": self.printed.profile,
            "generation": self.printed.generation,
        }


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def encode_entry(entry: Mapping[str, object]) -> bytes:
    """An entry as a line of a file."""
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def decode_entry(line: bytes) -> Entry | None:
    """The entry on a line; None for one that was cut by a full disk or a crash, or is of another make."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not found.keys() >= _ALWAYS:
        return None
    return found if isinstance(found["timestamp"], str) and isinstance(found["event"], str) else None
