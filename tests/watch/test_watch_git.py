"""What git does to five hundred files is one set, told when git is done with all of them. Both backends at once.

Git holds `index.lock` while it writes files, so that none of these counts depends on how fast this machine is.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from reloadd.core import settle
from reloadd.core.settle import LONGEST_GIT
from reloadd.profile.model import Backend
from tests.support.repositories import git
from tests.support.watching import Both, Witness, save, watch_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.watching import Stage

FILES = 500
MINE = [f"mine{number}" for number in range(3)]


def names(prefix: str = "") -> list[str]:
    """The files of a tree."""
    return [f"package{number % 10}/{prefix}{number}.py" for number in range(FILES)]


def write_all(root: Path, text: str) -> None:
    """Write the same to every file of a tree."""
    for name in names():
        (root / name).parent.mkdir(exist_ok=True)
        save(root / name, text)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`one`: four commits, each of every file; `mine`, begun at the first of them: three commits of new files."""
    root = tmp_path_factory.mktemp("origin")
    git(root, "init", "--quiet", "--initial-branch", "one")
    for text in ("first", "second", "third", "fourth"):
        write_all(root, text)
        _commit(root, text)
    git(root, "checkout", "--quiet", "-b", "mine", "one~3")
    for text in MINE:
        for name in names(text)[: FILES // 5]:
            save(root / name, text)
        _commit(root, text)
    git(root, "checkout", "--quiet", "one")
    return root


def _commit(root: Path, text: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", text)


@pytest.fixture
def repository(origin: Path, root: Path) -> Path:
    """A working copy of one's own, to be changed."""
    root.rmdir()
    subprocess.run(["cp", "-a", origin, root], check=True)
    git(root, "update-index", "-q", "--refresh")  # the copies are other inodes
    return root


def every_file(kind: str) -> dict[str, str]:
    """Each file of the tree, changed in one way."""
    return dict.fromkeys(names(), kind)


def every_new_file(kind: str) -> dict[str, str]:
    """Each file that `mine` adds, changed in one way."""
    return {name: kind for text in MINE for name in names(text)[: FILES // 5]}


def test_what_git_does_is_one_set(stage: Stage, repository: Path) -> None:
    """Who reads all files when it is told finds the new content in each"""
    witnesses = {backend: Witness(repository) for backend in (Backend.EVENTS, Backend.POLL)}
    for backend, witness in witnesses.items():
        stage.begin_with(watch_set(repository, backend=backend), witness.look)
    for command, text in (
        ("checkout --quiet one~1", "third"),
        ("checkout --quiet -", "fourth"),
        ("reset --quiet --hard HEAD~2", "second"),
        ("merge --quiet ORIG_HEAD", "fourth"),
        ("bisect start HEAD HEAD~3", "third"),
        ("bisect bad", "second"),
        ("bisect reset", "fourth"),
        ("checkout --quiet --detach HEAD~1", "third"),
        ("pull --quiet . one", "fourth"),
    ):
        git(repository, *command.split())
        for backend, witness in witnesses.items():
            assert witness.saw() == (every_file("modified"), dict.fromkeys(names(), text)), (command, backend)
    save(repository / "last.py", "last")
    for witness in witnesses.values():
        assert witness.saw() == ({"last.py": "created"}, {"last.py": "last"})


def test_a_stash_and_taking_it_back_are_one_set_each(stage: Stage, repository: Path) -> None:
    """Git takes its lock several times, before the first file and after the last one"""
    write_all(repository, "mine")
    both = Both(stage, repository)
    for command in ("stash", "stash pop", "reset --quiet --hard"):
        git(repository, *command.split())
        both.tell(every_file("modified"), command)
    both.tell_nothing_more()


def test_a_merge_is_one_set(stage: Stage, repository: Path) -> None:
    """Of two branches that went apart"""
    both = Both(stage, repository)
    git(repository, "merge", "--quiet", "--message", "both", "mine")
    both.tell(every_new_file("created"))
    both.tell_nothing_more()


def test_commands_of_several_steps_are_one_set(stage: Stage, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebase and a cherry-pick, however many commits are picked: what goes and comes back meanwhile is not told"""
    # Between two steps git has no lock, for longer than this where the machine is busy.
    monkeypatch.setattr(settle, "GIT_PAUSE", 1.0)
    git(repository, "checkout", "--quiet", "mine")
    both = Both(stage, repository).digested()
    git(repository, "rebase", "--quiet", "one")
    both.tell(every_file("modified"), "rebase")
    git(repository, "reset", "--quiet", "--hard", "one")
    both.tell(every_new_file("deleted"), "reset")
    git(repository, "cherry-pick", "ORIG_HEAD~3..ORIG_HEAD")
    both.tell(every_new_file("created"), "cherry-pick")
    both.tell_nothing_more()


def test_a_checkout_away_and_back_is_nothing(stage: Stage, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All content is as it was told, whatever was written in between"""
    # What is to be waited for is the start of another git, which may take longer on a busy machine.
    monkeypatch.setattr(settle, "GIT_PAUSE", 1.0)
    both = Both(stage, repository).digested()
    git(repository, "checkout", "--quiet", "one~1")
    git(repository, "checkout", "--quiet", "-")
    both.tell_nothing_more()


def test_another_working_tree_has_its_own_lock(stage: Stage, repository: Path, tmp_path: Path) -> None:
    """There `.git` is a file, which says where the lock is"""
    second = tmp_path / "second"
    git(repository, "worktree", "add", "--quiet", "--detach", str(second), "one")
    both = Both(stage, second)
    git(second, "checkout", "--quiet", "one~1")
    both.tell(every_file("modified"))
    both.tell_nothing_more()


def test_a_working_tree_that_is_added_is_told_whole(stage: Stage, repository: Path) -> None:
    """Below the root of another one, each of its files once"""
    both = Both(stage, repository)
    git(repository, "worktree", "add", "--quiet", "--detach", str(repository / "second"), "one")
    both.tell_each_once({f"second/{name}": "created" for name in names()})
    both.tell_nothing_more()


def test_a_lock_that_was_left_behind_holds_up_nothing(
    stage: Stage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a git that was killed, say: it is older than git takes for anything"""
    lock = root / ".git/index.lock"
    lock.parent.mkdir()
    save(lock, "")
    left_at = time.time() - LONGEST_GIT
    os.utime(lock, (left_at, left_at))
    # If it were believed, each save would wait for longer than this test does.
    monkeypatch.setattr(settle, "LONGEST_GIT", 600.0)
    both = Both(stage, root)
    for kind in ("created", "modified"):
        save(root / "a.py", kind)
        both.tell({"a.py": kind})
    both.tell_nothing_more()
