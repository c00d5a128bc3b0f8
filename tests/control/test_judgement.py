"""Whether a command came about, told from where the app stands; and what a status knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reloadd.control.protocol import Verb
from reloadd.control.standing import Standing, Standings
from reloadd.control.waiting import Judgement, judge
from reloadd.core.records import CATALOGUE, make_record
from reloadd.core.state import Machine, State
from reloadd.history.entries import record_entry

if TYPE_CHECKING:
    from reloadd.core.records import Value

    Said = tuple[str, int | None, dict[str, Value]]

DONE = Judgement(is_done=True)
SERVING = Machine(state=State.SERVING, wanted=True, generation=3, current=3)
HELD = Machine(state=State.HELD, wanted=True, generation=3)
DOWN = Machine(state=State.DOWN)
FAILED = Standing(error="NameError: x (web.py:1)", note="failed too often in a row; waits until a file changes")


@pytest.mark.parametrize(
    ("verb", "machine", "before", "said", "judgement"),
    [
        (Verb.START, SERVING, 3, set(), DONE),
        (Verb.START, replace(SERVING, state=State.STARTING), 3, set(), None),
        (Verb.START, DOWN, 0, set(), None),
        (Verb.START, DOWN, 0, {"supervisor.moved"}, Judgement(is_done=False, reason="it was stopped")),
        (Verb.RESTART, SERVING, 3, set(), None),
        (Verb.RESTART, SERVING, 2, set(), DONE),
        (Verb.RESTART, replace(SERVING, state=State.REPLACING, newcomer=4, generation=4), 3, set(), None),
        (
            Verb.RESTART,
            replace(SERVING, generation=4),
            3,
            {"restart.abandoned"},
            Judgement(is_done=False, reason="NameError: x (web.py:1); generation 3 serves on"),
        ),
        (Verb.RESTART, HELD, 3, set(), None),
        (Verb.RESTART, replace(HELD, state=State.FINISHED), 2, {"supervisor.finished"}, DONE),
        (Verb.RESTART, HELD, 2, {"supervisor.held"}, Judgement(is_done=False, reason="NameError: x (web.py:1)")),
        (Verb.RESTART, replace(HELD, state=State.BACKOFF), 2, {"child.exited"}, None),
        (Verb.STOP, DOWN, 3, set(), DONE),
        (Verb.STOP, Machine(state=State.STOPPING, wanted=False), 3, set(), None),
        (Verb.STOP, SERVING, 3, set(), Judgement(is_done=False, reason="it was started again")),
    ],
)
def test_a_command_is_judged_by_what_followed(
    verb: Verb, machine: Machine, before: int, said: set[str], judgement: Judgement | None
) -> None:
    """None: it is not decided yet."""
    assert judge(verb, machine, before, FAILED, frozenset(said)) == judgement


def after(*records: Said) -> Standing:
    """What is known of an app after some records, a second apart."""
    standings = Standings()
    for second, (name, generation, fields) in enumerate(records):
        whole = {**dict.fromkeys(CATALOGUE[name].fields), **fields}
        record = make_record(name, whole, profile="web", generation=generation)
        standings.take(record_entry(record, f"2026-11-22T12:00:{second:02}.000000Z"))
    return standings.of["web"]


def exited(generation: int, *, asked: bool, error: str | None = None) -> Said:
    """The record of an exit."""
    fields: dict[str, Value] = {
        "pid": 100 + generation,
        "exit": "code 1 (failure)",
        "exit_code": 1,
        "signal": None,
        "asked": asked,
        "uptime_s": 1.0,
        "error": error,
        "file": "web.py" if error else None,
        "line": 3 if error else None,
    }
    return "child.exited", generation, fields


def moved(before: str, to: str) -> Said:
    """The record of a state that changed."""
    return "supervisor.moved", None, {"before": before, "after": to}


def spawned(generation: int) -> Said:
    """The record of a start."""
    return "child.spawned", generation, {"pid": 100 + generation, "cause": "start", "start": "cold"}


READY: Said = ("child.ready", 1, {"pid": 101, "took_ms": 30})
ABANDONED: Said = (
    "restart.abandoned",
    2,
    {"cause": "change", "paths": ("web.py",), "error": "NameError: x", "file": "web.py", "line": 3},
)


def test_an_abandoned_restart_does_not_make_the_old_generation_younger() -> None:
    """It has served all the while; the error is known until something serves anew."""
    begun = (moved("down", "starting"), spawned(1), moved("starting", "serving"), READY)
    failed = (moved("serving", "replacing"), spawned(2), exited(2, asked=False, error="NameError: x"))
    standing = after(*begun, *failed, moved("replacing", "serving"), ABANDONED)

    assert standing.since == "2026-11-22T12:00:03.000000Z"
    assert standing.error == "NameError: x (web.py:3)"
    assert standing.children == {1: 101}
    assert standing.exit is not None
    assert (standing.exit["generation"], standing.exit["asked"]) == (2, False)


def test_a_spare_is_there_until_it_is_used_or_lost() -> None:
    """Whoever asks sees whether the next start will be warm."""
    parked: Said = (
        "spare.parked",
        None,
        {"pid": 102, "source": "spare", "modules": 9, "took_ms": 5, "memory_mb": 20.0},
    )
    zygote: Said = ("spare.parked", None, {**parked[2], "pid": 103, "source": "zygote"})
    waiting = after(parked, zygote)
    used = after(parked, zygote, spawned(2))
    lost = after(parked, ("spare.lost", None, {"pid": 102, "why": "too old"}))
    disabled = after(("spare.disabled", None, {"why": "it failed three times"}))

    assert waiting.spares[102] == {"pid": 102, "source": "spare", "modules": 9, "memory_mb": 20.0}
    assert list(waiting.spares) == [102, 103]
    assert (list(used.spares), list(lost.spares)) == ([103], [])
    assert disabled.no_spares == "it failed three times"


def test_what_is_down_has_no_error_any_more() -> None:
    """A stop is the user's own wish."""
    standing = after(
        spawned(1),
        exited(1, asked=False, error="NameError: x"),
        ("supervisor.held", None, {"attempts": 5, "why": "failed too often in a row", "until": "a file changes"}),
        moved("held", "down"),
    )

    assert (standing.error, standing.note, standing.children) == (None, None, {})


def test_what_has_done_its_work_has_no_error_any_more() -> None:
    """It may end before it was ever ready."""
    failed = (spawned(1), exited(1, asked=False, error="NameError: x"))
    done: tuple[Said, ...] = (
        spawned(2),
        exited(2, asked=False),
        ("supervisor.finished", None, {"until": "a file changes"}),
    )

    assert after(*failed).error == "NameError: x (web.py:3)"
    assert after(*failed, *done).error is None
