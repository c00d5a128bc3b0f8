"""When a burst of changes is over: at once for a lone save, at the burst's own pace for many.

A lone save that is complete waits for nothing. What follows right after it is a burst of its own, told as one more set
when it has been quiet for a few times its widest gap. So an editor's save and the formatter that runs after it are two
sets at the most, and so are a thousand files that a program writes.

Pure: whoever looks at files feeds in what was found and when, and asks when to come back. All times are seconds of one
clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.changes import Change, ChangeKind, ChangeSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORTEST_QUIET, LONGEST_QUIET, GAPS_OF_QUIET = 0.01, 0.1, 4
"""A burst is over after a quiet time of so many times its widest gap, within these bounds in seconds. Gaps of git, tar
and pip are below 10 ms at the median and rarely above 30 ms. A change that comes later than the longest quiet belongs
to no burst before it."""

HOLD = 0.05
"""Seconds that a missing or half-written file is waited for. Editors that delete and re-create take about 1 ms."""

LONGEST_BURST = 2.0
"""Seconds after which a burst is told even if it goes on."""

LOOK_AGAIN = 0.004
"""Seconds between two looks at whether work is still under way."""

GIT_PAUSE, LONGEST_GIT = 0.03, 10.0
"""Seconds of quiet after git let go of its lock, and the age at which a lock is stale. Between two steps of a rebase,
or two commands, the lock is gone for up to 28 ms; and nobody waits for a checkout by the millisecond."""


class Work(Enum):
    """What is known to be under way where files change: more may be to come."""

    IDLE = "idle"
    WRITING = "writing"
    """Git's `index.lock` exists: it is held from before the first file to after the last."""
    STEPPING = "stepping"
    """No lock, but between two steps of a rebase, or of another command that takes several."""
    LOOKING = "looking"
    """We have yet to look at all that was found to be new; perhaps nobody writes any more."""


class Finding(NamedTuple):
    """How a path stands against what was last told of it. A tuple, for a walk finds many.

    Attributes:
        path: absolute.
        kind: how it differs; None when it is again as it was told.
        complete: False while the one who writes it has not closed it.
    """

    path: str
    kind: ChangeKind | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Burst:
    """Changes that are not yet told. Each feeding makes a new value; an empty one waits for its first change.

    Attributes:
        quiet: seconds without a change that end it; None to follow its own pace.
        follows: whether a set was told just before, which this may go on from: then its first change is not a lone one.
    """

    quiet: float | None = None
    follows: bool = False
    _changes: Mapping[str, Change] = field(default_factory=lambda: MappingProxyType({}))
    _held_until: dict[str, float] = field(default_factory=dict)
    _first_at: float = 0.0
    _last_at: float = 0.0
    _widest_gap: float = 0.0
    _work: Work = Work.IDLE
    _work_until: float | None = None
    _kept: frozenset[str] = frozenset()

    @property
    def due(self) -> float | None:
        """When to ask whether it is over; None while it is empty."""
        if not self._changes:
            return None
        if self._work_until is None:
            quiet_at, longest = self._last_at + self._quiet_time(), max(LONGEST_BURST, self.quiet or 0.0)
        else:
            quiet_at, longest = self._work_until, LONGEST_GIT
        # What is held longest is held last, for each is held from the time of its feeding on.
        held_until = next(reversed(self._held_until.values()), quiet_at)
        return min(max(quiet_at, held_until), self._first_at + longest)

    def _quiet_time(self) -> float:
        if self.quiet is not None:
            return self.quiet
        if len(self._changes) == 1 and not self.follows:
            return 0.0
        return min(max(SHORTEST_QUIET, GAPS_OF_QUIET * self._widest_gap), LONGEST_QUIET)

    def feed(self, findings: Iterable[Finding], now: float, *, is_answer: bool = False) -> Burst:
        """The burst with these findings in it; each replaces what was found of the same path before.

        Args:
            findings: what was found.
            now: when; never before the time of an earlier feeding.
            is_answer: whether this only answers who still writes the files; if they are as before, the quiet goes on.
        """
        changes, held = dict(self._changes), dict(self._held_until)
        for path, kind, complete in findings:
            held.pop(path, None)
            if kind is None:
                changes.pop(path, None)
                continue
            changes[path] = Change(kind, path)
            if kind is ChangeKind.DELETED or not complete:
                held[path] = now + HOLD
        begun = bool(self._changes)
        if not changes:
            return Burst(quiet=self.quiet, follows=self.follows, _last_at=self._last_at)
        if is_answer and changes == self._changes:
            return replace(self, _held_until=held)
        goes_on = begun or (self.follows and now - self._last_at <= LONGEST_QUIET)
        return replace(
            self,
            follows=self.follows and goes_on,
            _changes=changes,
            _held_until=held,
            _first_at=self._first_at if begun else now,
            _last_at=now,
            _widest_gap=max(self._widest_gap, now - self._last_at) if goes_on else 0.0,
            _work_until=None if self._work_until is None else now + self._pause(),
        )

    def _pause(self) -> float:
        """How long to wait before the end is asked for again, or has come."""
        return LOOK_AGAIN if self._work in {Work.WRITING, Work.LOOKING} else GIT_PAUSE

    @property
    def size(self) -> int:
        """How much is yet to be told."""
        return len(self._changes)

    @property
    def paths(self) -> tuple[str, ...]:
        """What is yet to be told."""
        return tuple(self._changes)

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Files that somebody may still be writing, as far as was seen."""
        return tuple(path for path in self._held_until if self._changes[path].kind is not ChangeKind.DELETED)

    def during(self, work: Work, now: float) -> Burst:
        """Keep the burst open while work is under way, which may pause for longer than it ever did.

        It stays open for a moment after git is done, whose last files may still be on their way to us.
        """
        match self._work, work:
            case _, Work.WRITING | Work.LOOKING:
                until = now + LOOK_AGAIN
            case Work.IDLE, Work.IDLE:
                return self
            case Work.LOOKING, _:  # all was seen, and the burst has a pace of its own
                return replace(self, _work=Work.IDLE, _work_until=None)
            case Work.WRITING, _:
                until = now + GIT_PAUSE
            case _:
                until = max(now, self._last_at + GIT_PAUSE)
        return replace(self, _work=work, _work_until=until)

    def close(self, now: float) -> tuple[ChangeSet, Burst]:
        """The set that it came to, never empty if `due` was not None; and the burst that comes next.

        If it has lasted so long that it is told though it goes on, a file that is being written right now is kept for
        the next set, but only once, and not if it is the only one.
        """
        held = {path: until for path, until in self._held_until.items() if until > now and path not in self._kept}
        if len(held) == len(self._changes):
            held = {}
        changes = tuple(self._changes[path] for path in sorted(self._changes) if path not in held)
        told = ChangeSet(changes=changes, seen_at=self._first_at, settled_at=now)
        return told, Burst(
            quiet=self.quiet,
            follows=True,
            _changes={path: self._changes[path] for path in held},
            _held_until=held,
            _first_at=now,
            _last_at=self._last_at,
            _kept=frozenset(held),
        )
