"""What a person ignores in every repository, and repositories that come later. Both backends where it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.repositories import git
from tests.support.watching import save, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.watching import Observed

    Begin = Callable[[Path], Observed]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any configuration."""
    path = tmp_path / "home"
    (path / ".config/git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(path))
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.mark.parametrize(
    ("configuration", "file"),
    [
        ("", ".config/git/ignore"),
        ("[core]\n\texcludesFile = ~/mine\n", "mine"),
        ("[include]\n\tpath = more\n", "included"),
    ],
)
def test_what_a_person_ignores_is_not_told(begin: Begin, root: Path, home: Path, configuration: str, file: str) -> None:
    """Git's own file for that, or the one that its configuration names, directly or by what it includes"""
    save(home / ".gitconfig", configuration)
    save(home / "more", "[core]\n\texcludesfile = ~/included\n")
    save(home / file, "mine.py\n")
    git(root, "init", "--quiet")
    shop = begin(root)
    save(root / "mine.py", "one")
    shop.has_told_nothing()
    save(root / ".gitignore", "!mine.py\n")
    wait_until(lambda: shop.watch.statistics().files == 2)
    save(root / "mine.py", "two")
    assert shop.told() == {"mine.py": "modified"}


@pytest.mark.usefixtures("home")
def test_a_repository_that_is_made_later_counts(begin: Begin, root: Path) -> None:
    """Its rules apply as soon as it is there, and no longer when it is gone"""
    app = root / "app"
    app.mkdir()
    save(root / ".gitignore", "made.py\n")
    shop = begin(app)
    save(app / "made.py", "one")
    assert shop.told() == {"made.py": "created"}
    git(root, "init", "--quiet")
    wait_until(lambda: shop.watch.statistics().files == 0)
    save(app / "made.py", "two")
    shop.has_told_nothing()
    (root / ".git").rename(root.parent / "no repository")
    wait_until(lambda: shop.watch.statistics().files == 2)
    save(app / "made.py", "three")
    assert shop.told() == {"made.py": "modified"}


@pytest.mark.usefixtures("home")
def test_a_repository_that_is_made_in_the_root_counts(begin: Begin, root: Path) -> None:
    """With its own list of what is left out"""
    save(root / "made.py", "one")
    template = root.parent / "template"
    (template / "info").mkdir(parents=True)
    save(template / "info/exclude", "made.py\n")
    shop = begin(root)
    git(root, "init", "--quiet", "--template", str(template))
    wait_until(lambda: shop.watch.statistics().files == 0)
    save(root / "made.py", "two")
    shop.has_told_nothing()
