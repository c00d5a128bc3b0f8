"""Files that were let in a moment ago, since the .gitignore that left them out has gone: it may only have gone first.

Whoever removes a directory, such as a virtual environment, may take the .gitignore in it before the files that it
names. That these go too is told to nobody then, for they were nobody's business until just now. Looks at no file.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.watch.interest import Scope

REMOVAL_PAUSE = 1.0
"""Seconds without one that is uncovered, or goes, after which nobody is held to be removing them. A processor that is
busy, or a part of the directory in which no file matters, makes a pause."""

_NOBODY: frozenset[Scope] = frozenset()


class Uncovered:
    """Those of one tree, until no more of them go."""

    def __init__(self) -> None:
        self._scopes: dict[str, frozenset[Scope]] = {}
        self._until = 0.0

    def __contains__(self, path: str) -> bool:
        return path in self._scopes and time.monotonic() < self._until

    def add(self, path: str, scopes: frozenset[Scope]) -> None:
        """Take note that a file was uncovered for these scopes."""
        self._scopes[path] = scopes
        self._until = time.monotonic() + REMOVAL_PAUSE

    def take_gone(self, path: str) -> frozenset[Scope]:
        """Take note that a file has gone; returns the scopes to whom that is nothing."""
        if not self._scopes:
            return _NOBODY
        now = time.monotonic()
        if now >= self._until:
            self.clear()
        scopes = self._scopes.pop(path, _NOBODY)
        if scopes:
            self._until = now + REMOVAL_PAUSE
        return scopes

    def discard(self, path: str) -> None:
        """Take note that a file was written to: from now on it is the business of all who look there."""
        self._scopes.pop(path, None)

    def clear(self) -> None:
        """Keep none of them."""
        self._scopes.clear()
