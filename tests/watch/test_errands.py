"""Which directories are yet to be visited, in which order, and why."""

from __future__ import annotations

from reloadd.watch.errands import Errand, Errands, Left
from reloadd.watch.interest import NO_SHIFT, Scope

HERE, THERE = (Scope(root, exclude=(), gitignore=False) for root in ("/here", "/here/there"))


def test_what_was_asked_for_last_is_done_first() -> None:
    """And what is asked for again counts as asked for last"""
    errands = Errands(roots=())
    for path in ("/here/a", "/here/b", "/here/a"):
        errands.add(path, Errand())

    assert [errands.take()[0], errands.take()[0]] == ["/here/a", "/here/b"]
    assert errands.are_done


def test_a_directory_is_visited_once_for_all_reasons() -> None:
    """No reason that was given is lost to a later one"""
    errands = Errands(roots=())
    errands.add("/here", Errand(NO_SHIFT.revealing([HERE]), is_deep=False, listens_anew=True))
    errands.add("/here", Errand(NO_SHIFT.severing([THERE]), is_deep=False))

    shift = NO_SHIFT.revealing([HERE]).severing([THERE])
    assert errands.take() == ("/here", Errand(shift, is_deep=False, listens_anew=True))
    assert errands.are_done


def test_the_roots_ahead_are_those_with_errands_below() -> None:
    """Of roots in each other all count, until the errand is done; one that only begins alike does not"""
    errands = Errands(roots=("/here", "/here/there", "/here/the"))
    errands.add("/here/there/a/b", Errand())
    assert errands.roots_ahead() == {"/here", "/here/there"}

    errands.add("/here/a", Errand())
    errands.take()
    assert errands.roots_ahead() == {"/here", "/here/there"}
    errands.take()
    assert errands.roots_ahead() == frozenset()


def test_what_lies_below_a_directory_to_be_left_is_left() -> None:
    """Until the errand is done, also if the directory is to be visited for another reason"""
    errands = Errands(roots=())
    errands.add("/here/a", Errand(left=Left.OUT))
    errands.add("/here/a", Errand())
    errands.add("/here", Errand())

    assert errands.are_to_leave("/here/a/b/c.py")
    assert errands.are_to_leave("/here/a")
    assert not errands.are_to_leave("/here")
    assert not errands.are_to_leave("/here/ab/c.py")
    errands.take()
    assert errands.take() == ("/here/a", Errand(left=Left.OUT))
    assert not errands.are_to_leave("/here/a/b/c.py")
