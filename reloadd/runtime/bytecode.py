"""No stale bytecode: what CPython's check of a `.pyc` against its source lets through, this does not.

A `.pyc` counts as fresh when it holds the source's size and modification time in whole seconds (PEP 552), so the second
of two saves of equal length within a second is never seen, not even by later starts. Git has the same trouble with its
index and calls such entries racily clean; its answer is taken here: what is not clearly older is not believed.
"""

from __future__ import annotations

import os
import time
from _frozen_importlib_external import SourceFileLoader, cache_from_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

CLEARLY_OLDER = 2_000_000_000
"""Nanoseconds: a second that the `.pyc` does not tell apart, and one for file systems that keep time coarsely."""

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + "/"

_read_stats = SourceFileLoader.path_stats


def distrust_racy() -> None:
    """From now on, import no module from a `.pyc` that may be stale, and leave none behind.

    By `SourceLoader.path_stats` of the import system's public interface: where it raises OSError, the module is
    compiled from its source and nothing is written.
    """
    SourceFileLoader.path_stats = _path_stats  # type: ignore[method-assign, assignment] # a method, by assignment


def _path_stats(loader: SourceFileLoader, path: str) -> Mapping[str, Any]:
    if _is_installed(path):
        # Installers write sources and bytecode within the same second, where it may be written only once.
        if time.time_ns() - os.stat(path).st_mtime_ns <= CLEARLY_OLDER:
            raise OSError("too new to be told from an earlier version of it")
        return _read_stats(loader, path)
    status = os.stat(path)
    # A copy that keeps modification times (`cp -p`, `rsync -t`) still shows in the change time.
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    cached = cache_from_source(path)
    try:
        is_believed = os.stat(cached).st_mtime_ns - changed > CLEARLY_OLDER
    except OSError:
        is_believed = True
    if not is_believed:
        # Removed also where it is not written anew at once: plain interpreters, such as the app's own children, would
        # believe it.
        os.unlink(cached)
    if time.time_ns() - changed <= CLEARLY_OLDER:
        raise OSError("too new to be told from an earlier version of it")
    return _read_stats(loader, path)


def _is_installed(path: str) -> bool:
    return path.startswith(_STANDARD_LIBRARY) or "/site-packages/" in path or "/dist-packages/" in path
