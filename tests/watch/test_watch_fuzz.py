"""Random operations on a tree: what a watch has told, put together, is what is there."""

from __future__ import annotations

import os
import queue
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.core.changes import ChangeKind
from reloadd.profile.model import Backend
from tests.support.chaos import NAMES, Chaos, chosen_seed
from tests.support.inotify import losing_events
from tests.support.watching import DEADLINE, EXCLUDED, save, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.profile.model import WatchSet
    from tests.support.watching import Observed, Stage

LONG_FORM = int(os.environ.get("RELOADD_TEST_FUZZ", "0"))
"""Rounds of the long form, for each backend."""

ROUNDS, OPERATIONS = (LONG_FORM, 250) if LONG_FORM else (6, 60)

ROUNDS_PER_OVERFLOW = 20
"""With events, the kernel's queue is made to run over once in so many rounds, and in the first one."""


class Vandal(Chaos):
    """Saves, moves, links and deletes, the root as well."""

    def __init__(self, root: Path, outside: Path, seed: int) -> None:
        super().__init__(outside, seed)
        self._root = root

    def operations(self) -> Sequence[Callable[[], object]]:
        """Once in a hundred times one on the root itself."""
        if self._random.randrange(100) == 0:
            return (self._swap_root, self._delete_root, self._move_root_away)
        return (
            *(self.save,) * 4,
            self.replace,
            self._make_directory,
            self._delete,
            self._move,
            self._move_out_and_in,
            self._link,
            self._link_a_file,
            self._hard_link,
            self._exchange,
        )

    def file(self) -> Path:
        """In the root or up to two directories below it."""
        return self._path() / f"{self._random.choice(NAMES)}.py"

    def restore_root(self) -> None:
        """Let the root be a directory again, whatever it has become."""
        if self._root.is_symlink() or self._root.is_file():
            self._root.unlink()
        self._root.mkdir(exist_ok=True)

    def _path(self) -> Path:
        path = self._root
        for _ in range(self._random.randrange(3)):
            path /= self._random.choice(NAMES)
        return path

    def _make_directory(self) -> None:
        self._path().mkdir(parents=True)

    def _delete(self) -> None:
        path = self._random.choice((self._path, self.file))()
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    def _move(self) -> None:
        self._path().rename(self._path())

    def _move_out_and_in(self) -> None:
        self._path().rename(self._outside / "kept")
        (self._outside / "kept").rename(self._path())

    def _link(self) -> None:
        self._path().symlink_to(self._random.choice((self._outside / "linked", self._path())))

    def _link_a_file(self) -> None:
        target = self._random.choice((self._outside / "linked/a.py", self._outside / "linked/none.py", self.file()))
        self.file().symlink_to(target)

    def _hard_link(self) -> None:
        """To a file that has no other name in the tree: an edit of a twin is found by the slow round alone."""
        twin = self._outside / "twin.py"
        save(twin, self.text())
        try:
            self.file().hardlink_to(twin)
        finally:
            twin.unlink()

    def _exchange(self) -> None:
        """Two paths change places, by way of a third name: a swap of a directory and a file among them."""
        one, other = self._path(), self._random.choice((self._path, self.file))()
        one.rename(self._outside / "third")
        try:
            other.rename(one)
        finally:
            (self._outside / "third").rename(other)

    def _swap_root(self) -> None:
        new = self._outside / "new root"
        new.mkdir()
        save(new / f"{self._random.choice(NAMES)}.py", self.text())
        self._root.rename(self._outside / "old root")
        new.rename(self._root)
        shutil.rmtree(self._outside / "old root")

    def _delete_root(self) -> None:
        shutil.rmtree(self._root)
        self._root.mkdir()

    def _move_root_away(self) -> None:
        self._root.rename(self._outside / "away")
        save(self._outside / "away" / f"{self._random.choice(NAMES)}.py", self.text())
        (self._outside / "away").rename(self._root)


def contents(directory: Path, above: frozenset[Path] = frozenset()) -> dict[str, str]:
    """What is there, found by a walk of its own; links to directories are followed, but not round in circles."""
    found: dict[str, str] = {}
    within = above | {directory.resolve()}
    for path in directory.iterdir():
        if path.is_dir():
            if path.resolve() not in within:
                found |= contents(path, within)
        elif path.suffix == ".py" and path.is_file():
            found[str(path)] = path.read_text(encoding="utf-8")
    return found


@dataclass(frozen=True)
class Part:
    """A part of the files, as a watch set names it, and the same in other words.

    Attributes:
        below: the directories that it looks in, relative to the root.
        include: its globs.
        exclude: its patterns, beside those that every profile has.
        wants: whether a file is in it, by its path relative to the root.
    """

    below: tuple[str, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    wants: Callable[[Path], bool]

    def watched(self, root: Path, backend: Backend, settle: float | None = None) -> WatchSet:
        """Its watch set."""
        roots = [root / each for each in self.below]
        exclude = (*EXCLUDED, *self.exclude)
        return watch_set(*roots, backend=backend, include=self.include, exclude=exclude, settle=settle)

    def of(self, root: Path) -> dict[str, str]:
        """What is there and in it, found by a walk of its own from each of its directories."""
        found: dict[str, str] = {}
        for each in self.below:
            if (root / each).is_dir():
                # A link to a directory that the root lies in leads round in a circle as well.
                found |= contents(root / each, frozenset(above.resolve() for above in (root / each).parents))
        return {path: text for path, text in found.items() if self.wants(Path(path).relative_to(root))}


@dataclass
class Reader:
    """One who is told of a part of the files, and what it knows by that: content by path."""

    part: Part
    observed: Observed
    known: dict[str, str]

    def differing(self, root: Path) -> dict[str, tuple[str | None, str | None]]:
        """The paths of which what was told, put together, is not what is there; both, with each."""
        there = self.part.of(root)
        paths = sorted(path for path in there.keys() | self.known.keys() if there.get(path) != self.known.get(path))
        return {path: (self.known.get(path), there.get(path)) for path in paths}

    def take(self, within: float) -> None:
        """Take in one set: read what it names, as a child that it starts would."""
        for change in self.observed.next_set(max(within, 0.0)).changes:
            self.known.pop(change.path, None)
            # A path that is no longer looked at, since it leads round in a circle, may still be read.
            if change.kind is not ChangeKind.DELETED and Path(change.path).is_file():
                self.known[change.path] = Path(change.path).read_text(encoding="utf-8")


PARTS = (
    Part((".",), ("*.py",), (), lambda _: True),
    Part((".",), ("a.py", "last.py"), (), lambda path: path.name in {"a.py", "last.py"}),
    Part((".",), ("b/**/*.py", "last.py"), (), lambda path: path.parts[0] == "b" or path.name == "last.py"),
    Part((".",), ("*.py",), ("c/",), lambda path: "c" not in path.parts[:-1]),
    Part(("b", "c/a"), ("*.py",), ("b.py",), lambda path: path.name != "b.py"),
)
"""Different globs, different exclusions, and other roots for the same tree, which share one walk."""


def overflow(stage: Stage, root: Path, vandal: Vandal) -> None:
    """Change the tree while the kernel drops events."""
    vandal.restore_root()
    with losing_events(stage, root):
        for _ in range(OPERATIONS):
            vandal.go_on()


def take_over(reader: Reader, watched: WatchSet) -> None:
    """Let another watch go on for a reader, at a pace of its own, while changes are yet to be looked at and told."""
    reader.observed = reader.observed.stage.begin(watched, instead_of=reader.observed)


@pytest.mark.timeout(60 + 4 * LONG_FORM)
def test_what_was_told_is_what_is_there(stage: Stage, backend: Backend, tmp_path: Path) -> None:
    """After each round of operations, who read all that it was told of knows each of its files, with its content"""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    (outside / "linked").mkdir(parents=True)
    save(outside / "linked/a.py", "linked")
    vandal = Vandal(root, outside, chosen_seed())

    def begin(part: Part) -> Reader:
        return Reader(part, stage.begin(part.watched(root, backend)), part.of(root))

    readers = [begin(part) for part in PARTS]
    for number in range(ROUNDS):
        if backend is Backend.EVENTS and number % ROUNDS_PER_OVERFLOW == 0:
            overflow(stage, root, vandal)
        for operation in range(OPERATIONS):
            vandal.go_on()
            if operation == OPERATIONS // 2:
                # Somebody looks for something else, and goes: what is walked for is widened and narrowed.
                stage.begin(watch_set(root, backend=backend, include=(f"*.{number}",)), "passer-by").close()
                reader = readers[number % 2]
                take_over(reader, reader.part.watched(root, backend, settle=number % 3 / 100 or None))
        vandal.restore_root()
        last = root / "last.py"
        save(last, f"{number}")
        deadline = time.monotonic() + DEADLINE
        for reader in readers:
            while differing := reader.differing(root):
                try:
                    reader.take(deadline - time.monotonic())
                except queue.Empty:
                    pytest.fail(f"round {number}, {reader.part.below} {reader.part.include}: {differing}")
        # Each in turn goes and comes back, so that what the walk must reach is never the same for long.
        goes = readers.pop(0)
        goes.observed.close()
        readers.append(begin(goes.part))
    assert len(stage.watcher._shared) == 1
    overflows = sum(each.name == "watch.overflowed" for each in stage.records)
    assert overflows >= (ROUNDS - 1) // ROUNDS_PER_OVERFLOW + 1 or backend is Backend.POLL
    print(f"{ROUNDS} rounds of {OPERATIONS} operations, {overflows} overflows")  # noqa: T201
