"""Where each key and each value stands in the text of a TOML document.

A parser gives values and forgets their places; an error message needs the places. `scan` walks the grammar of
TOML 1.1 (https://toml.io/en/v1.1.0) once more and keeps nothing but offsets. It never judges: a document it cannot
follow is the parser's to refuse, and what was seen up to there is still returned.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the top of the document; a number is an index into an array."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text: offsets in characters, the end not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spans:
    """What a scan found.

    Attributes:
        keys: the first place where a key, or a table, is named: one part of a dotted key, with its quotes.
        values: from the first to the last character of a value.
        headers: `[table]`, with its brackets.
        repeated: the second place of a key or a table that was given before.
        unclosed: offset of the string, array or inline table that the text breaks off in; None if it does not.
    """

    keys: Mapping[KeyPath, Span]
    values: Mapping[KeyPath, Span]
    headers: Mapping[KeyPath, Span]
    repeated: Mapping[KeyPath, Span]
    unclosed: int | None


_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t\r]*(?:#[^\n]*)?(?:\n|\Z)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LINE_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"' + r"|'[^'\n]*'")
# Up to two quotes may stand directly before the three that close.
_LONG_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}", re.DOTALL)
# A date may be parted from its time by one space, which ends any other plain value.
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\[\]{}=\"'#]+")
_OPENING = frozenset("[{\"'")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def scan(text: str) -> Spans:
    """The places of all keys, values and headers, up to the first thing that is not TOML."""
    scanner = _Scanner(text)
    with suppress(_LostError):
        scanner.document()
    return Spans(
        keys=MappingProxyType(scanner.keys),
        values=MappingProxyType(scanner.values),
        headers=MappingProxyType(scanner.headers),
        repeated=MappingProxyType(scanner.repeated),
        unclosed=scanner.opened[-1] if scanner.opened else None,
    )


class _LostError(Exception):
    """The text does not go on as TOML would."""


class _Scanner:
    """A position in the text, and what was found before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self.headers: dict[KeyPath, Span] = {}
        self.repeated: dict[KeyPath, Span] = {}
        self.opened: list[int] = []
        self._lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        self._take(_BLANK)
        while self.position < len(self.text):
            if self._at("["):
                table = self._header()
            else:
                self._pair(table)
            self._take(_REST_OF_LINE)
            self._take(_BLANK)

    def _header(self) -> KeyPath:
        """`[table]` or `[[table]]`; the path that its keys have."""
        start = self.position
        brackets = 2 if self._at("[[") else 1
        self.position += brackets
        path = self._dotted_key(())
        self._expect("]" * brackets)
        span = Span(start, self.position)
        if brackets == 1:
            if path in self.headers or path in self.values:
                self.repeated.setdefault(path, span)
            self.headers.setdefault(path, span)
            return path
        index = self._lengths.get(path, 0)
        self._lengths[path] = index + 1
        self.headers[(*path, index)] = span
        return (*path, index)

    def _pair(self, table: KeyPath) -> None:
        path = self._dotted_key(table)
        self._expect("=")
        self._take(_SPACE)
        self._value(path)
        self._take(_SPACE)

    def _dotted_key(self, table: KeyPath) -> KeyPath:
        """The path of `a . "b".c` in `table`. An array of tables on the way stands for its last table."""
        path = table
        while True:
            self._take(_SPACE)
            start = self.position
            name = self._key_part()
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
            path = (*path, name)
            span = Span(start, self.position)
            if path in self.values:
                self.repeated.setdefault(path, span)
            self.keys.setdefault(path, span)
            self._take(_SPACE)
            if not self._at("."):
                return path
            self.position += 1

    def _key_part(self) -> str:
        if self._at('"'):
            return _ESCAPE.sub(_unescaped, self._take(_LINE_STRING)[1:-1])
        if self._at("'"):
            return self._take(_LINE_STRING)[1:-1]
        return self._take(_BARE_KEY)

    def _value(self, path: KeyPath) -> None:
        start = self.position
        if self.text[start : start + 1] in _OPENING:
            self.opened.append(start)
            self._enclosed(path)
            self.opened.pop()
        else:
            self._take(_PLAIN)
        self.values.setdefault(path, Span(start, self.position))

    def _enclosed(self, path: KeyPath) -> None:
        if self._at("["):
            self._array(path)
        elif self._at("{"):
            self._inline_table(path)
        elif self._at('"""') or self._at("'''"):
            self._take(_LONG_STRING)
        else:
            self._take(_LINE_STRING)

    def _array(self, path: KeyPath) -> None:
        self.position += 1
        self._take(_BLANK)
        index = 0
        while not self._at("]"):
            self._value((*path, index))
            index += 1
            self._comma_or("]")
        self.position += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.position += 1
        self._take(_BLANK)
        while not self._at("}"):
            self._pair(path)
            self._comma_or("}")
        self.position += 1

    def _comma_or(self, end: str) -> None:
        self._take(_BLANK)
        if not self._at(end):
            self._expect(",")
            self._take(_BLANK)

    def _at(self, words: str) -> bool:
        return self.text.startswith(words, self.position)

    def _expect(self, words: str) -> None:
        if not self._at(words):
            raise _LostError
        self.position += len(words)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.position)
        if found is None:
            raise _LostError
        self.position = found.end()
        return found.group()


def _unescaped(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2] or escape[3]
    if digits is None:
        return _ESCAPED.get(escape[4], escape[4])
    number = int(digits, 16)
    return chr(number) if number <= sys.maxunicode else ""
