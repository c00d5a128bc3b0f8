"""Many changes that belong together are one set: the same with events and with polling."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from reloadd.core import settle
from reloadd.core.changes import ChangeSet
from reloadd.core.inputs import Noticed, Quiet
from tests.support.watching import DEADLINE, Both, digested, save, save_by_rename, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]

FILES = 500


def others_settle(stage: Stage, root: Path) -> None:
    """Let so many sets of another profile be told that a set that waits for nothing would have been told as well.

    Not more: what git has locked for ten seconds is told.
    """
    root.mkdir()
    other = stage.begin(watch_set(root), "other")
    for number in range(4):
        save(root / "a.py", f"{number}")
        other.next_set()


def test_a_burst_of_saves_is_one_set(stage: Stage, root: Path) -> None:
    """However many files are written one after the other; `settle` is long here, for a busy machine may make a pause"""
    both = Both(stage, root, settle=1)
    for number in range(FILES):
        save(root / f"{number}.py", "one")
    both.tell({f"{number}.py": "created" for number in range(FILES)})
    both.tell_nothing_more()


def test_each_file_of_a_burst_is_told_once(stage: Stage, root: Path) -> None:
    """Saves by rename, which no lock holds together: a first one at once and the rest in one or more sets"""
    for number in range(FILES):
        save(root / f"{number}.py", "one")
    both = Both(stage, root, exclude=("*.tmp",))
    for number in range(FILES):
        save_by_rename(root / f"{number}.py", "two")
    both.tell_each_once({f"{number}.py": "modified" for number in range(FILES)})
    both.tell_nothing_more()


def test_a_set_waits_for_gits_lock(
    begin: Begin, stage: Stage, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While `index.lock` is there, files that come far apart are still one set, however long it takes to look"""
    # Any look takes longer, as on a busy machine each may.
    monkeypatch.setattr(settle, "LOOK_AGAIN", 1e-6)
    (root / ".git").mkdir()
    save(root / ".git/index.lock", "")
    shop = begin(root)
    save(root / "a.py", "one")
    wait_until(lambda: shop.watch.statistics().files == 1)
    others_settle(stage, tmp_path / "elsewhere")
    assert shop.sets.empty()
    save(root / "b.py", "one")
    (root / ".git/index.lock").unlink()
    assert shop.told() == {"a.py": "created", "b.py": "created"}


def test_a_burst_is_noticed_before_it_is_told(stage: Stage, backend: Backend, root: Path) -> None:
    """The first sign is said at once, the end when all of it is told; closing the watch says what is due"""
    said: queue.Queue[object] = queue.Queue()
    (root / ".git").mkdir()
    watch = stage.begin_with(watch_set(root, backend=backend), lambda changes: said.put(len(changes.changes)), said.put)
    save(root / ".git/index.lock", "")
    for name in ("notes.txt", "a.py", "b.py"):
        save(root / name, "one")
    assert said.get(timeout=DEADLINE) == Noticed()
    wait_until(lambda: watch.statistics().files == len(("a.py", "b.py")))
    (root / ".git/index.lock").unlink()
    assert [said.get(timeout=DEADLINE) for _ in range(2)] == [2, Quiet()]

    save(root / ".git/index.lock", "")
    save(root / "a.py", "two")
    assert said.get(timeout=DEADLINE) == Noticed()
    stage.on_loop(watch.close)
    assert said.get(timeout=DEADLINE) == Quiet()
    assert said.empty()


def test_what_comes_to_nothing_is_noticed_and_over(stage: Stage, root: Path) -> None:
    """A file that is written as it was costs those who wait some milliseconds; one that does not matter, nothing"""
    said: queue.Queue[object] = queue.Queue()
    save(root / "a.py", "one")
    digested(stage.begin(watch_set(root)))
    stage.begin_with(watch_set(root), said.put, said.put)
    save(root / "notes.txt", "one")
    save(root / "a.py", "one")
    assert [said.get(timeout=DEADLINE) for _ in range(2)] == [Noticed(), Quiet()]
    save(root / "a.py", "two")
    assert [type(said.get(timeout=DEADLINE)) for _ in range(3)] == [Noticed, ChangeSet, Quiet]
