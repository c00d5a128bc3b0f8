"""When changes are a restart loop: tables of change sets and how long the app had served when each came."""

from __future__ import annotations

import math

import pytest

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.loops import (
    CLOSELY,
    CLOSELY_SOON,
    FIRST_PAUSE,
    MOST_BY_APP,
    MOST_WHILE_STARTING,
    QUIET,
    Loop,
    LoopGuard,
    Verdict,
    Writers,
    exclude_pattern,
    hint_for,
)
from reloadd.core.outside import Seen

NOBODY = Writers()
IT_WRITES = Writers(by_app=frozenset({"a.py"}))
OTHERS_WRITE = Writers(by_others=frozenset({"a.py"}))
STARTING = None


def changed(*paths: str, at: float = 0.0) -> ChangeSet:
    """A set of modified files."""
    return ChangeSet(tuple(Change(ChangeKind.MODIFIED, path) for path in paths), seen_at=at, settled_at=at)


def fed(*served: float | None, writers: Writers = NOBODY) -> tuple[LoopGuard, list[Verdict]]:
    """A guard that was told of one file over and over, and what it said; what was put off is acted on a while later."""
    guard, verdicts = LoopGuard(), []
    for number, seconds in enumerate(served):
        guard, verdict = guard.after(changed("a.py", at=number), seconds, writers)
        verdicts.append(verdict)
        if verdict is Verdict.POSTPONE:
            guard = guard.tried(changed("a.py"))
    return guard, verdicts


@pytest.mark.parametrize(
    ("ledgers", "are_complete", "expected"),
    [
        ([], False, Writers(frozenset({"x.py"}), frozenset({"y.py"}))),
        ([Seen(written={"a.py"})], False, Writers(frozenset({"x.py", "a.py"}), frozenset({"y.py"}))),
        ([Seen(written={"a.py"})], True, Writers(frozenset({"x.py", "a.py"}), frozenset({"y.py", "b.py"}))),
        (
            [Seen(written={"a.py"}), Seen(has_helpers=True)],
            True,
            Writers(frozenset({"x.py", "a.py"}), frozenset({"y.py"})),
        ),
    ],
)
def test_others_wrote_what_no_child_did(ledgers: list[Seen], are_complete: bool, expected: Writers) -> None:  # noqa: FBT001 - a table
    """If every write of the children is in their ledgers: not if one has none, or has started other programs."""
    opened = Writers(frozenset({"x.py"}), frozenset({"y.py"}))
    assert opened.with_ledgers(["a.py", "b.py"], ledgers, are_complete=are_complete) == expected


@pytest.mark.parametrize(
    ("served", "writers", "acted"),
    [
        ([100.0, *[STARTING] * 9], NOBODY, 10),
        ([100.0, *[STARTING] * 13], NOBODY, 10),  # it writes while it starts
        ([100.0, *[STARTING] * 9, 2.0, STARTING], NOBODY, 12),  # one that served in between breaks the row
        ([100.0, *[0.3] * 199], NOBODY, 200),
        ([100.0, *[0.3] * 203], NOBODY, 200),  # it writes soon after
        ([100.0, *[5.0] * 300], NOBODY, 301),  # a developer at work on one file
        ([100.0, *[5.0] * 3], IT_WRITES, 3),
        ([100.0, *[5.0] * 100], Writers(by_app=frozenset({"b.py"})), 101),  # it writes something else
        ([20.0] * 50, IT_WRITES, 50),  # too rarely to be a loop
        ([100.0, *[STARTING] * 999], OTHERS_WRITE, 1000),  # a script, or a developer with a slow app
        ([100.0, *[STARTING] * 1003], OTHERS_WRITE, 1000),  # whoever that is, it is no developer
        ([100.0, *[STARTING] * 3], Writers(IT_WRITES.by_app, IT_WRITES.by_app), 3),  # both do
    ],
)
def test_a_loop_is_found(served: list[float | None], writers: Writers, acted: int) -> None:
    """By who writes, at once and for good; where nobody was seen, by the rate and three trials."""
    guard, verdicts = fed(*served, writers=writers)

    assert verdicts[:acted] == [Verdict.ACT] * acted
    assert set(verdicts[acted:]) <= {Verdict.LEAVE if "a.py" in writers.by_app else Verdict.POSTPONE}
    found = None if len(verdicts) == acted else Loop("a.py", len(served))
    assert guard.loop_since(LoopGuard()) == found


def test_what_may_be_a_loop_is_tried_before_it_is_said_to_be_one() -> None:
    """It is put off for a moment, then for longer; one that goes on after that is put off for ever longer."""
    guard, _ = fed(100.0, *[STARTING] * 9)
    pauses, loops = [], []
    for number in range(6):
        before = guard
        guard, verdict = guard.after(changed("a.py", at=50.0 + number), STARTING, NOBODY)
        assert verdict is Verdict.POSTPONE
        pauses.append(guard.pause)
        loops.append(guard.loop_since(before))
        guard = guard.tried(changed("a.py"))

    assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, QUIET, 2 * QUIET, 4 * QUIET]
    assert loops == [None, None, None, Loop("a.py", 14), None, None]


@pytest.mark.parametrize(("served", "writers"), [(2.0, NOBODY), (STARTING, OTHERS_WRITE)])
def test_a_trial_that_shows_somebody_else_is_forgotten(served: float | None, writers: Writers) -> None:
    """The app has served since, and not written the file; or somebody else was seen to write it."""
    guard, _ = fed(100.0, *[STARTING] * 10)
    guard, verdict = guard.after(changed("a.py", at=60.0), served, writers)

    assert (verdict, guard.pause) == (Verdict.ACT, FIRST_PAUSE)


def test_somebody_else_who_was_seen_ends_the_row() -> None:
    """What comes then is counted anew."""
    guard, _ = fed(100.0, *[STARTING] * 9)
    guard, _ = guard.after(changed("a.py", at=60.0), STARTING, OTHERS_WRITE)
    for _ in range(9):
        guard, verdict = guard.after(changed("a.py", at=61.0), STARTING, NOBODY)
        assert verdict is Verdict.ACT


def stopped(writers: Writers = NOBODY) -> LoopGuard:
    """A guard that has just found a loop, at second 0."""
    guard, verdict = LoopGuard(), Verdict.ACT
    for _ in range(14):
        if verdict is Verdict.POSTPONE:
            guard = guard.tried(changed("a.py"))
        guard, verdict = guard.after(changed("a.py"), STARTING, writers)
    return guard


@pytest.mark.parametrize(
    ("writers", "restarts"), [(NOBODY, 14), (Writers(by_app=frozenset({"data.py"})), MOST_BY_APP + 1)]
)
def test_the_file_that_all_sets_share_is_named(writers: Writers, restarts: int) -> None:
    """Others that change beside it do not break the row, and are neither blamed nor left out with it."""
    guard = LoopGuard()
    for number in range(restarts):
        before = guard
        guard, verdict = guard.after(changed("data.py", f"{number}.py"), STARTING, writers)
        assert verdict is Verdict.ACT
        guard = guard.tried(changed("data.py")) if number >= MOST_WHILE_STARTING else guard
    assert guard.loop_since(before) == Loop("data.py", restarts)


def test_an_app_that_gives_what_it_writes_another_name_each_time_is_stopped() -> None:
    """The kind of its files is named and left alone; files of that kind which it does not write are not."""
    guard, verdicts = LoopGuard(), []
    for number in range(8):
        path = f"/src/data/{number}.yaml"
        before, writers = guard, Writers(by_app=frozenset({path}) if number >= MOST_BY_APP - 1 else frozenset())
        guard, verdict = guard.after(changed(path, at=number), STARTING, writers)
        verdicts.append(verdict)
        if (loop := guard.loop_since(before)) is not None:
            assert loop == Loop("/src/data/*.yaml", MOST_BY_APP + 1)

    assert verdicts == [Verdict.ACT] * 5 + [Verdict.LEAVE] * 3
    assert guard.is_suspicious
    _, verdict = guard.after(changed("/src/data/mine.yaml", at=9.0), 5.0, NOBODY)
    assert verdict is Verdict.ACT


def created(*paths: str, at: float = 0.0) -> ChangeSet:
    """A set of new files."""
    return ChangeSet(tuple(Change(ChangeKind.CREATED, path) for path in paths), seen_at=at, settled_at=at)


@pytest.mark.parametrize(("writers", "acted"), [(NOBODY, MOST_WHILE_STARTING), (OTHERS_WRITE, 20)])
def test_new_files_of_one_kind_before_the_app_serves_are_tried(writers: Writers, acted: int) -> None:
    """Nobody was seen to write them; where it was somebody else, they are no row. What is known already is not new."""
    guard, verdicts, loop = LoopGuard(), [], None
    for number in range(20):
        path = f"/src/data/{number}.yaml"
        before, seen = guard, Writers(by_others=frozenset({path})) if writers is OTHERS_WRITE else writers
        guard, verdict = guard.after(created(path, at=number), STARTING, seen)
        verdicts.append(verdict)
        loop = loop or guard.loop_since(before)
        if verdict is Verdict.POSTPONE:
            guard = guard.tried(created(path))

    assert verdicts == [Verdict.ACT] * acted + [Verdict.POSTPONE] * (20 - acted)
    assert loop == (Loop("/src/data/*.yaml", MOST_WHILE_STARTING + 4) if acted < 20 else None)
    _, verdict = guard.after(changed("/src/data/0.yaml", at=21.0), 5.0, NOBODY)
    assert verdict is Verdict.ACT


def test_quick_saves_of_many_files_have_it_noted_what_the_app_writes() -> None:
    """They may be of a kind that it writes."""
    guard = LoopGuard()
    for number in range(1, 5):
        guard, _ = guard.after(changed(f"{number}.py"), STARTING, NOBODY)
        assert guard.is_suspicious is (number >= MOST_BY_APP - 1)
    guard, _ = guard.after(changed("5.py"), 5.0, NOBODY)
    assert not guard.is_suspicious


def test_another_file_is_another_row() -> None:
    """Edits of several files in turn are no loop, however quick"""
    guard = LoopGuard()
    for number in range(50):
        guard, verdict = guard.after(changed(f"{number}.py"), STARTING, NOBODY)
        assert verdict is Verdict.ACT


@pytest.mark.parametrize(
    ("found_by", "changes", "served", "writers", "verdict"),
    [
        (NOBODY, changed("a.py", at=4.9), 4.0, NOBODY, Verdict.POSTPONE),
        (NOBODY, changed("a.py", at=5.0), 4.0, NOBODY, Verdict.ACT),  # after a pause it may be anybody's save
        # not where the app has only just started
        (NOBODY, changed("a.py", at=60.0), STARTING, NOBODY, Verdict.POSTPONE),
        (NOBODY, changed("a.py", at=60.0), 0.9, NOBODY, Verdict.POSTPONE),
        (
            IT_WRITES,
            changed("a.py", at=500.0),
            400.0,
            IT_WRITES,
            Verdict.LEAVE,
        ),  # nor where it is known that the app writes it
        (IT_WRITES, changed("a.py", at=500.0), STARTING, NOBODY, Verdict.LEAVE),  # also if nobody was seen this time
        (IT_WRITES, changed("a.py", at=500.0), 400.0, NOBODY, Verdict.ACT),  # it may write it no more
        (IT_WRITES, changed("a.py", "b.py", at=1.0), STARTING, IT_WRITES, Verdict.ACT),
        (NOBODY, changed("b.py", at=1.0), STARTING, NOBODY, Verdict.ACT),
    ],
)
def test_a_loop_stays_stopped(
    found_by: Writers, changes: ChangeSet, served: float | None, writers: Writers, verdict: Verdict
) -> None:
    """Until another file changes, or the file has been quiet; it is told once."""
    before = stopped(found_by)
    guard, found = before.after(changes, served, writers)
    assert found is verdict
    assert guard.loop_since(before) is None


def test_what_may_be_a_save_is_never_lost() -> None:
    """A file is saved over and over before a slow app serves: what was put off comes later, and ever later in a loop"""
    guard, pauses = stopped(), []
    for _ in range(3):
        pauses.append(guard.pause)
        guard, verdict = guard.tried(changed("a.py")).after(changed("a.py", at=60.0), STARTING, NOBODY)
        assert verdict is Verdict.POSTPONE
    assert pauses == [QUIET, 2 * QUIET, 4 * QUIET]


def test_what_looked_like_a_loop_and_was_none_is_forgotten() -> None:
    """The app has served since what was put off was made up for, and did not write the file: somebody had"""
    guard = stopped().tried(changed("a.py"))
    guard, verdict = guard.after(changed("b.py", at=8.0), 2.0, NOBODY)
    assert (verdict, guard.pause) == (Verdict.ACT, FIRST_PAUSE)
    _, verdict = guard.after(changed("a.py", at=8.5), STARTING, NOBODY)
    assert verdict is Verdict.ACT


@pytest.mark.parametrize("served", [STARTING, 0.5, math.inf])
def test_a_loop_that_goes_on_is_not_forgotten(served: float | None) -> None:
    """The file changed again before the app had served for long, or the app is down and shows nothing"""
    guard, _ = stopped().tried(changed("a.py")).after(changed("a.py", at=8.0), STARTING, NOBODY)
    guard, _ = guard.after(changed("b.py", at=60.0), served, NOBODY)
    assert guard.pause == 2 * QUIET
    _, verdict = guard.after(changed("a.py", at=61.0), STARTING, NOBODY)
    assert verdict is Verdict.POSTPONE


def test_somebody_who_edits_a_file_that_looped_has_a_short_pause_again() -> None:
    """However often it was made up for before"""
    guard, _ = stopped().tried(changed("a.py")).after(changed("a.py", at=8.0), STARTING, NOBODY)
    guard, verdict = guard.after(changed("a.py", at=60.0), 50.0, NOBODY)
    assert (verdict, guard.pause) == (Verdict.ACT, QUIET)


def test_a_file_that_looped_loops_no_more() -> None:
    """When another file restarts the app, what it writes then is known at once"""
    guard, _ = stopped().after(changed("b.py", at=60.0), 100.0, NOBODY)
    _, verdict = guard.after(changed("a.py", at=61.0), STARTING, NOBODY)
    assert verdict is Verdict.POSTPONE


def test_each_write_of_a_stopped_loop_counts() -> None:
    """Whoever writes without a pause is not taken for somebody else after a while"""
    guard = stopped()
    for second in range(4, 40, 4):
        guard, verdict = guard.after(changed("a.py", at=second), 100.0, NOBODY)
        assert verdict is Verdict.POSTPONE


def test_an_edit_of_what_the_app_writes_is_acted_on_where_it_is_seen_to_be_one() -> None:
    """What the app then writes is known, however soon or late that is."""
    guard, verdict = stopped(IT_WRITES).after(changed("a.py", at=3.0), 2.0, OTHERS_WRITE)
    assert verdict is Verdict.ACT

    for at in (4.0, 90.0):
        guard, verdict = guard.after(changed("a.py", at=at), STARTING, NOBODY)
        assert verdict is Verdict.LEAVE


@pytest.mark.parametrize(("served", "closely"), [(0.5, CLOSELY_SOON + 1), (5.0, CLOSELY)])
def test_suspicion_comes_before_proof(served: float, closely: int) -> None:
    """What the app writes is noted from the third start in a row, and looked at closely some later."""
    guard, noted, looked_at = LoopGuard(), [], []
    for _ in range(CLOSELY + 1):
        guard, _ = guard.after(changed("a.py"), served, NOBODY)
        noted.append(guard.is_suspicious)
        looked_at.append(guard.suspects == IT_WRITES.by_app)

    assert noted.index(True) + 1 == MOST_BY_APP - 1
    assert looked_at.index(True) + 1 == closely


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/src/data/state.json", "/src", "/data/state.json"),
        ("/src/a [1]!.py", "/src/", r"/a\ \[1\]\!.py"),
        ("/src", "/src", None),
        ("/elsewhere/a.py", "/src", None),
        ("/src/my data/*.yaml", "/src", r"/my\ data/*.yaml"),
        ("/src/*", "/src", "/*"),
    ],
)
def test_the_line_that_ends_a_loop_is_said(path: str, root: str, expected: str | None) -> None:
    """It leaves out that file and no other of its name"""
    assert exclude_pattern(path, root) == expected


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/src/state.py", "add '/state.py' to `exclude` in `[watch]`"),
        ("/etc/shop.ini", "take it out of `roots` in `[watch]`"),
        ("/lib/state.ini", "have it write elsewhere, or write `imported = false` in `[watch]`"),
    ],
)
def test_what_ends_a_loop_depends_on_where_the_file_lies(path: str, hint: str) -> None:
    """Below a root, a root itself, or outside, where it is watched since the app has read it"""
    assert hint_for(Loop(path, restarts=4), ["/src", "/etc/shop.ini"]) == hint
