"""Random .gitignore files on a tree that changes at random: what is watched is what git does not ignore."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.core.changes import ChangeKind
from reloadd.watch import uncovered
from reloadd.watch.audience import Member
from tests.support.chaos import NAMES, Chaos, chosen_seed
from tests.support.watching import save, wait_until, watch_set
from tests.watch.test_watch_fuzz import LONG_FORM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

ROUNDS, OPERATIONS = LONG_FORM or 6, 20

DIRECTORIES = ("", *(f"{a}/" for a in NAMES), *(f"{a}/{b}/" for a in NAMES for b in NAMES))
FILES = tuple(f"{directory}{name}.py" for directory in DIRECTORIES for name in NAMES)

PATTERNS = (
    *("", "# a", "*", "!*/", "/*", "*.py", "!*.py", "[ab].py", "a.py", "!a.py", "!b.py"),
    *("a/", "!a/", "b/", "!b/", "c", "!c", "/a/", "/b", "!/b", "**/c"),
    *("a/*", "a/**", "!a/**", "a/b", "!a/b/", "!a/b.py", "b/*.py", "b/**/c.py", "c/*"),
)


class Author(Chaos):
    """Writes files, and the rules for them."""

    def __init__(self, top: Path, outside: Path, seed: int) -> None:
        super().__init__(outside, seed)
        self._top = top

    def operations(self) -> Sequence[Callable[[], object]]:
        """On files, and on rules."""
        return (
            *(self.save,) * 4,
            self.replace,
            self._make_directory,
            self._delete_file,
            self._delete_directory,
            self._move,
            *(self._rule,) * 3,
            self._replace_rules,
            *(self._unrule,) * 2,
            self._rule_unshared,
        )

    def file(self) -> Path:
        """In the top or up to two directories below it."""
        return self._directory() / f"{self._random.choice(NAMES)}.py"

    def _directory(self) -> Path:
        return self._top / self._random.choice(DIRECTORIES)

    def _rules(self) -> str:
        return "\n".join(self._random.choice(PATTERNS) for _ in range(self._random.randrange(5)))

    def _make_directory(self) -> None:
        self._directory().mkdir(parents=True)

    def _delete_file(self) -> None:
        self.file().unlink()

    def _delete_directory(self) -> None:
        # At once: a .gitignore that goes first may leave out what goes next, and that is told to nobody then.
        self._two_directories()[0].rename(self._outside / "gone")
        shutil.rmtree(self._outside / "gone")

    def _move(self) -> None:
        one, other = self._two_directories()
        one.rename(other)

    def _two_directories(self) -> tuple[Path, Path]:
        """As deep, so that all stays within the names that there are; never the top."""
        depth = self._random.choice((1, 2))
        one, other = self._random.choices([each for each in DIRECTORIES if each.count("/") == depth], k=2)
        return self._top / one, self._top / other

    def _rule(self) -> None:
        save(self._directory() / ".gitignore", self._rules())

    def _replace_rules(self) -> None:
        save(self._outside / "rules", self._rules())
        (self._outside / "rules").replace(self._directory() / ".gitignore")

    def _unrule(self) -> None:
        (self._directory() / ".gitignore").unlink()

    def _rule_unshared(self) -> None:
        save(self._top / ".git/info/exclude", self._rules())


@dataclass(frozen=True)
class Judge:
    """Git, asked what it ignores.

    Attributes:
        top: of the working tree.
        bare: a repository without rules of its own.
    """

    top: Path
    bare: Path

    def lets_in(self, below: str) -> frozenset[str]:
        """The files below a root that git does not ignore, there or not; relative to the top."""
        root = self.top / below
        names = [name for name in FILES if name.startswith(below)]
        if not root.is_dir():
            return frozenset()
        # Without the slash: to git `a/` is one of `a/*`, and `a` is not.
        if not below or not self._ignored(("-C", self.top), [below.rstrip("/")]):
            return frozenset(names) - self._ignored(("-C", self.top), names)
        # A root that git ignores is ruled by what stands in it, as if it were the top.
        within = [name.removeprefix(below) for name in names]
        ignored = self._ignored(("-C", root, "--git-dir", self.bare, "--work-tree", root), within)
        return frozenset(below + name for name in within if name not in ignored)

    @staticmethod
    def _ignored(where: Iterable[str | Path], names: Iterable[str]) -> frozenset[str]:
        command = ("git", *where, "check-ignore", "--no-index", "-z", "--stdin")
        done = subprocess.run(command, input="\0".join(names).encode(), capture_output=True, check=False)
        assert not done.stderr
        return frozenset(done.stdout.decode().split("\0")) - {""}


@dataclass
class Reader:
    """One who watches a part of the tree.

    Attributes:
        below: its root, relative to the top, with a slash.
        gitignore: whether it reads git's rules.
        include: its globs.
        observed: its watch, and what it was told.
        always: the files that were let in all the time since the round began.
        ever: those that were let in at any time.
    """

    below: str
    gitignore: bool
    include: tuple[str, ...]
    observed: Observed
    always: frozenset[str] = frozenset()
    ever: frozenset[str] = frozenset()
    told: defaultdict[str, list[ChangeKind]] = field(default_factory=lambda: defaultdict(list))

    def wanted(self, judge: Judge) -> frozenset[str]:
        """The files that are let in, there or not; relative to the top."""
        below = judge.lets_in(self.below) if self.gitignore else {name for name in FILES if name.startswith(self.below)}
        return frozenset(name for name in below if self.include == ("*.py",) or Path(name).name in self.include)

    def knows(self, there: dict[str, tuple[int, int]]) -> bool:
        """Whether it was told of just these files, by inode and time of change, and nothing is left to be told."""
        member = self.observed.watch
        assert isinstance(member, Member)
        looks, top = member.shared.lookout, f"{self.observed.roots[0]}/".removesuffix(self.below)
        with looks._lock:
            told = looks._tree.snapshot.told(member.audience.interest)
        known = {path.removeprefix(top): (each.signature.inode, each.signature.ctime_ns) for path, each in told.items()}
        is_counted = self.observed.watch.statistics().files == len(there)
        return known == there and is_counted and member.audience.burst.due is None

    def take(self, top: Path) -> None:
        """Take in all that was told."""
        while not self.observed.sets.empty():
            for change in self.observed.sets.get().changes:
                self.told[str(Path(change.path).relative_to(top))].append(change.kind)


def contents(top: Path) -> dict[str, str]:
    """What is in the files that there are."""
    return {name: (top / name).read_text(encoding="utf-8") for name in FILES if (top / name).exists()}


def signatures(top: Path, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """What is there of these, by inode and time of change."""
    found = {name: (top / name).stat() for name in names if (top / name).exists()}
    return {name: (status.st_ino, status.st_ctime_ns) for name, status in found.items()}


PARTS = (
    ("", True, ("*.py",)),
    ("", False, ("*.py",)),
    ("", True, ("a.py",)),
    ("a/", True, ("*.py",)),
    ("a/b/", True, ("*.py",)),
    ("b/", False, ("*.py",)),
)
"""Roots in each other, of those who read git's rules and those who do not: they share one walk."""


@pytest.mark.timeout(60 + 10 * LONG_FORM)
def test_what_is_watched_is_what_git_does_not_ignore(
    stage: Stage, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each round each knows just the files that it should; what was let in all the time was told, and of what
    only the rules changed, or was never let in, nothing was.
    """
    # What goes soon after the .gitignore that left it out is told here: git knows of no time.
    monkeypatch.setattr(uncovered, "REMOVAL_PAUSE", 0)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    top, outside, bare = tmp_path / "top", tmp_path / "outside", tmp_path / "bare"
    outside.mkdir()
    subprocess.run(["git", "init", "--quiet", top], check=True)
    subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
    author, judge = Author(top, outside, chosen_seed()), Judge(top, bare)

    def begin(below: str, include: tuple[str, ...], *, gitignore: bool) -> Reader:
        watched = replace(watch_set(top / below, backend=backend, include=include), gitignore=gitignore)
        return Reader(below, gitignore, include, stage.begin(watched))

    readers = [begin(below, include, gitignore=gitignore) for below, gitignore, include in PARTS]
    for number in range(ROUNDS):
        before, changed = contents(top), set[str]()
        for reader in readers:
            reader.told.clear()
            reader.always = reader.ever = reader.wanted(judge)
        for _ in range(OPERATIONS):
            author.go_on()
            now = contents(top)
            changed.update(name for name in FILES if now.get(name) != before.get(name))
            for reader in readers:
                wanted = reader.wanted(judge)
                reader.always, reader.ever = reader.always & wanted, reader.ever | wanted
        after = contents(top)
        for reader in readers:
            there = signatures(top, reader.wanted(judge))
            wait_until(lambda reader=reader, there=there: reader.knows(there))  # type: ignore[misc]
            reader.take(top)
            missed = {name for name in reader.always if before.get(name) != after.get(name)} - reader.told.keys()
            superfluous = reader.told.keys() - (changed & reader.ever)
            # One that came back while it was ignored, and was let in then, is no change.
            there_all_the_time = reader.always & there.keys()
            wrong = {name for name in there_all_the_time if reader.told[name][-1:] == [ChangeKind.DELETED]}
            assert [missed, superfluous, wrong] == [set(), set(), set()], (number, reader.below, reader.include)
        goes = readers.pop(0)
        goes.observed.close()
        readers.append(begin(goes.below, goes.include, gitignore=goes.gitignore))
    assert not [each for each in stage.records if each.name == "watch.failed"]
