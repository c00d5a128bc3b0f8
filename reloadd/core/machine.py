"""The supervisor's decisions: `step(machine, input) -> (machine, actions)`, from one table.

Rule 1: everything that decides when a child is started or ended stands in this file and in `moves`.
Rule 2: a word about a generation that the machine does not own is dropped in `step`, before the table is asked.

Theory of operation. A machine owns children by their generation: `current` runs or is to run the app; `newcomer` is
started beside it and is to take over (only while REPLACING); `going` were told to end and have not ended yet. What the
user wants (`wanted`) is kept apart from what is (`state`), so that a stop during a restart is neither lost nor undone.

    DOWN       not wanted, owns nothing
    STARTING   `current` was started and does not serve yet
    SERVING    `current` serves
    REPLACING  `current` serves, or holds what comes; `newcomer` was started and does not serve yet
    STOPPING   everything owned was told to go; `then` says what follows
    BACKOFF    owns nothing; tries again when the deadline passes or anything happens
    HELD       owns nothing; waits for anything to happen
    FINISHED   as HELD, because the app did what it was to do

Handing over. Both share one listening socket, so that only one of the two may accept at a time: the old one is told to
pause and confirms; then the new one is admitted; then the old one is told to go. With `hold` the old one is paused as
soon as a change is noticed, before anybody knows what that comes to; if it comes to nothing, or the new one fails, the
old one is admitted again.

A cell of `TABLE` is a small function; a pair that is not in it changes nothing. Never does anything itself: children,
deadlines and records are actions, which `supervise.supervisor` carries out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reloadd.core import moves
from reloadd.core.actions import Arm, Complete, Kill
from reloadd.core.inputs import (
    Cause,
    Changed,
    Due,
    Exited,
    Input,
    Noticed,
    Paused,
    Quiet,
    Ready,
    Restart,
    Start,
    Stop,
    Timer,
    Why,
)
from reloadd.core.moves import Step
from reloadd.core.policy import Handover
from reloadd.core.state import Accepting, Begin, Judge, Machine, Rest, State


def step(machine: Machine, word: Input) -> Step:
    """What the machine becomes and what is to be done, in order."""
    if isinstance(word, Due) and word.timer is Timer.BACKOFF:
        known = word.generation == machine.generation
    elif isinstance(word, Ready | Paused | Exited | Due):
        known = word.generation in machine.owned
    else:
        known = True
    transition = TABLE.get((machine.state, type(word))) if known else None
    return transition(machine, word) if transition else (machine, ())


# The cells.


def _start(machine: Machine, _: Start) -> Step:
    return moves.spawn(replace(machine, wanted=True, failures=0, asked_again=False), Why(Cause.START))


def _stop(machine: Machine, _: Stop) -> Step:
    return moves.stop_all(replace(machine, wanted=False), Rest())


def _rest(machine: Machine, _: Stop) -> Step:
    return replace(machine, wanted=False, state=State.DOWN, failures=0), ()


def _renew(machine: Machine, word: Restart | Changed) -> Step:
    """A new generation, as soon as nothing of the old one is in its way."""
    why = word.why if isinstance(word, Restart) else Why(Cause.CHANGE, word.changes)
    if machine.why is not None:
        why = machine.why.followed_by(why)
    fresh = replace(machine, wanted=True, failures=0, asked_again=False)
    match machine.state:
        case State.DOWN | State.BACKOFF | State.HELD | State.FINISHED:
            return moves.spawn(fresh, why)
        case State.STOPPING:
            if isinstance(machine.then, Begin):
                why = machine.then.why.followed_by(why)
            return replace(fresh, then=Begin(why)), ()
        case State.SERVING if machine.policy.handover is Handover.OVERLAP:
            return moves.spawn_beside(fresh, why)
        case State.REPLACING:
            alone, retirement = moves.retire(fresh, fresh.newcomer)
            beside, spawning = moves.spawn_beside(alone, why)
            return beside, retirement + spawning
        case _:
            return moves.stop_all(fresh, Begin(why))


def _starting_noticed(machine: Machine, _: Noticed) -> Step:
    return replace(machine, in_burst=machine.policy.holds), ()


def _noticed(machine: Machine, _: Noticed) -> Step:
    return moves.hold(replace(machine, in_burst=True)) if machine.policy.holds else (machine, ())


def _quiet(machine: Machine, _: Quiet) -> Step:
    return moves.release(machine)


def _replacing_quiet(machine: Machine, _: Quiet) -> Step:
    # Whether what comes still waits is up to the newcomer.
    return replace(machine, in_burst=False), ()


def _serving_changed(machine: Machine, word: Changed) -> Step:
    timeout = machine.policy.own_reload_timeout
    if timeout is None or machine.current is None:
        return _renew(machine, word)
    why = Why(Cause.CHANGE, word.changes)
    if machine.why is not None:
        return replace(machine, why=machine.why.followed_by(why)), ()
    return replace(machine, why=why, failures=0), (Arm(Timer.OWN_RELOAD, machine.current, timeout),)


def _stopping_start(machine: Machine, _: Start) -> Step:
    then = machine.then if isinstance(machine.then, Begin) else Begin(Why(Cause.START))
    return replace(machine, wanted=True, then=then, failures=0), ()


def _stopping_stop(machine: Machine, _: Stop) -> Step:
    return replace(machine, wanted=False, then=Rest()), ()


def _stopping_changed(machine: Machine, word: Changed) -> Step:
    return _renew(machine, word) if machine.wanted else (machine, ())


def _ready(machine: Machine, word: Ready) -> Step:
    if word.generation != machine.current or machine.why is None:
        return machine, ()
    serving = moves.serve(machine, word.generation)
    serving, pause = moves.hold(serving) if serving.in_burst else (serving, ())
    return serving, (Complete(word.generation, machine.why), *pause)


def _serving_paused(machine: Machine, word: Paused) -> Step:
    if word.generation != machine.current or machine.accepting is not Accepting.PAUSING:
        return machine, ()
    return replace(machine, accepting=Accepting.NO), ()


def _replacing_ready(machine: Machine, word: Ready) -> Step:
    if word.generation != machine.newcomer:
        return machine, ()
    ready = replace(machine, newcomer_is_ready=True)
    if ready.accepting is Accepting.NO:
        return moves.hand_over(ready)
    pausing, pause = moves.pause_old(ready)
    deadline = () if machine.current is None else (Arm(Timer.PAUSE, machine.current, machine.policy.pause_timeout),)
    return pausing, (*pause, *deadline)


def _replacing_paused(machine: Machine, word: Paused) -> Step:
    if word.generation != machine.current or machine.accepting is not Accepting.PAUSING:
        return machine, ()
    paused = replace(machine, accepting=Accepting.NO)
    return moves.hand_over(paused) if paused.newcomer_is_ready else (paused, ())


def _exited(machine: Machine, word: Exited) -> Step:
    if word.generation in machine.going:
        return replace(machine, going=machine.going - {word.generation}), ()
    return moves.ended(machine, word)


def _replacing_exited(machine: Machine, word: Exited) -> Step:
    if word.generation in machine.going:
        return replace(machine, going=machine.going - {word.generation}), ()
    if word.generation == machine.current:
        return moves.promote(machine)
    if word.status.asks_again and not machine.asked_again and machine.why is not None:
        return moves.spawn_beside(replace(machine, asked_again=True), machine.why)
    return moves.abandon(machine, word.generation)


def _stopping_exited(machine: Machine, word: Exited) -> Step:
    left = replace(machine, going=machine.going - {word.generation})
    if left.going:
        return left, ()
    match machine.then:
        case Begin(why) if machine.wanted:
            return moves.spawn(left, why)
        case Judge(exited):
            return moves.judge(left, exited)
        case _:
            return replace(left, state=State.DOWN, then=Rest(), failures=0), ()


def _deadline(machine: Machine, word: Due) -> Step:
    """A child did not do in time what it was to do."""
    match word.timer:
        case Timer.STOP if word.generation in machine.going:
            return machine, (Kill(word.generation, word.seconds),)
        case Timer.READY:
            return moves.give_up_waiting(machine, word.generation, word.seconds)
        case Timer.PAUSE if machine.newcomer_is_ready and word.generation == machine.current:
            return moves.hand_over(machine)
        case Timer.HOLD if word.generation == machine.current:
            return moves.release(machine)
        case Timer.OWN_RELOAD if machine.state is State.SERVING and machine.why is not None:
            return _renew(replace(machine, why=None), Restart(machine.why))
        case _:
            return machine, ()


def _backoff_due(machine: Machine, _: Due) -> Step:
    return moves.spawn(machine, Why(Cause.EXIT))


Transition = Callable[[Machine, Any], Step]
"""A cell; it is only ever called with the input type that it stands under in the table."""

TABLE: dict[tuple[State, type[Input]], Transition] = {
    (State.DOWN, Start): _start,
    (State.DOWN, Restart): _renew,
    (State.STARTING, Stop): _stop,
    (State.STARTING, Restart): _renew,
    (State.STARTING, Noticed): _starting_noticed,
    (State.STARTING, Quiet): _quiet,
    (State.STARTING, Changed): _renew,
    (State.STARTING, Ready): _ready,
    (State.STARTING, Exited): _exited,
    (State.STARTING, Due): _deadline,
    (State.SERVING, Stop): _stop,
    (State.SERVING, Restart): _renew,
    (State.SERVING, Noticed): _noticed,
    (State.SERVING, Quiet): _quiet,
    (State.SERVING, Changed): _serving_changed,
    (State.SERVING, Paused): _serving_paused,
    (State.SERVING, Exited): _exited,
    (State.SERVING, Due): _deadline,
    (State.REPLACING, Stop): _stop,
    (State.REPLACING, Restart): _renew,
    (State.REPLACING, Noticed): _noticed,
    (State.REPLACING, Quiet): _replacing_quiet,
    (State.REPLACING, Changed): _renew,
    (State.REPLACING, Ready): _replacing_ready,
    (State.REPLACING, Paused): _replacing_paused,
    (State.REPLACING, Exited): _replacing_exited,
    (State.REPLACING, Due): _deadline,
    (State.STOPPING, Start): _stopping_start,
    (State.STOPPING, Stop): _stopping_stop,
    (State.STOPPING, Restart): _renew,
    (State.STOPPING, Changed): _stopping_changed,
    (State.STOPPING, Exited): _stopping_exited,
    (State.STOPPING, Due): _deadline,
    (State.BACKOFF, Start): _start,
    (State.BACKOFF, Stop): _rest,
    (State.BACKOFF, Restart): _renew,
    (State.BACKOFF, Changed): _renew,
    (State.BACKOFF, Due): _backoff_due,
    (State.HELD, Start): _start,
    (State.HELD, Stop): _rest,
    (State.HELD, Restart): _renew,
    (State.HELD, Changed): _renew,
    (State.FINISHED, Start): _start,
    (State.FINISHED, Stop): _rest,
    (State.FINISHED, Restart): _renew,
    (State.FINISHED, Changed): _renew,
}
