"""What is no change though files were written, and what editors do around a save: the same with both backends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.watching import DEADLINE, digested, save, save_by_rename, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]


def test_what_was_ignored_is_said(begin: Begin, root: Path) -> None:
    """So that who wonders why a save started nothing finds it in the log"""
    save(root / "a.py", "one")
    shop = digested(begin(root))
    save_by_rename(root / "a.py", "one")
    assert shop.ignored.get(timeout=DEADLINE) == str(root / "a.py")


def test_saving_the_same_content_is_nothing(begin: Begin, root: Path) -> None:
    """Identical content is no change, whether written in place or moved over"""
    save(root / "a.py", "one")
    shop = digested(begin(root))
    save(root / "a.py", "one")
    shop.has_told_nothing()
    save_by_rename(root / "a.py", "one")
    shop.has_told_nothing()


def test_the_content_that_was_told_last_counts(begin: Begin, root: Path) -> None:
    """After a change was told, going back to the first content is a change, and the second one again is none"""
    save(root / "a.py", "one")
    shop = digested(begin(root))
    save(root / "a.py", "two")
    assert shop.told() == {"a.py": "modified"}
    digested(shop)
    save(root / "a.py", "two")
    shop.has_told_nothing()
    save(root / "a.py", "one")
    assert shop.told() == {"a.py": "modified"}


def test_files_that_editors_keep_beside_are_nothing(begin: Begin, root: Path) -> None:
    """Swap files, lock links and autosaves are not told"""
    shop = begin(root)
    save(root / ".a.py.swp", "swap")
    save(root / "#a.py#", "autosave")
    (root / ".#a.py").symlink_to("somebody@somewhere.1:2")
    (root / ".#a.py").unlink()
    shop.has_told_nothing()


def test_a_file_that_came_and_went_is_nothing(stage: Stage, backend: Backend, root: Path) -> None:
    """Created and deleted within one burst, a file was never there"""
    shop = stage.begin(watch_set(root, backend=backend, settle=0.2))
    save(root / "brief.py", "one")
    (root / "brief.py").unlink()
    shop.has_told_nothing()


@pytest.mark.parametrize(("name", "kind"), [("a.py", "modified"), ("new.py", "created")])
def test_a_slow_writer_is_waited_for(begin: Begin, root: Path, name: str, kind: str) -> None:
    """A file that is written twice before it is closed is told when it is closed, once, also if it is new"""
    save(root / "a.py", "one")
    shop = digested(begin(root))
    with (root / name).open("w", buffering=1) as file:
        file.write("half\n")
        time.sleep(0.2)  # longer than what may be half-written is held without being looked at
        assert shop.sets.empty()
        file.write("whole\n")
    assert shop.told() == {name: kind}
    shop.has_told_nothing()
