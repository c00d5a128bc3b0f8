"""The directories that were entered: for whom, how they are listened to, and what was found in them.

Looks at nothing but a directory's own stamp, and decides nothing about where to go: see `walk`.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from stat import S_ISLNK
from typing import TYPE_CHECKING, NamedTuple

from reloadd.watch.ignore import MADE_BY
from reloadd.watch.inbox import Purpose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from reloadd.watch.hearing import Hearing
    from reloadd.watch.ignore import Rules
    from reloadd.watch.inbox import Subscription
    from reloadd.watch.interest import Scope
    from reloadd.watch.ruling import Ruling

COARSEST_CLOCK_NS = 20_000_000
"""A time so much before now may be the time of a later change too: clocks of file systems tick as rarely as that, and
git calls such an entry racy."""


@dataclass(slots=True)
class Directory:
    """One directory that was entered.

    Attributes:
        ruling: the rules inside it, for each scope that it was entered for.
        rooted: the scopes of which a path is the root, for whatever lies in it.
        subscription: how it is listened to; None if it is polled.
        files: names of the files that matter to anybody.
        children: names of the directories that were entered from here.
        is_behind_link: whether a link leads here, so that one further on may lead back.
        identity: of the one that was entered; None if it was gone by then.
        stamp: its own before it was listed last; None if that cannot vouch for what was listed.
    """

    ruling: Ruling
    rooted: Mapping[str, tuple[Scope, ...]]
    subscription: Subscription | None = None
    files: set[str] = field(default_factory=set)
    children: set[str] = field(default_factory=set)
    is_behind_link: bool = False
    identity: Identity | None = None
    stamp: Stamp | None = None

    @property
    def rules(self) -> Mapping[Scope, Rules]:
        """Those inside it, by scope."""
        return self.ruling.rules

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Those that it was entered for."""
        return self.ruling.scopes

    def scopes_of(self, path: str, sure: Collection[Scope] = ()) -> tuple[Scope, ...]:
        """Those that a file in it is in.

        Args:
            path: of the file.
            sure: scopes that it is known to be in.
        """
        within = self.ruling.scopes_of(path, os.path.basename(path), sure)
        if rooted := self.rooted.get(path):
            return (*rooted, *(scope for scope in within if scope not in rooted))
        return within

    def wants_directory(self, path: str) -> bool:
        """Whether a directory in it is to be entered for anybody."""
        return path in self.rooted or bool(self.ruling.entering(path, os.path.basename(path)).scopes)

    @property
    def made_by(self) -> frozenset[str]:
        """The names in it that make rules for anybody, there or not."""
        return MADE_BY if self.ruling.reads_gitignore else frozenset()


class Identity(NamedTuple):
    """What tells a directory from any other one, whatever it is called and whatever is in it."""

    inode: int
    device: int


class Stamp(NamedTuple):
    """What stat says of a directory: another one after a name came or went, or when it is another directory."""

    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @property
    def identity(self) -> Identity:
        """Which directory it is of."""
        return Identity(self.inode, self.device)

    @property
    def is_fresh(self) -> bool:
        """Whether the directory was changed so lately that the clock may not show that it changes again."""
        return time.time_ns() - self.mtime_ns < COARSEST_CLOCK_NS


def identity_of(status: os.stat_result) -> Identity:
    """The identity of what was found."""
    return Identity(status.st_ino, status.st_dev)


class Sight(NamedTuple):
    """What is at a directory's path.

    Attributes:
        is_link: whether a link is.
        stamp: that of the directory, or of what the link leads to; None if there is nothing.
    """

    is_link: bool
    stamp: Stamp | None


def sight_of(path: str) -> Sight:
    """Look at a directory's path, once if no link is there. Raises nothing."""
    is_link = False
    try:
        status = os.lstat(path)
        is_link = S_ISLNK(status.st_mode)
        if is_link:
            status = os.stat(path)
    except OSError:
        return Sight(is_link, None)
    return Sight(is_link, Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev))


class Count(NamedTuple):
    """How many directories were entered for somebody, and of how many of them events come or do not tell everything."""

    entered: int
    heard: int
    polled: int


class _Kind(NamedTuple):
    """What directories that are counted together have in common."""

    scopes: tuple[Scope, ...]
    is_heard: bool
    is_polled: bool


class Directories:
    """All that were entered, by path."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._entered: dict[str, Directory] = {}
        self._polled: set[str] = set()
        # There are few kinds of them, and the event loop reads the sums at any time.
        self._counts = Counter[_Kind]()

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

    def paths(self) -> list[str]:
        """All of them."""
        return list(self._entered)

    def count(self, scopes: Iterable[Scope]) -> Count:
        """Those that were entered for any of these scopes."""
        ours = frozenset(scopes)
        counts = [(kind, number) for kind, number in self._counts.copy().items() if not ours.isdisjoint(kind.scopes)]
        return Count(
            sum(number for _, number in counts),
            sum(number for kind, number in counts if kind.is_heard),
            sum(number for kind, number in counts if kind.is_polled),
        )

    def enter(
        self, path: str, ruling: Ruling, rooted: Mapping[str, tuple[Scope, ...]], seen: Stamp | None
    ) -> Directory:
        """Listen to a directory, to the one that has this path now; what was known to be in it is kept.

        Args:
            path: where it is.
            ruling: what holds inside it.
            rooted: the scopes of each root.
            seen: its stamp by now.
        """
        directory = Directory(ruling, rooted, self._hearing.listen(path, Purpose.CONTENT))
        # Listened to between two looks, so that the stamp is of the one that is listened to.
        stamp = sight_of(path).stamp
        if stamp is not None and stamp == seen:
            directory.identity = stamp.identity
            directory.stamp = None if stamp.is_fresh else stamp
        before = self.remove(path)
        if before is not None:
            directory.files, directory.children = before.files, before.children
        self._entered[path] = directory
        if directory.subscription is None or (stamp is not None and self._hearing.is_blind(path, stamp.device)):
            self._polled.add(path)
        self._take_count(path, directory, 1)
        return directory

    def rule(self, path: str, before: Directory, ruling: Ruling) -> Directory:
        """Let a directory have other rules; it is listened to already, and stays what it is."""
        directory = replace(before, ruling=ruling)
        self._take_count(path, before, -1)
        self._entered[path] = directory
        self._take_count(path, directory, 1)
        return directory

    def remove(self, path: str) -> Directory | None:
        """Forget a directory, and listen to it no more."""
        directory = self._entered.pop(path, None)
        if directory is not None:
            self._take_count(path, directory, -1)
            self._polled.discard(path)
            if directory.subscription is not None:
                directory.subscription.close()
        return directory

    def _take_count(self, path: str, directory: Directory, number: int) -> None:
        kind = _Kind(directory.scopes, directory.subscription is not None, path in self._polled)
        self._counts[kind] += number
        # Not kept at none: that would keep the scopes too, of all who ever came and went.
        if not self._counts[kind]:
            del self._counts[kind]

    def close(self) -> None:
        """Listen to none of them."""
        for path in self.paths():
            self.remove(path)
