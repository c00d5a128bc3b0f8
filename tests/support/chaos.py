"""Random changes to a tree of files, which can be made again from their seed."""

from __future__ import annotations

import os
import random
import shutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from tests.support.watching import save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAMES = ("a", "b", "c")


def chosen_seed() -> int:
    """A seed, which is shown if the test fails; RELOADD_TEST_SEED gives one to repeat."""
    chosen = int(os.environ.get("RELOADD_TEST_SEED", random.SystemRandom().randrange(1_000_000)))
    print(f"RELOADD_TEST_SEED={chosen}")  # noqa: T201 - pytest shows it with a failure
    return chosen


class Chaos(ABC):
    """Changes a tree at random, as programs do: any operation may fail, and the next one comes.

    Args:
        outside: a directory beside the tree, for what is moved in.
        seed: what comes out of it is always the same.
    """

    def __init__(self, outside: Path, seed: int) -> None:
        self._outside = outside
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._written = 0

    @abstractmethod
    def operations(self) -> Sequence[Callable[[], object]]:
        """What may be done next, each as likely as it is often in there."""

    @abstractmethod
    def file(self) -> Path:
        """A Python file of the tree, there or not."""

    def go_on(self) -> None:
        """One operation."""
        try:
            self._random.choice(self.operations())()
        except (OSError, shutil.Error):
            return

    def save(self) -> None:
        """Write a file in place."""
        save(self.file(), self.text())

    def replace(self) -> None:
        """Write a file beside, and move it over."""
        save(self._outside / "new", self.text())
        (self._outside / "new").replace(self.file())

    def text(self) -> str:
        """What was never written before, of the same length."""
        self._written += 1
        return f"{self._written:05}"
