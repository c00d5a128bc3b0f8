"""What is prepared for an app: single steps, and all that must hold on random walks."""

from __future__ import annotations

import random

import pytest

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
from reloadd.core.slots import Slot, Slots, Stage, step
from reloadd.core.starts import Source


def after(*words: Word) -> tuple[Slots, tuple[Action, ...]]:
    """The state after these words, and what the last one asked for."""
    state = Slots()
    actions: tuple[Action, ...] = ()
    for word in words:
        state, actions = step(state, word)
    return state, actions


def test_a_spare_is_built_once_and_given_once() -> None:
    """Then there is none until the next one is built."""
    assert after(Prepare()) == (Slots(spare=Slot(1, Stage.BUILDING), last=1), (Build(1),))
    assert after(Prepare(), Prepare())[1] == ()
    assert after(Prepare(), Parked(1), Take())[1] == (Give(1, Source.SPARE, is_parked=True),)
    assert after(Prepare(), Parked(1), Take(), Take())[1] == (Deny("it is not built yet"),)
    assert after(Prepare(), Parked(1), Take(), Prepare())[1] == (Build(2),)


def test_what_could_not_be_started_is_tried_again_after_the_next_start() -> None:
    """Not at once, for the system has no room; however often, for it may have some again"""
    state, actions = after(Prepare(), Unbuilt(1, "too many open files"), Take())
    assert (state.is_off, actions) == (False, (Deny("too many open files"),))
    often: list[Word] = [word for number in range(1, 9) for word in (Prepare(), Unbuilt(number, "no room"))]
    assert after(*often, Prepare())[1] == (Build(9),)
    zygote = Prepare(None, wants_zygote=True)
    assert after(zygote, Parked(1), Unbuilt(2, "no room"), zygote)[1] == (Build(3, is_zygote=True),)


def test_a_spare_that_is_being_built_is_given_too() -> None:
    """It goes on from where it is, so it is not slower than a cold start."""
    assert after(Prepare(), Take())[1] == (Give(1, Source.SPARE, is_parked=False),)


def test_a_spare_at_fault_is_not_given() -> None:
    """The reason is that of the cold start."""
    assert after(Prepare(), Parked(1), Take({1: "`x.py` has changed"}))[1] == (
        Discard(1, "`x.py` has changed"),
        Deny("`x.py` has changed"),
    )


def test_a_spare_becomes_a_scout_and_is_followed_by_another() -> None:
    """The scout is given first; if it is at fault, or not far enough, there is still the spare."""
    begun = (Prepare(), Parked(1), Prepare("shop.views"))
    assert after(*begun)[1] == (RunAhead(1, "shop.views"), Build(2))
    assert after(*begun, Parked(2), Parked(1), Take())[1] == (Give(1, Source.SCOUT, is_parked=True),)
    assert after(*begun, Parked(2), Take())[1] == (
        Discard(1, "it had not come far enough"),
        Give(2, Source.SPARE, is_parked=True),
    )
    assert after(*begun, Parked(2), Parked(1), Take({1: "old"}))[1] == (
        Discard(1, "old"),
        Give(2, Source.SPARE, is_parked=True),
    )


def test_a_scout_that_spoils_is_not_tried_again() -> None:
    """Not before the next start: the spare serves as well as it would have."""
    state, actions = after(Prepare(), Parked(1), Prepare("shop.views"), Lost(1, "it connects"), Parked(2))

    assert (state.scout, actions) == (None, ())


def test_another_edit_needs_another_scout() -> None:
    """The old one would stop in the wrong place."""
    words = (Prepare(), Parked(1), Prepare("a"), Parked(2), Parked(1), Prepare("b"))

    assert after(*words)[1] == (Discard(1, "another module was edited last"), RunAhead(2, "b"), Build(3))


def test_a_zygote_gives_a_copy_until_there_is_a_spare() -> None:
    """It is built last and forked when a process was taken; the copy makes way for a spare, which serves better."""
    begun = (Prepare(None, wants_zygote=True), Parked(1))
    assert after(*begun)[1] == (Build(2, is_zygote=True),)
    taken = (*begun, Parked(2), Take())
    assert after(*taken)[1] == (Give(1, Source.SPARE, is_parked=True), Fork(3, 2))
    assert after(*taken, Parked(3), Take())[1] == (Give(3, Source.ZYGOTE, is_parked=True), Fork(4, 2))
    assert after(*taken, Parked(3), Prepare(None, wants_zygote=True))[1] == (Build(4),)
    assert after(*taken, Prepare(), Parked(3), Parked(4))[1] == (Discard(3, "there is a spare"),)
    assert after(*taken, Prepare(), Parked(4))[1] == (Discard(3, "there is a spare"),)
    assert after(*taken, Prepare(), Parked(3), Take({3: "old"}))[1] == (
        Discard(3, "old"),
        Give(4, Source.SPARE, is_parked=False),
        Fork(5, 2),
    )


def test_a_zygote_that_cannot_fork_is_not_built_again() -> None:
    """Spares are as good."""
    state, actions = after(Prepare(None, wants_zygote=True), Parked(1), Lost(2, "it has threads"), Take())

    assert state.zygote is None
    assert actions == (Give(1, Source.SPARE, is_parked=True),)


def test_failures_in_a_row_turn_it_off() -> None:
    """Three; one that answers in between begins the row anew."""
    fails = (Prepare(), Parked(1), Take(), Refused("mute"))
    assert after(*fails, Refused("mute"), Answered(), Refused("mute"))[1] == ()
    state, actions = after(*fails, Prepare(), Refused("mute"), Refused("mute"))

    assert state.is_off
    assert actions == (Discard(2, "off, after 3 failures in a row: mute"), TurnOff("mute"))
    assert step(state, Prepare())[1] == ()
    assert step(state, Take())[1] == (Deny("off, after 3 failures in a row: mute"),)


def test_what_is_explained_is_tried_again() -> None:
    """A module that cannot be imported ahead is left out next time; but not for ever."""
    words: list[Word] = [Prepare()]
    for number in range(1, 5):
        words.append(Lost(number, "it could not be built", is_explained=True))
        assert after(*words)[1] == (Build(number + 1),)
    state, actions = after(*words, Lost(5, "it could not be built", is_explained=True))

    assert (actions, state.is_off, state.failures) == ((), False, 0)


WORDS = 400


def random_word(chance: random.Random, state: Slots) -> Word:
    """Anything that may be said."""
    number = chance.randint(max(1, state.last - 4), state.last + 1)
    words: list[Word] = [
        Prepare(chance.choice([None, "a", "b"]), wants_zygote=chance.random() < 0.5),
        Parked(number),
        Lost(number, "gone", is_explained=chance.random() < 0.5),
        Unbuilt(number, "too many open files"),
        Take({each: "a fault" for each in state.numbers if chance.random() < 0.3}),
        Answered(),
        Refused("mute"),
        Outdated("old"),
    ]
    return chance.choice(words)


@pytest.mark.parametrize("seed", range(30))
def test_random_walks(seed: int) -> None:
    """No process is lost sight of, given twice or given when it is at fault, and a cold start always says why."""
    chance = random.Random(seed)  # noqa: S311 (a walk is to be repeatable)
    state = Slots()
    alive: set[int] = set()
    for _ in range(WORDS):
        word = random_word(chance, state)
        before, (state, actions) = state, step(state, word)
        if isinstance(word, Lost | Unbuilt):
            alive.discard(word.number)
        for action in actions:
            if isinstance(action, Build | Fork):
                assert action.number not in alive
                assert not before.is_off
                alive.add(action.number)
            elif isinstance(action, Discard | Give):
                alive.remove(action.number)
        given = [action for action in actions if isinstance(action, Give | Deny)]
        assert len(given) == isinstance(word, Take)
        faults = word.faults if isinstance(word, Take) else {}
        assert not any(isinstance(each, Give) and each.number in faults for each in given)
        assert state.numbers == alive
        assert state.spare is None or state.spare.stage in {Stage.BUILDING, Stage.READY}
        assert state.scout is None or state.scout.stage in {Stage.RUNNING_AHEAD, Stage.AHEAD}
