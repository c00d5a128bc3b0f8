"""What is wrong with a profile, and the picture of it in the user's own file.

Data and drawing only. Never finds a problem and never prints one: `check`, `build` and `load` find them, the command
line prints them and the daemon logs them.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.profile.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TAB = "    "
_WIDE = frozenset("WF")
"""East Asian widths that take two columns (UAX #11)."""
_ZERO_WIDTH = frozenset({"Mn", "Me", "Cf"})
"""Categories of characters that take no column of their own."""
_MOST_FILES_NAMED = 3


class Code(Enum):
    """The kinds of problems, as `reloadd check --output json` names them."""

    SYNTAX = "syntax"
    ENCODING = "encoding"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NOT_FOUND = "not-found"
    NO_PROFILES = "no-profiles"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    BAD_VALUE = "bad-value"
    BAD_CHOICE = "bad-choice"
    OUT_OF_RANGE = "out-of-range"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    UNABLE = "unable"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """A part of one line.

    Attributes:
        line: counted from 1.
        column: in characters, counted from 1.
        length: characters to underline, on this line only.
        source: the whole line as it stands in the file, without its end.
    """

    line: int
    column: int
    length: int
    source: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: absolute path of the profile, or of what was given in its place.
        place: where in it; None if it is about the whole file.
        code: its kind, for programs.
        message: what is wrong, for people.
        label: what is said at the underlined part; empty if there is nothing to add.
        hint: what to do about it.
    """

    file: Path
    place: Place | None
    code: Code
    message: str
    label: str = ""
    hint: str | None = None

    def as_fields(self) -> dict[str, object]:
        """The problem for programs, as `reloadd check` and `reloadd status` give it in JSON."""
        return {
            "file": str(self.file),
            "line": None if self.place is None else self.place.line,
            "column": None if self.place is None else self.place.column,
            "code": self.code.value,
            "message": self.message,
            "label": self.label,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that does not run as it is: what it was before does, or nothing.

    Attributes:
        file: absolute path.
        name: what its profile is called, or would be.
        problems: why; one at least.
    """

    file: Path
    name: str
    problems: tuple[Problem, ...]


def place_in(text: str, start: int, end: int) -> Place:
    """The place of `text[start:end]`; of a part that goes over several lines, its first line."""
    first = text.rfind("\n", 0, start) + 1
    newline = text.find("\n", first)
    source = text[first : len(text) if newline < 0 else newline]
    length = min(end, first + len(source)) - start
    return Place(
        line=text.count("\n", 0, start) + 1,
        column=start - first + 1,
        length=max(length, 1),
        source=source,
    )


def shown_path(path: Path, directory: Path) -> str:
    """An absolute path as seen from `directory`, where that is shorter."""
    return min(os.path.relpath(path, directory), str(path), key=len)


class _Paint(Enum):
    """Colours by their use (ECMA-48, select graphic rendition)."""

    ERROR = "1;31"
    MESSAGE = "1"
    FRAME = "34"
    HINT = "36"


def draw(
    problems: Sequence[Problem],
    *,
    directory: Path,
    colour: bool = False,
    outcome: str = "nothing was started",
) -> str:
    """All problems as pictures, and a last line that counts them; no newline at the end.

    Args:
        problems: in the order in which they are to be read.
        directory: absolute; paths are shown as seen from there.
        colour: whether to add escape sequences for a terminal. The words are the same.
        outcome: what the problems led to, for the last line.
    """
    pictures = [_picture(problem, directory, _Painter(colour=colour)) for problem in problems]
    return "\n\n".join([*pictures, f"{_counted(problems, directory)}, {outcome}"])


class _Painter:
    """Puts text into colour, if there is colour."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, paint: _Paint, text: str) -> str:
        return f"\x1b[{paint.value}m{text}\x1b[0m" if self._colour and text else text


def _picture(problem: Problem, directory: Path, paint: _Painter) -> str:
    where = shown_path(problem.file, directory)
    title = paint(_Paint.ERROR, "error") + paint(_Paint.MESSAGE, f": {problem.message}")
    margin = " "
    lines = [title]
    if problem.place is None:
        lines.append(f"{margin}{paint(_Paint.FRAME, '-->')} {where}")
    else:
        margin = " " * len(str(problem.place.line))
        lines.append(f"{margin}{paint(_Paint.FRAME, '-->')} {where}:{problem.place.line}:{problem.place.column}")
        lines += _quoted(problem.place, problem.label, margin, paint)
    if problem.hint is not None:
        lines.append(f"{margin} {paint(_Paint.FRAME, '=')} {paint(_Paint.HINT, 'hint')}: {problem.hint}")
    return "\n".join(lines)


def _quoted(place: Place, label: str, margin: str, paint: _Painter) -> list[str]:
    """The line of the file, and the carets under the part meant, in columns of the screen."""
    before = _on_screen(place.source[: place.column - 1])
    meant = _on_screen(place.source[place.column - 1 : place.column - 1 + place.length])
    bar = paint(_Paint.FRAME, "|")
    carets = paint(_Paint.ERROR, "^" * max(_columns(meant), 1) + (f" {label}" if label else ""))
    source = _on_screen(place.source).rstrip()
    return [
        f"{margin} {bar}",
        f"{paint(_Paint.FRAME, str(place.line))} {bar} {source}".rstrip(),
        f"{margin} {bar} {' ' * _columns(before)}{carets}",
    ]


def _on_screen(source: str) -> str:
    """Tabs as spaces, and nothing that a terminal would obey."""
    return "".join(
        _TAB if character == "\t" else "\N{REPLACEMENT CHARACTER}" if _is_control(character) else character
        for character in source
    )


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"}


def _columns(text: str) -> int:
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _counted(problems: Sequence[Problem], directory: Path) -> str:
    files = Counter(shown_path(problem.file, directory) for problem in problems)
    where = ", ".join(files) if len(files) <= _MOST_FILES_NAMED else f"{len(files)} files"
    return f"{where}: {counted(len(problems), 'problem')}"
