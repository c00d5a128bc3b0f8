"""Bytes of a profile -> TOML values with their places, or the one problem that kept them from being read.

The only importer of tomli. Never looks at what the values mean: `check` does.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import tomli

from reloadd.profile.problems import Code, Place, Problem, place_in
from reloadd.profile.spans import KeyPath, Spans, scan

if TYPE_CHECKING:
    from pathlib import Path

TomlValue = str | int | float | bool | datetime | date | time | list["TomlValue"] | dict[str, "TomlValue"]


@dataclass(frozen=True, slots=True)
class Document:
    r"""A TOML file, read.

    Attributes:
        file: absolute path.
        text: what it holds, with newlines as `\n`; all offsets in `spans` are offsets into it.
        data: its values.
        spans: where they stand.
    """

    file: Path
    text: str
    data: dict[str, TomlValue]
    spans: Spans


def parse(file: Path, content: bytes) -> Document | Problem:
    """The document in `content`, which was read from `file`."""
    if content.startswith(codecs.BOM_UTF8):
        return _byte_order_mark(file, content)
    try:
        # tomli does the same to newlines, and counts its positions after it.
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return _not_utf8(file, content, error)
    try:
        data = tomli.loads(text)
        spans = scan(text)
    except tomli.TOMLDecodeError as error:
        return _not_toml(file, text, error)
    except RecursionError:
        return Problem(file, None, Code.SYNTAX, "arrays or tables are nested too deeply", hint="keep them flat")
    if not data:
        return Problem(
            file, None, Code.EMPTY, "the profile is empty", hint='begin with `[target]` and `app = "module:attribute"`'
        )
    return Document(file, text, data, spans)


def _byte_order_mark(file: Path, content: bytes) -> Problem:
    source = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").partition("\n")[0]
    return Problem(
        file,
        Place(line=1, column=1, length=1, source=source.rstrip("\r")),
        Code.ENCODING,
        "the file begins with a byte order mark",
        "found the bytes EF BB BF before this",
        "save it as UTF-8 without BOM",
    )


def _not_utf8(file: Path, content: bytes, error: UnicodeDecodeError) -> Problem:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(file, None, Code.ENCODING, "the file is UTF-16, a profile is UTF-8", hint="save it as UTF-8")
    first = content.rfind(b"\n", 0, error.start) + 1
    source = content[first:].partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")
    column = len(content[first : error.start].decode("utf-8", "replace")) + 1
    return Problem(
        file,
        Place(line=content.count(b"\n", 0, error.start) + 1, column=column, length=1, source=source),
        Code.ENCODING,
        "the file is not UTF-8",
        f"found the byte {content[error.start]:02X}",
        "save it as UTF-8",
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """How a message of tomli is said here."""

    message: str
    label: str
    hint: str | None = None


_UNCLOSED_STRING = _Words(
    "a string is not closed", "expected its closing quote", "end it with the quotes that it begins with"
)
_UNCLOSED_ARRAY = _Words("an array is not closed", "expected `,` or `]`")
_UNCLOSED_TABLE = _Words("an inline table is not closed", "expected `,` or `}`")
_UNCLOSED = {"[": _UNCLOSED_ARRAY, "{": _UNCLOSED_TABLE}
"""What is said of a document that ends within one of these; within a string, the parser says so itself."""

_WORDS: tuple[tuple[str, _Words], ...] = (
    (r"Expected '=' after a key", _Words("a key has no value", "expected `=`", 'write `key = "value"`')),
    (r"Invalid value", _Words("this is no TOML value", "expected a value", 'text stands in quotes, as in `"text"`')),
    (r"Invalid statement|Invalid initial character", _Words("this is no key", "expected a key or a `[table]`")),
    (r"Expected newline or end of document", _Words("a line goes on after its value", "expected the end of the line")),
    (r"Unterminated string|Expected \"'|(Illegal|Found invalid) character '\\n'", _UNCLOSED_STRING),
    (r"Unclosed array", _UNCLOSED_ARRAY),
    (r"Unclosed inline table", _UNCLOSED_TABLE),
    (r"Expected '\]+' at the end", _Words("a table's header is not closed", "expected `]`")),
    (
        r"Unescaped '\\' in a string|Invalid hex value|Escaped character is not",
        _Words("a string has an unknown escape", "before this", r"write `\\`, or put the string in single quotes"),
    ),
    (r"Invalid date", _Words("there is no such date", "expected a date, or quotes round text")),
    (r"Illegal character|Found invalid character", _Words("a control character stands in the file", "remove it")),
    (
        r"Cannot (declare|overwrite|redefine|mutate)|Duplicate inline table key",
        _Words("a key or a table is given twice", "given before", "put all keys of a table under one header"),
    ),
)
"""What tomli 2.3 and later says, and what is said for it; the first that matches counts."""


def _not_toml(file: Path, text: str, error: tomli.TOMLDecodeError) -> Problem:
    spans = scan(text)
    for path, span in spans.repeated.items():
        if span.start < error.pos:
            return _repeated(file, text, spans, path)
    words = next(
        (words for pattern, words in _WORDS if re.match(pattern, error.msg)),
        _Words(error.msg[:1].lower() + error.msg[1:], "here"),
    )
    start = error.pos
    if spans.unclosed is not None and (words is _UNCLOSED_STRING or start >= len(text.rstrip())):
        # The parser stops where the end was missed; what helps is where the beginning is.
        start = spans.unclosed
        words = _UNCLOSED.get(text[start], words)
    return Problem(file, place_in(text, start, error.pos + 1), Code.SYNTAX, words.message, words.label, words.hint)


def _repeated(file: Path, text: str, spans: Spans, path: KeyPath) -> Problem:
    again, earlier = spans.repeated[path], spans.keys[path]
    return Problem(
        file,
        place_in(text, again.start, again.end),
        Code.DUPLICATE,
        f"`{'.'.join(map(str, path))}` is given twice",
        f"first given on line {place_in(text, earlier.start, earlier.end).line}",
        "keep one of the two",
    )
