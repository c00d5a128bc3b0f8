"""Change sets on their way from the watches to the supervisor: those by which an app restarts itself end here.

Never decides what is a loop: `core.loops` does.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.loops import Loop, LoopGuard, exclude_pattern
from reloadd.core.records import record
from reloadd.core.state import State
from reloadd.supervise.noted import read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.profile.model import Profile
    from reloadd.supervise.attendance import Attendance
    from reloadd.supervise.supervisor import Supervisor


class Intake:
    """One app's.

    Args:
        supervisor: whom change sets are passed to.
        attendance: since when its children serve.
        publish: where records go.
    """

    def __init__(self, supervisor: Supervisor, attendance: Attendance, publish: Callable[[Record], None]) -> None:
        self._supervisor = supervisor
        self._attendance = attendance
        self._publish = publish
        self._guard = LoopGuard()
        self._bursts = 0

    def take_note(self, word: Noticed | Quiet) -> None:
        """Take it from one of the watches that a burst begins, or is over; several may have one at the same time."""
        before = self._bursts
        self._bursts += 1 if isinstance(word, Noticed) else -1
        if not before or not self._bursts:
            self._supervisor.tell(word)

    def take(self, changes: ChangeSet) -> None:
        """Take a settled change set from the watch."""
        before = self._guard
        self._guard, goes_on = before.after(changes, self._served(), self._written())
        self._attendance.wants_writes = self._guard.is_suspicious
        if goes_on:
            self._supervisor.changed(changes)
            return
        profile = self._supervisor.profile
        if (loop := self._guard.loop_since(before)) is not None:
            self._publish(_record_of(loop, profile))
        for path in changes.paths:
            self._publish(record("change.ignored", profile=profile.name, path=path, why="the app writes it itself"))

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

    def _written(self) -> frozenset[str]:
        """What the app was seen to write: read here and now, since that is asked only where there is suspicion."""
        ledger = self._attendance.ledger_of(self._supervisor.machine.current) if self._attendance.wants_writes else None
        return frozenset() if ledger is None else frozenset(read_ledger(ledger).written)


def _record_of(loop: Loop, profile: Profile) -> Record:
    patterns = (exclude_pattern(loop.path, str(root)) for root in profile.watch.roots)
    pattern = next((each for each in patterns if each is not None), None)
    return record(
        "change.looping",
        profile=profile.name,
        path=os.path.relpath(loop.path, profile.file.parent),
        restarts=loop.restarts,
        hint=f"add '{pattern}' to `exclude` in `[watch]`" if pattern else "take it out of `roots` in `[watch]`",
    )
