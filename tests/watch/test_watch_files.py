"""How files are saved, and what a watch tells of it: the same with events and with polling."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.watching import save, save_by_rename

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.watching import Observed

    Begin = Callable[[Path], Observed]


def test_a_save_in_place_is_told(begin: Begin, root: Path) -> None:
    """A file that is written anew is modified, each time"""
    save(root / "a.py", "one")
    shop = begin(root)
    for text in ("two", "three"):
        save(root / "a.py", text)
        assert shop.told() == {"a.py": "modified"}
    shop.has_told_nothing()


def test_a_save_by_rename_is_told(begin: Begin, root: Path) -> None:
    """A file that is replaced by another is modified"""
    save(root / "a.py", "one")
    shop = begin(root)
    save_by_rename(root / "a.py", "two")
    assert shop.told() == {"a.py": "modified"}
    shop.has_told_nothing()


def test_a_new_and_a_deleted_file_are_told(begin: Begin, root: Path) -> None:
    """Creation and deletion are told as what they are"""
    shop = begin(root)
    save(root / "a.py", "one")
    assert shop.told() == {"a.py": "created"}
    (root / "a.py").unlink()
    assert shop.told() == {"a.py": "deleted"}
    shop.has_told_nothing()


def test_a_renamed_file_is_told_under_both_names(begin: Begin, root: Path) -> None:
    """The old name is deleted and the new one created, in one set"""
    save(root / "a.py", "one")
    shop = begin(root)
    (root / "a.py").rename(root / "b.py")
    assert shop.told() == {"a.py": "deleted", "b.py": "created"}


def test_an_older_file_moved_over_a_newer_one_is_told(begin: Begin, root: Path, tmp_path: Path) -> None:
    """As in a checkout of an older version that keeps its times: different is what counts, not newer"""
    save(root / "a.py", "new")
    save(tmp_path / "old.py", "old")
    os.utime(tmp_path / "old.py", (1_000_000_000, 1_000_000_000))
    shop = begin(root)
    (tmp_path / "old.py").replace(root / "a.py")
    assert shop.told() == {"a.py": "modified"}


def test_an_edit_that_keeps_size_and_time_is_told(begin: Begin, root: Path) -> None:
    """The time of the last change of any kind cannot be set back"""
    save(root / "a.py", "one")
    before = (root / "a.py").stat()
    shop = begin(root)
    save(root / "a.py", "two")
    os.utime(root / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shop.told() == {"a.py": "modified"}


def test_what_is_not_included_is_not_told(begin: Begin, root: Path) -> None:
    """Only files that match an include are told"""
    shop = begin(root)
    save(root / "notes.txt", "one")
    save(root / "a.pyx", "one")
    shop.has_told_nothing()


@pytest.mark.parametrize("name", ["line\nbreak.py", "[x].py", "!x.py", "caf\udce9.py", " .py", "x" * 252 + ".py"])
def test_any_name_is_told(begin: Begin, root: Path, name: str) -> None:
    """Names may hold anything but a slash, and need not be UTF-8"""
    shop = begin(root)
    save(root / name, "one")
    assert shop.told() == {name: "created"}
    save(root / name, "two")
    assert shop.told() == {name: "modified"}


def test_an_unreadable_name_does_not_blind_the_rest(begin: Begin, root: Path) -> None:
    """A named pipe that matches is no file: it is neither told nor waited for"""
    os.mkfifo(root / "pipe.py")
    shop = begin(root)
    os.mkfifo(root / "other.py")
    shop.has_told_nothing()


def test_a_file_that_is_a_root_always_matters(begin: Begin, root: Path) -> None:
    """A root that is a file is told whatever its name, in place, by rename, gone and back"""
    file = root / "settings.conf"
    save(file, "one")
    shop = begin(file)
    path = str(file)
    save(file, "two")
    assert shop.told() == {path: "modified"}
    save_by_rename(file, "three")
    assert shop.told() == {path: "modified"}
    file.unlink()
    assert shop.told() == {path: "deleted"}
    save(root / "a.py", "beside it")
    save(file, "four")
    assert shop.told() == {path: "created"}
