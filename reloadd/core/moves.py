"""The moves that the machine's transitions are made of: start, hold, admit, retire, hand over, give up.

Each gives the machine as it is afterwards, and what is to be done. Never looks at a word: `machine` decides which move
answers to which.
"""

from __future__ import annotations

from dataclasses import replace

from reloadd.core.actions import (
    GIVE_WAY,
    Abandon,
    Action,
    Admit,
    Arm,
    Complete,
    Finish,
    Hold,
    HoldReason,
    Late,
    Pause,
    Schedule,
    Spawn,
    Terminate,
)
from reloadd.core.inputs import Cause, Exited, Timer, Why
from reloadd.core.policy import OnExit, WhileReloading
from reloadd.core.state import Accepting, Judge, Machine, Rest, State, Then

Step = tuple[Machine, tuple[Action, ...]]


def spawn(machine: Machine, why: Why) -> Step:
    """Start a child that nothing stands in the way of."""
    generation = machine.generation + 1
    started = replace(
        machine,
        state=State.STARTING,
        generation=generation,
        current=generation,
        accepting=Accepting.YES,
        in_burst=False,
        newcomer=None,
        newcomer_is_ready=False,
        why=why,
        then=Rest(),
    )
    return started, (*_start_actions(started, why), Admit(generation))


def spawn_beside(machine: Machine, why: Why) -> Step:
    """Start a child beside `current`, which goes on accepting, or holds what comes."""
    generation = machine.generation + 1
    started = replace(
        machine,
        state=State.REPLACING,
        generation=generation,
        newcomer=generation,
        newcomer_is_ready=False,
        why=why,
    )
    starting = _start_actions(started, why)
    if machine.policy.while_reloading is WhileReloading.SERVE_OLD:
        admitted, admission = admit_old(started)
        return admitted, (*starting, *admission)
    holding, pause = hold(started)
    # First the pause: what comes from now on is for the new code.
    return holding, (*pause, *starting)


def _start_actions(machine: Machine, why: Why) -> tuple[Action, ...]:
    generation = machine.generation
    return Spawn(generation, why), Arm(Timer.READY, generation, machine.policy.ready_timeout)


def hold(machine: Machine) -> Step:
    """Let what comes wait for newer code, within bounds; `current` goes on with what it has."""
    if machine.current is None:
        return machine, ()
    pausing, pause = pause_old(machine)
    return pausing, (*pause, Arm(Timer.HOLD, machine.current, machine.policy.hold_timeout))


def release(machine: Machine) -> Step:
    """No newer code is waited for any more: let `current` accept again, unless a newcomer is about to take over."""
    calm = replace(machine, in_burst=False)
    return (calm, ()) if machine.newcomer_is_ready else admit_old(calm)


def pause_old(machine: Machine) -> Step:
    """Ask `current` to accept no more, unless that was asked already."""
    if machine.accepting is not Accepting.YES or machine.current is None:
        return machine, ()
    return replace(machine, accepting=Accepting.PAUSING), (Pause(machine.current),)


def admit_old(machine: Machine) -> Step:
    """Let `current` accept again, if it was asked not to."""
    if machine.accepting is Accepting.YES or machine.current is None:
        return machine, ()
    return replace(machine, accepting=Accepting.YES), (Admit(machine.current),)


def give_up_waiting(machine: Machine, generation: int, seconds: float) -> Step:
    """A child that was started does not serve within so many seconds: end it."""
    if generation == machine.current and machine.state is State.STARTING:
        stopping, retirement = stop_all(machine, Judge(None))
        return stopping, (Late(generation, seconds), *retirement)
    if generation == machine.newcomer and not machine.newcomer_is_ready:
        alone, retirement = retire(machine, generation)
        kept, saying = abandon(alone, generation)
        return kept, (Late(generation, seconds), *retirement, *saying)
    return machine, ()


def hand_over(machine: Machine) -> Step:
    """The newcomer takes over: `current` accepts no more, or did not say so in time. Its end is in nobody's way."""
    new, why = machine.newcomer, machine.why
    if new is None or why is None:
        return machine, ()
    alone, retirement = retire(machine, machine.current, after=GIVE_WAY)
    serving, admission = _let_in(alone, new)
    return serving, (*admission, Complete(new, why), *retirement)


def _let_in(machine: Machine, newcomer: int) -> Step:
    """Let the newcomer serve, alone. Within a burst its code is old already, and requests wait for the next child."""
    serving = serve(machine, newcomer)
    if not machine.in_burst:
        return serving, (Admit(newcomer),)
    return hold(replace(serving, accepting=Accepting.NO))


def serve(machine: Machine, generation: int) -> Machine:
    """The machine in which this generation serves, alone."""
    return replace(
        machine,
        state=State.SERVING,
        current=generation,
        accepting=Accepting.YES,
        newcomer=None,
        newcomer_is_ready=False,
        why=None,
        asked_again=False,
    )


def retire(machine: Machine, *generations: int | None, after: float = 0.0) -> Step:
    """Tell children to go, after so many seconds."""
    told = tuple(generation for generation in generations if generation is not None)
    actions: list[Action] = []
    for generation in told:
        actions += (Terminate(generation, after), Arm(Timer.STOP, generation, after + machine.policy.stop_timeout))
    return (
        replace(
            machine,
            current=None if machine.current in told else machine.current,
            newcomer=None if machine.newcomer in told else machine.newcomer,
            newcomer_is_ready=machine.newcomer_is_ready and machine.newcomer not in told,
            going=machine.going.union(told),
        ),
        tuple(actions),
    )


def stop_all(machine: Machine, then: Then) -> Step:
    """Tell all children to go; `then` says what follows once they have."""
    emptied, actions = retire(machine, machine.current, machine.newcomer)
    return replace(emptied, state=State.STOPPING, then=then, why=None), actions


def _failed(machine: Machine, *, is_hopeless: bool = False) -> Step:
    """A start that failed: wait and try again, or hold."""
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


def ended(machine: Machine, word: Exited) -> Step:
    """The one child that ran the app ended, and nobody asked it to."""
    was_serving = machine.state is not State.STARTING
    if was_serving and word.uptime > machine.policy.backoff.most:
        machine = replace(machine, failures=0)
    if was_serving and machine.why is not None:
        return spawn(machine, machine.why)
    if word.status.asks_again and (was_serving or not machine.asked_again):
        # A server that cannot start may end with code 3 as well (uvicorn, gunicorn): the first time it is believed, the
        # second time without having served in between is a failure.
        why = Why(Cause.EXIT)
        if machine.why is not None:
            why = machine.why.followed_by(why)
        return spawn(replace(machine, asked_again=not was_serving), why)
    if machine.going:
        # With overlap the child before may still be finishing its requests, and BACKOFF and HELD own no child.
        return replace(machine, state=State.STOPPING, current=None, why=None, then=Judge(word)), ()
    return judge(machine, word)


def judge(machine: Machine, exited: Exited | None) -> Step:
    """What the policy says of an exit that nobody asked for; None is a child that never served."""
    if exited is None:
        return _failed(machine)
    if exited.status.is_success and machine.policy.on_exit is not OnExit.ALWAYS:
        return replace(machine, state=State.FINISHED, current=None, why=None, then=Rest(), failures=0), (Finish(),)
    return _failed(machine, is_hopeless=exited.is_hopeless)


def promote(machine: Machine) -> Step:
    """The old child is gone before the newcomer took over: the newcomer is all there is."""
    new, why = machine.newcomer, machine.why
    if new is None or why is None:
        return machine, ()
    if machine.newcomer_is_ready:
        serving, admission = _let_in(machine, new)
        return serving, (*admission, Complete(new, why))
    alone = replace(machine, state=State.STARTING, current=new, accepting=Accepting.YES, newcomer=None)
    return alone, (Admit(new),)


def abandon(machine: Machine, generation: int) -> Step:
    """The newcomer failed: the last good generation serves on."""
    why = machine.why
    kept = replace(machine, state=State.SERVING, newcomer=None, newcomer_is_ready=False, why=None, asked_again=False)
    kept, admission = (kept, ()) if machine.in_burst else admit_old(kept)
    return kept, (*admission, *(() if why is None else (Abandon(generation, why),)))
