"""One root: its directories, each listened to or polled, and the files in it that matter.

Directories are listened to first and listed then, so that nothing falls between. Every method looks at files and may
take long: call them in a worker thread, one at a time. Decides nothing about when to tell, and tells nobody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.profile.model import Backend
from reloadd.watch.hearing import Hearing
from reloadd.watch.ignore import Rules, ignore_files_above, refreshed, rules_above
from reloadd.watch.inbox import Hint, Inbox, Purpose, Sighting
from reloadd.watch.links import Name, leads_back, names_behind
from reloadd.watch.listing import Listing, list_directory
from reloadd.watch.repository import Repository, repository_around, repository_at
from reloadd.watch.snapshot import Snapshot, signature_of
from reloadd.watch.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadd.profile.model import WatchSet
    from reloadd.watch.inbox import Source, Subscription


@dataclass(slots=True)
class _Directory:
    """One directory that was entered; without a subscription it is polled."""

    rules: Rules
    subscription: Subscription | None
    files: set[str] = field(default_factory=set)
    children: set[str] = field(default_factory=set)


class Tree:
    """What one root holds, kept true by looking where events point, or everywhere.

    Args:
        root: absolute; it may be a directory, a file that always matters, a link, or missing.
        watch_set: the rules for it.
        source: where events come from; None to poll everything.
        inbox: where events go.
        owner: the number that its listeners bear.
    """

    def __init__(self, root: str, watch_set: WatchSet, source: Source | None, inbox: Inbox, owner: int) -> None:
        self._root = root
        self.owner = owner
        self._above = rules_above(root, watch_set)
        self._reads_gitignore = watch_set.gitignore
        self._hearing = Hearing(source, inbox, owner, checks_mounts=watch_set.backend is Backend.AUTO)
        self._directories: dict[str, _Directory] = {}
        self._ties = Ties(self._hearing)
        self.snapshot = Snapshot()
        self.repositories: dict[str, Repository] = {}

    # What is known.

    def directories(self) -> tuple[int, int]:
        """How many directories are listened to, and how many are polled."""
        polled = sum(directory.subscription is None for directory in self._directories.values())
        return len(self._directories) - polled, polled

    def is_polled(self) -> bool:
        """Whether anything here is seen only by looking: a part of the tree, or all of it."""
        return self._hearing.is_deaf or any(each.subscription is None for each in self._directories.values())

    def take_refused(self) -> dict[int, list[str]]:
        """Directories that could not be listened to since the last call, by error number."""
        return self._hearing.take_refused()

    def minds(self, sighting: Sighting) -> bool:
        """Whether an event is a reason to look. Quick, so that a database written to beside the code costs little."""
        listener, hint, name = sighting
        if listener.purpose is Purpose.NAMES or hint is Hint.ITSELF:
            return True
        directory = self._directories.get(listener.directory)
        if directory is None:
            return False
        path = os.path.join(listener.directory, name)
        if path in self.snapshot or path in self._directories or directory.rules.reads(name):
            return True
        if hint is Hint.DIRECTORY:
            return directory.rules.wants_directory(path)
        # A link may lead to a directory, whatever its name.
        return directory.rules.wants_file(path) or (hint is not Hint.GONE and os.path.islink(path))

    # Looking.

    def begin(self) -> None:
        """Listen everywhere and take the baseline."""
        self._examine_root(adopt=True, complete=True)

    def look(self, sightings: Iterable[Sighting]) -> None:
        """Look where events point."""
        walked = ""
        for path, complete in sorted(self._places(sightings).items()):
            if not (walked and path.startswith(walked)) and self._examine(path, complete=complete):
                walked = path + "/"
            self.snapshot.heard_of(path, complete=complete)

    def look_everywhere(self) -> None:
        """Listen and look anew everywhere: for after events were lost, and for what no event tells."""
        self._ties.renew()
        self._hearing.forget_mounts()
        self._examine_root(adopt=False, complete=True)

    def look_at_polled(self) -> None:
        """Look at what no events come from."""
        if self._root not in self._directories or refreshed(self._above, self._root) != self._above:
            self._examine_root(adopt=False, complete=True)
            return
        for path, directory in list(self._directories.items()):
            if directory.subscription is None and self._directories.get(path) is directory:
                self._walk(path, self._rules_around(path), adopt=False, complete=True, deep=False)
        for path in self._ties.paths():
            if path != self._root:
                self._examine(path, complete=True)

    def close(self) -> None:
        """Listen to nothing more."""
        self._ties.close()
        for directory in self._directories.values():
            if directory.subscription is not None:
                directory.subscription.close()
        self._directories.clear()

    def _places(self, sightings: Iterable[Sighting]) -> dict[str, bool]:
        """The paths that events point to, each with whether its writer is done with it."""
        places: dict[str, bool] = {}
        for listener, hint, name in sightings:
            directory = listener.directory
            if listener.purpose is Purpose.NAMES:
                if hint is Hint.ITSELF:
                    self._ties.renew()
                places.update(dict.fromkeys(self._ties.depending_on(directory, name), hint is Hint.COMPLETE))
            elif hint is Hint.ITSELF or self._makes_rules(directory, name):
                places[directory] = True
            else:
                places[os.path.join(directory, name)] = hint is Hint.COMPLETE
        return places

    def _makes_rules(self, directory: str, name: str) -> bool:
        known = self._directories.get(directory)
        return known is not None and known.rules.reads(name)

    # One path.

    def _examine(self, path: str, *, complete: bool) -> bool:
        """Look at one path again, whatever it was and is; whether it was walked as a directory."""
        if path == self._root:
            return self._examine_root(adopt=False, complete=complete)
        parent_path, name = os.path.split(path)
        parent = self._directories.get(parent_path)
        if parent is None:
            return False
        status = self._status(path)
        if status is not None and S_ISDIR(status.st_mode):
            self._unsee(parent, parent_path, name)
            if not self._enters(parent, path):
                self._leave(path)
                return False
            parent.children.add(name)
            self._walk(path, parent.rules, adopt=False, complete=False, deep=True)
            return True
        self._leave(path)
        parent.children.discard(name)
        signature = signature_of(status) if status is not None and parent.rules.wants_file(path) else None
        if signature is not None:
            parent.files.add(name)
            self.snapshot.see(path, signature, complete=complete)
        else:
            self._unsee(parent, parent_path, name)
        return False

    def _examine_root(self, *, adopt: bool, complete: bool) -> bool:
        repository = repository_around(self._root)
        self._tie_root(repository)
        self._above = refreshed(self._above, self._root)
        if repository is not None:
            self.repositories[repository.top] = repository
        try:
            status = os.stat(self._root)
        except OSError:
            status = None
        if status is not None and S_ISDIR(status.st_mode):
            self.snapshot.see(self._root, None)
            self._walk(self._root, self._above, adopt=adopt, complete=complete, deep=True)
            return True
        self._leave(self._root)
        signature = signature_of(status) if status is not None else None
        if adopt and signature is not None:
            self.snapshot.adopt(self._root, signature)
        else:
            self.snapshot.see(self._root, signature, complete=complete)
        return False

    def _tie_root(self, repository: Repository | None) -> None:
        names = names_behind(self._root)
        if repository is not None and self._reads_gitignore:
            files = ignore_files_above(self._root, repository)
            names |= {Name(*os.path.split(file)) for file, _ in files}
        self._tie(self._root, names)

    def _tie(self, path: str, names: frozenset[Name]) -> None:
        if not self._hearing.is_deaf:
            self._ties.tie(path, names)

    def _status(self, path: str) -> os.stat_result | None:
        """The status of what a path leads to, with the path tied to the links on its way."""
        if os.path.islink(path):
            self._tie(path, names_behind(path))
        else:
            self._ties.untie(path)
        try:
            return os.stat(path)
        except OSError:
            return None

    def _unsee(self, parent: _Directory, directory: str, name: str) -> None:
        parent.files.discard(name)
        self.snapshot.see(os.path.join(directory, name), None)

    # Directories.

    def _enters(self, parent: _Directory, path: str) -> bool:
        return parent.rules.wants_directory(path) and not (os.path.islink(path) and leads_back(path))

    def _rules_around(self, path: str) -> Rules:
        """The rules that the directory above has for `path`."""
        return self._above if path == self._root else self._directories[os.path.dirname(path)].rules

    def _walk(self, top: str, around: Rules, *, adopt: bool, complete: bool, deep: bool) -> None:
        """List a directory, and those below it: all if `deep`, else those that are new or have new rules.

        Args:
            top: where to begin.
            around: the rules of the directory above it.
            adopt: whether what is found was there before and is not to be told.
            complete: whether who wrote the files is known to be done.
            deep: see above.
        """
        ahead = [(top, around, adopt)]
        while ahead:
            path, outer, adopting = ahead.pop()
            before = self._directories.get(path)
            directory = self._enter(path, outer)
            listing = list_directory(path, directory.rules, self._status)
            if listing is None:
                self._leave(path)
                continue
            if ".git" in listing.names and (repository := repository_at(path)):
                self.repositories[path] = repository
            old_rules = before.rules if before is not None and before.rules != directory.rules else None
            self._take_files(path, directory, listing, old_rules, adopt=adopting, complete=complete)
            for name in directory.children - listing.children:
                child = os.path.join(path, name)
                self._leave(child, tell=name not in listing.names or directory.rules.wants_directory(child))
            directory.children = listing.children
            for name in listing.children:
                child = os.path.join(path, name)
                if deep or old_rules is not None or child not in self._directories:
                    was_there = adopting or (old_rules is not None and not old_rules.wants_directory(child))
                    ahead.append((child, directory.rules, was_there))

    def _enter(self, path: str, around: Rules) -> _Directory:
        """Listen to a directory: to the one that has this path now."""
        before = self._directories.get(path)
        directory = _Directory(around.inside(path), self._hearing.listen(path, Purpose.CONTENT))
        if before is not None:
            directory.files, directory.children = before.files, before.children
            if before.subscription is not None:
                before.subscription.close()
        self._directories[path] = directory
        return directory

    def _take_files(
        self,
        path: str,
        directory: _Directory,
        listing: Listing,
        old_rules: Rules | None,
        *,
        adopt: bool,
        complete: bool,
    ) -> None:
        """Compare a directory's files with what was known; rules that changed are not a change of the files."""
        for name, signature in listing.files.items():
            file = os.path.join(path, name)
            was_ignored = old_rules is not None and name not in directory.files and not old_rules.wants_file(file)
            if adopt or was_ignored:
                self.snapshot.adopt(file, signature)
            else:
                self.snapshot.see(file, signature, complete=complete)
        for name in directory.files - listing.files.keys():
            file = os.path.join(path, name)
            self._ties.untie(file)
            if name not in listing.names or directory.rules.wants_file(file):
                self.snapshot.see(file, None)
            else:
                self.snapshot.drop(file)
        directory.files = set(listing.files)

    def _leave(self, top: str, *, tell: bool = True) -> None:
        """Forget a directory and all below it. Its files are gone, unless they are only not to be told of any more."""
        ahead = [top]
        while ahead:
            path = ahead.pop()
            directory = self._directories.pop(path, None)
            if directory is None:
                continue
            if directory.subscription is not None:
                directory.subscription.close()
            for name in directory.files:
                file = os.path.join(path, name)
                self._ties.untie(file)
                if tell:
                    self.snapshot.see(file, None)
                else:
                    self.snapshot.drop(file)
            for name in directory.children:
                child = os.path.join(path, name)
                self._ties.untie(child)
                ahead.append(child)
