"""A record's fields as people read them, in the log and wherever else records are shown.

Never decides which records are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.core.records import Value

_SAID_BY_EXIT = ("exit_code", "signal")
_DRAWING = "drawing"
_MOST_PATHS = 3
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+,#~[]")


def subject(profile: str | None, generation: int | None) -> str:
    """What a record is about, such as `shop#3`; the daemon itself is `reloadd`."""
    who = profile or "reloadd"
    return who if generation is None else f"{who}#{generation}"


def facts(fields: Mapping[str, Value]) -> dict[str, str]:
    """The fields that say something, in words; a drawing is left out, since it takes lines of its own."""
    hidden = {_DRAWING, *(_SAID_BY_EXIT if "exit" in fields else ())}
    return {
        key: fact(value) for key, value in fields.items() if key not in hidden and value is not None and value != ()
    }


def fact(value: Value) -> str:
    """A value as people read it: quoted only where it would be ambiguous, long lists cut with their count."""
    match value:
        case bool():
            return str(value)
        case tuple():
            shown = ",".join(fact(item) for item in value[:_MOST_PATHS])
            return shown if len(value) <= _MOST_PATHS else f"{shown},… ({len(value)} in all)"
        case str():
            return value if value and set(value) <= _PLAIN else repr(value)
        case float():
            return f"{value:.3g}" if value < 1 else f"{value:.1f}"
        case _:
            return str(value)


def drawing(fields: Mapping[str, Value]) -> str | None:
    """The picture that follows the record, if it has one."""
    found = fields.get(_DRAWING)
    return found if isinstance(found, str) and found else None
