"""One line of what is kept and of what followers are sent: a record, or a line that an app printed.

Pure. A record's entry has the keys of the JSON log, so that what reads one reads the other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.core.records import Printed, Record

Entry = dict[str, Any]
"""As it stands in JSON. `run` and `number` together are unique: the daemon's run, and the how manieth in it."""

PRINTED = "app.printed"
"""The `event` of a line that an app printed. It is no record: it says nothing about what reloadd did."""


def record_entry(record: Record, timestamp: str) -> Entry:
    """A record's entry."""
    return {
        "timestamp": timestamp,
        "level": record.level.value,
        "event": record.name,
        "profile": record.profile,
        "generation": record.generation,
        **record.fields,
    }


def printed_entry(printed: Printed, line: bytes, timestamp: str) -> Entry:
    """The entry of one line that an app printed; bytes that are no UTF-8 are replaced."""
    return {
        "timestamp": timestamp,
        "level": "info",
        "event": PRINTED,
        "profile": printed.profile,
        "generation": printed.generation,
        "text": line.decode("utf-8", "replace").rstrip("\r"),
    }


def encode_entry(entry: Mapping[str, object]) -> bytes:
    """An entry as a line of a file."""
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def decode_entry(line: bytes) -> Entry | None:
    """The entry on a line; None for one that was cut by a full disk or a crash, or is of another make."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("timestamp"), str):
        return None
    return found if isinstance(found.get("event"), str) else None
