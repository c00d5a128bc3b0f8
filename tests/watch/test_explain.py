"""Why a path is watched or not, with the rule and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reloadd.profile.model import Backend
from reloadd.watch.base import Means
from reloadd.watch.explain import Verdict, explain
from tests.support.watching import save, watch_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(root: Path) -> Path:
    """A repository with rules at every level."""
    for directory in (".git/info", "app/made", "app/lib", "docs"):
        (root / directory).mkdir(parents=True)
    save(root / ".gitignore", "# by hand\nmade/\n*.gen.py\n")
    save(root / ".git/info/exclude", "/app/mine.py\n")
    save(root / "app/lib/.gitignore", "\n!kept.gen.py\n")
    return root


WATCHED, EXCLUDED, NOT_INCLUDED = Verdict.WATCHED, Verdict.EXCLUDED, Verdict.NOT_INCLUDED
BY_GIT = Verdict.IGNORED_BY_GIT


@pytest.mark.parametrize(
    ("path", "verdict", "rule", "where", "decided_at"),
    [
        ("app/a.py", WATCHED, "*.py", (None, 0), "app/a.py"),
        ("app/page.html", WATCHED, "app/*.html", (None, 1), "app/page.html"),
        ("app/notes.txt", NOT_INCLUDED, None, (None, None), "app/notes.txt"),
        ("app/made/x/a.py", BY_GIT, "made/", (".gitignore", 2), "app/made"),
        ("app/a.gen.py", BY_GIT, "*.gen.py", (".gitignore", 3), "app/a.gen.py"),
        ("app/lib/kept.gen.py", WATCHED, "*.py", (None, 0), "app/lib/kept.gen.py"),
        ("app/mine.py", BY_GIT, "/app/mine.py", (".git/info/exclude", 1), "app/mine.py"),
        ("app/venv/lib/a.py", EXCLUDED, "venv", (None, 0), "app/venv"),
        ("docs/a.py", EXCLUDED, "/docs/", (None, 1), "docs"),
        ("app/not/yet/there.py", WATCHED, "*.py", (None, 0), "app/not/yet/there.py"),
        ("app/../app/a.py", WATCHED, "*.py", (None, 0), "app/a.py"),
    ],
)
def test_a_path_is_explained(  # noqa: PLR0917 - a table's row
    tree: Path,
    path: str,
    verdict: Verdict,
    rule: str | None,
    where: tuple[str | None, int | None],
    decided_at: str,
) -> None:
    """By the first rule from the root down that decides"""
    rules = watch_set(tree, include=("*.py", "app/*.html"), exclude=("venv", "/docs/"))
    found = explain(rules, f"{tree}/{path}")
    file, line = where
    assert (found.verdict, found.rule) == (verdict, rule)
    assert (found.file, found.line) == (None if file is None else str(tree / file), line)
    assert (found.root, found.decided_at) == (str(tree), str(tree / decided_at))
    assert found.means is (Means.EVENTS if verdict is WATCHED else None)


def test_a_root_needs_no_rule(tree: Path) -> None:
    """A file that is a root matters whatever its name, and git's rules do not reach a root that they name"""
    save(tree / "app.toml", "")
    assert explain(watch_set(tree / "app.toml"), str(tree / "app.toml")).verdict is WATCHED
    assert explain(watch_set(tree / "app/made"), str(tree / "app/made/a.py")).verdict is WATCHED


def test_the_first_root_that_watches_a_path_counts(tree: Path) -> None:
    """A path may be left out below one root and watched below another"""
    found = explain(watch_set(tree / "docs", tree, tree / "app/made"), str(tree / "app/made/a.py"))
    assert (found.verdict, found.root) == (WATCHED, str(tree / "app/made"))
    assert explain(watch_set(tree / "app"), str(tree / "docs/a.py")).verdict is Verdict.OUTSIDE


def test_how_a_change_would_be_seen_is_said(tree: Path) -> None:
    """By the backend that the profile asks for"""
    assert explain(watch_set(tree, backend=Backend.POLL), str(tree / "app/a.py")).means is Means.POLL
