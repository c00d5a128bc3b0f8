"""Where git keeps its own files, and whether it is at work: see gitrepository-layout(5) and git-worktree(1).

Reads a few small files; runs git only where its configuration names another file of what a person ignores.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache

from reloadd.core.settle import LONGEST_GIT, Work

_BETWEEN_STEPS = ("rebase-merge", "rebase-apply", "sequencer")
"""Directories that exist while a command of several steps is under way: git-rebase(1), git-am(1), git-revert(1)."""

_LONGEST_STEP = 0.5
"""Seconds after which a command that has not gone on is held to wait for its user."""

_GIT_TIMEOUT = 2.0
"""Seconds for git to read its configuration, which takes it 3 ms."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One working tree.

    Attributes:
        top: its topmost directory.
        git_dir: what is this working tree's own: the index and its lock.
        common_dir: what it shares with the other working trees: `info/exclude`.
    """

    top: str
    git_dir: str
    common_dir: str

    @property
    def exclude_file(self) -> str:
        """Patterns as in a .gitignore at the top, that are not committed."""
        return os.path.join(self.common_dir, "info", "exclude")

    def activity(self) -> Work:
        """What git is doing, at the cost of one to four stats.

        A lock that is older than any that git holds counts as none: it stays behind when git is killed, and must not
        hold up each save. Nor must a rebase that waits for its user.
        """
        if _is_younger(os.path.join(self.git_dir, "index.lock"), LONGEST_GIT):
            return Work.WRITING
        if any(os.path.isdir(os.path.join(self.git_dir, name)) for name in _BETWEEN_STEPS) and any(
            _is_younger(os.path.join(self.git_dir, name), _LONGEST_STEP) for name in ("index", *_BETWEEN_STEPS)
        ):
            return Work.STEPPING
        return Work.IDLE


def _is_younger(path: str, age: float) -> bool:
    """Whether a file was changed within so many seconds of now. The clock may have been set back since."""
    try:
        return abs(time.time() - os.stat(path).st_mtime) < age
    except OSError:
        return False


def repository_at(top: str) -> Repository | None:
    """The repository whose working tree has its top here; None if there is none."""
    git = os.path.join(top, ".git")
    if os.path.isdir(git):
        return Repository(top, git, git)
    pointer = _line_of(git)
    if pointer is None or not pointer.startswith("gitdir:"):
        return None
    git_dir = os.path.normpath(os.path.join(top, pointer.removeprefix("gitdir:").strip()))
    common = _line_of(os.path.join(git_dir, "commondir"))
    return Repository(top, git_dir, os.path.normpath(os.path.join(git_dir, common)) if common else git_dir)


def repository_around(path: str) -> Repository | None:
    """The repository that `path` lies in."""
    here = path
    while (found := repository_at(here)) is None:
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above
    return found


def personal_exclude_file(repository: Repository) -> str:
    """What a person ignores everywhere: the file `core.excludesFile`, see gitignore(5). It need not exist."""
    files = (*_personal_configuration(), os.path.join(repository.common_dir, "config"))
    return _configured_exclude_file(repository.top, tuple((file, _time_of(file)) for file in files))


def _personal_configuration() -> tuple[str, ...]:
    """Where git looks for the configuration of a machine and of a person: git-config(1)."""
    system = os.environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig")
    personal = os.environ.get("GIT_CONFIG_GLOBAL")
    if personal is not None:
        return system, personal
    return system, os.path.join(_configuration_directory(), "config"), os.path.expanduser("~/.gitconfig")


def _configuration_directory() -> str:
    return os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "git")


@lru_cache(maxsize=64)
def _configured_exclude_file(top: str, configuration: tuple[tuple[str, int], ...]) -> str:
    """Asks git, which knows of includes and conditions, but only if one of the files may have something to say."""
    default = os.path.join(_configuration_directory(), "ignore")
    if not any(time and _may_name_exclude_file(file) for file, time in configuration):
        return default
    command = ("git", "-C", top, "config", "--type=path", "--get", "core.excludesFile")
    try:
        answer = subprocess.run(
            command, capture_output=True, check=True, timeout=_GIT_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return default
    return os.path.join(top, os.fsdecode(answer.stdout).removesuffix("\n")) or default


def _may_name_exclude_file(file: str) -> bool:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as text:
            written = text.read().lower()
    except OSError:
        return False
    return "excludesfile" in written or "[include" in written


def _time_of(file: str) -> int:
    """When a file was changed last; 0 if there is none."""
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0


def _line_of(path: str) -> str | None:
    """The only line of a small file; None if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return None
