"""Compiled files of sources that changed: removed before a start, because Python may take them for current.

A `.pyc` is held to be current when the source has the same size and the same modification time in whole seconds (PEP
552), which two edits within one second can have. Python targets start through a loader that knows this; a command may
run Python too, and that one cannot be helped otherwise.
"""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def remove_stale_bytecode(changed: Iterable[str]) -> None:
    """Remove the compiled files, of every interpreter, of those among `changed` that are Python sources (PEP 3147).

    What cannot be removed stays: a directory that is not ours to write into is not one that Python compiles into.
    """
    # Each directory is read once: a change of branch may bring hundreds of files in one, and tens of thousands in all.
    by_directory: defaultdict[str, set[str]] = defaultdict(set)
    for path in changed:
        directory, name = os.path.split(path)
        if name.endswith(".py"):
            by_directory[directory].add(name.removesuffix(".py"))
    for directory, modules in by_directory.items():
        with suppress(OSError):
            for compiled in Path(directory, "__pycache__").iterdir():
                if _module(compiled) in modules:
                    with suppress(OSError):
                        compiled.unlink()


def _module(compiled: Path) -> str | None:
    """The module that `shop.cpython-313.pyc` or `shop.cpython-313.opt-1.pyc` was compiled from (PEP 3147, PEP 488)."""
    stem, _, suffix = compiled.name.rpartition(".")
    if suffix != "pyc":
        return None
    stem, dot, tag = stem.rpartition(".")
    if tag.startswith("opt-"):
        stem, dot, _ = stem.rpartition(".")
    return stem if dot else None
