"""The walk that keeps directories and their files known: listen first, list then, so that nothing falls between.

It does errands, one for each directory to be visited, and can be left off after any of them and gone on with later:
whatever happens meanwhile in a directory that was entered is heard of, and what is not yet entered is listed when its
turn comes. Decides nothing about when to visit what.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from functools import partial
from stat import S_ISLNK
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.paths import prefix_of
from reloadd.watch.directories import Directories, Directory, Sight, sight_of
from reloadd.watch.errands import Errand, Errands, Left
from reloadd.watch.ignore import GITIGNORE
from reloadd.watch.interest import NO_SHIFT
from reloadd.watch.judging import judge_of_known, judge_of_new
from reloadd.watch.links import leads_back, names_behind
from reloadd.watch.listing import Listing, list_directory
from reloadd.watch.repository import Repository, repository_at
from reloadd.watch.ruling import NOBODY, Ruling
from reloadd.watch.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping

    from reloadd.watch.hearing import Hearing
    from reloadd.watch.ignore import Rules
    from reloadd.watch.interest import Scope, Shift
    from reloadd.watch.judging import Judge
    from reloadd.watch.roots import Roots
    from reloadd.watch.snapshot import Snapshot

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ESTALE})
"""What is said of a path at which there is no directory. Another error, as when no descriptor is left or a disk fails,
does not tell that anything was deleted."""


class Walk:
    """The walk below all roots.

    Args:
        errands: what is to be visited; the walk adds to them.
        roots: where it begins.
        directories: those that it has entered.
        snapshot: the files that it has found.
        hearing: what listens.

    Attributes:
        ties: the links below the roots, each tied to the names that it leads through.
        repositories: those that lie below the roots, by their top.
    """

    def __init__(
        self, errands: Errands, roots: Roots, directories: Directories, snapshot: Snapshot, hearing: Hearing
    ) -> None:
        self.ties = Ties(hearing)
        self.repositories: dict[str, Repository] = {}
        self._errands = errands
        self._roots = roots
        self._directories = directories
        self._snapshot = snapshot
        self._hearing = hearing

    def go_on(self, until: float) -> None:
        """Do errands until all are done, or until a time of the monotonic clock."""
        while not self._errands.are_done:
            self._visit(*self._errands.take())
            if time.monotonic() >= until:
                return

    def follow(self, path: str) -> os.stat_result | None:
        """The status of what a path leads to, with the path tied to the links on its way; None if it leads nowhere."""
        try:
            status = os.lstat(path)
            if not S_ISLNK(status.st_mode):
                self.ties.untie(path)
                return status
        except OSError:
            self.ties.untie(path)
            return None
        self.ties.tie(path, partial(names_behind, path))
        try:
            return os.stat(path)
        except OSError:
            return None

    def wants_directory(self, path: str) -> bool:
        """Whether a directory is to be entered for anybody."""
        above = self._above(path)
        is_behind_link = _is_behind_link(above, is_link=os.path.islink(path))
        return bool(self._ruling_above(path, above, is_behind_link=is_behind_link).scopes)

    def leave(self, path: str, left: Left, shift: Shift = NO_SHIFT) -> None:
        """Forget a directory and what is in it; each of those below it is an errand, so that no tree is too large.

        Args:
            path: of the directory; it need not have been entered.
            left: whether its files are gone, or are there and no longer looked at.
            shift: from whom they are severed all the same.
        """
        if left is Left.OUT and path in self._roots.at and path in self._directories:
            # Whoever looks from there on finds out by himself.
            self._errands.add(path, Errand(shift))
            return
        directory = self._directories.remove(path)
        if directory is None:
            return
        self.repositories.pop(path, None)
        self._roots.files.forget(path)
        for name in directory.files:
            self._forget_file(os.path.join(path, name), shift, is_gone=left is Left.GONE)
        # By the time that one is visited there may be another directory: what was in the one that has gone is gone.
        below = shift.severing(directory.scopes) if left is Left.GONE else shift
        for name in directory.children:
            child = os.path.join(path, name)
            self.ties.untie(child)
            self._errands.add(child, Errand(below, left=left))

    def close(self) -> None:
        """Visit nothing more."""
        self._errands.drop()
        self.ties.close()

    # A visit: who enters the directory by which rules, whether that is listed which was known, and what is new in it.

    def _visit(self, path: str, errand: Errand) -> None:
        before, above, sight = self._directories.get(path), self._above(path), sight_of(path)
        is_behind_link = _is_behind_link(above, is_link=sight.is_link)
        ruling = self._ruling_above(path, above, is_behind_link=is_behind_link)
        if before is not None and (lost := set(before.scopes).difference(ruling.scopes)):
            errand = errand._replace(shift=errand.shift.severing(self._letting_in(path, lost)))
        if not ruling.scopes:
            self.leave(path, errand.left or (Left.OUT if os.path.isdir(path) else Left.GONE), errand.shift)
            return
        is_led_to_anew = before is not None and before.is_behind_link is not is_behind_link
        if before is None or errand.listens_anew or is_led_to_anew or not self._is_same(before, sight):
            directory = self._directories.enter(path, ruling, self._roots.at, sight.stamp)
            directory.is_behind_link = is_behind_link
            if is_led_to_anew or (before is not None and before.identity != directory.identity):
                # What lies below it and is as it was may now lead back, or on.
                errand = errand._replace(is_deep=True)
            self._list(path, directory, before, errand)
        elif before.rules != ruling.rules:
            self._list(path, self._directories.rule(path, before, ruling), before, errand)
        else:
            self._look_at_files(path, before)
            if errand.is_deep:
                for name in before.children:
                    self._errands.add(os.path.join(path, name), errand)

    def _above(self, path: str) -> Directory | None:
        """The directory that one lies in, if that was entered."""
        return self._directories.get(os.path.dirname(path))

    def _ruling_above(self, path: str, above: Directory | None, *, is_behind_link: bool) -> Ruling:
        """What comes from above to a directory, for the scopes that it is to be entered for."""
        is_barred = above is None or (is_behind_link and leads_back(path))
        ruling = NOBODY if is_barred or above is None else above.ruling.entering(path, os.path.basename(path))
        if (rooted := self._roots.at.get(path)) is None:
            return ruling
        return Ruling({**ruling.rules, **{scope: self._roots.rules(scope) for scope in rooted}})

    def _letting_in(self, path: str, scopes: Iterable[Scope]) -> frozenset[Scope]:
        """Those whose rules would let a directory in: if they lost it, it has become one that leads back."""
        above = self._above(path)
        if above is None:
            return frozenset()
        return frozenset(each for each in scopes if each in above.rules and above.rules[each].wants_directory(path))

    def _is_same(self, before: Directory, sight: Sight) -> bool:
        """Whether a directory is the one that is known and listened to, with the same names in it.

        One that holds a file which makes rules has no stamp: such a file may change without any name's changing.
        """
        is_heard = before.subscription is not None or self._hearing.is_deaf
        return is_heard and before.stamp is not None and before.stamp == sight.stamp

    def _look_at_files(self, path: str, directory: Directory) -> None:
        prefix = prefix_of(path)
        for name in directory.files:
            with suppress(OSError):  # if it is gone, there is an event, or a listing that finds out
                if not self._snapshot.is_as_seen(prefix + name, status := os.stat(prefix + name)):
                    self._snapshot.update(prefix + name, status)

    # A listing: what is in the directory, compared with what was known of it.

    def _listing_of(self, path: str, directory: Directory, before: Directory | None) -> Listing | None:
        """What is in a directory; None if it is gone, and left, or if that cannot be known."""

        def judge_by(names: Container[str]) -> Judge:
            own = self._roots.files.inside(path) if GITIGNORE in names else None
            directory.ruling = directory.ruling.inside(own)
            if before is None:
                return judge_of_new(directory, holds_root=path in self._roots.holders)
            return judge_of_known(directory, before, self._snapshot.scopes)

        try:
            return list_directory(path, directory, judge_by, self.follow)
        except PermissionError:
            self._hearing.refuse(path, errno.EACCES)
            return Listing()
        except OSError as error:
            if error.errno in _GONE:
                self.leave(path, Left.GONE)
            else:
                # It is there, and what is known of it stands until it can be looked into again.
                directory.stamp = None
                directory.ruling = directory.ruling.inside(self._roots.files.inside(path))
                self._hearing.refuse(path, error.errno or 0)
            return None

    def _list(self, path: str, directory: Directory, before: Directory | None, errand: Errand) -> None:
        listing = self._listing_of(path, directory, before)
        if listing is None:
            return
        is_uncovered = before is not None and GITIGNORE not in listing.names and self._roots.files.forget(path)
        if listing.links or not directory.made_by.isdisjoint(listing.names):
            # More than its names and files counts.
            directory.stamp = None
        if directory.is_behind_link:
            leading_on = {each for each in listing.children if self.wants_directory(os.path.join(path, each))}
            if leading_on != listing.children:
                # One that leads back may lead on when a link above is another one, though nothing changes here.
                directory.stamp = None
            listing.children = leading_on
        self._find_repository(path, listing)
        rules = directory.rules
        old = _Former({} if before is None else _differing(before.rules, rules), is_uncovered)
        self._take_files(path, directory, listing, old, errand.shift)
        self._leave_children(path, directory, listing, errand.shift)
        is_known = before is not None and before.rules == rules
        for name in listing.children:
            child = os.path.join(path, name)
            if errand.is_deep or not is_known or child not in self._directories:
                letting_in = [scope for scope, its in old.rules.items() if not its.wants_directory(child)]
                its = errand._replace(shift=old.reveal(errand.shift, letting_in)) if letting_in else errand
                self._errands.add(child, its)

    def _find_repository(self, path: str, listing: Listing) -> None:
        if ".git" in listing.names and (repository := repository_at(path)):
            self.repositories[path] = repository
        else:
            self.repositories.pop(path, None)

    def _take_files(self, path: str, directory: Directory, listing: Listing, old: _Former, shift: Shift) -> None:
        """Compare a directory's files with what was known; rules that changed are not a change of the files."""
        prefix = prefix_of(path)
        files = {prefix + name: found for name, found in listing.files.items()}
        if not old.rules:
            self._snapshot.see_all(files, shift)
        else:
            for file, found in files.items():
                was_in = self._snapshot.scopes(file) or ()
                letting_in = [s for s, its in old.rules.items() if s not in was_in and not its.wants_file(file)]
                self._snapshot.see(file, found, shift=old.reveal(shift, letting_in))
        for name in directory.files - listing.files.keys():
            file = prefix + name
            is_gone = name not in listing.names or bool(directory.scopes_of(file))
            self._forget_file(file, shift, is_gone=is_gone, is_link=name in listing.links)
        directory.files = set(listing.files)

    def _leave_children(self, path: str, directory: Directory, listing: Listing, shift: Shift) -> None:
        for name in directory.children - listing.children:
            child = os.path.join(path, name)
            if name not in listing.links:
                self.ties.untie(child)
            severed = shift.severing(self._letting_in(child, directory.scopes))
            self.leave(child, Left.OUT if name in listing.names else Left.GONE, severed)
        directory.children = listing.children

    def _forget_file(self, path: str, shift: Shift, *, is_gone: bool, is_link: bool = False) -> None:
        if not is_link:  # one that leads nowhere may lead somewhere later
            self.ties.untie(path)
        # A root that is a file is left to those whose root it is.
        known = None if is_gone else self._snapshot.get(path)
        self._snapshot.see(path, None if known is None else known.within(self._roots.at.get(path, ())), shift=shift)


class _Former(NamedTuple):
    """How was judged before in a directory that is under other rules now.

    Attributes:
        rules: those of the scopes of which they are other ones now.
        is_uncovered: whether the .gitignore in it has gone.
    """

    rules: Mapping[Scope, Rules]
    is_uncovered: bool

    def reveal(self, shift: Shift, scopes: Collection[Scope]) -> Shift:
        """The shift for what these scopes' rules have only now let in."""
        return shift.uncovering(scopes) if self.is_uncovered else shift.revealing(scopes)


def _differing(before: Mapping[Scope, Rules], now: Mapping[Scope, Rules]) -> dict[Scope, Rules]:
    return {scope: rules for scope, rules in before.items() if rules != now.get(scope)}


def _is_behind_link(above: Directory | None, *, is_link: bool) -> bool:
    """Whether a link leads to a directory, below a root, so that it or one below it may lead back.

    Args:
        above: the one that it lies in, if that was entered.
        is_link: whether its own name is a link's.
    """
    return above is not None and (above.is_behind_link or is_link)
