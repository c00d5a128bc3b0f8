"""The directories of one root that were entered, and the walk that keeps them and their files known.

A directory is listened to first and listed then, so that nothing falls between. Looks at files; decides nothing about
where to begin.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from reloadd.watch.inbox import Purpose
from reloadd.watch.links import leads_back, names_behind
from reloadd.watch.listing import list_directory
from reloadd.watch.repository import Repository, repository_at

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from reloadd.watch.hearing import Hearing
    from reloadd.watch.ignore import Rules
    from reloadd.watch.inbox import Subscription
    from reloadd.watch.listing import Listing
    from reloadd.watch.snapshot import Snapshot
    from reloadd.watch.ties import Ties

COARSEST_CLOCK_NS = 20_000_000
"""A time so much before now may be the time of a later change too: clocks of file systems tick as rarely as that, and
git calls such an entry racy."""


@dataclass(slots=True)
class Directory:
    """One directory that was entered.

    Attributes:
        rules: those inside it.
        subscription: how it is listened to; None if it is polled.
        files: names of the files that matter.
        children: names of the directories that were entered.
        is_behind_link: whether a link below the root leads here, so that one further on may lead back.
        stamp: its own signature before it was listed last; None if that cannot vouch for what was listed.
    """

    rules: Rules
    subscription: Subscription | None
    files: set[str] = field(default_factory=set)
    children: set[str] = field(default_factory=set)
    is_behind_link: bool = False
    stamp: Stamp | None = None


class Stamp(NamedTuple):
    """What stat says of a directory: another one after a name came or went, or when it is another directory."""

    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int


def stamp_of(path: str) -> Stamp | None:
    """The stamp of a directory; None if it is gone, or if it was changed so lately that the clock may not show more.

    Raises nothing.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    if time.time_ns() - status.st_mtime_ns < COARSEST_CLOCK_NS:
        return None
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


class Directories:
    """All directories that were entered, by path."""

    def __init__(self, snapshot: Snapshot, hearing: Hearing, ties: Ties) -> None:
        self._snapshot = snapshot
        self._hearing = hearing
        self._ties = ties
        self._entered: dict[str, Directory] = {}
        self._polled: set[str] = set()
        self._unheard: set[str] = set()
        self.repositories: dict[str, Repository] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._entered

    def __len__(self) -> int:
        return len(self._entered)

    def get(self, path: str) -> Directory | None:
        """The directory at this path, if it was entered."""
        return self._entered.get(path)

    @property
    def polled(self) -> AbstractSet[str]:
        """Those that are looked at again and again: events of them cannot be had, or do not tell everything."""
        return self._polled

    @property
    def listened_to(self) -> int:
        """How many are listened to."""
        return len(self._entered) - len(self._unheard)

    def paths(self) -> list[str]:
        """All of them."""
        return list(self._entered)

    def follow(self, path: str) -> os.stat_result | None:
        """The status of what a path leads to, with the path tied to the links on its way; None if it leads nowhere."""
        if os.path.islink(path):
            self._ties.tie(path, names_behind(path))
        else:
            self._ties.untie(path)
        try:
            return os.stat(path)
        except OSError:
            return None

    def may_enter(self, path: str, above: Directory) -> bool:
        """Whether a directory in another one leads on, and not back to one that it lies in."""
        return not ((above.is_behind_link or os.path.islink(path)) and leads_back(path))

    def walk(self, top: str, around: Rules, *, adopt: bool = False, deep: bool = True) -> None:
        """List a directory and those below it.

        Args:
            top: where to begin.
            around: the rules of the directory above it.
            adopt: what is found was there before and is not to be told.
            deep: list all directories, not only those that are new or have new rules.
        """
        ahead = [(top, around, adopt)]
        while ahead:
            path, outer, was_there = ahead.pop()
            before = self._entered.get(path)
            directory = self._enter(path, outer)
            stamp = stamp_of(path)
            old_rules = before.rules if before is not None and before.rules != directory.rules else None
            listing = list_directory(path, directory.rules, () if old_rules else directory.files, self.follow)
            if listing is not None and directory.is_behind_link:
                listing.children = {each for each in listing.children if self.may_enter(f"{path}/{each}", directory)}
            if listing is None:
                self.leave(path)
                continue
            directory.stamp = None if listing.is_restless else stamp
            if ".git" in listing.names and (repository := repository_at(path)):
                self.repositories[path] = repository
            self._take_files(path, directory, listing, old_rules, adopt=was_there)
            self._leave_children(path, directory, listing)
            for name in listing.children:
                child = os.path.join(path, name)
                if deep or old_rules is not None or child not in self._entered:
                    was_ignored = old_rules is not None and not old_rules.wants_directory(child)
                    ahead.append((child, directory.rules, was_there or was_ignored))

    def leave(self, top: str, *, tell: bool = True) -> None:
        """Forget a directory and all below it.

        Args:
            top: the directory; it need not have been entered.
            tell: its files are gone; else they are there, only no longer looked at.
        """
        ahead = [top]
        while ahead:
            path = ahead.pop()
            directory = self._entered.pop(path, None)
            if directory is None:
                continue
            self._polled.discard(path)
            self._unheard.discard(path)
            if directory.subscription is not None:
                directory.subscription.close()
            for name in directory.files:
                self._ties.untie(os.path.join(path, name))
                self._forget_file(os.path.join(path, name), tell=tell)
            for name in directory.children:
                self._ties.untie(os.path.join(path, name))
                ahead.append(os.path.join(path, name))

    def close(self) -> None:
        """Listen to none of them."""
        for directory in self._entered.values():
            if directory.subscription is not None:
                directory.subscription.close()
        self._entered.clear()
        self._polled.clear()
        self._unheard.clear()

    def _enter(self, path: str, around: Rules) -> Directory:
        """Listen to a directory: to the one that has this path now."""
        before = self._entered.get(path)
        directory = Directory(around.inside(path), self._hearing.listen(path, Purpose.CONTENT))
        above = self._entered.get(os.path.dirname(path))
        directory.is_behind_link = above is not None and (above.is_behind_link or os.path.islink(path))
        if before is not None:
            directory.files, directory.children = before.files, before.children
            if before.subscription is not None:
                before.subscription.close()
        self._entered[path] = directory
        if directory.subscription is None:
            self._unheard.add(path)
        else:
            self._unheard.discard(path)
        if directory.subscription is None or self._hearing.is_blind(path):
            self._polled.add(path)
        else:
            self._polled.discard(path)
        return directory

    def _take_files(
        self, path: str, directory: Directory, listing: Listing, old_rules: Rules | None, *, adopt: bool
    ) -> None:
        """Compare a directory's files with what was known; rules that changed are not a change of the files."""
        prefix = path.rstrip("/") + "/"
        for name, signature in listing.files.items():
            file = prefix + name
            was_ignored = old_rules is not None and name not in directory.files and not old_rules.wants_file(file)
            if adopt or was_ignored:
                self._snapshot.adopt(file, signature)
            else:
                self._snapshot.see(file, signature)
        for name in directory.files - listing.files.keys():
            file = prefix + name
            if name not in listing.links:  # one that leads nowhere may lead somewhere later
                self._ties.untie(file)
            self._forget_file(file, tell=name not in listing.names or directory.rules.wants_file(file))
        directory.files = set(listing.files)

    def _leave_children(self, path: str, directory: Directory, listing: Listing) -> None:
        for name in directory.children - listing.children:
            child = os.path.join(path, name)
            if name not in listing.links:
                self._ties.untie(child)
            self.leave(child, tell=name not in listing.names or directory.rules.wants_directory(child))
        directory.children = listing.children

    def _forget_file(self, path: str, *, tell: bool) -> None:
        if tell:
            self._snapshot.see(path, None)
        else:
            self._snapshot.drop(path)
