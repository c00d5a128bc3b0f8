"""Whether an app restarts itself: it writes into what is watched, so that each start leads to the next one.

Told by the rate, and by what the app was seen to write. A developer saves one file many times too, but hardly ten times
before the app has once started, nor a thousand times within a second of its start. Where it is known what the app
itself opened for writing, three times are enough.

Pure: whoever restarts feeds in each change set before acting on it, with how long the app has served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.core.changes import ChangeSet

MOST_WHILE_STARTING = 10
"""Change sets in a row that share a file and come before the app that the one before has started could serve."""

SOON, MOST_SOON = 1.0, 1000
"""The same within so many seconds of its serving. A script that saves as soon as it is answered looks just like it, and
may well do so some hundred times; so this only sees to it that a loop that nobody looks at does not go on for ever."""

LATELY, MOST_BY_APP = 15.0, 3
"""The same within so many seconds, if the app itself has written the file."""

QUIET = 5.0
"""Seconds without a change after which a file whose loop was stopped counts again, once the app has served for a while;
if it is known that the app writes it, it never does."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A restart loop that was found.

    Attributes:
        path: a file that all its change sets share.
        restarts: how many change sets in a row.
    """

    path: str
    restarts: int


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """What is remembered of the change sets that came last. A new value comes of each."""

    _shared: frozenset[str] = field(default_factory=frozenset)
    _row: int = 0
    _while_starting: int = 0
    _soon: int = 0
    _looping: frozenset[str] = field(default_factory=frozenset)
    _changed_at: float = 0.0

    @property
    def is_suspicious(self) -> bool:
        """Whether it is worth its cost to see what the next app writes."""
        return self._row >= MOST_BY_APP - 1

    def after(self, changes: ChangeSet, served: float | None, written: frozenset[str]) -> tuple[LoopGuard, bool]:
        """What is known with one more set, and whether to act on that: not if it is a part of a loop.

        Args:
            changes: the set.
            served: seconds that the app has served; None while it starts; infinite while it is down.
            written: files that the app which runs was seen to write.
        """
        paths, now = frozenset(changes.paths), changes.settled_at
        if paths <= self._looping and self._is_by_app(paths, served, written, now):
            return replace(self, _changed_at=now), False
        paths -= self._looping
        shared = paths & self._shared
        if not shared or (served is not None and served > LATELY):
            return LoopGuard(_shared=paths, _row=1, _looping=self._looping, _changed_at=now), True
        row = self._row + 1
        while_starting = self._while_starting + 1 if served is None else 0
        soon = self._soon + 1 if served is None or served <= SOON else 0
        by_app = shared & written if row > MOST_BY_APP else frozenset()
        is_loop = bool(by_app) or while_starting >= MOST_WHILE_STARTING or soon >= MOST_SOON
        looping = self._looping | (by_app or shared) if is_loop else self._looping
        return LoopGuard(shared, row, while_starting, soon, looping, now), not is_loop

    def _is_by_app(self, paths: frozenset[str], served: float | None, written: frozenset[str], now: float) -> bool:
        """Whether a change of files that looped before is the app's again, and not somebody's who edits them."""
        return paths <= written or served is None or served <= SOON or now - self._changed_at < QUIET

    def loop_since(self, earlier: LoopGuard) -> Loop | None:
        """The loop that was found between an earlier value and this one."""
        found = self._looping - earlier._looping
        return Loop(min(found), self._row) if found else None


def exclude_pattern(path: str, root: str) -> str | None:
    """The line of `exclude` that leaves out one file below a root and nothing else; None if it is not below it."""
    prefix = root.rstrip("/") + "/"
    if not path.startswith(prefix):
        return None
    return "/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", path.removeprefix(prefix))
