"""When changes are a restart loop: tables of change sets and how long the app had served when each came."""

from __future__ import annotations

import math

import pytest

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.loops import QUIET, Loop, LoopGuard, Verdict, exclude_pattern

NOTHING: frozenset[str] = frozenset()
IT_WRITES = frozenset({"a.py"})
STARTING = None


def changed(*paths: str, at: float = 0.0) -> ChangeSet:
    """A set of modified files."""
    return ChangeSet(tuple(Change(ChangeKind.MODIFIED, path) for path in paths), seen_at=at, settled_at=at)


@pytest.mark.parametrize(
    ("served", "written", "expected"),
    [
        ([100.0, *[STARTING] * 9], NOTHING, []),
        ([100.0, *[STARTING] * 10], NOTHING, [11]),  # it writes while it starts
        ([100.0, *[STARTING] * 9, 2.0, STARTING], NOTHING, []),  # one that served in between breaks the row
        ([100.0, *[0.3] * 999], NOTHING, []),  # a script that saves when it is answered
        ([100.0, *[0.3] * 1000], NOTHING, [1001]),
        ([100.0, *[5.0] * 100], NOTHING, []),  # a developer at work on one file
        ([100.0, *[5.0] * 3], IT_WRITES, [4]),  # the app was seen to write it
        ([100.0, *[5.0] * 3], frozenset({"b.py"}), []),  # it writes something else
        ([20.0] * 50, IT_WRITES, []),  # too rarely to be a loop
    ],
)
def test_a_loop_is_found(served: list[float | None], written: frozenset[str], expected: list[int]) -> None:
    """By the rate, which puts its last set off, or sooner by what the app was seen to write, which leaves it out"""
    stopped = Verdict.LEAVE if "a.py" in written else Verdict.POSTPONE
    guard, found = LoopGuard(), []
    for number, seconds in enumerate(served, start=1):
        before = guard
        guard, verdict = guard.after(changed("a.py", at=number), seconds, written)
        loop = guard.loop_since(before)
        assert verdict is (Verdict.ACT if loop is None else stopped)
        if loop is not None:
            assert loop == Loop("a.py", number)
            found.append(number)
    assert found == expected


def stopped(written: frozenset[str] = NOTHING) -> LoopGuard:
    """A guard that has just found a loop, at second 0."""
    guard = LoopGuard()
    for _ in range(11):
        guard, _ = guard.after(changed("a.py"), STARTING, written)
    return guard


@pytest.mark.parametrize(("written", "restarts"), [(NOTHING, 11), (frozenset({"data.py"}), 4)])
def test_the_file_that_all_sets_share_is_named(written: frozenset[str], restarts: int) -> None:
    """Others that change beside it do not break the row, and are neither blamed nor left out with it"""
    guard = LoopGuard()
    for number in range(restarts):
        before = guard
        guard, verdict = guard.after(changed("data.py", f"{number}.py"), STARTING, written)
        assert verdict is Verdict.ACT
    assert guard.loop_since(before) == Loop("data.py", restarts)


def test_another_file_is_another_row() -> None:
    """Edits of several files in turn are no loop, however quick"""
    guard = LoopGuard()
    for number in range(50):
        guard, verdict = guard.after(changed(f"{number}.py"), STARTING, NOTHING)
        assert verdict is Verdict.ACT


@pytest.mark.parametrize(
    ("paths", "at", "served", "written", "verdict"),
    [
        (["a.py"], 4.9, 4.0, NOTHING, Verdict.POSTPONE),
        (["a.py"], 5.0, 4.0, NOTHING, Verdict.ACT),  # after a pause it may be anybody's save
        (["a.py"], 60.0, STARTING, NOTHING, Verdict.POSTPONE),  # not where the app has only just started
        (["a.py"], 60.0, 0.9, NOTHING, Verdict.POSTPONE),
        (["a.py"], 500.0, 400.0, IT_WRITES, Verdict.LEAVE),  # nor where it is known that the app writes it
        (["a.py", "b.py"], 1.0, STARTING, IT_WRITES, Verdict.ACT),
        (["b.py"], 1.0, STARTING, NOTHING, Verdict.ACT),
    ],
)
def test_a_loop_stays_stopped(
    paths: list[str], at: float, served: float | None, written: frozenset[str], verdict: Verdict
) -> None:
    """Until another file changes, or the file has been quiet; it is told once"""
    before = stopped(written)
    guard, found = before.after(changed(*paths, at=at), served, written)
    assert found is verdict
    assert guard.loop_since(before) is None


def test_what_may_be_a_save_is_never_lost() -> None:
    """A file is saved over and over before a slow app serves: what was put off comes later, and ever later in a loop"""
    guard, pauses = stopped(), []
    for _ in range(3):
        pauses.append(guard.pause)
        guard, verdict = guard.made_up(changed("a.py")).after(changed("a.py", at=60.0), STARTING, NOTHING)
        assert verdict is Verdict.POSTPONE
    assert pauses == [QUIET, 2 * QUIET, 4 * QUIET]


def test_what_looked_like_a_loop_and_was_none_is_forgotten() -> None:
    """The app has served since what was put off was made up for, and did not write the file: somebody had"""
    guard = stopped().made_up(changed("a.py"))
    guard, verdict = guard.after(changed("b.py", at=8.0), 2.0, NOTHING)
    assert (verdict, guard.pause) == (Verdict.ACT, QUIET)
    _, verdict = guard.after(changed("a.py", at=8.5), STARTING, NOTHING)
    assert verdict is Verdict.ACT


@pytest.mark.parametrize("served", [STARTING, 0.5, math.inf])
def test_a_loop_that_goes_on_is_not_forgotten(served: float | None) -> None:
    """The file changed again before the app had served for long, or the app is down and shows nothing"""
    guard, _ = stopped().made_up(changed("a.py")).after(changed("a.py", at=8.0), STARTING, NOTHING)
    guard, _ = guard.after(changed("b.py", at=60.0), served, NOTHING)
    assert guard.pause == 2 * QUIET
    _, verdict = guard.after(changed("a.py", at=61.0), STARTING, NOTHING)
    assert verdict is Verdict.POSTPONE


def test_somebody_who_edits_a_file_that_looped_has_a_short_pause_again() -> None:
    """However often it was made up for before"""
    guard, _ = stopped().made_up(changed("a.py")).after(changed("a.py", at=8.0), STARTING, NOTHING)
    guard, verdict = guard.after(changed("a.py", at=60.0), 50.0, NOTHING)
    assert (verdict, guard.pause) == (Verdict.ACT, QUIET)


def test_a_file_that_looped_loops_no_more() -> None:
    """When another file restarts the app, what it writes then is known at once"""
    guard, _ = stopped().after(changed("b.py", at=60.0), 100.0, NOTHING)
    _, verdict = guard.after(changed("a.py", at=61.0), STARTING, NOTHING)
    assert verdict is Verdict.POSTPONE


def test_each_write_of_a_stopped_loop_counts() -> None:
    """Whoever writes without a pause is not taken for somebody else after a while"""
    guard = stopped()
    for second in range(4, 40, 4):
        guard, verdict = guard.after(changed("a.py", at=second), 100.0, NOTHING)
        assert verdict is Verdict.POSTPONE


def test_suspicion_comes_before_proof() -> None:
    """What the app writes is looked at from the third start in a row"""
    guard, _ = LoopGuard().after(changed("a.py"), 5.0, NOTHING)
    assert not guard.is_suspicious
    guard, _ = guard.after(changed("a.py"), 5.0, NOTHING)
    assert guard.is_suspicious


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/src/data/state.json", "/src", "/data/state.json"),
        ("/src/a [1]!.py", "/src/", r"/a\ \[1\]\!.py"),
        ("/src", "/src", None),
        ("/elsewhere/a.py", "/src", None),
    ],
)
def test_the_line_that_ends_a_loop_is_said(path: str, root: str, expected: str | None) -> None:
    """It leaves out that file and no other of its name"""
    assert exclude_pattern(path, root) == expected
