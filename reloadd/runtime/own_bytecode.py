"""Compiles this package, once, where the environment forbids that importing it does (PYTHONDONTWRITEBYTECODE).

The user's own files and packages are left as he wants them; these are ours, and to compile them anew is 10 ms of each
start.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import SourceFileLoader, cache_from_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator


def write_missing() -> None:
    """Write the bytecode of all modules if there is none yet; where it cannot be written, none."""
    if _is_written():
        return
    sys.dont_write_bytecode = False
    try:
        for path in _sources():
            # By the import system's own rules: whole files only, where they belong, and no error.
            SourceFileLoader("", path).get_code("")
            if not _is_written():
                return
    finally:
        sys.dont_write_bytecode = True


def _is_written() -> bool:
    """Whether that of this module is there, which is written first."""
    return os.path.exists(cache_from_source(__file__))


def _sources() -> Iterator[str]:
    yield __file__
    for directory, _, names in os.walk(os.path.dirname(__file__)):
        for name in names:
            if name.endswith(".py"):
                yield os.path.join(directory, name)
