"""Where git keeps its own files, and whether it is at work: see gitrepository-layout(5) and git-worktree(1).

Reads a few small files; runs no git.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from reloadd.core.settle import Git


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

    def activity(self) -> Git:
        """What git is doing, at the cost of one to three stats."""
        if os.path.exists(os.path.join(self.git_dir, "index.lock")):
            return Git.WRITING
        if any(os.path.isdir(os.path.join(self.git_dir, name)) for name in ("rebase-merge", "rebase-apply")):
            return Git.REBASING
        return Git.IDLE


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


def _line_of(path: str) -> str | None:
    """The only line of a small file; None if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return None
