"""Ignore lists, held to git's own verdict."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from reloadd.watch.explain import Verdict, explain
from reloadd.watch.ignore import IgnoreFiles, compile_ignore_list, rules_above
from reloadd.watch.repository import repository_around, repository_at
from tests.support.watching import watch_set

if TYPE_CHECKING:
    from pathlib import Path

PATTERNS = [
    "*.log",
    "!keep.log",
    "/top.py",
    "build/",
    "doc/*.txt",
    "**/cache",
    "a/**/z.py",
    "we?rd[0-9].py",
    "n[!o]t",
    "\\#x",
    "# x",
]
PATHS = [
    "a.log",
    "keep.log",
    "deep/a.log",
    "deep/keep.log",
    "top.py",
    "deep/top.py",
    "build/x.py",
    "deep/build/x.py",
    "buildx/x.py",
    "doc/a.txt",
    "doc/deep/a.txt",
    "deep/doc/a.txt",
    "cache/x",
    "deep/er/cache/x",
    "a/z.py",
    "a/b/c/z.py",
    "weird1.py",
    "weirdX.py",
    "net",
    "n/t",
    "#x",
    "x",
]


TAKEN_BACK = {
    "all inside a directory is not the directory": {".gitignore": "made/**\n!made/kept.py\n"},
    "at any depth too": {".gitignore": "**/made/**\n!kept.py\n"},
    "what is inside need not be a file": {".gitignore": "made/**/\n"},
    "a directory that is taken back does not take back what is in it": {".gitignore": "cache\n/*\n!/made/\n"},
    "nor does one that a nearer file takes back": {".gitignore": "kept.py\n", "made/.gitignore": "!cache/\n"},
    "a class stands for no slash": {".gitignore": "made\n!mad[!x][!x]\n"},
    "a file with a byte order mark": {".gitignore": "\ufeffmade/\n"},
    "and one with the line ends of Windows": {".gitignore": "made/\r\n!kept.py\r\n"},
}
TREE = [f"{directory}{name}" for directory in ("", "made/", "made/cache/") for name in ("kept.py", "other.py")]


def ignored_by_git(top: Path, path: str) -> bool:
    """What `git check-ignore` says."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", "-C", top, "check-ignore", "--quiet", path], check=False, env=environ)
    return done.returncode == 0


def ignored_on_the_way(top: Path, path: str, patterns: list[str]) -> bool:
    """What a walk from the top finds: nothing below an ignored directory is asked about."""
    listed = compile_ignore_list(str(top), patterns)
    names = path.split("/")
    steps = ["/".join(names[: depth + 1]) for depth in range(len(names))]
    return any(listed.verdict(f"{top}/{step}", is_directory=step != path) for step in steps)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def test_git_agrees(repository: Path) -> None:
    """Each path of the table is ignored exactly if git ignores it"""
    (repository / ".gitignore").write_text("\n".join(PATTERNS))
    expected = {path: ignored_by_git(repository, path) for path in PATHS}
    assert {path: ignored_on_the_way(repository, path, PATTERNS) for path in PATHS} == expected
    assert set(expected.values()) == {True, False}


@pytest.mark.parametrize("files", TAKEN_BACK.values(), ids=TAKEN_BACK)
def test_git_agrees_on_what_is_taken_back(repository: Path, files: dict[str, str]) -> None:
    """A pattern is about what it names, and who is let into a directory is not let into what is in it"""
    (repository / "made/cache").mkdir(parents=True)
    for name, text in files.items():
        (repository / name).write_bytes(text.encode())
    watched = watch_set(repository, exclude=())
    verdicts = {path: explain(watched, f"{repository}/{path}").verdict for path in TREE}
    assert {path for path, verdict in verdicts.items() if verdict is Verdict.IGNORED_BY_GIT} == {
        path for path in TREE if ignored_by_git(repository, path)
    }


def test_a_root_in_an_ignored_directory_is_ruled_by_nothing_above(repository: Path) -> None:
    """Nothing takes back what lies in an ignored directory, so that it was named on purpose whatever is said below"""
    root = repository / "build/made"
    root.mkdir(parents=True)
    (repository / ".gitignore").write_text("build/\n*.py\n")
    (repository / "build/.gitignore").write_text("!made/\n")
    assert explain(watch_set(root), f"{root}/a.py").verdict is Verdict.WATCHED


def test_a_line_that_is_no_pattern_says_nothing(repository: Path) -> None:
    """The others still count"""
    listed = compile_ignore_list(str(repository), ["!", "/", "*.log"])
    assert listed.verdict(f"{repository}/a.log", is_directory=False)
    assert listed.verdict(f"{repository}/a.py", is_directory=False) is None


def test_names_with_line_breaks_are_judged(repository: Path) -> None:
    """A name is a name, whatever is in it"""
    listed = compile_ignore_list(str(repository), ["made"])
    assert listed.verdict(f"{repository}/line\nbreak/made", is_directory=True)


def test_rules_are_the_same_until_a_file_changes(repository: Path) -> None:
    """So that a look can tell cheaply whether a directory must be judged anew"""
    (repository / ".gitignore").write_text("*.log")
    files = IgnoreFiles()
    above = rules_above(str(repository), ("*.py",), (), gitignore=True)
    before = above.inside(files.inside(str(repository)))
    assert above.inside(files.inside(str(repository))) == before
    (repository / ".gitignore").write_text("*.py")
    after = above.inside(files.inside(str(repository)))
    assert after != before
    assert before.wants_file(f"{repository}/a.py")
    assert not after.wants_file(f"{repository}/a.py")


def test_a_repository_is_found_from_inside(repository: Path) -> None:
    """From any depth, and only where there is one"""
    (repository / "a/b").mkdir(parents=True)
    found = repository_around(str(repository / "a/b"))
    assert found is not None
    assert found.top == str(repository)
    assert found.exclude_file == str(repository / ".git/info/exclude")
    assert repository_at(str(repository / "a")) is None
