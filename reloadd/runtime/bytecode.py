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
    from typing import Any, Callable, Mapping, Optional

CLEARLY_OLDER = 2_000_000_000
"""Nanoseconds: a second that the `.pyc` does not tell apart, and one for file systems that keep time coarsely."""

_INSTALLED = (os.path.dirname(os.__file__) + "/", os.path.dirname(__file__) + "/")
"""The standard library, and this package."""


def distrust_racy(on_source: Optional[Callable[[str, str, os.stat_result], None]] = None) -> None:
    """From now on, import no module from a `.pyc` that may be stale, and leave none behind.

    By `SourceLoader.path_stats` of the import system's public interface: where it raises OSError, the module is
    compiled from its source and nothing is written.

    Args:
        on_source: told of each module that is about to be read: its name, its source, and what that is like. It raises
            nothing.
    """

    def path_stats(loader: SourceFileLoader, path: str) -> Mapping[str, Any]:
        status = os.stat(path)
        if on_source is not None:
            on_source(loader.name, path, status)
        if is_installed(path):
            # Installers write sources and bytecode within the same second, where it may be written only once.
            changed = status.st_mtime_ns
        else:
            # A copy that keeps modification times (`cp -p`, `rsync -t`) still shows in the change time.
            changed = max(status.st_mtime_ns, status.st_ctime_ns)
            _remove_unless_newer(cache_from_source(path), changed)
        if time.time_ns() - changed <= CLEARLY_OLDER:
            raise OSError("too new to be told from an earlier version of it")
        return {"mtime": status.st_mtime, "size": status.st_size}

    SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign, assignment] # a method, by assignment


def _remove_unless_newer(cached: str, changed: int) -> None:
    """Remove bytecode that is not clearly younger than its source.

    Also where it is not written anew at once: plain interpreters, such as the app's own children, would believe it.

    Raises:
        OSError: it cannot be removed, and must not be believed.
    """
    try:
        is_believed = os.stat(cached).st_mtime_ns - changed > CLEARLY_OLDER
    except OSError:
        return
    if not is_believed:
        os.unlink(cached)


def is_installed(path: str) -> bool:
    """Whether a file is the interpreter's, an installed package's or ours, and not the user's: told by where it is."""
    return path.startswith(_INSTALLED) or "/site-packages/" in path or "/dist-packages/" in path
