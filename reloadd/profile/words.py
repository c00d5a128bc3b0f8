"""Words that many messages share: what was found, what could have been meant. Pure text."""

from __future__ import annotations

import difflib
import json
from datetime import date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.profile.parse import TomlValue

_LONGEST_SHOWN = 40
"""Characters of a string that a message repeats."""


def found(value: TomlValue) -> str:
    """What a value is, for the part of a message that begins with "found"."""
    match value:
        case bool():
            return f"found the boolean {str(value).lower()}"
        case str():
            cut = value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 1] + "…"
            return f"found the string {json.dumps(cut, ensure_ascii=False)}"
        case int() | float():
            return f"found the number {value}"
        case list():
            return "found an array"
        case dict():
            return "found a table"
        case datetime() | date() | time():
            return f"found the date or time {value}"


def listed(words: Sequence[str], *, last: str = "or") -> str:
    """`a`, `b` or `c`, each in backticks."""
    *most, end = (f"`{word}`" for word in words)
    return f"{', '.join(most)} {last} {end}" if most else end


def nearest(word: str, choices: Sequence[str]) -> str | None:
    """The choice that `word` was most likely meant to be."""
    return next(iter(difflib.get_close_matches(word, choices, n=1)), None)


def counted(number: int, noun: str) -> str:
    """`1 problem`, `2 problems`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
