"""One root: where to look, and what is known of what lies below it.

Every look may take long: make it in a worker thread, one at a time. Decides nothing about when to tell, and tells
nobody.
"""

from __future__ import annotations

import os
from stat import S_ISDIR
from typing import TYPE_CHECKING

from reloadd.profile.model import Backend
from reloadd.watch.directories import Directories
from reloadd.watch.hearing import Hearing
from reloadd.watch.ignore import ignore_files_above, rules_above
from reloadd.watch.inbox import Hint, Inbox, Purpose, Sighting
from reloadd.watch.interest import union_of
from reloadd.watch.links import names_behind
from reloadd.watch.repository import Repository, repository_around
from reloadd.watch.rounds import Rounds
from reloadd.watch.snapshot import Snapshot, Writer, signature_of
from reloadd.watch.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reloadd.core.settle import Finding
    from reloadd.profile.model import WatchSet
    from reloadd.watch.ignore import Rules
    from reloadd.watch.inbox import Source
    from reloadd.watch.interest import Interest
    from reloadd.watch.links import Name

_OF_FILES = frozenset({Hint.COMPLETE, Hint.BEGUN, Hint.GONE})
"""Events that are about a file, or about a link."""

_WRITERS = {Hint.COMPLETE: Writer.DONE, Hint.BEGUN: Writer.BUSY}
"""What an event says of who wrote the file; the others say nothing."""


class Tree:
    """What one root holds, kept true by looking where events point, or everywhere.

    Args:
        root: absolute; it may be a directory, a file that always matters, a link, or missing.
        watch_set: the rules for it, but for the include globs: those are of the interests that it serves.
        source: where events come from; None to poll everything.
        inbox: where events go.
        owner: the number that its listeners bear.
    """

    def __init__(self, root: str, watch_set: WatchSet, source: Source | None, inbox: Inbox, owner: int) -> None:
        self.owner = owner
        self.snapshot = Snapshot(root)
        self._root = root
        self._above = rules_above(root, watch_set)
        self._reads_gitignore = watch_set.gitignore
        self._hearing = Hearing(source, inbox, owner, checks_mounts=watch_set.backend is Backend.AUTO)
        self._ties = Ties(self._hearing)
        self._directories = Directories(self.snapshot, self._hearing, self._ties)
        self._rounds = Rounds(self._directories, self.snapshot, self._rules_around)

    # What is known.

    def directories(self) -> tuple[int, int]:
        """How many directories are listened to, and how many there are."""
        return self._directories.listened_to, len(self._directories)

    def is_polled(self) -> bool:
        """Whether anything here is seen only by looking: a part of the tree, or all of it."""
        return self._hearing.is_deaf or bool(self._directories.polled or self._ties.is_unheard or self._rounds.mounted)

    def repositories(self) -> Collection[Repository]:
        """The repositories that the root lies in, or that lie in the root."""
        return self._directories.repositories.values()

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

    def may_change(self, sighting: Sighting, interest: Interest) -> bool:
        """Whether an event is about a file that matters to an interest, so that there may be a change to tell."""
        listener, hint, name = sighting
        directory = self._directories.get(listener.directory)
        if listener.purpose is Purpose.NAMES or hint not in _OF_FILES or directory is None:
            return False
        path = os.path.join(listener.directory, name)
        is_file = path in self.snapshot or directory.rules.wants_file(path)
        return is_file and self.snapshot.serves((interest,)) and self.snapshot.matters(interest, path)

    def is_quick(self, sighting: Sighting) -> bool:
        """Whether looking there is no more than a stat of a file that was written just now."""
        listener, hint, name = sighting
        directory = self._directories.get(listener.directory)
        if listener.purpose is Purpose.NAMES or hint not in _OF_FILES or directory is None:
            return False
        path = os.path.join(listener.directory, name)
        return not (directory.rules.reads(name) or path in self._directories or os.path.islink(path))

    def wants(self, path: str) -> bool:
        """Whether a file at `path` would matter to anybody, whether there is one or not."""
        if path == self._root:
            return True
        if not path.startswith(self._root.rstrip("/") + "/"):
            return False
        above, child = os.path.dirname(path), path
        directory = self._directories.get(above)
        while directory is None and len(above) > len(self._root):
            above, child = os.path.dirname(above), above
            directory = self._directories.get(above)
        # Nothing is entered where there is no root.
        rules = self._above if directory is None else directory.rules
        if child != path and not rules.wants_directory(child):
            return False
        return rules.wants_file(path)

    # Looking.

    def begin(self, interests: Collection[Interest]) -> None:
        """Listen everywhere and take the baseline for these."""
        self._above = self._above.including(union_of(interests))
        self._examine_root(adopt=True)
        self.snapshot.serve(interests)

    def serve(self, interests: Collection[Interest]) -> None:
        """Look for these from now on, and for no others. The baseline of those that are new is what is there now.

        What the others did not matter to was not changed by anybody: globs are rules, as those in a .gitignore.
        """
        rules = self._above.including(union_of(interests))
        if rules != self._above or not self.snapshot.serves(interests):
            self._above = rules
            self._examine_root()
        self.snapshot.serve(interests)

    def look(self, sightings: Iterable[Sighting]) -> None:
        """Look where events point."""
        walked = ""
        for path, writer in sorted(self._places(sightings).items()):
            if not (walked and path.startswith(walked)) and self._examine(path, writer):
                walked = path + "/"
            self.snapshot.heard_of(path, writer)
            self._rounds.edited(path)

    def look_too(self, finding: Finding) -> None:
        """Look where another root's tree has found something, if the place is in this one as well."""
        if finding.path == self._root or os.path.dirname(finding.path) in self._directories:
            self._examine(finding.path, Writer.DONE if finding.complete else Writer.BUSY)

    def look_everywhere(self) -> None:
        """Listen and look anew everywhere: for after events were lost, and for what no event tells."""
        self._ties.renew()
        self._hearing.forget_mounts()
        self._examine_root()

    def look_at_polled(self, interval: float) -> None:
        """Look at what no events come from: its directories, what was edited lately, and some of the other files.

        Args:
            interval: seconds between two such looks.
        """
        if self._is_root_another():
            self._examine_root()
            return
        for path in self._ties.unheard():
            if path != self._root:
                self._examine(path)
        self._rounds.poll(interval)

    def sweep_some(self) -> None:
        """Look at a slice of everything, so that each part has its turn: for what no event tells."""
        if self._is_root_another():
            self._examine_root()
        if self._rounds.is_swept:
            self._ties.renew()
            self._hearing.forget_mounts()
        self._rounds.sweep()

    def sweep_size(self) -> int:
        """Names in one round of sweeping."""
        return len(self.snapshot) + len(self._directories)

    def _is_root_another(self) -> bool:
        """Whether the root may be another file than it was, or have other rules above it."""
        try:
            status = os.stat(self._root)
        except OSError:
            return self._root in self._directories or self._root in self.snapshot
        if not S_ISDIR(status.st_mode):
            return signature_of(status) != self.snapshot.signature(self._root)
        return self._root not in self._directories or self._above.read_above(self._root) != self._above

    def close(self) -> None:
        """Listen to nothing more."""
        self._ties.close()
        self._directories.close()

    def _places(self, sightings: Iterable[Sighting]) -> dict[str, Writer]:
        """The paths that events point to, each with what the last of them says of its writer."""
        places: dict[str, Writer] = {}
        for listener, hint, name in sightings:
            path = os.path.join(listener.directory, name) if name else listener.directory
            writer = _WRITERS.get(hint, Writer.UNKNOWN)
            directory = self._directories.get(listener.directory)
            if listener.purpose is Purpose.NAMES:
                if hint is Hint.ITSELF:
                    self._ties.renew()
                places.update(dict.fromkeys(self._ties.depending_on(listener.directory, name), writer))
            elif directory is not None and directory.rules.reads(name):
                places[listener.directory] = Writer.UNKNOWN
            else:
                places[path] = writer
        return places

    def _examine(self, path: str, writer: Writer = Writer.UNKNOWN) -> bool:
        """Look at one path again, whatever it was and is; whether it was walked as a directory."""
        if path == self._root:
            return self._examine_root(writer=writer)
        parent_path, name = os.path.split(path)
        parent = self._directories.get(parent_path)
        if parent is None:
            return False
        status = self._directories.follow(path)
        if status is not None and S_ISDIR(status.st_mode):
            parent.files.discard(name)
            self.snapshot.see(path, None)
            if parent.rules.wants_directory(path) and self._directories.may_enter(path, parent):
                parent.children.add(name)
                self._directories.walk(path, parent.rules)
                return True
        self._directories.leave(path)
        parent.children.discard(name)
        signature = signature_of(status) if status is not None and parent.rules.wants_file(path) else None
        self.snapshot.see(path, signature, writer)
        if signature is None:
            parent.files.discard(name)
        else:
            parent.files.add(name)
        return False

    def _examine_root(self, *, adopt: bool = False, writer: Writer = Writer.UNKNOWN) -> bool:
        repository = repository_around(self._root)
        if repository is not None:
            self._directories.repositories[repository.top] = repository
        # The names are listened to before anything is looked at.
        self._ties.tie(self._root, names_behind(self._root) | self._names_of_rules(repository))
        self._above = self._above.read_above(self._root)
        try:
            status = os.stat(self._root)
        except OSError:
            status = None
        if status is not None and S_ISDIR(status.st_mode):
            self.snapshot.see(self._root, None)
            self._directories.walk(self._root, self._above, adopt=adopt)
            self._rounds.mounted = self._hearing.mounted_files(self._root)
            return True
        self._directories.leave(self._root)
        signature = signature_of(status) if status is not None else None
        if adopt and signature is not None:
            self.snapshot.adopt(self._root, signature)
        else:
            self.snapshot.see(self._root, signature, writer)
        return False

    def _names_of_rules(self, repository: Repository | None) -> frozenset[Name]:
        """The files above the root that may make rules for it, there or not."""
        if not self._reads_gitignore:
            return frozenset()
        files = [] if repository is None else [file for file, _ in ignore_files_above(self._root, repository)]
        # A repository may be made, or go: in the directory above, which is listened to anyway.
        files.append(os.path.join(os.path.dirname(self._root), ".git"))
        return frozenset(name for file in files for name in names_behind(file))

    def _rules_around(self, path: str) -> Rules | None:
        """The rules that the directory above has for `path`."""
        if path == self._root:
            return self._above
        parent = self._directories.get(os.path.dirname(path))
        return None if parent is None else parent.rules
