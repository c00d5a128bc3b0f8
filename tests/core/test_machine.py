"""The supervisor's table, cell by cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
    Kill,
    Late,
    Pause,
    Schedule,
    Spawn,
    Terminate,
)
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
from reloadd.core.policy import Backoff, Handover, OnExit, Policy, WhileReloading
from reloadd.core.state import Accepting, Machine, State

CODE = {code: ExitStatus(code=code) for code in (0, 1, 3)}
KILLED = ExitStatus(signal="SIGKILL")
OVERLAP = Policy(handover=Handover.OVERLAP, while_reloading=WhileReloading.SERVE_OLD)
HOLD = Policy(handover=Handover.OVERLAP, while_reloading=WhileReloading.HOLD)


def change(*paths: str, at: float = 1.0) -> ChangeSet:
    """A settled change set."""
    return ChangeSet(tuple(Change(ChangeKind.MODIFIED, path) for path in paths), at, at)


EDIT = Changed(change("/app/a.py"))
BECAUSE_OF_EDIT = Why(Cause.CHANGE, EDIT.changes)


def play(*words: Input, policy: Policy | None = None) -> tuple[Machine, tuple[Action, ...]]:
    """The machine after all words, and what the last one led to."""
    machine = Machine(policy=policy or Policy())
    actions: tuple[Action, ...] = ()
    for word in words:
        machine, actions = step(machine, word)
    return machine, actions


def start_actions(generation: int, why: Why, *, beside: bool = False) -> tuple[Action, ...]:
    """What starting a child takes; one that is started beside another is not admitted yet."""
    starting = Spawn(generation, why), Arm(Timer.READY, generation, Policy().ready_timeout)
    return starting if beside else (*starting, Admit(generation))


def stop_actions(generation: int, *, after: float = 0.0) -> tuple[Action, ...]:
    """What ending a child takes; one that another has replaced gives way to that first."""
    return Terminate(generation, after), Arm(Timer.STOP, generation, after + Policy().stop_timeout)


def test_start_spawns_the_first_generation() -> None:
    """Down, a start gives out generation 1."""
    machine, actions = play(Start())

    assert State.STARTING is machine.state
    assert start_actions(1, Why(Cause.START)) == actions


def test_change_while_down_starts_nothing() -> None:
    """What is not wanted is not started by an edit."""
    machine, actions = play(EDIT)

    assert (machine.state, actions) == (State.DOWN, ())


def test_ready_completes_the_start() -> None:
    """A child that serves is said to."""
    machine, actions = play(Start(), Ready(1))

    assert State.SERVING is machine.state
    assert (Complete(1, Why(Cause.START)),) == actions


def test_word_about_another_generation_is_dropped() -> None:
    """Neither a child nor a deadline of the past can confuse the machine."""
    before, _ = play(Start(), Ready(1), EDIT, Exited(1, CODE[0]), Ready(2))

    for word in (Ready(1), Exited(1, CODE[1]), Due(Timer.READY, 1), Due(Timer.STOP, 1), Due(Timer.BACKOFF, 1)):
        assert (before, ()) == step(before, word)


def test_change_replaces_the_child() -> None:
    """With `replace` the old one goes first, and the new one answers to the change."""
    stopping, actions = play(Start(), Ready(1), EDIT)
    started, spawning = step(stopping, Exited(1, CODE[0]))

    assert (State.STOPPING, stop_actions(1)) == (stopping.state, actions)
    assert (State.STARTING, start_actions(2, BECAUSE_OF_EDIT)) == (started.state, spawning)


def test_change_while_starting_supersedes_and_keeps_all_paths() -> None:
    """An edit during the start is never lost, and neither is the one that caused the start."""
    later = change("/app/b.py", at=2.0)
    _, actions = play(Start(), Ready(1), EDIT, Exited(1, CODE[0]), Changed(later), Exited(2, KILLED))

    assert start_actions(3, Why(Cause.CHANGE, EDIT.changes.followed_by(later))) == actions


def test_changes_while_stopping_are_one_restart() -> None:
    """Edits that come while the old child takes its time are gathered."""
    later = change("/app/b.py", at=2.0)
    _, actions = play(Start(), Ready(1), EDIT, Changed(later), Exited(1, CODE[0]))

    assert start_actions(2, Why(Cause.CHANGE, EDIT.changes.followed_by(later))) == actions


def test_stop_during_a_restart_wins() -> None:
    """What the user wants last is what happens."""
    machine, actions = play(Start(), Ready(1), EDIT, Stop(), Exited(1, CODE[0]))

    assert (machine.state, actions) == (State.DOWN, ())


def test_start_during_a_stop_starts_again() -> None:
    """A stop can be taken back while it is under way."""
    machine, actions = play(Start(), Ready(1), Stop(), Start(), Exited(1, CODE[0]))

    assert (State.STARTING, start_actions(2, Why(Cause.START))) == (machine.state, actions)


def test_change_during_a_stop_does_not_start() -> None:
    """An app that is being stopped for good stays stopped."""
    machine, _ = play(Start(), Ready(1), Stop(), EDIT, Exited(1, CODE[0]))

    assert State.DOWN is machine.state


def test_stop_deadline_kills() -> None:
    """A child that does not go in time is killed, and its end is waited for."""
    machine, actions = play(Start(), Ready(1), Stop(), Due(Timer.STOP, 1, 0.5))

    assert (State.STOPPING, (Kill(1, 0.5),)) == (machine.state, actions)


@pytest.mark.parametrize("serving", [False, True])
def test_code_3_starts_again_at_once(serving: bool) -> None:  # noqa: FBT001 (a parameter of the table)
    """Exit code 3 means: start me again; it is no failure."""
    words: list[Input] = [Start(), *([Ready(1)] if serving else [])]
    machine, actions = play(*words, Exited(1, CODE[3]))

    assert (machine.state, machine.failures) == (State.STARTING, 0)
    assert start_actions(2, Why(Cause.EXIT)) == actions


def test_code_3_twice_without_serving_is_a_failure() -> None:
    """Servers like uvicorn and gunicorn end with 3 when they cannot start at all: that must not become a loop."""
    machine, actions = play(Start(), Exited(1, CODE[3]), Exited(2, CODE[3]))

    assert State.BACKOFF is machine.state
    assert (Schedule(2, 0.2), Arm(Timer.BACKOFF, 2, 0.2)) == actions


def test_code_3_is_believed_again_once_it_has_served() -> None:
    """Whatever happened before that."""
    words: list[Input] = [Start(), Exited(1, CODE[3]), Ready(2), Exited(2, CODE[1]), Due(Timer.BACKOFF, 2)]
    machine, _ = play(*words, Exited(3, CODE[3]))

    assert (machine.state, machine.current) == (State.STARTING, 4)


def test_a_newcomer_that_exits_with_code_3_is_started_once_more() -> None:
    """Beside the old one, which serves on; a second time it has failed."""
    words: list[Input] = [Start(), Ready(1), EDIT, Exited(2, CODE[3])]
    again, actions = play(*words, policy=OVERLAP)
    failed, said = play(*words, Exited(3, CODE[3]), policy=OVERLAP)

    assert (again.state, again.current, again.newcomer) == (State.REPLACING, 1, 3)
    assert actions == start_actions(3, BECAUSE_OF_EDIT, beside=True)
    assert (failed.state, failed.current, failed.newcomer) == (State.SERVING, 1, None)
    assert said == (Abandon(3, BECAUSE_OF_EDIT),)


def test_a_long_start_that_fails_is_one_of_a_row() -> None:
    """Only to have served for long ends a row."""
    long = Backoff().most + 1
    fails: list[Input] = [Start(), Exited(1, CODE[1]), Due(Timer.BACKOFF, 1)]

    assert play(*fails, Exited(2, CODE[1], uptime=long))[0].failures == 2
    assert play(*fails, Ready(2), Exited(2, CODE[1], uptime=long))[0].failures == 1


def test_a_command_ends_a_row_of_failures() -> None:
    """So does a stop, also while the child is still going."""
    fails: list[Input] = [Start(), Exited(1, CODE[1]), Due(Timer.BACKOFF, 1)]

    assert play(*fails, Exited(2, CODE[1]), Stop())[0] == replace(Machine(), generation=2)
    assert play(*fails, Stop(), Start())[0].failures == 0
    assert play(*fails, Restart(Why(Cause.COMMAND)))[0].failures == 0


def test_code_3_after_serving_is_never_a_failure() -> None:
    """However often a child reloads itself, it is started again."""
    words: list[Input] = [Start()]
    for generation in range(1, 50):
        words += [Ready(generation), Exited(generation, CODE[3])]
    machine, _ = play(*words)

    assert (machine.state, machine.generation, machine.failures) == (State.STARTING, 50, 0)


@pytest.mark.parametrize("serving", [False, True])
@pytest.mark.parametrize(
    ("on_exit", "status", "expected"),
    [
        (OnExit.NEVER, CODE[0], State.FINISHED),
        (OnExit.NEVER, CODE[1], State.HELD),
        (OnExit.NEVER, KILLED, State.HELD),
        (OnExit.ON_FAILURE, CODE[0], State.FINISHED),
        (OnExit.ON_FAILURE, CODE[1], State.BACKOFF),
        (OnExit.ON_FAILURE, KILLED, State.BACKOFF),
        (OnExit.ALWAYS, CODE[0], State.BACKOFF),
        (OnExit.ALWAYS, CODE[1], State.BACKOFF),
        (OnExit.ALWAYS, KILLED, State.BACKOFF),
    ],
)
def test_exit_policy(on_exit: OnExit, status: ExitStatus, expected: State, serving: bool) -> None:  # noqa: FBT001
    """The policy table of the reference, row by row."""
    words: list[Input] = [Start(), *([Ready(1)] if serving else []), Exited(1, status)]
    machine, _ = play(*words, policy=Policy(on_exit=on_exit))

    assert expected is machine.state


def test_success_is_said_to_be_a_finish() -> None:
    """A script that did its work is not held for a failure."""
    _, actions = play(Start(), Ready(1), Exited(1, CODE[0]))

    assert (Finish(),) == actions


def test_hopeless_exit_holds_at_once() -> None:
    """A syntax error is not tried five times."""
    machine, actions = play(Start(), Exited(1, CODE[1], is_hopeless=True))

    assert (State.HELD, (Hold(HoldReason.HOPELESS, 1),)) == (machine.state, actions)


def test_failures_grow_the_delay_until_held() -> None:
    """Each try waits longer than the one before; after the last one nothing is tried."""
    policy = Policy(backoff=Backoff(first=0.5, factor=2, most=1.5, attempts=4))
    machine, actions = play(Start(), policy=policy)
    delays = []
    while machine.state is not State.HELD:
        machine, actions = step(machine, Exited(machine.generation, CODE[1]))
        delays += [action.delay for action in actions if isinstance(action, Schedule)]
        machine, _ = step(machine, Due(Timer.BACKOFF, machine.generation))

    assert delays == [0.5, 1.0, 1.5]
    assert (Hold(HoldReason.ATTEMPTS, 4),) == actions


def test_long_service_ends_the_row_of_failures() -> None:
    """An app that crashes once an hour is never held."""
    machine = Machine(state=State.SERVING, wanted=True, generation=7, current=7, failures=4)
    machine, _ = step(machine, Exited(7, CODE[1], uptime=3600))

    assert (machine.state, machine.failures) == (State.BACKOFF, 1)


@pytest.mark.parametrize("word", [EDIT, Start(), Restart(Why(Cause.COMMAND))])
def test_anything_new_ends_holding(word: Input) -> None:
    """Held, an edit, a start or a restart begins afresh."""
    machine, _ = play(Start(), Exited(1, CODE[1], is_hopeless=True), word)

    assert (machine.state, machine.generation, machine.failures) == (State.STARTING, 2, 0)


@pytest.mark.parametrize("word", [EDIT, Start(), Restart(Why(Cause.COMMAND))])
def test_anything_new_ends_the_backoff(word: Input) -> None:
    """A wait is not sat out when there is news, and its deadline is stale afterwards."""
    machine, _ = play(Start(), Exited(1, CODE[1]), word)
    after, actions = step(machine, Due(Timer.BACKOFF, 1))

    assert (machine.state, machine.generation, machine.failures) == (State.STARTING, 2, 0)
    assert (machine, ()) == (after, actions)


@pytest.mark.parametrize("words", [(Exited(1, CODE[1]),), (Exited(1, CODE[1], is_hopeless=True),)])
def test_stop_while_owning_nothing_is_down_at_once(words: tuple[Input, ...]) -> None:
    """In BACKOFF and HELD there is nobody to wait for."""
    machine, actions = play(Start(), *words, Stop())

    assert (machine.state, actions) == (State.DOWN, ())


def test_never_ready_is_a_failure() -> None:
    """A child that does not serve in time is ended, which counts although we did it."""
    stopping, actions = play(Start(), Due(Timer.READY, 1, 2.0))
    machine, _ = step(stopping, Exited(1, CODE[0]))

    assert (Late(1, 2.0), *stop_actions(1)) == actions
    assert (machine.state, machine.failures) == (State.BACKOFF, 1)


def test_stop_asked_for_is_never_a_failure() -> None:
    """A child that was told to go may end as it likes."""
    machine, _ = play(Start(), Ready(1), Stop(), Exited(1, CODE[1]))

    assert (machine.state, machine.failures) == (State.DOWN, 0)


# A child with a reloader of its own.

YIELDING = Policy(own_reload_timeout=2.5)


def test_own_reloader_is_left_to_act() -> None:
    """The child will see the change itself: it gets a moment to do so."""
    machine, actions = play(Start(), Ready(1), EDIT, policy=YIELDING)

    assert (State.SERVING, (Arm(Timer.OWN_RELOAD, 1, 2.5),)) == (machine.state, actions)


def test_own_reload_answers_to_the_change() -> None:
    """Its exit with code 3 is the restart that the change asked for."""
    _, actions = play(Start(), Ready(1), EDIT, Exited(1, CODE[3]), policy=YIELDING)

    assert start_actions(2, BECAUSE_OF_EDIT) == actions


def test_own_reloader_that_misses_a_change_is_overruled() -> None:
    """No change is missed because the child's reloader looks elsewhere."""
    machine, actions = play(Start(), Ready(1), EDIT, Due(Timer.OWN_RELOAD, 1), policy=YIELDING)
    _, spawning = step(machine, Exited(1, CODE[0]))

    assert (State.STOPPING, stop_actions(1)) == (machine.state, actions)
    assert start_actions(2, BECAUSE_OF_EDIT) == spawning


# Old and new side by side.


def test_overlap_starts_the_new_one_beside_the_old() -> None:
    """The old one serves until the new one does."""
    machine, actions = play(Start(), Ready(1), EDIT, policy=OVERLAP)

    assert (machine.state, machine.current, machine.newcomer) == (State.REPLACING, 1, 2)
    assert actions == start_actions(2, BECAUSE_OF_EDIT, beside=True)


def test_old_one_is_paused_before_the_new_one_is_admitted() -> None:
    """Both share one socket: only one of them may accept at a time."""
    machine, actions = play(Start(), Ready(1), EDIT, Ready(2), policy=OVERLAP)

    assert (machine.state, machine.accepting) == (State.REPLACING, Accepting.PAUSING)
    assert actions == (Pause(1), Arm(Timer.PAUSE, 1, OVERLAP.pause_timeout))


@pytest.mark.parametrize("confirmed", [Paused(1), Due(Timer.PAUSE, 1)])
def test_new_one_is_admitted_once_the_old_one_accepts_no_more(confirmed: Input) -> None:
    """Then the new one is said to serve, and the old one is told to go, also one that hangs and does not confirm."""
    machine, actions = play(Start(), Ready(1), EDIT, Ready(2), confirmed, policy=OVERLAP)

    assert (machine.state, machine.current, machine.going) == (State.SERVING, 2, frozenset({1}))
    assert actions == (Admit(2), Complete(2, BECAUSE_OF_EDIT), *stop_actions(1, after=GIVE_WAY))


def test_hold_pauses_the_old_one_at_once() -> None:
    """What is sent after the save waits for the new code."""
    _, actions = play(Start(), Ready(1), EDIT, policy=HOLD)

    assert actions == (
        Pause(1),
        Arm(Timer.HOLD, 1, HOLD.hold_timeout),
        *start_actions(2, BECAUSE_OF_EDIT, beside=True),
    )


@pytest.mark.parametrize("words", [(Paused(1), Ready(2)), (Ready(2), Paused(1))])
def test_hold_hands_over_once_both_are_known(words: tuple[Input, ...]) -> None:
    """The new one is ready and the old one has paused, in whichever order."""
    machine, actions = play(Start(), Ready(1), EDIT, *words, policy=HOLD)

    assert (machine.state, machine.current, machine.accepting) == (State.SERVING, 2, Accepting.YES)
    assert actions == (Admit(2), Complete(2, BECAUSE_OF_EDIT), *stop_actions(1, after=GIVE_WAY))


def test_held_requests_go_to_the_old_one_when_the_new_one_fails() -> None:
    """The last good generation takes up accepting again."""
    machine, actions = play(Start(), Ready(1), EDIT, Paused(1), Exited(2, CODE[1]), policy=HOLD)

    assert (machine.state, machine.current, machine.accepting) == (State.SERVING, 1, Accepting.YES)
    assert actions == (Admit(1), Abandon(2, BECAUSE_OF_EDIT))


def test_requests_are_not_held_for_ever() -> None:
    """A slow start lets the old one answer meanwhile, and hands over as ever when it is done."""
    machine, actions = play(Start(), Ready(1), EDIT, Paused(1), Due(Timer.HOLD, 1), policy=HOLD)
    machine, later = step(machine, Ready(2))

    assert actions == (Admit(1),)
    assert later == (Pause(1), Arm(Timer.PAUSE, 1, HOLD.pause_timeout))


def test_hold_pauses_the_old_one_when_a_change_is_noticed() -> None:
    """What is asked from then on is for the new code, though nobody knows yet what there will be; once is enough."""
    machine, actions = play(Start(), Ready(1), Noticed(), policy=HOLD)
    bound = Arm(Timer.HOLD, 1, HOLD.hold_timeout)
    replacing, later = step(machine, EDIT)
    after, handing_over = step(step(step(replacing, Quiet())[0], Paused(1))[0], Ready(2))

    assert (machine.state, machine.accepting, actions) == (State.SERVING, Accepting.PAUSING, (Pause(1), bound))
    assert (replacing.state, later) == (State.REPLACING, (bound, *start_actions(2, BECAUSE_OF_EDIT, beside=True)))
    assert (after.accepting, handing_over[0]) == (Accepting.YES, Admit(2))


@pytest.mark.parametrize("end", [Quiet(), Due(Timer.HOLD, 1)])
@pytest.mark.parametrize("paused", [(), (Paused(1),)])
def test_what_was_noticed_for_nothing_holds_nobody_up(paused: tuple[Input, ...], end: Input) -> None:
    """A file that was only touched lets the old one go on, and so does a burst whose end nobody tells."""
    machine, actions = play(Start(), Ready(1), Noticed(), *paused, end, policy=HOLD)

    assert (machine.state, machine.accepting, actions) == (State.SERVING, Accepting.YES, (Admit(1),))


@pytest.mark.parametrize("policy", [OVERLAP, Policy()])
def test_without_hold_a_notice_changes_nothing(policy: Policy) -> None:
    """Whoever may be answered by old code need not wait to learn whether there is newer."""
    before, _ = play(Start(), Ready(1), policy=policy)

    assert step(before, Noticed()) == (before, ())


def test_newcomer_is_old_within_the_next_burst() -> None:
    """A second save, noticed while the first is being started, is waited for as well."""
    machine, actions = play(Start(), Ready(1), EDIT, Paused(1), Noticed(), Ready(2), policy=HOLD)
    _, admission = step(machine, Quiet())

    assert (machine.state, machine.current, machine.accepting) == (State.SERVING, 2, Accepting.NO)
    assert actions == (
        Arm(Timer.HOLD, 2, HOLD.hold_timeout),
        Complete(2, BECAUSE_OF_EDIT),
        *stop_actions(1, after=GIVE_WAY),
    )
    assert admission == (Admit(2),)


def test_newcomer_that_fails_within_the_next_burst_lets_nobody_in() -> None:
    """The old one goes on when it is known that nothing else is on its way."""
    machine, actions = play(Start(), Ready(1), EDIT, Noticed(), Exited(2, CODE[1]), policy=HOLD)

    assert (machine.state, actions) == (State.SERVING, (Abandon(2, BECAUSE_OF_EDIT),))
    assert step(machine, Quiet())[1] == (Admit(1),)


def test_first_child_is_old_within_a_burst_that_began_before_it_served() -> None:
    """What it has imported may have been saved over."""
    _, actions = play(Start(), Noticed(), Ready(1), policy=HOLD)

    assert actions == (Complete(1, Why(Cause.START)), Pause(1), Arm(Timer.HOLD, 1, HOLD.hold_timeout))


def test_next_save_after_a_broken_one_pauses_again() -> None:
    """An answer that is late, to an earlier pause, is not taken for one to this."""
    machine, _ = play(Start(), Ready(1), EDIT, Exited(2, CODE[1]), Paused(1), EDIT, policy=HOLD)

    assert (machine.state, machine.newcomer, machine.accepting) == (State.REPLACING, 3, Accepting.PAUSING)


def test_ready_newcomer_is_not_late() -> None:
    """What it waits for is the old one."""
    before, _ = play(Start(), Ready(1), EDIT, Ready(2), policy=OVERLAP)

    assert step(before, Due(Timer.READY, 2)) == (before, ())


def test_old_one_that_dies_while_pausing_leaves_a_newcomer_that_serves() -> None:
    """Nobody has to be waited for any more."""
    machine, actions = play(Start(), Ready(1), EDIT, Ready(2), Exited(1, KILLED), policy=OVERLAP)

    assert (machine.state, machine.current) == (State.SERVING, 2)
    assert actions == (Admit(2), Complete(2, BECAUSE_OF_EDIT))


@pytest.mark.parametrize("end", [Exited(2, CODE[1]), Exited(2, KILLED), Due(Timer.READY, 2)])
def test_last_good_generation_stays(end: Input) -> None:
    """A new one that fails changes nothing for those who are served."""
    machine, actions = play(Start(), Ready(1), EDIT, end, policy=OVERLAP)

    assert (machine.state, machine.current, machine.failures) == (State.SERVING, 1, 0)
    assert Abandon(2, BECAUSE_OF_EDIT) in actions


def test_newer_change_supersedes_the_newcomer() -> None:
    """Only the newest code is worth waiting for."""
    later = change("/app/b.py", at=2.0)
    machine, actions = play(Start(), Ready(1), EDIT, Changed(later), policy=OVERLAP)

    assert (State.REPLACING, 1, 3, frozenset({2})) == (
        machine.state,
        machine.current,
        machine.newcomer,
        machine.going,
    )
    assert (
        *stop_actions(2),
        *start_actions(3, Why(Cause.CHANGE, EDIT.changes.followed_by(later)), beside=True),
    ) == actions


def test_old_one_that_dies_leaves_the_newcomer() -> None:
    """If nobody serves any more, the start under way is an ordinary one."""
    machine, _ = play(Start(), Ready(1), EDIT, Exited(1, CODE[1]), policy=OVERLAP)
    serving, actions = step(machine, Ready(2))

    assert (machine.state, machine.current) == (State.STARTING, 2)
    assert (State.SERVING, (Complete(2, BECAUSE_OF_EDIT),)) == (serving.state, actions)


def test_stop_while_replacing_ends_both() -> None:
    """Down is only reached when every child is gone."""
    machine, actions = play(Start(), Ready(1), EDIT, Stop(), policy=OVERLAP)
    waiting, _ = step(machine, Exited(1, CODE[0]))
    down, _ = step(waiting, Exited(2, CODE[0]))

    assert (*stop_actions(1), *stop_actions(2)) == actions
    assert (waiting.state, down.state) == (State.STOPPING, State.DOWN)


def test_policy_can_change_while_running() -> None:
    """The machine reads its policy anew at each step."""
    machine, _ = play(Start(), Ready(1))
    machine, _ = step(replace(machine, policy=OVERLAP), EDIT)

    assert State.REPLACING is machine.state


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((Start(),), False),
        ((Start(), Ready(1)), False),
        ((Start(), EDIT), True),
        ((Start(), Ready(1), EDIT), True),
        ((Start(), Ready(1), EDIT, Exited(1, CODE[0])), True),
        ((Start(), Ready(1), EDIT, Exited(1, CODE[0]), Ready(2)), False),
        ((Start(), Ready(1), EDIT, Exited(1, CODE[0]), Exited(2, CODE[1])), False),
        ((Start(), Ready(1), EDIT, Stop()), False),
        ((Start(), Ready(1), Stop()), False),
        ((Start(), Ready(1), Exited(1, CODE[3])), True),
    ],
)
def test_a_restart_is_under_way_from_its_cause_until_it_serves_or_fails(
    words: tuple[Input, ...],
    expected: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    """The first start is none, nor is a try that is yet to come; a stop ends it."""
    assert play(*words)[0].is_restarting is expected
