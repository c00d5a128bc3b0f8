"""The processes that are prepared for one app, at one moment, and what is to be done about them.

There are at most four: a spare, which has imported what is not the user's; a scout, which was a spare and has run on
into the user's modules; a zygote, which is a spare that is never used itself; and a copy that the zygote has forked,
for as long as there is no spare. A copy is there at once, but copies each page of memory that it writes to.

Pure. A word about a process carries its number, and `step` drops a word about a process that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.slot_words import (
    Action,
    Answered,
    Build,
    Deny,
    Discard,
    Fork,
    Give,
    Lost,
    Outdated,
    Parked,
    Prepare,
    Refused,
    RunAhead,
    Take,
    TurnOff,
    Unbuilt,
    Word,
)
from reloadd.core.starts import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_FAILURES = 3
"""Failures in a row after which nothing is prepared any more."""

_MOST_TRIES = 5
"""Spares in a row that may fail while it is being found out what cannot be imported ahead."""


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

    @property
    def can_be_given(self) -> bool:
        """Whether a child could be made from it at once."""
        return self.stage in {Stage.READY, Stage.AHEAD}


@dataclass(frozen=True, slots=True)
class Slots:
    """The processes of one app.

    Attributes:
        spare: the process that has run none of the user's code.
        scout: the process that has run ahead into it.
        zygote: the process that copies are forked from.
        copy: the process that was forked from it.
        last: the highest number that was given out.
        until: the module before which a scout is wanted; None for no scout.
        wants_zygote: whether one is wanted.
        why: why there is no spare, where there is none.
        failures: processes in a row that did not become a child, or not what they were to be.
        tries: spares in a row that failed.
        is_off: whether nothing is prepared any more.
    """

    spare: Slot | None = None
    scout: Slot | None = None
    zygote: Slot | None = None
    copy: Slot | None = None
    last: int = 0
    until: str | None = None
    wants_zygote: bool = False
    why: str = "nothing is known of its imports yet"
    failures: int = 0
    tries: int = 0
    is_off: bool = False

    @property
    def all(self) -> tuple[Slot, ...]:
        """The processes that are there."""
        every = (self.scout, self.spare, self.copy, self.zygote)
        return tuple(slot for slot in every if slot is not None)

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the processes that are there."""
        return frozenset(slot.number for slot in self.all)


Step = tuple[Slots, tuple[Action, ...]]


def step(slots: Slots, word: Word) -> Step:
    """What is there after this word, and what is to be done."""
    if isinstance(word, Parked | Lost | Unbuilt) and word.number not in slots.numbers:
        return slots, ()
    match word:
        case Prepare(until, wants_zygote):
            done = _prepare(replace(slots, until=until, wants_zygote=wants_zygote))
        case Parked(number):
            done = _parked(slots, number)
        case Lost():
            done = _lost(slots, word)
        case Unbuilt(number, why):
            done = _unbuilt(slots, number, why)
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
    """Have a spare; if wanted, also a scout, which the spare becomes, and a zygote, which comes last."""
    if slots.is_off:
        return slots, ()
    actions: list[Action] = []
    scout, spare, zygote, last = slots.scout, slots.spare, slots.zygote, slots.last
    if scout is not None and scout.until != slots.until:
        actions.append(Discard(scout.number, "another module was edited last"))
        scout = None
    if slots.until is not None and scout is None and spare is not None and spare.stage is Stage.READY:
        scout, spare = replace(spare, stage=Stage.RUNNING_AHEAD, until=slots.until), None
        actions.append(RunAhead(scout.number, slots.until))
    if spare is None and slots.tries < _MOST_TRIES:
        last += 1
        spare = Slot(last, Stage.BUILDING)
        actions.append(Build(last))
    if slots.wants_zygote and zygote is None and spare is not None and spare.stage is Stage.READY:
        last += 1
        zygote = Slot(last, Stage.BUILDING)
        actions.append(Build(last, is_zygote=True))
    return replace(slots, spare=spare, scout=scout, zygote=zygote, last=last), tuple(actions)


def _parked(slots: Slots, number: int) -> Step:
    scout, spare, zygote, copy = slots.scout, slots.spare, slots.zygote, slots.copy
    if scout is not None and scout.number == number:
        return replace(slots, scout=replace(scout, stage=Stage.AHEAD)), ()
    if zygote is not None and zygote.number == number:
        return replace(slots, zygote=replace(zygote, stage=Stage.READY)), ()
    if copy is not None and copy.number == number:
        ready = replace(slots, copy=replace(copy, stage=Stage.READY))
        return _without_copy(ready) if spare is not None and spare.stage is Stage.READY else (ready, ())
    if spare is None:
        return slots, ()
    alone, discarded = _without_copy(replace(slots, spare=replace(spare, stage=Stage.READY), tries=0))
    prepared, actions = _prepare(alone)
    return prepared, (*discarded, *actions)


def _without_copy(slots: Slots) -> Step:
    """Discard the copy, if there is one: a spare is there, which is better."""
    if slots.copy is None:
        return slots, ()
    return replace(slots, copy=None), (Discard(slots.copy.number, "there is a spare"),)


def _lost(slots: Slots, word: Lost) -> Step:
    number = word.number
    if slots.scout is not None and slots.scout.number == number:
        # It was worth a try; the spare is as good as before, and the same module is not tried again.
        return replace(slots, scout=None, until=None), ()
    if slots.zygote is not None and slots.zygote.number == number:
        return replace(slots, zygote=None, wants_zygote=False), ()
    if slots.copy is not None and slots.copy.number == number:
        return replace(slots, copy=None), ()
    without = replace(slots, spare=None, why=word.why, tries=slots.tries + 1)
    if word.is_explained:
        return _prepare(without)
    failed, actions = _failed(without, word.why)
    if failed.is_off:
        return failed, actions
    again, building = _prepare(failed)
    return again, (*actions, *building)


def _unbuilt(slots: Slots, number: int, why: str) -> Step:
    """Do without it until something is prepared again, which is when the next child serves."""
    if slots.zygote is not None and slots.zygote.number == number:
        return replace(slots, zygote=None), ()
    if slots.spare is not None and slots.spare.number == number:
        return replace(slots, spare=None, why=why), ()
    return slots, ()


def _take(slots: Slots, faults: Mapping[int, str]) -> Step:
    """Give the scout, else the spare, else the copy; discard what is at fault, and have a new copy forked."""
    sound, discarded = _without_faults(slots, faults)
    scout, spare, copy = sound.scout, sound.spare, sound.copy
    given: Give | Deny
    if scout is not None:
        given, left = Give(scout.number, Source.SCOUT, is_parked=True), sound
    elif spare is not None and (spare.stage is Stage.READY or copy is None or copy.stage is not Stage.READY):
        given = Give(spare.number, Source.SPARE, is_parked=spare.stage is Stage.READY)
        left = replace(sound, spare=None, why="it is not built yet")
    elif copy is not None and copy.stage is Stage.READY:
        given, left = Give(copy.number, Source.ZYGOTE, is_parked=True), replace(sound, copy=None)
    else:
        given, left = Deny(sound.why), sound
    forked, forking = _fork(replace(left, scout=None))
    return forked, (*discarded, given, *forking)


def _without_faults(slots: Slots, faults: Mapping[int, str]) -> Step:
    """Discard the processes that are at fault, and a scout that has not come far enough."""
    scout = slots.scout
    if scout is not None and scout.stage is Stage.RUNNING_AHEAD:
        faults = {scout.number: "it had not come far enough", **faults}
    gone = tuple(Discard(slot.number, faults[slot.number]) for slot in slots.all if slot.number in faults)

    def kept(slot: Slot | None) -> Slot | None:
        return None if slot is None or slot.number in faults else slot

    why = slots.why if slots.spare is None or slots.spare.number not in faults else faults[slots.spare.number]
    left = replace(
        slots, scout=kept(scout), spare=kept(slots.spare), copy=kept(slots.copy), zygote=kept(slots.zygote), why=why
    )
    return left, gone


def _fork(slots: Slots) -> Step:
    """Have a copy, for the time in which there is no spare."""
    zygote = slots.zygote
    if zygote is None or zygote.stage is not Stage.READY or slots.copy is not None:
        return slots, ()
    number = slots.last + 1
    return replace(slots, copy=Slot(number, Stage.BUILDING), last=number), (Fork(number, zygote.number),)


def _failed(slots: Slots, why: str) -> Step:
    failures = slots.failures + 1
    if failures < _MOST_FAILURES:
        return replace(slots, failures=failures), ()
    off = f"off, after {failures} failures in a row: {why}"
    cleared, actions = _clear(replace(slots, failures=failures), off)
    return replace(cleared, is_off=True), (*actions, TurnOff(why))


def _clear(slots: Slots, why: str) -> Step:
    gone = tuple(Discard(slot.number, why) for slot in slots.all)
    return replace(slots, spare=None, scout=None, copy=None, zygote=None, why=why), gone
