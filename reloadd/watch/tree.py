"""All that is known below all roots, and where to look when an event points somewhere or time has passed.

Every look may take long: make it in a worker thread, one at a time. Decides nothing about when to tell, and tells
nobody.
"""

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from reloadd.core.paths import is_within
from reloadd.profile.model import Backend
from reloadd.watch.directories import Directories, identity_of
from reloadd.watch.errands import Errand, Errands, Left
from reloadd.watch.hearing import Hearing
from reloadd.watch.inbox import Hint, Inbox, Purpose
from reloadd.watch.interest import globs_of
from reloadd.watch.known import known_file
from reloadd.watch.roots import Roots
from reloadd.watch.rounds import Rounds
from reloadd.watch.snapshot import Snapshot, Writer
from reloadd.watch.triage import Triage
from reloadd.watch.walk import Walk
from reloadd.watch.writers import is_being_written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from reloadd.watch.directories import Count, Directory
    from reloadd.watch.ignore import Rules
    from reloadd.watch.inbox import Sighting, Source
    from reloadd.watch.interest import Interest, Scope
    from reloadd.watch.repository import Repository

_ALL_BELOW = Errand()


class Tree:
    """What the roots hold, kept true by looking where events point, or everywhere.

    Args:
        backend: whether events tell, or polling, or both where it is needed.
        source: where events come from; None to poll everything.
        inbox: where events go.

    Attributes:
        snapshot: the files, and what is to be told of them.
        errands: the directories that are yet to be visited.
        walk: what visits them.
        triage: what an event means here.
    """

    def __init__(self, backend: Backend, source: Source | None, inbox: Inbox) -> None:
        self._hearing = Hearing(source, inbox, checks_mounts=backend is Backend.AUTO)
        self.snapshot = Snapshot(self._is_being_written)
        self._roots = Roots(self._hearing)
        self._directories = Directories(self._hearing)
        self.errands = Errands(self._roots.at)
        self.walk = Walk(self.errands, self._roots, self._directories, self.snapshot, self._hearing)
        self._ties = (self._roots.ties, self.walk.ties)
        self.triage = Triage(self._roots, self._directories, self.snapshot, self._ties)
        self._rounds = Rounds(self._directories, self.snapshot, self._list_again)
        self._mounted: dict[str, frozenset[str]] = {}
        self._begun: frozenset[Interest] = frozenset()

    # What is known.

    def count(self, scopes: Iterable[Scope]) -> Count:
        """How many directories were entered for these scopes."""
        return self._directories.count(scopes)

    def is_polled(self) -> bool:
        """Whether anything here is seen only by looking: a part of the tree, or all of it."""
        if self._hearing.is_deaf or self._directories.polled or self._rounds.mounted:
            return True
        # A directory above a root, or on the way of a link.
        return any(ties.is_unheard for ties in self._ties)

    def is_polled_besides(self, scopes: Iterable[Scope]) -> bool:
        """Whether anything beside directories is polled for these scopes: files, links, what lies above a root."""
        if self._hearing.is_deaf:
            return True
        roots = {scope.root for scope in scopes}
        polled = (*self._rounds.mounted, *(path for ties in self._ties for path in ties.unheard()))
        return any(is_within(path, root) for path in polled for root in roots)

    def is_about(self, point: str) -> bool:
        """Whether what is at or below this path, without links, is a part of a root, or holds one."""
        return self._roots.is_about(point)

    def repositories(self) -> Iterable[Repository]:
        """The repositories that a root lies in, or that lie below one."""
        yield from self._roots.repositories()
        yield from self.walk.repositories.values()

    def take_refused(self) -> dict[int, list[str]]:
        """Directories that could not be listened to since the last call, by error number."""
        return self._hearing.take_refused()

    def wants(self, interest: Interest, path: str) -> bool:
        """Whether a file at `path` would matter to an interest, whether there is one or not."""
        return bool(interest.scopes_of(path, [scope for scope in interest.scopes if self._would_hold(scope, path)]))

    def _would_hold(self, scope: Scope, path: str) -> bool:
        """Whether a file at `path` would be in a scope; the nearest directory above that was entered has the rules."""
        if path == scope.root:
            return True
        if not is_within(path, scope.root):
            return False
        above, between = os.path.dirname(path), list[str]()
        while (rules := self._rules_inside(above, scope)) is None:
            between.append(above)
            above = os.path.dirname(above)
        return all(map(rules.wants_directory, between)) and rules.wants_file(path)

    def _rules_inside(self, path: str, scope: Scope) -> Rules | None:
        """A scope's rules for what is in a directory; None below its root where it did not enter the directory."""
        directory = self._directories.get(path)
        if directory is not None and scope in directory.rules:
            return directory.rules[scope]
        # Where there is no root, nothing is entered.
        return self._roots.rules(scope) if path == scope.root else None

    # Looking. Each of these plans a walk where one is needed, which is then to be gone on with.

    def prepare(self, interests: Collection[Interest]) -> None:
        """Look for these from now on, and for no others, at what is there now.

        What nobody else looked for was not changed by anybody: globs are rules, as those in a .gitignore. What others
        look for already is looked at again, so that nothing that was changed by now is a change to those that are new.
        """
        another = self._roots.look_in(globs_of(interests))
        self._poll_mounted()
        begun, self._begun = self._begun, frozenset(interests)
        for interest in interests:
            if interest not in begun:
                another.update(scope.root for scope in interest.scopes)
        self._examine_roots(another)

    def look(self, sightings: Sequence[Sighting]) -> None:
        """Look where events point."""
        if any(each.subscriber.purpose is Purpose.NAMES and each.hint is Hint.ITSELF for each in sightings):
            self._renew_ties()
        places = self.triage.places(sightings)
        for directory in places.directories:
            self._list_again(directory)
        roots = sorted((path for path in places.paths if path in self._roots.at), reverse=True)
        walked_roots = [root for root in roots if self._examine(root, places.paths[root])]
        last_walked: tuple[str, ...] = ()
        for path, writer in sorted(places.paths.items()):
            # What lies in a directory that is to be walked, or to be left, is found by the walk.
            is_found = any(is_within(path, top) for top in (*walked_roots, *last_walked))
            is_ahead = is_found or path in self._roots.at or self.errands.are_to_leave(path)
            if not is_ahead and self._examine(path, writer):
                last_walked = (path,)
            self.snapshot.heard_of(path, writer)
            self._rounds.edited(path)

    def ask_writers(self, paths: Iterable[str]) -> None:
        """Find out whether somebody still writes these files; those of whom that cannot be known are done with."""
        for path in paths:
            is_written = self._is_being_written(path)
            # Asked first and looked at then: what was written meanwhile is in what is seen.
            self.snapshot.update(path, _status(path))
            self.snapshot.heard_of(path, Writer.BUSY if is_written else Writer.DONE)

    def look_everywhere(self, *, listens_anew: bool) -> None:
        """Look anew everywhere: for after events were lost, and for what no event tells."""
        self._renew_ties()
        self._hearing.forget_mounts()
        self._examine_roots(self._roots.at, Errand(listens_anew=listens_anew))

    def look_at_polled(self, interval: float) -> None:
        """Look at what no events come from: its directories, what was edited lately, and some of the other files.

        Args:
            interval: seconds between two such looks.
        """
        if self.errands.are_to_leave_any:
            # What was left out by a rule is not to be looked at once more; the next poll has its turn soon.
            return
        unheard = self._roots.ties.unheard()
        self._look_at_roots(
            root
            for root in self._roots.at
            if self._hearing.is_deaf
            or root in self._directories.polled
            or root not in self._directories
            or root in unheard
        )
        for path in self.walk.ties.unheard():
            self._examine(path)
        self._rounds.poll(interval)

    def sweep_some(self) -> None:
        """Look at a slice of everything, so that each part has its turn: for what no event tells."""
        if self._hearing.is_deaf or self.errands.are_to_leave_any:
            # Polling looks at all of it much sooner; and what was left out is not to be looked at once more.
            return
        if self._rounds.is_swept:
            self._look_at_roots(self._roots.at)
            self._renew_ties()
            self._hearing.forget_mounts()
        self._rounds.sweep()

    def sweep_size(self) -> int:
        """Names in one round of sweeping."""
        return len(self.snapshot) + len(self._directories)

    def close(self) -> None:
        """Listen to nothing more."""
        self._roots.ties.close()
        self.walk.close()
        self._directories.close()

    def _renew_ties(self) -> None:
        for ties in self._ties:
            ties.renew()

    def _look_at_roots(self, roots: Iterable[str]) -> None:
        """Look at each of these that may be another file than it was, or have other rules above it."""
        self._examine_roots([root for root in roots if self._is_root_another(root)])

    def _examine_roots(self, roots: Iterable[str], errand: Errand = _ALL_BELOW) -> None:
        # A root that lies in another one comes first, so that its turn comes last, and with the other's walk.
        for root in sorted(roots, reverse=True):
            self._examine(root, errand=errand)

    def _is_root_another(self, root: str) -> bool:
        try:
            status = os.stat(root)
        except OSError:
            return root in self._directories or root in self.snapshot
        if not S_ISDIR(status.st_mode):
            is_file = S_ISREG(status.st_mode) or root in self.snapshot
            return is_file and not self.snapshot.is_as_seen(root, status)
        directory = self._directories.get(root)
        return directory is None or directory.identity != identity_of(status) or self._roots.is_another(root)

    def _is_being_written(self, path: str) -> bool | None:
        """Whether somebody has a file open for writing; None where only others than this kernel know."""
        return None if self._hearing.is_far(os.path.dirname(path)) else is_being_written(path)

    def _list_again(self, path: str) -> None:
        self.errands.add(path, Errand(is_deep=False))

    def _examine(self, path: str, writer: Writer = Writer.UNKNOWN, errand: Errand = _ALL_BELOW) -> bool:
        """Look at one path again, whatever it was and is; whether it is a directory, which is to be walked."""
        if path in self._roots.at:
            # The names that it is found by are listened to before anything is looked at.
            self._roots.renew(path)
            self._find_mounted(path)
        parent = self._directories.get(os.path.dirname(path))
        status = _status(path) if parent is None else self.walk.follow(path)
        if status is not None and S_ISDIR(status.st_mode):
            return self._take_directory(path, parent, errand)
        self._take_file(path, parent, status, writer)
        return False

    def _take_directory(self, path: str, parent: Directory | None, errand: Errand) -> bool:
        """Take note that a path is a directory; whether it is to be walked."""
        name = os.path.basename(path)
        if parent is not None:
            parent.files.discard(name)
        self.snapshot.see(path, None)
        is_wanted = self.walk.wants_directory(path)
        if parent is not None and is_wanted:
            parent.children.add(name)
        if is_wanted or path in self._directories:
            self.errands.add(path, errand)
        return is_wanted

    def _take_file(self, path: str, parent: Directory | None, status: os.stat_result | None, writer: Writer) -> None:
        """Take note that a path is no directory, but perhaps a file."""
        name = os.path.basename(path)
        if path in self._directories:
            self.walk.leave(path, Left.GONE)
        scopes = self._roots.at.get(path, ()) if parent is None else parent.scopes_of(path)
        found = known_file(status, scopes) if status is not None and scopes else None
        self.snapshot.see(path, found, writer)
        if parent is not None:
            parent.children.discard(name)
            if found is None:
                parent.files.discard(name)
            else:
                parent.files.add(name)

    def _find_mounted(self, root: str) -> None:
        """Find files below a root that are mounted one by one, which are to be polled."""
        self._mounted[root] = self._hearing.mounted_files(root)
        self._poll_mounted()

    def _poll_mounted(self) -> None:
        self._mounted = {each: files for each, files in self._mounted.items() if each in self._roots.at}
        self._rounds.mounted = frozenset().union(*self._mounted.values())


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
