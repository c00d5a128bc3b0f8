"""The walk that keeps directories and their files known: listen first, list then, so that nothing falls between.

It is made of errands, one for each directory to be visited, and can be left off after any of them and gone on with
later: whatever happens meanwhile in a directory that was entered is heard of, and what is not yet entered is listed
when its turn comes. Decides nothing about when to visit what.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from stat import S_ISLNK
from typing import TYPE_CHECKING, NamedTuple

from reloadd.watch.directories import Directories, Directory, stamp_of
from reloadd.watch.links import leads_back, names_behind
from reloadd.watch.listing import list_directory
from reloadd.watch.repository import Repository, repository_at
from reloadd.watch.signature import signature_of
from reloadd.watch.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadd.watch.hearing import Hearing
    from reloadd.watch.ignore import Rules
    from reloadd.watch.interest import Scope
    from reloadd.watch.listing import Listing
    from reloadd.watch.roots import Roots
    from reloadd.watch.snapshot import Snapshot

    Judge = Callable[[str], tuple[Scope, ...]]

_NOBODY: frozenset[Scope] = frozenset()


class Errand(NamedTuple):
    """Why a directory is to be visited.

    Attributes:
        new_to: scopes to which what is found there was there before: only their rules have let it in.
        gone_to: scopes that have lost it though their rules let it in, so that to them it is gone.
        is_deep: visit all below it too, not only what is new or has new rules.
        listens_anew: even if it is the same directory with the same names as before.
    """

    new_to: frozenset[Scope] = _NOBODY
    gone_to: frozenset[Scope] = _NOBODY
    is_deep: bool = True
    listens_anew: bool = False

    def joined(self, other: Errand) -> Errand:
        """Both at once."""
        return Errand(
            self.new_to | other.new_to,
            self.gone_to | other.gone_to,
            self.is_deep or other.is_deep,
            self.listens_anew or other.listens_anew,
        )


class Walk:
    """The walk below all roots.

    Attributes:
        ties: the links below the roots, each tied to the names that it leads through.
        repositories: those that lie below the roots, by their top.
    """

    def __init__(self, roots: Roots, directories: Directories, snapshot: Snapshot, hearing: Hearing) -> None:
        self.ties = Ties(hearing)
        self.repositories: dict[str, Repository] = {}
        self._roots = roots
        self._directories = directories
        self._snapshot = snapshot
        self._hearing = hearing
        self._ahead: dict[str, Errand] = {}
        self._roots_ahead: frozenset[str] | None = None

    @property
    def is_over(self) -> bool:
        """Whether every errand is done."""
        return not self._ahead

    def roots_ahead(self) -> frozenset[str]:
        """The roots at or below which there are errands left."""
        if self._roots_ahead is None:
            seen, found = set[str](), set[str]()
            for errand in self._ahead:
                path = errand
                while path not in seen:
                    seen.add(path)
                    if path in self._roots.at:
                        found.add(path)
                    path = os.path.dirname(path)
            self._roots_ahead = frozenset(found)
        return self._roots_ahead

    def send(self, path: str, errand: Errand) -> None:
        """Have a directory visited."""
        self._roots_ahead = None
        known = self._ahead.pop(path, None)
        # As the last one, which is the next: what was asked for latest is done first, and depth before breadth.
        self._ahead[path] = errand if known is None else errand.joined(known)

    def go_on(self, until: float) -> None:
        """Do errands until all are done, or until a time of the monotonic clock."""
        self._roots_ahead = None
        while self._ahead:
            self._visit(*self._ahead.popitem())
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
        self.ties.tie(path, names_behind(path))
        try:
            return os.stat(path)
        except OSError:
            return None

    def wants_directory(self, path: str) -> bool:
        """Whether a directory is to be entered for anybody."""
        around, _ = self._around(path)
        return bool(around)

    def leave(self, top: str, *, is_gone: bool, gone_to: frozenset[Scope] = _NOBODY) -> None:
        """Forget a directory and all below it.

        Args:
            top: the directory; it need not have been entered.
            is_gone: its files are gone; else they are there, only no longer looked at.
            gone_to: scopes to which they are gone all the same.
        """
        ahead = [top]
        while ahead:
            path = ahead.pop()
            if path in self._roots.at and path in self._directories and not (is_gone and path == top):
                # Whoever looks from there on finds out by himself.
                self.send(path, Errand(gone_to=frozenset(self._scopes_at(path)) if is_gone else gone_to))
                continue
            directory = self._directories.remove(path)
            if directory is None:
                continue
            self.repositories.pop(path, None)
            self._roots.files.forget(path)
            for name in directory.files:
                self._forget_file(os.path.join(path, name), is_gone=is_gone, gone_to=gone_to)
            for name in directory.children:
                self.ties.untie(os.path.join(path, name))
                ahead.append(os.path.join(path, name))

    def _scopes_at(self, path: str) -> tuple[Scope, ...]:
        directory = self._directories.get(path)
        return () if directory is None else directory.scopes

    def close(self) -> None:
        """Visit nothing more."""
        self._ahead.clear()
        self.ties.close()

    def _around(self, path: str) -> tuple[dict[Scope, Rules], bool]:
        """The scopes that a directory is to be entered for, with the rules that come to it from above.

        And whether a link leads there, below a root, so that it or one below it may lead back.
        """
        rules: dict[Scope, Rules] = {}
        above = self._directories.get(os.path.dirname(path))
        is_behind_link = above is not None and (above.is_behind_link or os.path.islink(path))
        if above is not None and not (is_behind_link and leads_back(path)):
            rules.update((scope, its) for scope, its in above.rules.items() if its.wants_directory(path))
        rules.update((scope, self._roots.rules(scope)) for scope in self._roots.at.get(path, ()))
        return rules, is_behind_link

    def _visit(self, path: str, errand: Errand) -> None:
        around, is_behind_link = self._around(path)
        before = self._directories.get(path)
        if lost := frozenset(self._scopes_at(path)).difference(around):
            errand = errand._replace(gone_to=errand.gone_to | self._letting_in(path, lost))
        if not around:
            self.leave(path, is_gone=not os.path.isdir(path), gone_to=errand.gone_to)
            return
        own = self._roots.files.inside(path)
        rules = {scope: each.inside(own) for scope, each in around.items()}
        if before is None or errand.listens_anew or not self._is_same(path, before):
            self._list(path, self._enter(path, rules, is_behind_link=is_behind_link), before, errand)
        elif before.rules != rules:
            self._list(path, self._directories.rule(path, before, rules), before, errand)
        else:
            self._look_at_files(path, before)
            if errand.is_deep:
                for name in before.children:
                    self.send(os.path.join(path, name), errand)

    def _is_same(self, path: str, before: Directory) -> bool:
        """Whether a directory is the one that is known and listened to, with the same names in it."""
        is_heard = before.subscription is not None or self._hearing.is_deaf
        return is_heard and before.stamp is not None and before.stamp == stamp_of(path)

    def _enter(self, path: str, rules: Mapping[Scope, Rules], *, is_behind_link: bool) -> Directory:
        stamp = stamp_of(path)
        directory = self._directories.enter(path, rules, self._roots.at)
        directory.is_behind_link = is_behind_link
        # Listened to between two looks, so that the stamp is of the one that is listened to.
        directory.stamp = stamp if stamp == stamp_of(path) else None
        return directory

    def _letting_in(self, path: str, scopes: Iterable[Scope]) -> frozenset[Scope]:
        """Those whose rules would let a directory in: if they lost it, it has become one that leads back."""
        above = self._directories.get(os.path.dirname(path))
        if above is None:
            return _NOBODY
        return frozenset(each for each in scopes if each in above.rules and above.rules[each].wants_directory(path))

    def _look_at_files(self, path: str, directory: Directory) -> None:
        prefix = path.rstrip("/") + "/"
        for name in directory.files:
            with suppress(OSError):  # if it is gone, there is an event, or a listing that finds out
                if not self._snapshot.is_as_seen(prefix + name, status := os.stat(prefix + name)):
                    self._snapshot.update(prefix + name, signature_of(status))

    def _list(self, path: str, directory: Directory, before: Directory | None, errand: Errand) -> None:
        rules = directory.rules
        # Those of the scopes that were there and are under other rules now.
        old = {} if before is None else {scope: its for scope, its in before.rules.items() if its != rules.get(scope)}
        is_known = before is not None and before.rules == rules
        listing = list_directory(path, directory, self._judge(path, directory, before), self.follow)
        if listing is None:
            self.leave(path, is_gone=True)
            return
        if listing.is_refused:
            self._hearing.refuse(path, errno.EACCES)
        if directory.is_behind_link:
            listing.children = {each for each in listing.children if self.wants_directory(f"{path}/{each}")}
        if listing.is_restless:
            directory.stamp = None
        self._find_repository(path, listing)
        self._take_files(path, directory, listing, old, errand)
        self._leave_children(path, directory, listing, errand)
        for name in listing.children:
            child = os.path.join(path, name)
            if errand.is_deep or not is_known or child not in self._directories:
                new_to = errand.new_to.union(scope for scope, its in old.items() if not its.wants_directory(child))
                self.send(child, errand._replace(new_to=new_to))

    def _judge(self, path: str, directory: Directory, before: Directory | None) -> Judge:
        """What says in which scopes a file is. Rules whose answer is known are not asked: that is most of the work."""
        if before is not None:
            return self._judge_again(directory, before)
        if len(directory.scopes) > 1 or path in self._roots.holders:
            return directory.scopes_of
        (wants,) = (rules.wants_file for rules in directory.rules.values())
        scopes = directory.scopes
        return lambda file: scopes if wants(file) else ()

    def _judge_again(self, directory: Directory, before: Directory) -> Judge:
        scopes_before = self._snapshot.scopes
        covering = {s for s, its in directory.rules.items() if s in before.rules and its.covers(before.rules[s])}
        is_settled = before.rules == directory.rules

        def judge(file: str) -> tuple[Scope, ...]:
            was_in = scopes_before(file)
            if was_in is None:
                return directory.scopes_of(file)
            if is_settled:
                return was_in
            return directory.scopes_of(file, sure=[scope for scope in was_in if scope in covering])

        return judge

    def _find_repository(self, path: str, listing: Listing) -> None:
        if ".git" in listing.names and (repository := repository_at(path)):
            self.repositories[path] = repository
        else:
            self.repositories.pop(path, None)

    def _take_files(
        self, path: str, directory: Directory, listing: Listing, old: Mapping[Scope, Rules], errand: Errand
    ) -> None:
        """Compare a directory's files with what was known; rules that changed are not a change of the files."""
        prefix = path.rstrip("/") + "/"
        for name, (signature, scopes) in listing.files.items():
            file = prefix + name
            new_to = errand.new_to
            if old:
                was_in = self._snapshot.scopes(file) or ()
                new_to = new_to.union(
                    scope for scope, its in old.items() if scope not in was_in and not its.wants_file(file)
                )
            self._snapshot.see(file, signature, scopes, new_to=new_to, gone_to=errand.gone_to)
        for name in directory.files - listing.files.keys():
            file = prefix + name
            is_gone = name not in listing.names or bool(directory.scopes_of(file))
            self._forget_file(file, is_gone=is_gone, gone_to=errand.gone_to, is_link=name in listing.links)
        directory.files = set(listing.files)

    def _leave_children(self, path: str, directory: Directory, listing: Listing, errand: Errand) -> None:
        for name in directory.children - listing.children:
            child = os.path.join(path, name)
            if name not in listing.links:
                self.ties.untie(child)
            is_gone = name not in listing.names
            gone_to = errand.gone_to | self._letting_in(child, directory.scopes)
            self.leave(child, is_gone=is_gone, gone_to=gone_to)
        directory.children = listing.children

    def _forget_file(
        self, path: str, *, is_gone: bool, gone_to: frozenset[Scope] = _NOBODY, is_link: bool = False
    ) -> None:
        if not is_link:  # one that leads nowhere may lead somewhere later
            self.ties.untie(path)
        # A root that is a file is left to those whose root it is.
        signature = None if is_gone else self._snapshot.signature(path)
        self._snapshot.see(path, signature, self._roots.at.get(path, ()), gone_to=gone_to)
