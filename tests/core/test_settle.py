"""When a burst is over, as tables of what is found when. Times are milliseconds in the tables, seconds in the code."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from reloadd.core.changes import Change, ChangeKind
from reloadd.core.settle import Burst, Finding, Work

MODIFIED, CREATED, DELETED = ChangeKind.MODIFIED, ChangeKind.CREATED, ChangeKind.DELETED


@dataclass(frozen=True, slots=True)
class Story:
    """Findings at times, and when the burst is to be over."""

    name: str
    steps: tuple[tuple[float, tuple[Finding, ...]], ...]
    due: float | None
    quiet: float | None = None


def found(kind: ChangeKind | None, path: str = "a.py", *, complete: bool = True) -> Finding:
    """One finding in few words."""
    return Finding(path, kind, complete)


STORIES = [
    Story("a lone save waits for nothing", ((0, (found(MODIFIED),)),), 0),
    Story("the same file again is no company", ((0, (found(MODIFIED),)), (1, (found(MODIFIED),))), 1),
    Story("two at once are a burst", ((0, (found(MODIFIED), found(MODIFIED, "b.py"))),), 10),
    Story("small gaps leave the shortest quiet", ((0, (found(MODIFIED),)), (2, (found(MODIFIED, "b.py"),))), 12),
    Story("wider gaps widen the quiet", ((0, (found(MODIFIED),)), (10, (found(MODIFIED, "b.py"),))), 50),
    Story(
        "the widest gap counts, not the last",
        ((0, (found(MODIFIED),)), (10, (found(MODIFIED, "b.py"),)), (11, (found(MODIFIED, "c.py"),))),
        51,
    ),
    Story("quiet is never longer than 100 ms", ((0, (found(MODIFIED),)), (60, (found(MODIFIED, "b.py"),))), 160),
    Story("a deletion is held for 50 ms", ((0, (found(DELETED),)),), 50),
    Story("a re-creation frees what was held", ((0, (found(DELETED),)), (1, (found(MODIFIED),))), 1),
    Story("an unfinished file is held for 50 ms", ((0, (found(CREATED, complete=False),)),), 50),
    Story("and freed when it is closed", ((0, (found(CREATED, complete=False),)), (5, (found(CREATED),))), 5),
    Story("a lone save waits for what is held", ((0, (found(DELETED, "b.py"), found(MODIFIED))),), 50),
    Story("a file that came and went is nothing", ((0, (found(CREATED),)), (1, (found(None),))), None),
    Story(
        "one that is as it was leaves the others",
        ((0, (found(MODIFIED), found(MODIFIED, "b.py"))), (1, (found(None),))),
        1,
    ),
    Story("what is nothing from the start is nothing", ((0, (found(None),)),), None),
    Story("the profile's own settle", ((0, (found(MODIFIED),)),), 300, quiet=300),
    Story("counts from the last change", ((0, (found(MODIFIED),)), (100, (found(MODIFIED, "b.py"),))), 400, quiet=300),
    Story("and may be nothing", ((0, (found(MODIFIED), found(MODIFIED, "b.py"))),), 0, quiet=0),
    Story("a long one is not cut short", ((0, (found(MODIFIED),)),), 3000, quiet=3000),
    Story(
        "a burst that never ends is told after 2 s",
        tuple((step * 20.0, (found(MODIFIED, f"{step}.py"),)) for step in range(99)),
        2000,
    ),
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_burst_is_due(story: Story) -> None:
    """Each story ends when the table says"""
    burst = Burst(quiet=None if story.quiet is None else story.quiet / 1000)
    for now, findings in story.steps:
        burst = burst.feed(findings, now / 1000)
    assert burst.due == (None if story.due is None else pytest.approx(story.due / 1000))


def test_a_set_names_each_path_once_as_it_was_found_last() -> None:
    """What is found later of a path replaces what was found before; the set is sorted and has both times"""
    burst = Burst().feed([found(CREATED, "b.py"), found(DELETED, "a.py")], 1.0).feed([found(MODIFIED, "a.py")], 1.5)
    changes, _ = burst.close(2.0)
    assert changes.changes == (Change(MODIFIED, "a.py"), Change(CREATED, "b.py"))
    assert (changes.seen_at, changes.settled_at) == (1.0, 2.0)


def test_an_emptied_burst_begins_anew() -> None:
    """After all changes turned out to be none, the next one is the first, with its own times"""
    burst = Burst(quiet=0.5).feed([found(MODIFIED)], 1.0).feed([found(None)], 1.9).feed([found(MODIFIED)], 5.0)
    assert burst == Burst(quiet=0.5).feed([found(MODIFIED)], 5.0)


@pytest.mark.parametrize(
    ("told_at", "again_at", "due"),
    [(0, 1, 11), (0, 20, 100), (0, 60, 160), (0, 100, 200), (0, 101, 101), (0, 5000, 5000), (5000, 5001, 5011)],
)
def test_what_follows_a_told_set_is_a_burst(told_at: float, again_at: float, due: float) -> None:
    """A formatter, or the rest of a thousand files, supersedes what a lone save started: once, when it is quiet"""
    _, burst = Burst().feed([found(MODIFIED)], told_at / 1000).close(told_at / 1000)
    assert burst.due is None
    assert burst.feed([found(MODIFIED)], again_at / 1000).due == pytest.approx(due / 1000)


def test_what_comes_to_nothing_does_not_end_a_burst() -> None:
    """A touch between a save and what follows it changes nothing"""
    _, burst = Burst().feed([found(MODIFIED)], 0.0).close(0.0)
    burst = burst.feed([found(None, "c.py")], 0.001)
    assert burst.due is None
    assert burst.feed([found(MODIFIED)], 0.002).due == pytest.approx(0.012)


def test_git_keeps_a_burst_open_while_it_holds_its_lock() -> None:
    """With the lock there the end is asked for every 4 ms; when it is gone, the last files get 30 ms to arrive"""
    burst = Burst().feed([found(MODIFIED)], 0.0)
    burst = burst.during(Work.WRITING, 0.002)
    assert burst.due == pytest.approx(0.006)
    burst = burst.feed([found(MODIFIED, "b.py")], 0.005)
    assert burst.due == pytest.approx(0.009)
    burst = burst.during(Work.WRITING, 0.009)
    assert burst.due == pytest.approx(0.013)
    burst = burst.during(Work.IDLE, 0.013)
    assert burst.due == pytest.approx(0.043)
    assert burst.during(Work.IDLE, 0.043).due == pytest.approx(0.043)
    burst = burst.feed([found(MODIFIED, "c.py")], 0.015)
    assert burst.due == pytest.approx(0.045)


def test_git_may_take_longer_than_any_other_burst() -> None:
    """The 2 s after which a burst is told do not end a checkout, 10 s do: then the lock is a stale one"""
    burst = Burst().feed([found(MODIFIED)], 0.0)
    assert burst.during(Work.WRITING, 5.0).due == pytest.approx(5.004)
    assert burst.during(Work.WRITING, 11.0).due == pytest.approx(10.0)


def test_a_rebase_is_one_burst() -> None:
    """Between two steps of a rebase the lock is gone for up to 28 ms"""
    burst = Burst().feed([found(MODIFIED)], 0.0).during(Work.WRITING, 0.002)
    burst = burst.during(Work.STEPPING, 0.006)
    assert burst.due == pytest.approx(0.036)
    assert burst.during(Work.STEPPING, 0.036).due == pytest.approx(0.036)
    assert burst.during(Work.WRITING, 0.034).due == pytest.approx(0.038)
    assert burst.during(Work.IDLE, 0.036).due == pytest.approx(0.036)


def test_a_rebase_may_be_between_two_steps_when_it_is_asked_about_first() -> None:
    """It gets the same time as one whose lock was seen"""
    burst = Burst().feed([found(MODIFIED)], 0.0).during(Work.STEPPING, 0.002)
    assert burst.due == pytest.approx(0.030)
    assert burst.during(Work.WRITING, 0.020).due == pytest.approx(0.024)
    assert burst.during(Work.STEPPING, 0.030).due == pytest.approx(0.030)


def test_a_look_that_goes_on_keeps_a_burst_open() -> None:
    """Once all was seen, the burst has its own pace again"""
    burst = Burst().feed([found(MODIFIED), found(MODIFIED, "b.py")], 0.0)
    assert burst.during(Work.LOOKING, 0.5).due == pytest.approx(0.504)
    assert burst.during(Work.LOOKING, 0.5).during(Work.IDLE, 0.504) == burst


def test_a_file_that_is_being_written_is_told_whole() -> None:
    """When a burst is told though it goes on, the file of the moment is kept for the next one, but only once"""
    busy = found(CREATED, "b.py", complete=False)
    burst = Burst().feed([found(MODIFIED)], 0.0)
    for step in range(1, 100):
        burst = burst.feed([busy], step / 50)
    assert burst.due == pytest.approx(2.0)
    changes, burst = burst.close(2.0)
    assert changes.paths == ("a.py",)
    assert burst.paths == burst.unfinished == ("b.py",)
    assert burst.due == pytest.approx(2.03)
    for step in range(1, 100):
        burst = burst.feed([busy], 2.0 + step / 50)
    changes, burst = burst.feed([found(MODIFIED)], 4.0).close(4.0)
    assert changes.paths == ("a.py", "b.py")
    assert burst.due is None


def test_an_answer_is_no_change() -> None:
    """Who asks whether a file is still being written does not begin the quiet anew, unless it is another one now"""
    busy, done = found(CREATED, complete=False), found(CREATED)
    burst = Burst(quiet=0.5).feed([busy], 0.0)
    assert burst.feed([done], 0.5, is_answer=True).due == pytest.approx(0.5)
    assert burst.feed([busy], 0.5, is_answer=True).due == pytest.approx(0.55)
    assert burst.feed([done], 0.5).due == pytest.approx(1.0)
    assert burst.feed([found(DELETED)], 0.5, is_answer=True).due == pytest.approx(1.0)


def test_the_only_file_is_told_though_it_is_being_written() -> None:
    """A set is never empty"""
    burst = Burst().feed([found(CREATED, complete=False)], 0.0)
    changes, burst = burst.close(0.01)
    assert changes.paths == ("a.py",)
    assert burst.due is None
