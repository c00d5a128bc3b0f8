"""Walks that take their time: nobody who is watched for already waits for one, and what it finds is one set."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Backend
from reloadd.watch import lookout, turns
from reloadd.watch.events import KernelEvents
from reloadd.watch.inbox import Hint, Inbox
from reloadd.watch.lookout import Lookout
from reloadd.watch.manner import Manner
from tests.support.watching import DEADLINE, Both, save, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from reloadd.watch.inbox import Sighting
    from reloadd.watch.lookout import Look
    from tests.support.watching import Stage

DIRECTORIES = 200


@pytest.fixture
def _one_directory_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a walk of a small tree has as many slices as one of a large tree."""
    monkeypatch.setattr(lookout, "WALK_SLICE", 0.0)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A directory of many."""
    for number in range(DIRECTORIES):
        (tmp_path / f"large/{number}").mkdir(parents=True)
        save(tmp_path / f"large/{number}/a.py", "one")
    return tmp_path / "large"


@pytest.mark.usefixtures("_one_directory_at_a_time")
def test_nobody_waits_for_the_walk_of_another(root: Path, large: Path, tmp_path: Path) -> None:
    """A save is seen between two slices, and who looks at a small tree is ready while a large one is walked"""
    (tmp_path / "small").mkdir()

    async def scenario() -> None:
        source, inbox = KernelEvents(), Inbox()
        looks = Lookout(Manner(Backend.EVENTS, 0.5, frozenset()), source, inbox)
        shop, whole, small = (looks.interest_of(watch_set(each)) for each in (root, large, tmp_path / "small"))
        try:
            assert not looks.prepare([shop]).is_unfinished
            looks.take_baselines([shop])
            assert looks.prepare([shop, whole]).is_unfinished
            save(root / "a.py", "one")
            sightings: tuple[Sighting, ...] = ()
            async with asyncio.timeout(DEADLINE):
                while not any(each.hint is Hint.COMPLETE for each in sightings):
                    await inbox.wait(asyncio.get_running_loop().time() + DEADLINE)
                    sightings += inbox.take()
            look = looks.glance(sightings)
            assert look is not None
            assert [each.path for each in look.news[shop].findings] == [str(root / "a.py")]
            assert look.is_unfinished
            assert not looks.is_walked(whole)
            assert looks.prepare([shop, whole, small]).is_unfinished
            assert looks.is_walked(small)
            assert not looks.is_walked(whole)
            while looks.go_on().is_unfinished:
                pass
            assert looks.is_walked(whole)
        finally:
            looks.close()
            source.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("_one_directory_at_a_time")
def test_what_a_walk_finds_is_one_set(stage: Stage, root: Path, large: Path) -> None:
    """A directory that is moved into the root is told whole, however long it takes to look through it"""
    both = Both(stage, root)
    large.rename(root / "large")
    both.tell({f"large/{number}/a.py": "created" for number in range(DIRECTORIES)})
    both.tell_nothing_more()


def test_asking_for_many_writers_holds_up_nobody(
    stage: Stage, root: Path, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save elsewhere is told while it is asked of each of many new files whether somebody still writes it"""
    monkeypatch.setattr(turns, "_MOST_ASKED", DIRECTORIES // 4)
    told: list[str] = []
    told_while_asking: list[str] = []
    whole, small = tmp_path / "whole", root / "a.py"
    whole.mkdir()
    stage.begin_with(watch_set(whole), lambda changes: told.extend(each.path for each in changes.changes))
    stage.begin_with(watch_set(root), lambda changes: told.extend(each.path for each in changes.changes))
    (shared,) = stage.watcher._shared.values()
    ask = Lookout.ask_writers

    def save_and_ask(looks: Lookout, paths: Collection[str]) -> Look:
        if not small.exists():
            save(small, "one")
            wait_until(lambda: bool(shared._turns._inbox._sightings))
        told_while_asking[:] = told
        return ask(looks, paths)

    monkeypatch.setattr(Lookout, "ask_writers", save_and_ask)
    large.rename(whole / "large")
    wait_until(lambda: len(told) == DIRECTORIES + 1)
    assert told_while_asking == [str(small)]


def test_git_holds_up_its_own_repository_only(stage: Stage, tmp_path: Path) -> None:
    """Profiles share a tree, and not what git does in the repository of one of them"""
    for name in ("one", "other"):
        (tmp_path / name / ".git").mkdir(parents=True)
    whole = stage.begin(watch_set(tmp_path), "whole")
    other = stage.begin(watch_set(tmp_path / "other"), "other")
    save(tmp_path / "one/.git/index.lock", "")
    save(tmp_path / "other/a.py", "one")
    assert other.told() == {"a.py": "created"}
    assert whole.told() == {"other/a.py": "created"}
