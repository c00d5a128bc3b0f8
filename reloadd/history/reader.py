"""Reading back what was kept: entries of some profiles, in the order in which they happened.

Never needs a daemon, and never changes a file.
"""

from __future__ import annotations

import heapq
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.history.entries import decode_entry
from reloadd.history.places import DAEMONS, FILE, LOG, RESTARTS, profile_name
from reloadd.history.rotated import OLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reloadd.history.entries import Entry


@dataclass(frozen=True, slots=True)
class Kept:
    """A directory of what was kept.

    Attributes:
        profile: whose; None for daemons'.
        file: the profile's file; empty where it is not known.
        directory: where.
    """

    profile: str | None
    file: str
    directory: Path


def all_kept(state: Path) -> list[Kept]:
    """What there is in the state directory, in the order of the profiles' names; daemons' is last.

    Raises:
        OSError: the directory is there and cannot be read.
    """
    try:
        names = sorted(os.listdir(state))  # noqa: PTH208 - names are what is wanted
    except FileNotFoundError:
        return []
    found = [_kept(state / name) for name in names if _has_log(state / name)]
    return sorted(found, key=lambda kept: (kept.profile is None, kept.profile or "", kept.file))


def _has_log(directory: Path) -> bool:
    """Whether anything was kept there; a log that its last entry filled has no successor yet."""
    return any((directory / name).exists() for name in (LOG, LOG + OLDER))


def _kept(directory: Path) -> Kept:
    if directory.name == DAEMONS:
        return Kept(None, "", directory)
    file = ""
    with suppress(OSError):
        file = os.fsdecode((directory / FILE).read_bytes())
    return Kept(profile_name(directory.name), file, directory)


def read_log(
    kept: Sequence[Kept], *, is_wanted: Callable[[Entry], bool] = lambda _: True, last: int | None = None
) -> list[Entry]:
    """The entries of some directories, the oldest first.

    Args:
        kept: the directories.
        is_wanted: which entries.
        last: how many of the newest; None for all.

    Raises:
        OSError: a file is there and cannot be read.
    """
    return _read(kept, LOG, is_wanted, last)


def read_restarts(
    kept: Sequence[Kept], *, is_wanted: Callable[[Entry], bool] = lambda _: True, last: int | None = None
) -> list[Entry]:
    """The rows of `restarts.Restarts`, as `read_log`; each with its profile's `file`."""
    return _read(kept, RESTARTS, is_wanted, last)


def ambiguous_names(rows: Sequence[Entry]) -> frozenset[str]:
    """The profiles' names that belong to more than one file in these rows: two projects may both have a `web`."""
    files: dict[str, set[str]] = {}
    for row in rows:
        files.setdefault(row["profile"], set()).add(row["file"])
    return frozenset(name for name, found in files.items() if len(found) > 1)


def _read(kept: Sequence[Kept], name: str, is_wanted: Callable[[Entry], bool], last: int | None) -> list[Entry]:
    streams = [filter(is_wanted, _entries(each, name)) for each in kept]
    # Each file is in order but for a clock that was set back, which is nothing to lose entries for.
    merged = heapq.merge(*streams, key=lambda entry: entry["timestamp"])
    return list(merged) if last is None else list(deque(merged, maxlen=last))


def _entries(kept: Kept, name: str) -> Iterator[Entry]:
    for path in (kept.directory / (name + OLDER), kept.directory / name):
        try:
            lines = path.open("rb")
        except FileNotFoundError:
            continue
        with lines:
            for line in lines:
                entry = decode_entry(line)
                if entry is not None:
                    yield {**entry, "file": kept.file} if name == RESTARTS else entry
