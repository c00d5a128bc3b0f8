"""Random operations on a tree: what a watch has told, put together, is what is there."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.changes import ChangeKind
from tests.support.watching import DEADLINE, save, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

ROUNDS = 6
OPERATIONS = 60
NAMES = ("a", "b", "c")


class Chaos:
    """Changes a tree at random, as programs do: any operation may fail, and the next one comes."""

    def __init__(self, root: Path, outside: Path, seed: int) -> None:
        self._root = root
        self._outside = outside
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._written = 0

    def go_on(self) -> None:
        """One operation."""
        operations: tuple[Callable[[], object], ...] = (
            *(self._save,) * 4,
            self._replace,
            self._make_directory,
            self._delete,
            self._move,
            self._move_out_and_in,
            self._link,
        )
        try:
            self._random.choice(operations)()
        except (OSError, shutil.Error):
            return

    def _path(self) -> Path:
        path = self._root
        for _ in range(self._random.randrange(3)):
            path /= self._random.choice(NAMES)
        return path

    def _file(self) -> Path:
        return self._path() / f"{self._random.choice(NAMES)}.py"

    def _text(self) -> str:
        self._written += 1
        return f"{self._written:04}"

    def _save(self) -> None:
        save(self._file(), self._text())

    def _replace(self) -> None:
        save(self._outside / "new", self._text())
        (self._outside / "new").replace(self._file())

    def _make_directory(self) -> None:
        self._path().mkdir(parents=True)

    def _delete(self) -> None:
        path = self._random.choice((self._path, self._file))()
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
        self._path().symlink_to(self._outside / "linked")


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


def apply(known: dict[str, str], shop: Observed) -> None:
    """Take in one set: read what it names, as a child that it starts would."""
    for change in shop.next_set().changes:
        known.pop(change.path, None)
        # A path that is no longer looked at, since it leads round in a circle, may still be read.
        if change.kind is not ChangeKind.DELETED and Path(change.path).is_file():
            known[change.path] = Path(change.path).read_text(encoding="utf-8")


def test_what_was_told_is_what_is_there(stage: Stage, backend: Backend, tmp_path: Path) -> None:
    """After each round of operations the reader of all sets knows every file, and its content as it is now"""
    seed = int(os.environ.get("RELOADD_FUZZ_SEED", time.time_ns() % 1_000_000))
    print(f"RELOADD_FUZZ_SEED={seed}")  # noqa: T201 - pytest shows it with a failure
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    (outside / "linked").mkdir(parents=True)
    save(outside / "linked/a.py", "linked")
    chaos = Chaos(root, outside, seed)
    shop = stage.begin(watch_set(root, backend=backend))
    known: dict[str, str] = {}
    for number in range(ROUNDS):
        for _ in range(OPERATIONS):
            chaos.go_on()
        root.mkdir(exist_ok=True)
        last = root / "last.py"
        save(last, f"{number}")
        deadline = time.monotonic() + DEADLINE
        while known != contents(root):
            assert time.monotonic() < deadline, (seed, number)
            apply(known, shop)
