"""What is judged once for all who look in a directory, held to what each one's own rules say."""

from __future__ import annotations

import itertools

import pytest

from reloadd.watch.ignore import compile_ignore_list, rules_above
from reloadd.watch.interest import Scope
from reloadd.watch.ruling import Ruling
from tests.watch.test_ignore import PATHS, PATTERNS

ROOT = "/repository"
EXCLUDES = ((), ("*.log",), ("build/", "top.py"), ("doc/*.txt", "!deep"), ("*", "!*/", "!*.py"), ("**/cache", "\\#x"))
GLOBS = (("*",), ("*.py", "*.log"), ("deep/**/*.log", "x"))


def ruling_of(*looks: tuple[str, tuple[str, ...], tuple[str, ...]]) -> Ruling:
    """The rules of scopes, each given by its root, its globs and what it excludes."""
    return Ruling(
        {
            Scope(root, exclude, gitignore=True): rules_above(root, globs, exclude, gitignore=True)
            for root, globs, exclude in looks
        }
    )


def holds_to_each(ruling: Ruling, path: str) -> None:
    """Show that a path is judged as each scope's own rules do."""
    name = path.rpartition("/")[2]
    files = tuple(scope for scope, rules in ruling.rules.items() if rules.wants_file(path))
    directories = tuple(scope for scope, rules in ruling.rules.items() if rules.wants_directory(path))
    assert ruling.scopes_of(path, name) == files
    assert ruling.entering(path, name).scopes == directories


@pytest.mark.parametrize("globs", GLOBS, ids=" ".join)
def test_many_are_judged_as_each_of_them_is(globs: tuple[str, ...]) -> None:
    """Whatever each excludes, and what a file says that all read"""
    one = ruling_of(*((ROOT, globs, exclude) for exclude in EXCLUDES))
    inside = one.inside(compile_ignore_list(ROOT, PATTERNS, f"{ROOT}/.gitignore"))
    for path in PATHS:
        holds_to_each(one, f"{ROOT}/{path}")
        holds_to_each(inside, f"{ROOT}/{path}")


def test_globs_and_roots_may_differ() -> None:
    """Then each is asked by itself"""
    looks = itertools.product((ROOT, f"{ROOT}/deep"), GLOBS, EXCLUDES)
    ruling = ruling_of(*looks)
    for path in PATHS:
        if path.startswith("deep/"):
            holds_to_each(ruling, f"{ROOT}/{path}")


def test_directories_in_which_the_same_holds_share_it() -> None:
    """However many scopes there are, and only where no pattern is about them"""
    ruling = ruling_of(*((ROOT, ("*.py",), exclude) for exclude in EXCLUDES))
    assert ruling.entering(f"{ROOT}/src", "src").inside(None) is ruling
    assert len(ruling.entering(f"{ROOT}/build", "build").scopes) == len(EXCLUDES) - 1
