"""Which directories are yet to be visited, and why.

Keeps them in the order in which they are to be done; never looks at a directory.
"""

from __future__ import annotations

import os
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from reloadd.watch.interest import NO_SHIFT

if TYPE_CHECKING:
    from collections.abc import Collection

    from reloadd.watch.interest import Shift


class Left(Enum):
    """What became of a directory above, so that what is below it is to be left as well."""

    GONE = "gone"
    OUT = "out"
    """It is there, and no longer looked at: what has gone below it since then is nobody's business."""


class Errand(NamedTuple):
    """Why a directory is to be visited.

    Attributes:
        shift: what has changed for scopes there beside the files.
        is_deep: visit all below it too, not only what is new or has new rules.
        listens_anew: even if it is the same directory with the same names as before.
        left: whether it is to be left, unless it is to be entered after all by then.
    """

    shift: Shift = NO_SHIFT
    is_deep: bool = True
    listens_anew: bool = False
    left: Left | None = None

    def joined(self, other: Errand) -> Errand:
        """Both at once."""
        return Errand(
            self.shift.joined(other.shift),
            self.is_deep or other.is_deep,
            self.listens_anew or other.listens_anew,
            other.left or self.left,
        )


class Errands:
    """Those of one walk, of which each directory has one at the most.

    Args:
        roots: the paths of all roots, now and later.
    """

    def __init__(self, roots: Collection[str]) -> None:
        self._roots = roots
        self._ahead: dict[str, Errand] = {}
        # How many are in each directory: of those there are few, and it is asked again and again below which roots.
        self._within = Counter[str]()
        self._roots_ahead: frozenset[str] | None = None

    @property
    def are_done(self) -> bool:
        """Whether none is left."""
        return not self._ahead

    def add(self, path: str, errand: Errand) -> None:
        """Have a directory visited."""
        self._roots_ahead = None
        known = self._ahead.pop(path, None)
        if known is None:
            self._within[os.path.dirname(path)] += 1
        # As the last one, which is the next: what was asked for latest is done first, and depth before breadth.
        self._ahead[path] = errand if known is None else errand.joined(known)

    def take(self) -> tuple[str, Errand]:
        """The next one, which counts as done from now on.

        Raises:
            KeyError: all are done.
        """
        path, errand = self._ahead.popitem()
        self._roots_ahead = None
        within = os.path.dirname(path)
        self._within[within] -= 1
        if not self._within[within]:
            del self._within[within]
        return path, errand

    def roots_ahead(self) -> frozenset[str]:
        """The roots at or below which there are errands left."""
        if self._roots_ahead is None:
            seen, found = set[str](), {root for root in self._roots if root in self._ahead}
            for directory in self._within:
                path = directory
                while path not in seen:
                    seen.add(path)
                    if path in self._roots:
                        found.add(path)
                    path = os.path.dirname(path)
            self._roots_ahead = frozenset(found)
        return self._roots_ahead

    @property
    def are_to_leave_any(self) -> bool:
        """Whether a directory is yet to be left since one above it was."""
        return any(errand.left is not None for errand in self._ahead.values())

    def are_to_leave(self, path: str) -> bool:
        """Whether what is at a path is found out by an errand, since a directory above it was left."""
        here, above = path, os.path.dirname(path)
        while self._ahead and here != above:
            if (errand := self._ahead.get(here)) is not None and errand.left is not None:
                return True
            here, above = above, os.path.dirname(above)
        return False

    def drop(self) -> None:
        """Do none of them."""
        self._roots_ahead = None
        self._ahead.clear()
        self._within.clear()
