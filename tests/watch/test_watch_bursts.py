"""Many changes that belong together are one set: the same with events and with polling."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from reloadd.core.changes import ChangeSet
from reloadd.core.inputs import Noticed, Quiet
from tests.support.repositories import git
from tests.support.watching import DEADLINE, digested, save, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]

FILES = 200


def repository(root: Path, files: int) -> None:
    """Two branches, `one` and `two`, with the same files and other content; `one` is checked out."""
    git(root, "init", "--quiet", "--initial-branch", "one")
    for text in ("one", "two"):
        if text == "two":
            git(root, "checkout", "--quiet", "-b", "two")
        for number in range(files):
            directory = root / f"package{number % 10}"
            directory.mkdir(exist_ok=True)
            save(directory / f"{number}.py", text)
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", text)
    git(root, "checkout", "--quiet", "one")


def others_settle(stage: Stage, root: Path) -> None:
    """Let so many sets of another profile be told that a set that waits for nothing would have been told as well.

    Not more: what git has locked for ten seconds is told.
    """
    root.mkdir()
    other = stage.begin(watch_set(root), "other")
    for number in range(4):
        save(root / "a.py", f"{number}")
        other.next_set()


def test_a_burst_of_saves_is_one_set(stage: Stage, backend: Backend, root: Path) -> None:
    """However many files are written one after the other; `settle` is long here, for a busy machine may make a pause"""
    shop = stage.begin(watch_set(root, backend=backend, settle=2))
    for number in range(FILES):
        save(root / f"{number}.py", "one")
    assert len(shop.told()) == FILES
    shop.has_told_nothing()


def test_a_checkout_is_one_set(begin: Begin, root: Path) -> None:
    """Git's lock says when it is done"""
    repository(root, FILES)
    shop = digested(begin(root))
    git(root, "checkout", "--quiet", "two")
    assert len(shop.told()) == FILES
    shop.has_told_nothing()


def test_a_checkout_away_and_back_is_nothing(stage: Stage, backend: Backend, root: Path) -> None:
    """All content is as it was told, whatever was written in between"""
    repository(root, 50)
    shop = digested(stage.begin(watch_set(root, backend=backend, settle=0.5)))
    git(root, "checkout", "--quiet", "two")
    git(root, "checkout", "--quiet", "one")
    shop.has_told_nothing()


def test_a_set_waits_for_gits_lock(begin: Begin, stage: Stage, root: Path, tmp_path: Path) -> None:
    """While `index.lock` is there, files that come far apart are still one set"""
    (root / ".git").mkdir()
    save(root / ".git/index.lock", "")
    shop = begin(root)
    save(root / "a.py", "one")
    wait_until(lambda: shop.watch.statistics().files == 1)
    others_settle(stage, tmp_path / "elsewhere")
    assert shop.sets.empty()
    save(root / "b.py", "one")
    (root / ".git/index.lock").unlink()
    shop.comes_to({"a.py": "created", "b.py": "created"})


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


def test_the_lock_of_a_worktree_counts(begin: Begin, stage: Stage, root: Path, tmp_path: Path) -> None:
    """In a second working tree `.git` is a file that names the directory where the lock is"""
    repository(root, 1)
    git(root, "worktree", "add", "--quiet", str(tmp_path / "second"), "two")
    lock = root / ".git/worktrees/second/index.lock"
    save(lock, "")
    shop = begin(tmp_path / "second")
    save(tmp_path / "second/a.py", "one")
    others_settle(stage, tmp_path / "elsewhere")
    assert shop.sets.empty()
    lock.unlink()
    assert shop.told() == {"a.py": "created"}
