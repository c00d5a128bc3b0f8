"""Which change sets of two watches are told as one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reloadd.core.changes import Change, ChangeKind, ChangeSet
from reloadd.core.inputs import Noticed, Quiet
from reloadd.supervise import joining
from reloadd.supervise.joining import Joining

if TYPE_CHECKING:
    import pytest


def changes(path: str) -> ChangeSet:
    """A set of one file."""
    return ChangeSet((Change(ChangeKind.MODIFIED, path),), seen_at=1.0, settled_at=2.0)


@dataclass
class Told:
    """What came out, in order: paths, and the words about bursts."""

    words: list[object] = field(default_factory=list)

    def take(self, told: ChangeSet) -> None:
        """Take a set."""
        self.words.append(told.paths)

    def take_note(self, word: Noticed | Quiet) -> None:
        """Take a word."""
        self.words.append(type(word))


def test_a_set_of_one_watch_waits_for_the_burst_of_another() -> None:
    """And is told with what comes of that, or alone; before it is said that all is quiet"""

    async def join() -> list[object]:
        told = Told()
        both = Joining(told.take, told.take_note)
        inside, outside = both.lane(), both.lane()
        for last in (changes("/lib/b"), None):
            inside.take_note(Noticed())
            outside.take_note(Noticed())
            inside.take(changes("/app/a"))
            inside.take_note(Quiet())
            if last is not None:
                outside.take(last)
            outside.take_note(Quiet())
        return told.words

    both = [Noticed, Noticed, Quiet, ("/app/a", "/lib/b"), Quiet]
    alone = [Noticed, Noticed, Quiet, ("/app/a",), Quiet]
    assert asyncio.run(join()) == both + alone


def test_a_set_of_one_watch_alone_waits_for_nothing() -> None:
    """Its own burst is over when it tells"""

    async def join() -> list[object]:
        told = Told()
        lane = Joining(told.take, told.take_note).lane()
        lane.take_note(Noticed())
        lane.take(changes("/app/a"))
        return told.words

    assert asyncio.run(join()) == [Noticed, ("/app/a",)]


def test_a_burst_that_goes_on_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what waits told after the end"""
    monkeypatch.setattr(joining, "MOST_WAITED", 0.01)

    async def join(*, is_closed: bool) -> list[object]:
        told = Told()
        both = Joining(told.take, told.take_note)
        inside, outside = both.lane(), both.lane()
        outside.take_note(Noticed())
        inside.take(changes("/app/a"))
        if is_closed:
            both.close()
        await asyncio.sleep(0.02)
        return told.words

    assert asyncio.run(join(is_closed=False)) == [Noticed, ("/app/a",)]
    assert asyncio.run(join(is_closed=True)) == [Noticed]
