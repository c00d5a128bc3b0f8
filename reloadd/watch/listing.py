"""What is in one directory: the files that matter, and the directories to enter.

Reads the directory once and keeps nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.watch.links import leads_back
from reloadd.watch.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.watch.directories import Directory
    from reloadd.watch.interest import Scope
    from reloadd.watch.judging import Judge
    from reloadd.watch.signature import Signature


@dataclass(slots=True)
class Listing:
    """One directory's names.

    Attributes:
        names: all of them.
        files: those of regular files that matter, each with what stat says of it and the scopes that it is in.
        children: those of directories to enter.
        links: those of links that matter, wherever they lead.
    """

    names: frozenset[str]
    files: dict[str, tuple[Signature, tuple[Scope, ...]]] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)


def entries_in(path: str) -> list[os.DirEntry[str]]:
    """What a directory holds now.

    Raises:
        OSError: it is gone, or may not be read.
    """
    with os.scandir(path) as entries:
        return list(entries)


def list_directory(
    entries: Sequence[os.DirEntry[str]],
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
    listing = Listing(frozenset(entry.name for entry in entries))
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if directory.wants_directory(entry.path):
                listing.children.add(entry.name)
        elif entry.is_symlink():
            _sort_in_link(listing, entry, directory, judge, follow)
        elif scopes := judge(entry.path, entry.name):
            _sort_in_file(listing, entry.name, _status(entry), scopes)
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
    elif scopes:
        _sort_in_file(listing, entry.name, status, scopes)


def _sort_in_file(listing: Listing, name: str, status: os.stat_result | None, scopes: tuple[Scope, ...]) -> None:
    signature = None if status is None else signature_of(status)
    if signature is not None:
        listing.files[name] = signature, scopes


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:  # deleted since it was listed
        return None
