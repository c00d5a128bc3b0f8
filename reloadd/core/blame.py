"""Where a program broke, read from its last words.

Never opens a file and never runs anything: it reads the lines that a child printed before it ended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PYTHON_FRAME = re.compile(r'^[\s|+-]*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_PYTHON_ERROR = re.compile(r"^[\s|+-]*(?P<error>(?:[A-Za-z_]\w*\.)*(?P<kind>[A-Z]\w*)(?:: .*)?)$")
_NODE_PLACE = re.compile(r"^(?:file://)?(?P<file>/[^:\n]+\.[cm]?[jt]sx?):(?P<line>\d+)$")
_NODE_FRAME = re.compile(r"^\s+at .*?\(?(?:file://)?(?P<file>/[^:()]+):(?P<line>\d+):\d+\)?$")
_NODE_ERROR = re.compile(r"^(?:Uncaught )?(?P<error>(?P<kind>(?:[A-Z]\w*)?(?:Error|Exception))(?: \[\w+\])?(?:: .*)?)$")

_LIBRARY = re.compile(r"^<|/lib/python\d[^/]*/|/(?:site|dist)-packages/")
"""Files that developers do not edit: the innermost frame outside of them is where to look."""

_EXCERPT = 8
"""Lines of Node's between an error and its place above: the source line, carets, notes."""

_STACK = 20
"""Lines below an error in which its place may be named: Node lists its own frames first."""

_HOPELESS = frozenset({"SyntaxError", "IndentationError", "TabError"})
"""Errors that no second try cures: the text of the program itself is wrong."""


@dataclass(frozen=True, slots=True)
class Blame:
    """What a child's last words say.

    Attributes:
        error: the error as it was printed, such as `NameError: name 'x' is not defined`.
        file: where it happened, as it was printed; None where no place was named.
        line: the line number there, from 1.
        is_hopeless: whether only an edit can help.
    """

    error: str
    file: str | None = None
    line: int | None = None
    is_hopeless: bool = False


def find_blame(lines: Sequence[str]) -> Blame | None:
    """What the last traceback among `lines` says, or None where there is none.

    Python names the place in the frames above the error (traceback module), Node in the line above the source excerpt
    or in the first `at` line below it (V8's stack trace API).
    """
    plain = [_ESCAPE.sub("", line).rstrip() for line in lines]
    for index in range(len(plain) - 1, -1, -1):
        blame = _python_blame(plain, index) or _node_blame(plain, index)
        if blame is not None:
            return blame
    return None


def _python_blame(lines: Sequence[str], index: int) -> Blame | None:
    """The blame if line `index` ends a Python traceback: the frames stand right above it, with their source lines."""
    error = _PYTHON_ERROR.match(lines[index])
    if error is None:
        return None
    frames = []
    for line in reversed(lines[:index]):
        frame = _PYTHON_FRAME.match(line)
        if frame is not None:
            frames.append(frame)
        elif line and not line.startswith((" ", "|", "\t")):
            break
    if not frames:
        return None
    return _blame(error, next((frame for frame in frames if not _LIBRARY.search(frame["file"])), frames[0]))


def _node_blame(lines: Sequence[str], index: int) -> Blame | None:
    error = _NODE_ERROR.match(lines[index])
    if error is None:
        return None
    for above in range(index - 1, max(index - _EXCERPT, -1), -1):
        place = _NODE_PLACE.match(lines[above])
        if place is not None:
            return _blame(error, place)
    for below in range(index + 1, min(index + _STACK, len(lines))):
        place = _NODE_FRAME.match(lines[below])
        if place is not None:
            return _blame(error, place)
    return None


def _blame(error: re.Match[str], place: re.Match[str]) -> Blame:
    return Blame(
        error=error["error"],
        file=place["file"],
        line=int(place["line"]),
        is_hopeless=error["kind"] in _HOPELESS,
    )
