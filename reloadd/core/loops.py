"""Whether an app restarts itself: it writes into what is watched, so that each start leads to the next one.

Told by the rate, and by what the app was seen to write. A developer saves one file many times too, but hardly ten times
before the app has once started, nor a thousand times within a second of its start. Where it is known what the app
itself opened for writing, three times are enough, and are proof. The rate is none: an editor that saves by itself, and
an app that takes long to start, look the same. So what is only taken for a loop is put off and not left out: until the
file has been quiet for a while, which doubles each time.

Pure: whoever restarts feeds in each change set before acting on it, with how long the app has served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
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
if it is known that the app writes it, it never does. What was put off is acted on after the first such pause."""


class Verdict(Enum):
    """What is to be done with a change set."""

    ACT = "act"
    POSTPONE = "postpone"
    """Act on it once nothing that was put off has changed for `LoopGuard.pause`: it may be somebody's last save."""
    LEAVE = "leave"
    """The app wrote it itself."""


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
    _made_up: int = 0
    _on_trial: frozenset[str] = field(default_factory=frozenset)

    @property
    def pause(self) -> float:
        """Seconds without a change after which what was put off is acted on."""
        return QUIET * 2.0**self._made_up

    def made_up(self, changes: ChangeSet) -> LoopGuard:
        """What is known once that was done. If it was a loop it goes on, ever more slowly; if not, that shows now."""
        return replace(self, _made_up=self._made_up + 1, _on_trial=frozenset(changes.paths))

    @property
    def is_suspicious(self) -> bool:
        """Whether it is worth its cost to see what the next app writes."""
        return self._row >= MOST_BY_APP - 1

    def after(self, changes: ChangeSet, served: float | None, written: frozenset[str]) -> tuple[LoopGuard, Verdict]:
        """What is known with one more set, and what to do with that.

        Args:
            changes: the set.
            served: seconds that the app has served; None while it starts; infinite while it is down.
            written: files that the app which runs was seen to write.
        """
        if self._on_trial and served is not None and SOON < served < float("inf"):
            # The start that was made up for led to no other: it was somebody, and not the app.
            acquitted = replace(self, _looping=self._looping - self._on_trial, _on_trial=frozenset(), _made_up=0)
            return acquitted.after(changes, served, written)
        paths, now = frozenset(changes.paths), changes.settled_at
        made_up = self._made_up
        if paths <= self._looping:
            if self._is_by_app(paths, served, written, now):
                return replace(self, _changed_at=now, _on_trial=frozenset()), _verdict(paths, self._looping, written)
            made_up = 0
        counted = paths - self._looping
        shared = counted & self._shared
        if not shared or (served is not None and served > LATELY):
            return LoopGuard(counted, 1, _looping=self._looping, _changed_at=now, _made_up=made_up), Verdict.ACT
        row = self._row + 1
        while_starting = self._while_starting + 1 if served is None else 0
        soon = self._soon + 1 if served is None or served <= SOON else 0
        by_app = shared & written if row > MOST_BY_APP else frozenset()
        is_loop = bool(by_app) or while_starting >= MOST_WHILE_STARTING or soon >= MOST_SOON
        looping = self._looping | (by_app or shared) if is_loop else self._looping
        guard = LoopGuard(shared, row, while_starting, soon, looping, now, made_up)
        return guard, _verdict(paths, looping, written)

    def _is_by_app(self, paths: frozenset[str], served: float | None, written: frozenset[str], now: float) -> bool:
        """Whether a change of files that looped before is the app's again, and not somebody's who edits them."""
        return paths <= written or served is None or served <= SOON or now - self._changed_at < QUIET

    def loop_since(self, earlier: LoopGuard) -> Loop | None:
        """The loop that was found between an earlier value and this one."""
        found = self._looping - earlier._looping
        return Loop(min(found), self._row) if found else None


def _verdict(paths: frozenset[str], looping: frozenset[str], written: frozenset[str]) -> Verdict:
    """What is to be done with a set, some files of which may be part of a loop."""
    if not paths <= looping:
        return Verdict.ACT
    return Verdict.LEAVE if paths <= written else Verdict.POSTPONE


def exclude_pattern(path: str, root: str) -> str | None:
    """The line of `exclude` that leaves out one file below a root and nothing else; None if it is not below it."""
    prefix = root.rstrip("/") + "/"
    if not path.startswith(prefix):
        return None
    return "/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", path.removeprefix(prefix))
