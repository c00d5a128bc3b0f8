"""Where the time of a restart goes."""

from __future__ import annotations

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.inputs import Cause, Why
from reloadd.supervise.timings import begin, milliseconds

CHANGES = ChangeSet((Change(ChangeKind.MODIFIED, "/shop/cart.py"),), seen_at=10.0, settled_at=10.004)


def test_parts_of_a_change_add_up_to_the_whole() -> None:
    """From the first change to serving, each step counts from the end of the one before."""
    moments = begin(Why(Cause.CHANGE, CHANGES), decided=10.005, stopped=10.024)
    moments.spawned, moments.imported, moments.ready = 10.026, 10.056, 10.061
    fields = moments.fields()

    assert fields == {
        "took_ms": 61,
        "settled_ms": 4,
        "stopped_ms": 20,
        "spawned_ms": 2,
        "imported_ms": 30,
        "ready_ms": 5,
    }
    assert fields["took_ms"] == sum(value or 0 for name, value in fields.items() if name != "took_ms")


def test_without_files_it_counts_from_the_decision() -> None:
    """A command's restart begins when it was decided on, and nothing had to settle."""
    moments = begin(Why(Cause.COMMAND), decided=7.0, stopped=7.5)
    moments.spawned, moments.ready = 7.51, 7.6
    fields = moments.fields()

    assert (fields["took_ms"], fields["settled_ms"], fields["stopped_ms"]) == (600, 0, 500)


def test_steps_that_were_not_seen_are_none() -> None:
    """A child that does not say `imported` has all its time from start to ready in one field."""
    moments = begin(Why(Cause.COMMAND), decided=7.0, stopped=7.0)
    moments.spawned = 7.0
    assert (moments.fields()["took_ms"], moments.fields()["ready_ms"]) == (None, None)
    moments.ready = 7.2

    assert (moments.fields()["imported_ms"], moments.fields()["ready_ms"]) == (None, 200)


def test_start_beside_the_old_one_waits_for_nobody() -> None:
    """What is not waited for has no time of its own, and the process starts when the change has settled."""
    moments = begin(Why(Cause.CHANGE, CHANGES), decided=10.005, stopped=None)
    moments.spawned = 10.006

    assert (moments.fields()["stopped_ms"], moments.fields()["spawned_ms"]) == (None, 2)


def test_no_time_is_negative() -> None:
    """Moments that were noted in another order than they happened in cost nothing."""
    assert milliseconds(2.0, 1.9) == 0
