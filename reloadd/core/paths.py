"""Where absolute paths lie in each other, by their text alone.

Pure: follows no link, and never looks whether there is such a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def prefix_of(directory: str) -> str:
    """What every path below a directory begins with; the root of the file system has its slash already."""
    return directory.rstrip("/") + "/"


def is_within(path: str, directory: str) -> bool:
    """Whether a path is that of a directory, or lies below it."""
    return path == directory or path.startswith(prefix_of(directory))


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of some paths that lie in no other of them, each once, in order."""
    each_once = tuple(dict.fromkeys(paths))
    return tuple(path for path in each_once if not any(path != top and is_within(path, top) for top in each_once))


def relative(path: str, directory: str) -> str:
    """A path below a directory, as seen from there."""
    return path[len(prefix_of(directory)) :]
