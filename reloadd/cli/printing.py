"""What the verbs print for people: tables that fit the terminal, durations, sizes, and colours where they are wanted.

Never asks anybody anything.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reloadd.colour import wants_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

RED, GREEN, YELLOW, DIM = "31", "32", "33", "2"
"""Parameters of the terminal's SGR sequence (ECMA-48)."""

_GAP = "  "
_NARROWEST = 8
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|[\x00-\x08\x0a-\x1f\x7f]")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


@dataclass(frozen=True, slots=True)
class Cell:
    """Text, and how it is coloured."""

    text: str
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: its head.
        rank: the columns of the highest rank are left out first where the terminal is narrow; 0 stays.
        is_number: whether it is set to the right.
        least: characters that are shown of it, where it is the last; others are left out before it is cut further.
    """

    title: str
    rank: int = 0
    is_number: bool = False
    least: int = _NARROWEST


def has_colour() -> bool:
    """Whether standard output is to be coloured."""
    return wants_colour(sys.stdout, os.environ)


def terminal_width() -> int | None:
    """Columns of the terminal that standard output is; None if it is none."""
    if not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def paint(text: str, style: str | None, *, colour: bool) -> str:
    """Text in a colour, if colours are wanted."""
    return f"\x1b[{style}m{text}\x1b[0m" if colour and style and text else text


def harmless(text: str, *, colour: bool) -> str:
    """Text without what moves the cursor or sets a terminal's modes (ECMA-48); colours stay where they are wanted."""

    def keep(found: re.Match[str]) -> str:
        return found[0] if colour and _COLOUR.fullmatch(found[0]) else ""

    return _ESCAPES.sub(keep, text)


def draw_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, width: int | None, colour: bool
) -> list[str]:
    """The lines of a table, its head first.

    Args:
        columns: its columns.
        rows: a cell for each column.
        width: columns of the terminal, beyond which no line goes; None for as many as it takes.
        colour: whether to colour it.
    """
    heads = [Cell(column.title, DIM) for column in columns]
    widths = [max(len(row[at].text) for row in (heads, *rows)) for at in range(len(columns))]
    kept = _fitting(columns, widths, width)
    if width is not None and kept:
        taken = sum(widths[at] for at in kept[:-1]) + len(_GAP) * (len(kept) - 1)
        widths[kept[-1]] = min(widths[kept[-1]], max(width - taken, _NARROWEST))
    lines = []
    for row in (heads, *rows):
        parts = []
        for at in kept:
            text = cut(row[at].text, widths[at])
            filled = text.rjust(widths[at]) if columns[at].is_number else text.ljust(widths[at])
            parts.append(paint(filled, row[at].style, colour=colour))
        lines.append(_GAP.join(parts).rstrip())
    return lines


def _fitting(columns: Sequence[Column], widths: Sequence[int], width: int | None) -> list[int]:
    """Which columns there is room for; the last one may be cut."""
    kept = list(range(len(columns)))
    while width is not None and len(kept) > 1:
        last = min(widths[kept[-1]], columns[kept[-1]].least)
        if sum(widths[at] for at in kept[:-1]) + last + len(_GAP) * (len(kept) - 1) <= width:
            break
        worst = max(kept, key=lambda at: (columns[at].rank, at))
        if columns[worst].rank == 0:
            break
        kept.remove(worst)
    return kept


def cut(text: str, width: int) -> str:
    """Text of so many characters at the most."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def moment(stamp: str) -> datetime:
    """The moment that a `timestamp` tells, in local time."""
    return datetime.fromisoformat(stamp).astimezone()


def ago(stamp: str | None, now: datetime) -> str:
    """How long ago a moment was, such as `3m`."""
    return "" if stamp is None else duration((now - datetime.fromisoformat(stamp)).total_seconds())


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def duration(seconds: float) -> str:
    """A duration in its largest unit, such as `3m`."""
    whole = max(int(seconds), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if whole >= length:
            return f"{whole // length}{unit}"
    return f"{whole}s"


def size(count: int) -> str:
    """A number of bytes, such as `42 MB`."""
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length:
            shown = count / length
            return f"{shown:.1f} {unit}" if shown < 10 else f"{shown:.0f} {unit}"  # noqa: PLR2004 - two digits say enough
    return f"{count} B"
