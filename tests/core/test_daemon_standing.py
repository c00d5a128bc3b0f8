"""What the service manager is told: when the daemon is ready, how it stands in words, and when to be patient."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import pytest

from reloadd.core.daemon_standing import (
    BEAT,
    EXTENSION,
    DaemonStanding,
    Phase,
    assignments,
    beat,
    begin_reload,
    end_reload,
    expect,
    hear,
    pause_between_beats,
    status,
)
from reloadd.core.records import Level, make_record, record
from reloadd.core.state import State

if TYPE_CHECKING:
    from reloadd.core.records import Record, Value

MOMENT = 7


def moved(name: str, after: State) -> Record:
    """An app's supervisor is in another state."""
    return record("supervisor.moved", profile=name, before="down", after=after.value)


def failed(name: str, error: str | None, code: int = 1) -> Record:
    """An app's child ended by itself."""
    return record(
        "child.exited",
        profile=name,
        pid=1,
        exit=f"code {code}",
        exit_code=code,
        signal=None,
        asked=False,
        uptime_s=0.1,
        error=error,
        file=None,
        line=None,
    )


def after(*records: Record, names: tuple[str, ...] = ("shop",)) -> DaemonStanding:
    """The standing after these records."""
    return reduce(hear, records, expect(DaemonStanding(), names))


@pytest.mark.parametrize(
    ("state", "is_ready"),
    [
        (State.STARTING, False),
        (State.BACKOFF, False),
        (State.STOPPING, False),
        (State.SERVING, True),
        (State.REPLACING, True),
        (State.HELD, True),
        (State.FINISHED, True),
        (State.DOWN, True),
    ],
)
def test_it_is_ready_when_nobody_has_to_wait_for_any_app(state: State, is_ready: bool) -> None:  # noqa: FBT001 (a case)
    """An app that serves, is held, or is not wanted is settled; READY waits for those that may still get there."""
    standing = after(moved("api", State.SERVING), moved("shop", state), names=("shop", "api"))

    assert (standing.phase is Phase.UP) == is_ready


def test_an_app_that_has_not_begun_is_waited_for() -> None:
    """Its files are still looked at."""
    standing = after(moved("api", State.SERVING), names=("shop", "api"))

    assert standing.phase is Phase.STARTING
    assert status(standing) == "serving api; looking at the files of shop"


def test_an_app_that_can_never_begin_is_not() -> None:
    """A fault of our own must not keep a login waiting for ever."""
    standing = after(record("daemon.failed", profile="shop", error="KeyError(1)", where="running `shop`"))

    assert standing.phase is Phase.UP
    assert status(standing) == "holding shop (KeyError(1))"


def test_an_app_whose_turn_never_comes_is_not_waited_for() -> None:
    """It comes after one that is held; if that one gets going, it is waited for again."""
    fields: dict[str, Value] = {"after": ("db",), "why": "`db` is held"}
    waits = make_record("start.postponed", fields, profile="shop")
    is_stuck = make_record("start.postponed", fields, profile="shop", level=Level.WARNING)

    assert after(waits).phase is Phase.STARTING
    assert after(waits, is_stuck).phase is Phase.UP
    assert status(after(is_stuck)) == "holding shop (`db` is held)"
    serves = (moved("shop", State.SERVING), record("child.ready", profile="shop", pid=1, took_ms=1))
    assert status(after(is_stuck, *serves)) == "serving shop"


def test_once_ready_it_stays_so() -> None:
    """A restart of an app is none of the daemon's."""
    standing = after(moved("shop", State.SERVING), moved("shop", State.STARTING))

    assert standing.phase is Phase.UP
    assert status(standing) == "starting shop"


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((moved("shop", State.SERVING),), "serving shop"),
        ((moved("shop", State.SERVING), moved("shop", State.DOWN)), "stopped: shop"),
        ((failed("shop", "ValueError: no"), moved("shop", State.BACKOFF)), "trying again: shop (ValueError: no)"),
        ((failed("shop", None), moved("shop", State.HELD)), "holding shop (code 1)"),
        ((failed("shop", None, code=0), moved("shop", State.FINISHED)), "finished: shop"),
        (
            (moved("shop", State.SERVING), failed("shop", "SyntaxError: x"), moved("shop", State.SERVING)),
            "serving the last good version of shop (SyntaxError: x)",
        ),
        ((failed("shop", "E" * 200), moved("shop", State.HELD)), f"holding shop ({'E' * 100}…)"),
        ((failed("shop", "first\nsecond"), moved("shop", State.HELD)), "holding shop (first)"),
    ],
)
def test_status_says_how_an_app_is(records: tuple[Record, ...], words: str) -> None:
    """In words, on one line, with the error where there is one."""
    assert status(after(*records)) == words


def test_what_went_well_ends_the_talk_of_an_error() -> None:
    """New code that serves is all that matters."""
    completed = record("child.ready", profile="shop", pid=1, took_ms=1)
    standing = after(failed("shop", "SyntaxError: x"), moved("shop", State.SERVING), completed)

    assert status(standing) == "serving shop"


def test_many_apps_are_counted_and_those_that_are_broken_come_first() -> None:
    """The line stays one that can be read."""
    names = tuple("abcdefg")
    serving = [moved(name, State.SERVING) for name in names]

    assert status(after(*serving, names=names)) == "serving a, b, c, d and 3 more"
    assert status(after(*serving, names=names[:4])) == "serving a, b, c, d"
    assert status(after(*serving, failed("c", "E"), names=names)).startswith("serving the last good version of c (E); ")


def test_a_daemon_without_apps_says_so() -> None:
    """Before it has read its profiles there are none either."""
    assert status(DaemonStanding()) == "starting"
    assert status(expect(after(moved("shop", State.SERVING)), ())) == "no apps"


def test_a_profile_that_is_gone_is_spoken_of_no_more() -> None:
    """And one that is new is."""
    standing = expect(after(moved("shop", State.SERVING)), ("api",))

    assert status(standing) == "looking at the files of api"


def test_reading_profiles_again_is_announced_and_its_end_too() -> None:
    """RELOADING=1 goes with the moment; READY=1 ends it, whatever came of it."""
    up = after(moved("shop", State.SERVING))
    reading = begin_reload(up)
    read = end_reload(reading, rejected=("api", "db"))

    assert assignments(up, reading, moment=MOMENT)[:2] == ("RELOADING=1", "MONOTONIC_USEC=7")
    assert assignments(reading, read, moment=MOMENT) == (
        "READY=1",
        "STATUS=rejected: api, db; serving shop",
    )


def test_before_it_is_ready_reading_again_is_a_part_of_the_start() -> None:
    """READY=1 at its end would be a lie."""
    starting = after(moved("shop", State.STARTING))

    assert end_reload(begin_reload(starting), rejected=()) == starting


def test_only_what_is_news_is_said() -> None:
    """The first word has the status; after that, a record that changes nothing says nothing."""
    starting = after(moved("shop", State.STARTING))
    up = hear(starting, moved("shop", State.SERVING))
    stopping = hear(up, record("daemon.stopping", apps=1))

    assert assignments(None, starting, moment=MOMENT) == ("STATUS=starting shop",)
    assert assignments(starting, up, moment=MOMENT) == ("READY=1", "STATUS=serving shop")
    assert assignments(up, hear(up, moved("other", State.HELD)), moment=MOMENT) == ()
    assert assignments(up, stopping, moment=MOMENT) == ("STOPPING=1",)


@pytest.mark.parametrize(
    ("standing", "is_slow"),
    [
        (after(moved("shop", State.STARTING)), True),
        (after(moved("shop", State.SERVING)), False),
        (after(moved("shop", State.SERVING), record("daemon.stopping", apps=1)), True),
    ],
)
def test_patience_is_asked_for_while_apps_start_and_stop(standing: DaemonStanding, is_slow: bool) -> None:  # noqa: FBT001 (a case)
    """Again and again, so that a daemon that hangs gets none; and for longer than the pause until the next time."""
    patience = (f"EXTEND_TIMEOUT_USEC={EXTENSION * 1e6:.0f}",) if is_slow else ()

    assert beat(standing, watchdog=None) == patience
    assert beat(standing, watchdog=30.0) == ("WATCHDOG=1", *patience)
    assert pause_between_beats(standing, watchdog=None) == (BEAT if is_slow else None)
    assert 2 * BEAT < EXTENSION


def test_the_watchdog_hears_twice_as_often_as_it_wants_to() -> None:
    """As sd_watchdog_enabled(3) has it."""
    up = after(moved("shop", State.SERVING))

    assert pause_between_beats(up, watchdog=30.0) == 15.0
    assert pause_between_beats(after(moved("shop", State.STARTING)), watchdog=30.0) == BEAT
    assert pause_between_beats(after(moved("shop", State.STARTING)), watchdog=2.0) == 1.0
