"""The processes that are prepared for one app, at one moment, and what is done about them: a table in the small.

There are at most two: a spare, which has imported what is not the user's, and a scout, which was a spare and has run on
into the user's modules. `step` is pure; each word about a process carries its number, and one about a process that is
not there any more is dropped at the top.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.starts import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_FAILURES = 3
"""Failures in a row after which nothing is prepared any more."""

_MOST_TRIES = 5
"""Spares in a row that may come to nothing while what cannot be imported ahead is being found out."""


class Stage(Enum):
    """How far a process has come."""

    BUILDING = "building"
    READY = "ready"
    RUNNING_AHEAD = "running ahead"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Slot:
    """One process.

    Attributes:
        number: tells it from those before it.
        stage: how far it has come.
        until: the user's module that it is to stop before; None for a spare.
    """

    number: int
    stage: Stage
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Slots:
    """All of them.

    Attributes:
        spare: the process that has run none of the user's code.
        scout: the one that has.
        last: the highest number that was given out.
        until: the module before which a scout is wanted; None for no scout.
        why: why there is no spare, where there is none.
        failures: processes in a row that did not become what they were prepared for.
        tries: spares in a row that came to nothing.
        is_off: whether nothing is prepared any more.
    """

    spare: Slot | None = None
    scout: Slot | None = None
    last: int = 0
    until: str | None = None
    why: str = "nothing is known of its imports yet"
    failures: int = 0
    tries: int = 0
    is_off: bool = False

    @property
    def numbers(self) -> frozenset[int]:
        """Those of the processes that are there."""
        return frozenset(slot.number for slot in (self.spare, self.scout) if slot is not None)


@dataclass(frozen=True, slots=True)
class Prepare:
    """There is time to prepare the next child; `until` as in `Slots`."""

    until: str | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """This process waits: after its imports, or where it was to stop."""

    number: int


@dataclass(frozen=True, slots=True)
class Lost:
    """This process is gone, or of no use.

    Attributes:
        number: which.
        why: in words.
        is_explained: whether something was learned from it, so that the next one may fare better.
    """

    number: int
    why: str
    is_explained: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """A child is to be started.

    Attributes:
        faults: for each process that no child may be made from now, why not.
    """

    faults: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """The process that was given away became a child."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The process that was given away did not; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """Whatever is prepared is of no use any more; `why` in words."""

    why: str


Word = Prepare | Parked | Lost | Take | Answered | Refused | Outdated


@dataclass(frozen=True, slots=True)
class Build:
    """Start a spare."""

    number: int


@dataclass(frozen=True, slots=True)
class RunAhead:
    """Let a spare run on, up to this module."""

    number: int
    until: str


@dataclass(frozen=True, slots=True)
class Discard:
    """End a process; `why` in words."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Give:
    """Make the child from this process."""

    number: int
    source: Source
    is_parked: bool


@dataclass(frozen=True, slots=True)
class Deny:
    """Start the child cold; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class TurnOff:
    """Say that nothing is prepared any more; `why` in words."""

    why: str


Action = Build | RunAhead | Discard | Give | Deny | TurnOff
Step = tuple[Slots, tuple[Action, ...]]


def step(slots: Slots, word: Word) -> Step:
    """What is there after this word, and what is to be done."""
    if isinstance(word, Parked | Lost) and word.number not in slots.numbers:
        return slots, ()
    match word:
        case Prepare(until):
            done = _prepare(replace(slots, until=until))
        case Parked(number):
            done = _parked(slots, number)
        case Lost():
            done = _lost(slots, word)
        case Take(faults):
            done = _take(slots, faults)
        case Answered():
            done = replace(slots, failures=0), ()
        case Refused(why):
            done = _failed(slots, why)
        case Outdated(why):
            done = _clear(replace(slots, tries=0), why)
    return done


def _prepare(slots: Slots) -> Step:
    """Have a spare, and if one is wanted a scout: the spare becomes it, and is followed by another."""
    if slots.is_off:
        return slots, ()
    actions: list[Action] = []
    scout, spare = slots.scout, slots.spare
    if scout is not None and scout.until != slots.until:
        actions.append(Discard(scout.number, "another module was edited last"))
        scout = None
    if slots.until is not None and scout is None and spare is not None and spare.stage is Stage.READY:
        scout, spare = replace(spare, stage=Stage.RUNNING_AHEAD, until=slots.until), None
        actions.append(RunAhead(scout.number, slots.until))
    last = slots.last
    if spare is None and slots.tries < _MOST_TRIES:
        last += 1
        spare = Slot(last, Stage.BUILDING)
        actions.append(Build(last))
    return replace(slots, spare=spare, scout=scout, last=last), tuple(actions)


def _parked(slots: Slots, number: int) -> Step:
    if slots.scout is not None and slots.scout.number == number:
        return replace(slots, scout=replace(slots.scout, stage=Stage.AHEAD)), ()
    if slots.spare is None:
        return slots, ()
    ready = replace(slots, spare=replace(slots.spare, stage=Stage.READY), tries=0)
    return _prepare(ready) if slots.until is not None and slots.scout is None else (ready, ())


def _lost(slots: Slots, word: Lost) -> Step:
    if slots.scout is not None and slots.scout.number == word.number:
        # It was worth a try; the spare is as good as before, and the same module is not tried again.
        return replace(slots, scout=None, until=None), ()
    without = replace(slots, spare=None, why=word.why, tries=slots.tries + 1)
    if word.is_explained:
        return _prepare(without)
    failed, actions = _failed(without, word.why)
    if failed.is_off:
        return failed, actions
    again, building = _prepare(failed)
    return again, (*actions, *building)


def _take(slots: Slots, faults: Mapping[int, str]) -> Step:
    """The scout if it can be had, else the spare; what is at fault goes."""
    actions: list[Action] = []
    scout, spare, why = slots.scout, slots.spare, slots.why
    if scout is not None and (scout.stage is Stage.RUNNING_AHEAD or scout.number in faults):
        actions.append(Discard(scout.number, faults.get(scout.number, "it had not come far enough")))
        scout = None
    if spare is not None and spare.number in faults:
        why = faults[spare.number]
        actions.append(Discard(spare.number, why))
        spare = None
    if scout is not None:
        given = Give(scout.number, Source.SCOUT, is_parked=True)
        return replace(slots, scout=None, spare=spare, why=why), (*actions, given)
    if spare is not None:
        given = Give(spare.number, Source.SPARE, is_parked=spare.stage is Stage.READY)
        return replace(slots, scout=None, spare=None, why="it is not built yet"), (*actions, given)
    return replace(slots, scout=None, spare=None), (*actions, Deny(why))


def _failed(slots: Slots, why: str) -> Step:
    failures = slots.failures + 1
    if failures < _MOST_FAILURES:
        return replace(slots, failures=failures), ()
    off = f"off, after {failures} failures in a row: {why}"
    cleared, actions = _clear(replace(slots, failures=failures), off)
    return replace(cleared, is_off=True), (*actions, TurnOff(why))


def _clear(slots: Slots, why: str) -> Step:
    gone = tuple(Discard(slot.number, why) for slot in (slots.scout, slots.spare) if slot is not None)
    return replace(slots, spare=None, scout=None, why=why), gone
