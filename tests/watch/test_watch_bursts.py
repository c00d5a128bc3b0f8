"""Many changes that belong together are one set: the same with events and with polling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.repositories import git
from tests.support.watching import digested, save, wait_until, watch_set

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
