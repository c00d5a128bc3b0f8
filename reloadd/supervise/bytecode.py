"""Compiled files of sources that changed: removed before a start, because Python may take them for current.

A `.pyc` is held to be current when the source has the same size and the same modification time in whole seconds (PEP
552), which two edits within one second can have. Python targets start through a loader that knows this; a command may
run Python too, and that one cannot be helped otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def remove_stale_bytecode(changed: Iterable[str]) -> None:
    """Remove the compiled files, of every interpreter, of those among `changed` that are Python sources (PEP 3147)."""
    for path in map(Path, changed):
        if path.suffix != ".py":
            continue
        cache = path.parent / "__pycache__"
        for compiled in cache.glob(f"{_literal(path.stem)}.*.pyc"):
            compiled.unlink(missing_ok=True)


def _literal(name: str) -> str:
    """A file name as a glob that matches only itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
