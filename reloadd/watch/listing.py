"""What is in one directory: the files that matter, and the directories to enter.

Reads the directory once and keeps nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.watch.known import known_file
from reloadd.watch.links import leads_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from reloadd.watch.directories import Directory
    from reloadd.watch.interest import Scope
    from reloadd.watch.judging import Judge
    from reloadd.watch.known import KnownFile


@dataclass(slots=True)
class Listing:
    """One directory's names.

    Attributes:
        names: all of them.
        files: those of regular files that matter, each as it is now.
        children: those of directories to enter.
        links: those of links that matter, wherever they lead.
    """

    names: AbstractSet[str]
    files: dict[str, KnownFile] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)


def entries_in(path: str) -> dict[str, os.DirEntry[str]]:
    """What a directory holds now, by name.

    Raises:
        OSError: it is gone, or may not be read.
    """
    with os.scandir(path) as entries:
        return {entry.name: entry for entry in entries}


def list_directory(
    entries: Mapping[str, os.DirEntry[str]],
    directory: Directory,
    judge: Judge,
    follow: Callable[[str], os.stat_result | None],
) -> Listing:
    """Sort out what a directory holds.

    Args:
        entries: what was read of it.
        directory: whose rules say which directories are to be entered.
        judge: says in which scopes a file is.
        follow: stats what a link leads to, after taking note of the link.
    """
    listing = Listing(entries.keys())
    for name, entry in entries.items():
        if entry.is_dir(follow_symlinks=False):
            if directory.wants_directory(entry.path):
                listing.children.add(name)
        elif entry.is_symlink():
            _sort_in_link(listing, entry, directory, judge, follow)
        elif (scopes := judge(entry.path, name)) and (found := _file_at(entry, scopes)):
            listing.files[name] = found
    return listing


def _sort_in_link(
    listing: Listing,
    entry: os.DirEntry[str],
    directory: Directory,
    judge: Judge,
    follow: Callable[[str], os.stat_result | None],
) -> None:
    path = entry.path
    scopes, is_wanted = judge(path, entry.name), directory.wants_directory(path)
    if not (scopes or is_wanted):
        return
    listing.links.add(entry.name)
    status = follow(path)
    if status is not None and S_ISDIR(status.st_mode):
        if is_wanted and not leads_back(path):
            listing.children.add(entry.name)
    elif status is not None and scopes and (found := known_file(status, scopes)):
        listing.files[entry.name] = found


def _file_at(entry: os.DirEntry[str], scopes: tuple[Scope, ...]) -> KnownFile | None:
    try:
        return known_file(entry.stat(follow_symlinks=False), scopes)
    except OSError:  # deleted since it was listed
        return None
