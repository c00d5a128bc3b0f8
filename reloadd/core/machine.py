"""The supervisor's decisions: `step(machine, input) -> (machine, actions)`, from one table.

Rule 1: everything that decides when a child is started or ended stands in this file.
Rule 2: a word about a generation that the machine does not own is dropped, here, before the table is asked.

Theory of operation. A machine owns children by their generation: `current` runs or is to run the app; `newcomer` is
started beside it and is to take over (only while REPLACING); `going` were told to end and have not ended yet. What the
user wants (`wanted`) is kept apart from what is (`state`), so that a stop during a restart is neither lost nor undone.

    DOWN       not wanted, owns nothing
    STARTING   `current` was started and does not serve yet
    SERVING    `current` serves
    REPLACING  `current` serves, `newcomer` was started and does not serve yet
    STOPPING   everything owned was told to go; `then` says what follows
    BACKOFF    owns nothing; tries again when the deadline passes or anything happens
    HELD       owns nothing; waits for anything to happen

A cell of `TABLE` is a small function; a pair that is not in it changes nothing. Never does anything itself: children,
deadlines and records are actions, which `supervise.supervisor` carries out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from reloadd.core.actions import (
    Abandon,
    Action,
    Arm,
    Complete,
    Finish,
    Hold,
    HoldReason,
    Kill,
    Late,
    Schedule,
    Spawn,
    Terminate,
)
from reloadd.core.inputs import Cause, Changed, Due, Exited, Input, Ready, Restart, Start, Stop, Timer, Why
from reloadd.core.policy import Handover, OnExit, Policy


class State(Enum):
    """Where a supervised app stands."""

    DOWN = "down"
    STARTING = "starting"
    SERVING = "serving"
    REPLACING = "replacing"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Rest:
    """After stopping: stay down."""


@dataclass(frozen=True, slots=True)
class Begin:
    """After stopping: start anew."""

    why: Why


@dataclass(frozen=True, slots=True)
class Judge:
    """After stopping: do what the policy says of an exit that nobody asked for.

    Attributes:
        exited: the exit; None for a child that was ended because it never served, which is a failure like one.
    """

    exited: Exited | None


Then = Rest | Begin | Judge


@dataclass(frozen=True, slots=True)
class Machine:
    """One supervised app at one moment.

    Attributes:
        policy: what the user decided.
        state: where it stands.
        wanted: whether the user wants it up.
        generation: the last generation that was given out; it only ever grows.
        current: the child that runs or is to run the app, and was not told to go.
        newcomer: the child that is to take over from it.
        going: children that were told to go.
        why: what the start under way answers to; in SERVING, the change that is left to the child's own reloader.
        then: what follows STOPPING.
        failures: failed tries in a row.
        asked_again: whether the start under way follows an exit with code 3 of a child that had not served.
    """

    policy: Policy = field(default_factory=Policy)
    state: State = State.DOWN
    wanted: bool = False
    generation: int = 0
    current: int | None = None
    newcomer: int | None = None
    going: frozenset[int] = frozenset()
    why: Why | None = None
    then: Then = Rest()
    failures: int = 0
    asked_again: bool = False

    @property
    def owned(self) -> frozenset[int]:
        """Every generation whose child may still be there."""
        return self.going | {generation for generation in (self.current, self.newcomer) if generation is not None}


Step = tuple[Machine, tuple[Action, ...]]


def step(machine: Machine, word: Input) -> Step:
    """What the machine becomes and what is to be done, in order."""
    if isinstance(word, Due) and word.timer is Timer.BACKOFF:
        known = word.generation == machine.generation
    elif isinstance(word, Ready | Exited | Due):
        known = word.generation in machine.owned
    else:
        known = True
    transition = TABLE.get((machine.state, type(word))) if known else None
    return transition(machine, word) if transition else (machine, ())


# The pieces that transitions are made of.


def _spawn(machine: Machine, why: Why) -> Step:
    generation = machine.generation + 1
    started = replace(
        machine, state=State.STARTING, generation=generation, current=generation, newcomer=None, why=why, then=Rest()
    )
    return started, (Spawn(generation, why), Arm(Timer.READY, generation, machine.policy.ready_timeout))


def _spawn_beside(machine: Machine, why: Why) -> Step:
    generation = machine.generation + 1
    started = replace(machine, state=State.REPLACING, generation=generation, newcomer=generation, why=why)
    return started, (Spawn(generation, why), Arm(Timer.READY, generation, machine.policy.ready_timeout))


def _retire(machine: Machine, *generations: int | None) -> Step:
    told = tuple(generation for generation in generations if generation is not None)
    actions: list[Action] = []
    for generation in told:
        actions += (Terminate(generation), Arm(Timer.STOP, generation, machine.policy.stop_timeout))
    return (
        replace(
            machine,
            current=None if machine.current in told else machine.current,
            newcomer=None if machine.newcomer in told else machine.newcomer,
            going=machine.going.union(told),
        ),
        tuple(actions),
    )


def _stop_all(machine: Machine, then: Then) -> Step:
    emptied, actions = _retire(machine, machine.current, machine.newcomer)
    return replace(emptied, state=State.STOPPING, then=then, why=None), actions


def _failed(machine: Machine, *, is_hopeless: bool = False) -> Step:
    """A try that came to nothing: wait and try again, or hold."""
    policy = machine.policy
    failures = machine.failures + 1
    emptied = replace(machine, current=None, newcomer=None, why=None, then=Rest(), failures=failures)
    if is_hopeless:
        reason = HoldReason.HOPELESS
    elif policy.on_exit is OnExit.NEVER:
        reason = HoldReason.POLICY
    elif failures >= policy.backoff.attempts:
        reason = HoldReason.ATTEMPTS
    else:
        delay = policy.backoff.delay(failures)
        return replace(emptied, state=State.BACKOFF), (
            Schedule(attempt=failures + 1, delay=delay),
            Arm(Timer.BACKOFF, machine.generation, delay),
        )
    return replace(emptied, state=State.HELD), (Hold(reason, failures),)


def _ended(machine: Machine, word: Exited) -> Step:
    """The one child that ran the app ended, and nobody asked it to."""
    was_serving = machine.state is not State.STARTING
    if was_serving and word.uptime > machine.policy.backoff.most:
        machine = replace(machine, failures=0)
    if was_serving and machine.why is not None:
        return _spawn(machine, machine.why)
    if word.status.asks_again and (was_serving or not machine.asked_again):
        # A server that cannot start may end with code 3 as well (uvicorn, gunicorn): once is taken at its word, twice
        # without having served in between is a failure.
        why = Why(Cause.EXIT)
        if machine.why is not None:
            why = machine.why.followed_by(why)
        return _spawn(replace(machine, asked_again=not was_serving), why)
    if machine.going:
        # With overlap the one before may still be finishing its requests: waiting and holding own nothing.
        return replace(machine, state=State.STOPPING, current=None, why=None, then=Judge(word)), ()
    return _judge(machine, word)


def _judge(machine: Machine, exited: Exited | None) -> Step:
    if exited is None:
        return _failed(machine)
    if exited.status.is_success and machine.policy.on_exit is OnExit.ON_FAILURE:
        return replace(machine, state=State.HELD, current=None, why=None, then=Rest(), failures=0), (Finish(),)
    return _failed(machine, is_hopeless=exited.is_hopeless)


# The cells.


def _start(machine: Machine, _: Start) -> Step:
    return _spawn(replace(machine, wanted=True, failures=0, asked_again=False), Why(Cause.START))


def _stop(machine: Machine, _: Stop) -> Step:
    return _stop_all(replace(machine, wanted=False), Rest())


def _rest(machine: Machine, _: Stop) -> Step:
    return replace(machine, wanted=False, state=State.DOWN, failures=0), ()


def _renew(machine: Machine, word: Restart | Changed) -> Step:
    """A new generation, as soon as nothing of the old one is in its way."""
    why = word.why if isinstance(word, Restart) else Why(Cause.CHANGE, word.changes)
    if machine.why is not None:
        why = machine.why.followed_by(why)
    fresh = replace(machine, wanted=True, failures=0, asked_again=False)
    match machine.state:
        case State.DOWN | State.BACKOFF | State.HELD:
            return _spawn(fresh, why)
        case State.STOPPING:
            if isinstance(machine.then, Begin):
                why = machine.then.why.followed_by(why)
            return replace(fresh, then=Begin(why)), ()
        case State.SERVING if machine.policy.handover is Handover.OVERLAP:
            return _spawn_beside(fresh, why)
        case State.REPLACING:
            alone, retirement = _retire(fresh, fresh.newcomer)
            beside, spawning = _spawn_beside(alone, why)
            return beside, retirement + spawning
        case _:
            return _stop_all(fresh, Begin(why))


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
    return replace(machine, state=State.SERVING, why=None, asked_again=False), (Complete(word.generation, machine.why),)


def _replacing_ready(machine: Machine, word: Ready) -> Step:
    if word.generation != machine.newcomer or machine.why is None:
        return machine, ()
    alone, retirement = _retire(machine, machine.current)
    serving = replace(alone, state=State.SERVING, current=word.generation, newcomer=None, why=None, asked_again=False)
    return serving, (Complete(word.generation, machine.why), *retirement)


def _exited(machine: Machine, word: Exited) -> Step:
    if word.generation in machine.going:
        return replace(machine, going=machine.going - {word.generation}), ()
    return _ended(machine, word)


def _replacing_exited(machine: Machine, word: Exited) -> Step:
    if word.generation in machine.going:
        return replace(machine, going=machine.going - {word.generation}), ()
    if word.generation == machine.current:
        # The old one is gone before its time: the newcomer is all there is.
        return replace(machine, state=State.STARTING, current=machine.newcomer, newcomer=None), ()
    if word.status.asks_again and not machine.asked_again and machine.why is not None:
        return _spawn_beside(replace(machine, asked_again=True), machine.why)
    return _abandon(machine, word.generation)


def _abandon(machine: Machine, generation: int) -> Step:
    kept = replace(machine, state=State.SERVING, newcomer=None, why=None, asked_again=False)
    return kept, (Abandon(generation, machine.why),) if machine.why is not None else ()


def _stopping_exited(machine: Machine, word: Exited) -> Step:
    left = replace(machine, going=machine.going - {word.generation})
    if left.going:
        return left, ()
    match machine.then:
        case Begin(why) if machine.wanted:
            return _spawn(left, why)
        case Judge(exited):
            return _judge(left, exited)
        case _:
            return replace(left, state=State.DOWN, then=Rest(), failures=0), ()


def _deadline(machine: Machine, word: Due) -> Step:
    """A child did not do in time what it was to do."""
    match word.timer:
        case Timer.STOP if word.generation in machine.going:
            return machine, (Kill(word.generation),)
        case Timer.READY if machine.state is State.STARTING and word.generation == machine.current:
            stopping, retirement = _stop_all(machine, Judge(None))
            return stopping, (Late(word.generation), *retirement)
        case Timer.READY if word.generation == machine.newcomer:
            alone, retirement = _retire(machine, word.generation)
            kept, saying = _abandon(alone, word.generation)
            return kept, (Late(word.generation), *retirement, *saying)
        case Timer.OWN_RELOAD if machine.state is State.SERVING and machine.why is not None:
            return _renew(replace(machine, why=None), Restart(machine.why))
        case _:
            return machine, ()


def _backoff_due(machine: Machine, _: Due) -> Step:
    return _spawn(machine, Why(Cause.EXIT))


Transition = Callable[[Machine, Any], Step]
"""A cell; it is only ever called with the input type that it stands under in the table."""

TABLE: dict[tuple[State, type[Input]], Transition] = {
    (State.DOWN, Start): _start,
    (State.DOWN, Restart): _renew,
    (State.STARTING, Stop): _stop,
    (State.STARTING, Restart): _renew,
    (State.STARTING, Changed): _renew,
    (State.STARTING, Ready): _ready,
    (State.STARTING, Exited): _exited,
    (State.STARTING, Due): _deadline,
    (State.SERVING, Stop): _stop,
    (State.SERVING, Restart): _renew,
    (State.SERVING, Changed): _serving_changed,
    (State.SERVING, Exited): _exited,
    (State.SERVING, Due): _deadline,
    (State.REPLACING, Stop): _stop,
    (State.REPLACING, Restart): _renew,
    (State.REPLACING, Changed): _renew,
    (State.REPLACING, Ready): _replacing_ready,
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
}
