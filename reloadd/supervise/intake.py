"""Changes on their way from the watches to the supervisor: sets by which an app restarts itself wait or end here.

Never decides what is a loop: `core.loops` does.
"""

from __future__ import annotations

import asyncio
import math
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.loops import SOON, Loop, LoopGuard, Verdict, Writers, hint_for
from reloadd.core.records import Level, record
from reloadd.core.state import State
from reloadd.supervise.noted import read_effects
from reloadd.supervise.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.profile.model import Profile
    from reloadd.supervise.attendance import Attendance
    from reloadd.supervise.leases import Lease, Leases, Opener
    from reloadd.supervise.supervisor import Supervisor


_MOST_LEASED = 16
"""Files that may have a lease at the same time: a row shares one, or the few that a program writes each time."""


class Intake:
    """The change sets of one app.

    Args:
        supervisor: whose children they may restart.
        attendance: knows since when its children serve.
        act: takes the sets that are acted on.
        leases: shows who opens a file for writing.
        publish: where records go.

    Attributes:
        times_noticed: how many bursts have begun so far.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        attendance: Attendance,
        act: Callable[[ChangeSet], None],
        leases: Leases,
        publish: Callable[[Record], None],
    ) -> None:
        self._supervisor = supervisor
        self._attendance = attendance
        self._act = act
        self._leases = leases
        self._publish = publish
        self._guard = LoopGuard()
        self._leased: list[Lease] = []
        self._by_app: set[str] = set()
        self._by_others: set[str] = set()
        self._left: set[str] = set()
        self._postponed: ChangeSet | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._bursts = 0
        self._is_held = False
        self.times_noticed = 0

    @property
    def has_noticed(self) -> bool:
        """Whether a burst is open: it may come to nothing."""
        return self._bursts > 0

    def take_note(self, word: Noticed | Quiet) -> None:
        """Hear from one of the watches that a burst begins, or is over; several may have one at the same time."""
        was_expected = self._is_expected
        self._bursts += 1 if isinstance(word, Noticed) else -1
        self.times_noticed += isinstance(word, Noticed)
        self._tell_of_expectation(was_expected=was_expected)

    def hold(self, *, is_held: bool) -> None:
        """Hear that a set which was passed on is held back, or no longer: until then the burst goes on for requests."""
        was_expected = self._is_expected
        self._is_held = is_held
        self._tell_of_expectation(was_expected=was_expected)

    @property
    def _is_expected(self) -> bool:
        """Whether newer code may come, so that requests may have to wait for it."""
        return self._bursts > 0 or self._is_held

    def _tell_of_expectation(self, *, was_expected: bool) -> None:
        if was_expected is not self._is_expected:
            self._supervisor.tell(Noticed() if self._is_expected else Quiet())

    def take(self, changes: ChangeSet) -> None:
        """Take a settled change set from the watch."""
        before = self._guard
        self._guard, verdict = before.after(changes, self._served(), self._writers(changes.paths))
        self._attendance.wants_writes = self._guard.is_suspicious
        self._lease(self._guard.suspects)
        if (loop := self._guard.loop_since(before)) is not None:
            self._publish(_record_of(loop, self._supervisor.profile))
        match verdict:
            case Verdict.ACT:
                self._forget_timer()
                self._pass_on(changes)
            case Verdict.POSTPONE:
                pause = self._guard.pause
                self._ignore(changes.paths, f"the app may write it itself: waits for {pause:g} s without a change")
                self._postponed = _together(self._postponed, changes)
                self._forget_timer()
                self._timer = asyncio.get_running_loop().call_later(pause, self._try_postponed)
            case Verdict.LEAVE:
                self._leave(changes)

    def take_ignored(self, path: str) -> None:
        """Take it from one of the watches that a file was written, and that nothing comes of it."""
        self._ignore([path], "its content is as it was")
        self._supervisor.rewrites.note(path)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._forget_timer()
        self._lease(())

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _try_postponed(self) -> None:
        """Act on what was put off, since nobody has written it for a while."""
        self._timer = None
        if (postponed := self._postponed) is not None:
            self._postponed = None
            self._guard = self._guard.tried(postponed)
            self._act(replace(postponed, settled_at=asyncio.get_running_loop().time()))

    def _pass_on(self, changes: ChangeSet) -> None:
        """Act on a set now, and on what was put off: the next child has everything that is on disk."""
        together, self._postponed = _together(self._postponed, changes), None
        self._act(together)

    def _ignore(self, paths: Iterable[str], why: str, level: Level | None = None) -> None:
        reports = Reports(self._supervisor.profile, self._publish)
        for path in paths:
            reports.ignored(path, why, level)

    def _leave(self, changes: ChangeSet) -> None:
        """Drop a set that the app has written. If it may be somebody's edit, warn of that, once for each file."""
        is_start = (served := self._served()) is None or served <= SOON
        news = [] if is_start else [path for path in changes.paths if path not in self._left]
        self._left.update(news)
        self._ignore((path for path in changes.paths if path not in news), "the app writes it itself")
        self._ignore(
            news,
            "the app writes it itself, so an edit of it that cannot be seen to be one restarts nothing",
            Level.WARNING,
        )

    def _served(self) -> float | None:
        """Seconds that the app has served; None while a child starts, infinite while there is none that could."""
        machine = self._supervisor.machine
        match machine.state:
            case State.STARTING | State.REPLACING | State.STOPPING:
                return None
            case State.SERVING:
                return self._attendance.served(machine.current)
            case _:
                return math.inf

    def _writers(self, paths: Sequence[str]) -> Writers:
        """Who was seen to write these files; ledgers are read only where there is suspicion."""
        opened = Writers(frozenset(self._by_app), frozenset(self._by_others))
        self._by_app.clear()
        self._by_others.clear()
        if not self._attendance.wants_writes:
            return opened
        owned = self._supervisor.machine.owned
        ledgers = [read_effects(path) for each in owned if (path := self._attendance.ledger_of(each)) is not None]
        are_complete = len(ledgers) == len(owned) > 0 and all(map(self._attendance.notes_writes, owned))
        return opened.with_ledgers(paths, ledgers, are_complete=are_complete)

    def _lease(self, paths: Iterable[str]) -> None:
        """See who opens these files from now on, and no others."""
        for lease in self._leased:
            self._leases.give_back(lease)
        begun_with = self._supervisor.leaders
        taken = (
            self._leases.take(path, partial(self._opened, path, begun_with), is_certain=path in self._guard.looping)
            for path in sorted(paths)[:_MOST_LEASED]
        )
        self._leased = [lease for lease in taken if lease is not None]

    def _opened(self, path: str, begun_with: frozenset[int], openers: tuple[Opener, ...] | None) -> None:
        """Hear who opens a file: a process of the app's, or of a child that has just ended, or somebody else."""
        leaders = begun_with | self._supervisor.leaders
        if openers is None:
            return
        is_app = any(opener.lineage & leaders for opener in openers)
        (self._by_app if is_app else self._by_others).add(path)


def _together(earlier: ChangeSet | None, later: ChangeSet) -> ChangeSet:
    """Both as one, with the times of the later."""
    if earlier is None:
        return later
    return replace(earlier.followed_by(later), seen_at=later.seen_at, settled_at=later.settled_at)


def _record_of(loop: Loop, profile: Profile) -> Record:
    roots = [str(each) for root in profile.watch.roots for each in (root, root.resolve())]
    return record(
        "change.looping",
        profile=profile.name,
        path=os.path.relpath(loop.path, profile.file.parent),
        restarts=loop.restarts,
        hint=hint_for(loop, roots),
    )
