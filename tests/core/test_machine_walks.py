"""The machine's invariants, held over random walks through everything that can happen to it."""

from __future__ import annotations

import random

import pytest

from reloadd.core.actions import Action, Admit, Arm, Kill, Pause, Spawn, Terminate
from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.exits import ExitStatus
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
from reloadd.core.machine import step
from reloadd.core.policy import Handover, OnExit, Policy, WhileReloading
from reloadd.core.state import Machine, State

WALKS = 60
STEPS = 120
CALM = 40
"""Inputs after which a machine that is left in peace must have come to rest."""

EDIT = ChangeSet((Change(ChangeKind.MODIFIED, "/a.py"),), 0.0, 0.0)
AT_REST = {State.DOWN, State.SERVING, State.HELD, State.FINISHED}


def policies() -> list[Policy]:
    """Every combination of what changes the machine's course."""
    return [
        Policy(on_exit=on_exit, handover=handover, while_reloading=meanwhile, own_reload_timeout=timeout)
        for on_exit in OnExit
        for handover, meanwhile in [
            (Handover.REPLACE, WhileReloading.HOLD),
            (Handover.OVERLAP, WhileReloading.HOLD),
            (Handover.OVERLAP, WhileReloading.SERVE_OLD),
        ]
        for timeout in (None, 1.0)
    ]


def named(policy: Policy) -> str:
    """A policy by what sets it apart."""
    own = "" if policy.own_reload_timeout is None else "-own reloader"
    return f"{policy.on_exit.value}-{policy.handover.value}-{policy.while_reloading.value}{own}"


class Children:
    """The children that the actions have made, and what was done to them: a supervisor without processes."""

    def __init__(self) -> None:
        self.alive: set[int] = set()
        self.admitted: set[int] = set()
        self.unanswered: set[int] = set()
        self.told: set[int] = set()
        self.bounded: set[int] = set()

    def carry_out(self, actions: tuple[Action, ...]) -> None:
        """Do what is asked; refuse what no supervisor could do."""
        for action in actions:
            match action:
                case Spawn(generation):
                    assert generation not in self.alive
                    self.alive.add(generation)
                case Terminate(generation):
                    assert generation in self.alive
                    assert generation not in self.told
                    self.told.add(generation)
                case Admit(generation):
                    assert generation in self.alive - self.told
                    self.admitted.add(generation)
                    self.unanswered.discard(generation)
                case Pause(generation):
                    assert generation in self.alive - self.told
                    self.admitted.discard(generation)
                    self.unanswered.add(generation)
                case Arm(Timer.HOLD, generation):
                    self.bounded.add(generation)
                case Kill(generation):
                    assert generation in self.told

    def take(self, word: Input) -> None:
        """What a word says of the children, before the machine hears it."""
        match word:
            case Exited(generation):
                self.alive.discard(generation)
                self.unanswered.discard(generation)
                self.bounded.discard(generation)
            case Due(Timer.HOLD, generation):
                self.bounded.discard(generation)


def random_word(chance: random.Random, machine: Machine, children: Children) -> Input:
    """Something that may happen now, stale words among it."""
    generation = chance.choice([*children.alive, machine.generation, chance.randint(0, machine.generation + 1)])
    status = chance.choice([ExitStatus(code=code) for code in (0, 1, 3)] + [ExitStatus(signal="SIGKILL")])
    words: list[Input] = [
        Start(),
        Stop(),
        Restart(Why(Cause.COMMAND)),
        Noticed(),
        Quiet(),
        Changed(EDIT),
        Changed(EDIT),
        Ready(generation),
        Paused(generation),
        Due(chance.choice(list(Timer)), generation),
    ]
    if children.alive:
        ending = chance.choice(sorted(children.alive))
        words += [Exited(ending, status, is_hopeless=chance.random() < 0.1)] * 3
    return chance.choice(words)


def check(before: Machine, after: Machine, children: Children) -> None:
    """The invariants."""
    untold = children.alive - children.told
    assert after.generation >= before.generation
    assert len(untold) <= (2 if after.state is State.REPLACING else 1)
    assert after.owned == children.alive
    if after.state in {State.DOWN, State.BACKOFF, State.HELD, State.FINISHED}:
        assert untold == set()
    if after.state is State.STARTING or (after.state is State.SERVING and not after.in_burst):
        # Whoever is there alone is never left waiting at the door.
        assert children.admitted >= untold
    elif after.state is State.SERVING and not children.admitted >= untold:
        assert after.current in children.bounded
    assert len(children.admitted & untold) <= 1
    if after.state is State.DOWN:
        assert children.alive == set()
    if not after.wanted:
        assert after.state in {State.DOWN, State.STOPPING}
    if after.state in {State.STARTING, State.SERVING, State.REPLACING}:
        assert after.current in untold


@pytest.mark.parametrize("policy", policies(), ids=named)
def test_invariants_hold_on_every_walk(policy: Policy) -> None:
    """At most one child that was not told to go (two while replacing); not wanted means down or stopping."""
    for seed in range(WALKS):
        chance = random.Random(seed)  # noqa: S311 (a walk that can be taken again)
        machine, children = Machine(policy=policy), Children()
        for _ in range(STEPS):
            word = random_word(chance, machine, children)
            children.take(word)
            before = machine
            machine, actions = step(machine, word)
            children.carry_out(actions)
            check(before, machine, children)


@pytest.mark.parametrize("policy", policies(), ids=named)
def test_every_walk_settles(policy: Policy) -> None:
    """Left in peace, with children that obey, an app comes to rest and owns only what serves, which accepts."""
    for seed in range(WALKS):
        chance = random.Random(seed)  # noqa: S311 (a walk that can be taken again)
        machine, children = Machine(policy=policy), Children()
        for _ in range(chance.randrange(STEPS)):
            word = random_word(chance, machine, children)
            children.take(word)
            machine, actions = step(machine, word)
            children.carry_out(actions)
        for _ in range(CALM):
            calm = calm_word(machine, children)
            if calm is None:
                break
            children.take(calm)
            machine, actions = step(machine, calm)
            children.carry_out(actions)

        assert machine.state in AT_REST, f"seed {seed}"
        assert children.alive <= {machine.current}, f"seed {seed}"
        assert children.alive <= children.admitted, f"seed {seed}"


def calm_word(machine: Machine, children: Children) -> Input | None:
    """What happens when nobody interferes: those told to go do, those started serve, deadlines pass."""
    going = sorted(children.alive & children.told)
    if going:
        return Exited(going[0], ExitStatus(code=0))
    match machine.state:
        case State.REPLACING if machine.newcomer_is_ready and machine.current in children.unanswered:
            return Paused(machine.current or 0)
        case State.STARTING | State.REPLACING:
            return Ready(machine.newcomer or machine.current or 0)
        case State.BACKOFF:
            return Due(Timer.BACKOFF, machine.generation)
        case State.SERVING if machine.current in children.bounded or machine.why is not None:
            # Held requests are let in also where nobody says that the burst is over.
            return Due(Timer.HOLD if machine.current in children.bounded else Timer.OWN_RELOAD, machine.current or 0)
        case _:
            return None
