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
    from collections.abc import Callable

    from reloadd.watch.directories import Directory
    from reloadd.watch.interest import Scope
    from reloadd.watch.signature import Signature


@dataclass(slots=True)
class Listing:
    """One directory's names.

    Attributes:
        names: all of them.
        files: those of regular files that matter, each with what stat says of it and the scopes that it is in.
        children: those of directories to enter.
        links: those of links that matter, wherever they lead.
        is_restless: whether more than the names and these files counts: links, or a file that makes rules.
        is_refused: whether the directory may not be read.
    """

    names: set[str] = field(default_factory=set)
    files: dict[str, tuple[Signature, tuple[Scope, ...]]] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    is_restless: bool = False
    is_refused: bool = False


def list_directory(
    path: str,
    directory: Directory,
    judge: Callable[[str], tuple[Scope, ...]],
    follow: Callable[[str], os.stat_result | None],
) -> Listing | None:
    """List a directory; None if it is gone, nothing if it may not be read.

    Args:
        path: where it is.
        directory: whose rules say which directories are to be entered.
        judge: says in which scopes a file is.
        follow: stats what a link leads to, after taking note of the link.
    """
    listing = Listing()
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                listing.names.add(entry.name)
                _sort_in(listing, entry, directory, judge, follow)
    except PermissionError:
        return Listing(is_refused=True)
    except OSError:
        return None
    if not directory.made_by.isdisjoint(listing.names):
        listing.is_restless = True
    return listing


def _sort_in(
    listing: Listing,
    entry: os.DirEntry[str],
    directory: Directory,
    judge: Callable[[str], tuple[Scope, ...]],
    follow: Callable[[str], os.stat_result | None],
) -> None:
    path = entry.path
    if entry.is_dir(follow_symlinks=False):
        if directory.wants_directory(path):
            listing.children.add(entry.name)
        return
    scopes = judge(path)
    if entry.is_symlink():
        status = None
        if scopes or directory.wants_directory(path):
            listing.links.add(entry.name)
            listing.is_restless = True
            status = follow(path)
        if status is not None and S_ISDIR(status.st_mode):
            if directory.wants_directory(path) and not leads_back(path):
                listing.children.add(entry.name)
            return
    else:
        status = _status(entry) if scopes else None
    signature = signature_of(status) if status is not None and scopes else None
    if signature is not None:
        listing.files[entry.name] = signature, scopes


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:  # deleted since it was listed
        return None
