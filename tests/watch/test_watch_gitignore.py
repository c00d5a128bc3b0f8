"""What git ignores is not told, and a .gitignore that changes counts at once: the same with both backends."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from reloadd.watch import uncovered
from tests.support.watching import EXCLUDED, save, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from reloadd.profile.model import Backend
    from tests.support.watching import Observed, Stage

    Begin = Callable[[Path], Observed]


def test_ignored_files_are_not_told(begin: Begin, root: Path) -> None:
    """Neither files nor directories that a .gitignore names, in their own directory or from above"""
    (root / ".git").mkdir()
    save(root / ".gitignore", "build/\n/top.py\nsub/named.py\n!kept.py\n")
    (root / "sub").mkdir()
    save(root / "sub/.gitignore", "*.py\n!kept.py\n")
    shop = begin(root)
    (root / "build").mkdir()
    for name in ("build/a.py", "top.py", "sub/named.py", "sub/a.py"):
        save(root / name, "one")
    shop.has_told_nothing()
    save(root / "sub/kept.py", "one")
    assert shop.told() == {"sub/kept.py": "created"}
    save(root / "sub/top.py", "one")
    shop.has_told_nothing()


def test_a_gitignore_that_changes_counts_at_once(begin: Begin, root: Path) -> None:
    """Files are left out and taken in without being told as deleted or created"""
    (root / ".git").mkdir()
    (root / "made").mkdir()
    save(root / "made/a.py", "one")
    save(root / "b.py", "one")
    shop = begin(root)
    save(root / ".gitignore", "made/\nb.py\n")
    wait_until(lambda: shop.watch.statistics().files == 0)
    save(root / "made/a.py", "two")
    save(root / "b.py", "two")
    shop.has_told_nothing()
    (root / ".gitignore").unlink()
    wait_until(lambda: shop.watch.statistics().files == 3)
    shop.has_told_nothing()
    save(root / "made/a.py", "three")
    assert shop.told() == {"made/a.py": "modified"}


def test_files_above_the_root_count(begin: Begin, root: Path) -> None:
    """A .gitignore up to the repository's top and `info/exclude` count, and count anew when they change"""
    (root / ".git/info").mkdir(parents=True)
    (root / "app/src").mkdir(parents=True)
    save(root / ".gitignore", "a.py\n")
    save(root / ".git/info/exclude", "/app/src/b.py\n")
    save(root.parent / ".gitignore", "*.py\n")
    shop = begin(root / "app/src")
    for name in ("a.py", "b.py"):
        save(root / "app/src" / name, "one")
    shop.has_told_nothing()
    save(root / "app/.gitignore", "!a.py\n")
    wait_until(lambda: shop.watch.statistics().files == 2)
    save(root / ".git/info/exclude", "")
    wait_until(lambda: shop.watch.statistics().files == 3)
    shop.has_told_nothing()


def test_a_root_that_git_ignores_is_watched(begin: Begin, root: Path) -> None:
    """Whoever names a directory wants it watched"""
    (root / ".git").mkdir()
    (root / "build/generated").mkdir(parents=True)
    save(root / ".gitignore", "build/\n")
    shop = begin(root / "build/generated")
    save(root / "build/generated/a.py", "one")
    assert shop.told() == {"a.py": "created"}


def test_exclude_wins_over_gitignore(stage: Stage, backend: Backend, root: Path) -> None:
    """`!NAME` in `exclude` takes back in what git ignores"""
    (root / ".git").mkdir()
    save(root / ".gitignore", "*.py\n")
    shop = stage.begin(watch_set(root, backend=backend, exclude=(*EXCLUDED, "!local.py", "!sentinel.py")))
    save(root / "other.py", "one")
    shop.has_told_nothing()
    save(root / "local.py", "one")
    assert shop.told() == {"local.py": "created"}


def test_new_rules_do_not_hide_a_change(begin: Begin, root: Path) -> None:
    """A checkout that rewrites .gitignore and code at once is told with the code that changed"""
    (root / ".git").mkdir()
    save(root / "a.py", "one")
    shop = begin(root)
    save(root / ".gitignore", "other/\n")
    save(root / "a.py", "two")
    save(root / "new.py", "one")
    shop.comes_to({"a.py": "modified", "new.py": "created"})


def make_environment(directory: Path) -> None:
    """A directory in which everything is ignored, as `python -m venv` and uv make it."""
    (directory / "lib/site").mkdir(parents=True)
    for number in range(20):
        save(directory / f"lib/{number}.py", "one")
        save(directory / f"lib/site/{number}.py", "one")
    save(directory / ".gitignore", "*\n")


def test_what_goes_with_the_gitignore_that_left_it_out_is_not_told(
    begin: Begin, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever removes an environment may take the .gitignore first; but for what was written to since then"""
    monkeypatch.setattr(uncovered, "REMOVAL_PAUSE", 3600)
    (root / ".git").mkdir()
    make_environment(root / "env")
    shop = begin(root)
    (root / "env/.gitignore").unlink()
    wait_until(lambda: shop.watch.statistics().files == 40)
    save(root / "env/lib/site/7.py", "twofold")
    assert shop.told() == {"env/lib/site/7.py": "modified"}
    shutil.rmtree(root / "env")
    shop.comes_to({"env/lib/site/7.py": "deleted"})
    shop.has_told_nothing()


def test_what_goes_some_time_after_the_gitignore_is_told(
    begin: Begin, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was let in, and is everybody's business from then on"""
    monkeypatch.setattr(uncovered, "REMOVAL_PAUSE", 0)
    (root / ".git").mkdir()
    make_environment(root / "env")
    shop = begin(root)
    (root / "env/.gitignore").unlink()
    wait_until(lambda: shop.watch.statistics().files == 40)
    (root / "env/lib/7.py").unlink()
    assert shop.told() == {"env/lib/7.py": "deleted"}


def test_an_environment_that_is_removed_is_not_told(begin: Begin, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever order its files go"""
    monkeypatch.setattr(uncovered, "REMOVAL_PAUSE", 60)  # for a busy machine
    (root / ".git").mkdir()
    for number in range(10):
        make_environment(root / f"env{number}")
    shop = begin(root)
    subprocess.run(["rm", "-rf", *(root / f"env{number}" for number in range(10))], check=True)
    shop.has_told_nothing()
    assert shop.watch.statistics().directories == 1
