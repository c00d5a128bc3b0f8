"""Holds a document to the schema: every key is known, every value of its kind.

Knows keys only through the schema. What keys have to do with each other is `relations`' matter, and what is
on the disk `build`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from reloadd.profile import schema
from reloadd.profile.findings import Finding, Inspection, On, RefusedError
from reloadd.profile.formats import misnamed_socket
from reloadd.profile.kinds import Subject
from reloadd.profile.problems import Code
from reloadd.profile.schema import ANY_NAME, BY_PATH, KEYS, TABLES
from reloadd.profile.words import found, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.profile.key import Key
    from reloadd.profile.model import Address
    from reloadd.profile.parse import TomlValue

T = TypeVar("T")
_Path = tuple[str, ...]
_TABLE_PATHS = frozenset(table.path for table in TABLES)


class Values:
    """The values that were read, typed by their keys."""

    def __init__(self, values: dict[_Path, object], given: frozenset[_Path], strays: frozenset[_Path]) -> None:
        self._values = values
        self._given = given
        self._strays = strays

    def get(self, key: Key[T]) -> T | None:
        """The value if it is given and right, else the default."""
        # Only `check` fills the mapping, and only with what the key's own kind has read.
        return cast("T | None", self._values.get(key.path, key.default))

    def is_given(self, key: Key[T]) -> bool:
        """Whether the document has the key, right or wrong."""
        return key.path in self._given

    def has_stray(self, table: str) -> bool:
        """Whether something in the table is not known, or it is no table: a key that is missing may be meant by it."""
        return any((table,) in (path, path[:-1]) for path in self._strays)

    def has_table(self, name: str) -> bool:
        """Whether the document has the table, with or without keys."""
        return (name,) in self._given

    def sockets(self) -> Iterator[tuple[str, Address]]:
        """The names and addresses of `[listen]`, in the order in which they stand there."""
        for path, value in self._values.items():
            if path[0] == "listen" and _row(path) in (schema.HTTP, schema.SOCKET):
                yield path[-1], cast("Address", value)


def check(inspection: Inspection) -> Values:
    """Read all values that are right, and report all keys and values that are not."""
    values: dict[_Path, object] = {}
    given: set[_Path] = set()
    strays: set[_Path] = set()
    for path, value in _entries(inspection.document.data, ()):
        given.add(path)
        row = _row(path)
        if path in _TABLE_PATHS:
            if not isinstance(value, dict):
                strays.add(path)
                inspection.report(path, _no_table(path, value))
        elif row is None:
            strays.add(path)
            inspection.report(path, _unknown(path, value))
        elif row is schema.SOCKET and (misnamed := _misnamed(path[-1], value)) is not None:
            strays.add(path)
            inspection.report(path, misnamed)
        else:
            try:
                values[path] = row.kind.read(_subject(row, path), value)
            except RefusedError as refused:
                for finding in refused.findings:
                    inspection.report(path, finding)
    return Values(values, frozenset(given), frozenset(strays))


def _entries(data: dict[str, TomlValue], table: _Path) -> Iterator[tuple[_Path, TomlValue]]:
    """All keys with their values, tables that the schema knows before what is in them."""
    for name, value in data.items():
        path = (*table, name)
        yield path, value
        if path in _TABLE_PATHS and isinstance(value, dict):
            yield from _entries(value, path)


def _row(path: _Path) -> Key[object] | None:
    """The schema's row for a key; sockets have names of the user's own."""
    return BY_PATH.get(path) or BY_PATH.get((*path[:-1], ANY_NAME))


def _subject(row: Key[object], path: _Path) -> Subject:
    return Subject(".".join(path), path[-1], row.example)


def _no_table(path: _Path, value: TomlValue) -> Finding:
    header = f"[{'.'.join(path)}]"
    hint = f"write `{header}` once, in single brackets" if isinstance(value, list) else f"write the header `{header}`"
    return Finding(Code.WRONG_TYPE, f"`{'.'.join(path)}` must be a table", found(value), hint)


def _misnamed(name: str, value: TomlValue) -> Finding | None:
    """What is wrong with a socket's name. Names are free, so only the value can show that another key was meant."""
    near = nearest(name, [key.path[-1] for key in (schema.TLS_CERT, schema.TLS_KEY, schema.HTTP)])
    if near is not None and not (isinstance(value, str) and ":" in value):
        return Finding(Code.UNKNOWN_KEY, f"unknown key `{name}` in `[listen]`", f"did you mean `{near}`?", on=On.KEY)
    return misnamed_socket(name)


def _unknown(path: _Path, value: TomlValue) -> Finding:
    """What is said of a key or a table that the schema does not have."""
    name, table = path[-1], path[:-1]
    what = "table" if isinstance(value, dict) else "key"
    where = f" in `[{'.'.join(table)}]`" if table else ""
    return Finding(Code.UNKNOWN_KEY, f"unknown {what} `{name}`{where}", _instead(name, table), on=On.KEY)


def _instead(name: str, table: _Path) -> str:
    here = [path[-1] for path in (*BY_PATH, *_TABLE_PATHS) if path[:-1] == table and path[-1] != ANY_NAME]
    near = nearest(name, here)
    if near is not None:
        return f"did you mean `{near}`?"
    elsewhere = [key for key in KEYS if key.path[-1] == name]
    if elsewhere:
        home = elsewhere[0].path[:-1]
        return f"it belongs in `[{'.'.join(home)}]`" if home else "it belongs above all tables"
    return f"expected {listed(sorted(here))}"
