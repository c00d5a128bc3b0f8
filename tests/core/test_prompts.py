"""How long changes wait for somebody at a prompt."""

from __future__ import annotations

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.prompts import GONE_ON, Next, Waiting

SAVE = ChangeSet((Change(ChangeKind.MODIFIED, "/shop/views.py"),), 1.0, 1.1)
OTHER = ChangeSet((Change(ChangeKind.MODIFIED, "/shop/cart.py"),), 5.0, 5.1)


def what_follows(waiting: Waiting, *looks: tuple[float, bool, int]) -> list[Next]:
    """What is to be done after each look: when, whether there was a prompt, and the newest generation."""
    told = []
    for now, has_prompt, generation in looks:
        waiting, then = waiting.looked(has_prompt=has_prompt, generation=generation, now=now)
        told.append(then)
    return told


def test_changes_wait_until_no_prompt_has_been_seen_for_a_while() -> None:
    """A step of a debugger, between two prompts, is none."""
    looks = [(2.0, True, 1), (2.2, False, 1), (2.4, True, 1), (3.0, False, 1), (2.9 + GONE_ON, False, 1)]

    assert what_follows(Waiting(SAVE, 1), *looks, (3.0 + GONE_ON, False, 1)) == [Next.WAIT] * 5 + [Next.ACT]


def test_changes_that_a_newer_child_has_are_dropped() -> None:
    """But not before it is known to be no debugger's, nor where a change came after its start."""
    waiting = Waiting(SAVE, 1)
    joined = waiting.joined_by(OTHER, 2)

    assert what_follows(waiting, (2.0, True, 2), (2.2, False, 2)) == [Next.WAIT, Next.DROP]
    assert what_follows(joined, (6.0, False, 2), (6.0 + GONE_ON, False, 2)) == [
        Next.WAIT,
        Next.ACT,
    ]


def test_all_that_waited_counts_as_one_change_from_now_on() -> None:
    """A restart did not take as long as somebody sat there."""
    both = Waiting(SAVE, 1).joined_by(OTHER, 1).counted_from(60.0)

    assert (both.paths, both.seen_at, both.settled_at) == (("/shop/cart.py", "/shop/views.py"), 60.0, 60.0)
