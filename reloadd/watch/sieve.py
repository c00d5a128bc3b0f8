"""Names that no pattern is about, told from the others by a look-up and a search, however many the patterns are.

Nearly all names of a tree are such. The others are held back, sooner one too many than one too few, for who asks
pattern by pattern: see `ignore`. Pure text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_A_NAME = re.compile(r"\^\(\?:\.\+/\)\?(?P<name>.+?)/\??\$", re.DOTALL)
"""An expression that is about a name at any depth: that of a file or a directory, or of a directory alone."""

_BUT_A_SLASH = re.compile(r"\[\^/\]|\(\?!/\)")
_PLAIN = re.compile(r"(?:\w|\\\W)+")
_ESCAPED = re.compile(r"\\(\W)")


class Sieve(NamedTuple):
    """Made by `make_sieve`.

    Attributes:
        plain: names that are written out, as most are: one look-up answers for all of them.
        names: match every other name that a pattern for names is about.
        paths: for each directory that patterns are relative to, by the length of its prefix, what finds every path
            below it that one of them is about.
    """

    plain: frozenset[str]
    names: tuple[re.Pattern[str], ...]
    paths: tuple[tuple[int, re.Pattern[str]], ...]

    def holds(self, path: str, name: str, ending: str) -> bool:
        """Whether a pattern may be about a path.

        Args:
            path: below all directories that patterns are relative to.
            name: the last one of the path.
            ending: a slash for a directory, nothing for a file.
        """
        if name in self.plain:
            return True
        # Mostly there is one of the first kind and none of the second: a generator would take longer than all the rest.
        for expression in self.names:
            if expression.fullmatch(name):
                return True
        for prefix, expression in self.paths:  # noqa: SIM110 - see above
            if expression.search(on_one_line(path[prefix:]) + ending):
                return True
        return False

    def joined(self, other: Sieve) -> Sieve:
        """One that holds back what either does."""
        return Sieve(self.plain | other.plain, self.names + other.names, self.paths + other.paths)


def make_sieve(expressions: Iterable[tuple[int, str]]) -> Sieve:
    """The sieve of patterns.

    Args:
        expressions: of each the length of the prefix that it is relative to, and what it was translated to.
    """
    plain, names, paths = set[str](), dict[str, None](), dict[int, dict[str, None]]()
    for prefix, expression in expressions:
        part = _part_of(expression)
        if part.plain is not None:
            plain.add(part.plain)
        elif part.name is not None:
            names[part.name] = None
        else:
            paths.setdefault(prefix, {})[expression] = None
    return Sieve(
        frozenset(plain),
        (_any_of(names),) if names else (),
        tuple((prefix, _any_of(expressions)) for prefix, expressions in paths.items()),
    )


def on_one_line(path: str) -> str:
    """A path without line breaks, which no pattern can hold, and which expressions take for the end of a name."""
    return path.replace("\n", "\r")


class _Part(NamedTuple):
    """What an expression says of a name alone; neither if it is about more than that.

    Attributes:
        plain: the name that it is about.
        name: what is matched by each name that it is about.
    """

    plain: str | None = None
    name: str | None = None


@lru_cache(maxsize=1024)  # most profiles exclude the same and a few names of their own
def _part_of(expression: str) -> _Part:
    found = _OF_A_NAME.fullmatch(expression)
    if found is None or "/" in _BUT_A_SLASH.sub("", found["name"]):
        return _Part()
    if _PLAIN.fullmatch(found["name"]):
        return _Part(plain=_ESCAPED.sub(r"\1", found["name"]))
    return _Part(name=found["name"])


def _any_of(expressions: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(expressions), re.DOTALL)
