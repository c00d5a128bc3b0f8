"""What is in one directory: the files that matter, and the directories to enter.

Reads the directory once and keeps nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.watch.links import leads_back
from reloadd.watch.snapshot import Signature, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from reloadd.watch.ignore import Rules


@dataclass(slots=True)
class Listing:
    """One directory's names.

    Attributes:
        names: all of them.
        files: those of regular files that matter.
        children: those of directories to enter.
        links: those of links that matter, wherever they lead.
        is_restless: whether more than the names and these files counts: links, or a file that makes rules.
    """

    names: set[str] = field(default_factory=set)
    files: dict[str, Signature] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    is_restless: bool = False


def list_directory(
    path: str, rules: Rules, known: Collection[str], follow: Callable[[str], os.stat_result | None]
) -> Listing | None:
    """List a directory; None if it is gone, nothing if it may not be read.

    Args:
        path: the directory.
        rules: those inside it.
        known: names of files that are known to matter by these rules: judging them is most of the work.
        follow: stats what a link leads to, after taking note of the link.
    """
    listing = Listing()
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                listing.names.add(entry.name)
                _sort_in(listing, entry, rules, known, follow)
    except PermissionError:
        return Listing()
    except OSError:
        return None
    if not rules.made_by.isdisjoint(listing.names):
        listing.is_restless = True
    return listing


def _sort_in(
    listing: Listing,
    entry: os.DirEntry[str],
    rules: Rules,
    known: Collection[str],
    follow: Callable[[str], os.stat_result | None],
) -> None:
    if entry.is_dir(follow_symlinks=False):
        if rules.wants_directory(entry.path):
            listing.children.add(entry.name)
        return
    wants_file = entry.name in known or rules.wants_file(entry.path)
    if entry.is_symlink():
        status = None
        if wants_file or rules.wants_directory(entry.path):
            listing.links.add(entry.name)
            listing.is_restless = True
            status = follow(entry.path)
        if status is not None and S_ISDIR(status.st_mode):
            if rules.wants_directory(entry.path) and not leads_back(entry.path):
                listing.children.add(entry.name)
            return
    else:
        status = _status(entry) if wants_file else None
    signature = signature_of(status) if status is not None and wants_file else None
    if signature is not None:
        listing.files[entry.name] = signature


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:  # deleted since it was listed
        return None
