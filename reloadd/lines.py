"""A record as a line that people read: time, level, who, what happened, and its facts. Pure, and quick to import.

Never decides what is shown: the log does, and the command that reads it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.facts import drawing, facts, subject
from reloadd.core.records import CATALOGUE, Level

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from reloadd.core.records import Value

LEAD = ("timestamp", "level", "event", "profile", "generation")
"""The keys of a record that are no facts of its own, in the order in which each JSON line begins with them."""

_NAME_WIDTH = max(map(len, CATALOGUE))
_LEVEL_WIDTH = max(len(level.value) for level in Level)
_WHO_WIDTH = 10

_DIM, _BOLD, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_LEVEL_STYLE = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}


def console_line(record: Mapping[str, Any], *, colour: bool) -> str:
    """A record as a line without its newline; with a drawing, as several.

    Args:
        record: its fields, as in the log or read back from JSON; `timestamp` as it is to be shown.
        colour: whether to colour it.
    """

    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if colour else text

    fields = {key: _frozen(value) for key, value in record.items() if key not in LEAD}
    shown = "  ".join(paint(_DIM, f"{key}=") + words for key, words in facts(fields).items())
    picture = drawing(fields)
    level = record["level"]
    line = (
        f"{paint(_DIM, record['timestamp'])} "
        f"{paint(_LEVEL_STYLE.get(level, ''), level.ljust(_LEVEL_WIDTH))} "
        f"{paint(_BOLD, subject(record['profile'], record['generation']).ljust(_WHO_WIDTH))} "
        f"{record['event'].ljust(_NAME_WIDTH)}  {shown}"
    ).rstrip()
    return f"{line}\n{picture}" if picture else line


def _frozen(value: Any) -> Value:
    """A field as it was before it stood in JSON."""
    return tuple(value) if isinstance(value, list) else value
