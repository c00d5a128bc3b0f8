"""The whole tree, held to the rules of `pyproject.toml` and to the few that no checker knows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 350
LONGEST_README = 250

TOP_LEVEL = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "profiles",
    "pyproject.toml",
    "reloadd",
    "systemd",
    "tests",
}
"""What stands beside the dotfiles, as `pyproject.toml` and the pages take it to."""

HOME = re.compile(rb"/(?:home|Users)/(?!ada\b|me\b)\w+|/(?:root)/\w+")
"""A directory of one person's; `/home/ada` and `/home/me` stand in examples."""


def tracked(*patterns: str) -> list[Path]:
    """What git has, or would have with the next commit of everything."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)], ids=" ".join)
def test_checkers_have_no_complaint(command: tuple[str, ...]) -> None:
    """Rules, form and types are right everywhere."""
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_no_module_is_too_long() -> None:
    """A file that holds more than one idea is divided."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in tracked("reloadd/*.py")
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_the_first_page_is_short() -> None:
    """Nobody reads a longer one; what is more stands beside what it is about."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= LONGEST_README


def test_no_file_names_a_path_of_a_developers_machine() -> None:
    """What is here works elsewhere."""
    somebodys = re.compile(HOME.pattern + b"|" + re.escape(os.fsencode(ROOT)) + rb"\b")
    found = {
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in tracked()
        for match in somebodys.finditer(path.read_bytes())
    }

    assert found == set()


def test_nothing_is_left_at_the_top() -> None:
    """What a command wrote there while it was tried out belongs to nobody."""
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}

    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL
