"""Walks that take their time: nobody who is watched for already waits for one, and what it finds is one set."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, TypeVar

import pytest

from reloadd.core.changes import ChangeKind
from reloadd.profile.model import Backend
from reloadd.watch import endings, lookout, turns
from reloadd.watch.events import KernelEvents
from reloadd.watch.inbox import Hint, Inbox
from reloadd.watch.lookout import Lookout
from reloadd.watch.manner import Manner
from tests.support.watching import DEADLINE, Both, save, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from reloadd.watch.inbox import Sighting
    from reloadd.watch.lookout import Look
    from tests.support.watching import Stage

T = TypeVar("T")

DIRECTORIES = 200


@pytest.fixture
def _one_directory_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a walk of a small tree has as many slices as one of a large tree."""
    for name in ("WALK_SLICE", "FIRST_SLICE"):
        monkeypatch.setattr(lookout, name, 0.0)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A directory of many."""
    for number in range(DIRECTORIES):
        (tmp_path / f"large/{number}").mkdir(parents=True)
        save(tmp_path / f"large/{number}/a.py", "one")
    return tmp_path / "large"


async def looked_at(inbox: Inbox, look: Callable[[tuple[Sighting, ...]], T], hint: Hint) -> T:
    """Make a look at all events up to one of a kind."""
    sightings: tuple[Sighting, ...] = ()
    async with asyncio.timeout(DEADLINE):
        while not any(each.hint is hint for each in sightings):
            await inbox.wait(asyncio.get_running_loop().time() + DEADLINE)
            sightings += inbox.take()
    return look(sightings)


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
            look = await looked_at(inbox, looks.glance, Hint.COMPLETE)
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
def test_nobody_waits_until_a_large_tree_is_left(root: Path, large: Path, tmp_path: Path) -> None:
    """A save is seen between two slices, and so it is said of each file of the tree, once, that it is gone"""
    (tmp_path / "whole").mkdir()
    tree = large.rename(tmp_path / "whole/large")

    async def scenario() -> None:
        source, inbox = KernelEvents(), Inbox()
        looks = Lookout(Manner(Backend.EVENTS, 0.5, frozenset()), source, inbox)
        shop, whole = looks.interest_of(watch_set(root)), looks.interest_of(watch_set(tree.parent))
        try:
            while looks.prepare([shop, whole]).is_unfinished:
                pass
            looks.take_baselines([shop, whole])
            shutil.move(tree, large)
            gone = [await looked_at(inbox, looks.look, Hint.DIRECTORY)]
            assert gone[0].is_unfinished
            save(root / "a.py", "one")
            look = await looked_at(inbox, looks.look, Hint.COMPLETE)
            assert [each.path for each in look.news[shop].findings] == [str(root / "a.py")]
            assert look.is_unfinished
            assert looks.is_walked(shop)
            assert not looks.is_walked(whole)
            gone.append(look)
            while gone[-1].is_unfinished:
                gone.append(looks.go_on())
            findings = [each for look in gone if whole in look.news for each in look.news[whole].findings]
            deleted = [(str(tree / f"{number}/a.py"), ChangeKind.DELETED) for number in range(DIRECTORIES)]
            assert sorted((each.path, each.kind) for each in findings) == sorted(deleted)
        finally:
            looks.close()
            source.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("_one_directory_at_a_time")
def test_a_large_tree_that_is_moved_out_is_one_set(stage: Stage, root: Path, large: Path, tmp_path: Path) -> None:
    """However long it takes to leave it, and one that takes its place is another one"""
    large.rename(root / "large")
    both = Both(stage, root)
    (root / "large").rename(large)
    both.tell({f"large/{number}/a.py": "deleted" for number in range(DIRECTORIES)})
    large.rename(root / "large")
    both.tell({f"large/{number}/a.py": "created" for number in range(DIRECTORIES)})
    (tmp_path / "other/7").mkdir(parents=True)
    save(tmp_path / "other/7/a.py", "twofold")
    (root / "large").rename(large)
    (tmp_path / "other").rename(root / "large")
    for shop in both.shops.values():
        shop.comes_to({f"large/{n}/a.py": "modified" if n == 7 else "deleted" for n in range(DIRECTORIES)})
    both.tell_nothing_more()


@pytest.mark.usefixtures("_one_directory_at_a_time")
def test_what_is_left_out_and_goes_then_is_nothing(stage: Stage, root: Path, large: Path) -> None:
    """Nobody looked at it any more, though it was not left yet"""
    large.rename(root / "large")
    (root / ".git").mkdir()
    both = Both(stage, root)
    save(root / ".gitignore", "large/\n")
    for shop in both.shops.values():
        wait_until(lambda shop=shop: shop.watch.statistics().directories < DIRECTORIES)  # type: ignore[misc]
    shutil.rmtree(root / "large")
    both.tell_nothing_more()


def test_a_flood_of_events_is_taken_by_portions(
    stage: Stage, root: Path, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever many files do one after the other is told, though it is taken a few events at a time"""
    monkeypatch.setattr(turns, "_MOST_TAKEN", 3)
    large.rename(root / "large")
    both = Both(stage, root)
    shutil.rmtree(root / "large")
    for number in range(DIRECTORIES):
        save(root / f"{number}.py", "one")
    gone = {f"large/{number}/a.py": "deleted" for number in range(DIRECTORIES)}
    both.tell_each_once(gone | {f"{number}.py": "created" for number in range(DIRECTORIES)})
    for number in range(DIRECTORIES):
        (root / f"{number}.py").unlink()
    both.tell_each_once({f"{number}.py": "deleted" for number in range(DIRECTORIES)})
    both.tell_nothing_more()


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
    monkeypatch.setattr(endings, "_MOST_ASKED", DIRECTORIES // 4)
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
