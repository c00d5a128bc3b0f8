"""Which directory entries take part in finding a path: a change of any of them may make the path mean another file.

Reads links and asks of directories which they are; keeps nothing.
"""

from __future__ import annotations

import os
from collections import deque
from typing import NamedTuple

_MOST_LINKS = 40
"""As many as the kernel follows before it says ELOOP: path_resolution(7)."""


class Name(NamedTuple):
    """A name in a directory, whether there is such a file or not; the directory's path holds no links."""

    directory: str
    name: str


def names_behind(path: str) -> frozenset[Name]:
    """The entries that `path` is found through: each link on the way, and the last one, which is the file itself.

    When a name on the way is missing, that name is the last one: the path cannot lead on before it is there.
    """
    found: set[Name] = set()
    ahead = deque(path.split("/"))
    here, last, links = "/", None, 0
    while ahead:
        name = ahead.popleft()
        if name in {"", "."}:
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        last = Name(here, name)
        full = os.path.join(here, name)
        try:
            target = os.readlink(full)
        except FileNotFoundError:
            break
        except OSError:  # not a link
            here = full
            continue
        found.add(last)
        links += 1
        if links > _MOST_LINKS:
            break
        ahead.extendleft(reversed(target.split("/")))
        if target.startswith("/"):
            here = "/"
    return frozenset(found | {last}) if last else frozenset(found)


def real_path(path: str) -> str:
    """A path without links; as it is if a link on the way goes while it is read, which `os.path.realpath` fails at."""
    try:
        return os.path.realpath(path)
    except OSError:
        return path


def leads_back(path: str) -> bool:
    """Whether the directory at `path` is one that the path itself leads through, so that a walk would not end."""
    try:
        target = os.stat(path)
        here = os.path.dirname(path)
        while not os.path.samestat(os.stat(here), target):
            above = os.path.dirname(here)
            if above == here:
                return False
            here = above
    except OSError:
        return False
    return True
