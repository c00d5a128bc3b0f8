"""All roots of watch sets that share them, looked at in worker threads, one look at a time.

Each look returns a value that says everything the event loop needs to know. What is called on the loop's own thread,
between two looks of which it makes one at a time, touches no file, but for those that were written just now.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.changes import Change, ChangeKind
from reloadd.core.rounds import sweep_pause
from reloadd.core.settle import Git
from reloadd.watch.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reloadd.core.settle import Finding
    from reloadd.profile.model import WatchSet
    from reloadd.watch.inbox import Inbox, Sighting, Source
    from reloadd.watch.interest import Interest
    from reloadd.watch.snapshot import Entry

_MOST_AT_A_GLANCE = 16
"""Events that are looked into on the event loop's own thread: some 20 us each."""

_BACKENDS = {(True, False): "events", (True, True): "events+poll", (False, True): "poll", (False, False): "events"}
"""By whether there are directories that are listened to, and whether anything must be polled."""


class News(NamedTuple):
    """What a look showed to one interest.

    Attributes:
        findings: how paths stand against what was told of them.
        ignored: files that were written and are as they were told.
    """

    findings: tuple[Finding, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed.

    Attributes:
        backend: `events`, `poll`, or `events+poll` where a part is polled.
        directories: number of directories that are looked into.
        news: for those to whom there are any.
        changes: number of paths that all of them are about.
        refused: directories that could not be listened to, by error number.
        is_polled: whether anything must be looked at again and again.
    """

    backend: str
    directories: int
    news: Mapping[Interest, News] = field(default_factory=dict)
    changes: int = 0
    refused: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    is_polled: bool = False


class Forest:
    """The trees of the roots of watch sets that share them, in the watch sets' order.

    Args:
        watch_set: what is the same for all: see `ground_of`.
        source: where events come from; None to poll everything.
        inbox: where events go.
    """

    def __init__(self, watch_set: WatchSet, source: Source | None, inbox: Inbox) -> None:
        # Held by each look, so that closing waits for one that the loop no longer waits for.
        self._lock = threading.Lock()
        self._closed = False
        self._poll_interval = watch_set.poll_interval
        self._real_roots = tuple(os.path.realpath(root) for root in watch_set.roots)
        self._trees = [
            Tree(os.path.normpath(root), watch_set, source, inbox, number)
            for number, root in enumerate(watch_set.roots)
        ]

    # On the event loop's thread.

    def minds(self, sighting: Sighting) -> bool:
        """Whether an event is a reason to look."""
        return self._trees[sighting.listener.owner].minds(sighting)

    def may_change(self, sighting: Sighting, interest: Interest) -> bool:
        """Whether an event is about a file that matters to an interest."""
        return self._trees[sighting.listener.owner].may_change(sighting, interest)

    def tell(self, interest: Interest, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told to one interest."""
        told = tuple(paths)
        for tree in self._trees:
            tree.snapshot.tell(interest, told)

    def files_for(self, interest: Interest) -> int:
        """How many files matter to it."""
        return sum(tree.snapshot.files_for(interest) for tree in self._trees)

    def is_about(self, point: str) -> bool:
        """Whether what is at or below this path, without links, is a part of a root, or holds one."""
        return any(_is_below(point, root) or _is_below(root, point) for root in self._real_roots)

    def sweep_pause(self) -> float:
        """Seconds until the next slice of everything is to be looked at."""
        return sweep_pause(sum(tree.sweep_size() for tree in self._trees))

    def glance(self, sightings: Sequence[Sighting]) -> Look | None:
        """Look where events point if that is a matter of microseconds; None if it is not, or another look is made."""
        if len(sightings) > _MOST_AT_A_GLANCE or not all(map(self._is_quick, sightings)):
            return None
        if not self._lock.acquire(blocking=False):
            return None
        try:
            self._look_where(sightings)
            return self._outcome()
        finally:
            self._lock.release()

    def glance_at_git(self) -> Git | None:
        """What git is doing; None if a look is made at the same time."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._git_activity()
        finally:
            self._lock.release()

    def _is_quick(self, sighting: Sighting) -> bool:
        return self._trees[sighting.listener.owner].is_quick(sighting)

    # In a worker thread.

    def begin(self, interests: Collection[Interest]) -> Look:
        """Listen everywhere and take the baseline for these."""
        return self._look(lambda tree: tree.begin(interests))

    def serve(self, interests: Collection[Interest]) -> Look:
        """Look for these from now on, and for no others; the baseline of those that are new is what is there now."""
        return self._look(lambda tree: tree.serve(interests))

    def look(self, sightings: Sequence[Sighting]) -> Look:
        """Look where events point."""
        with self._lock:
            if not self._closed:
                self._look_where(sightings)
            return self._outcome()

    def look_at_polled(self) -> Look:
        """Look at what no events come from: at some of it each time, so that it costs little."""
        return self._look(lambda tree: tree.look_at_polled(self._poll_interval) if tree.is_polled() else None)

    def sweep_some(self) -> Look:
        """Look at a slice of everything."""
        return self._look(Tree.sweep_some)

    def look_everywhere(self) -> Look:
        """Listen and look anew everywhere."""
        return self._look(Tree.look_everywhere)

    def digest_some(self, most: int) -> bool:
        """Read some of the files that were not read yet; whether some are left."""
        with self._lock:
            left = [tree.snapshot.digest_some(most) for tree in self._trees if not self._closed]
        return any(left)

    def git_activity(self) -> Git:
        """What git is doing in any of the repositories."""
        with self._lock:
            return self._git_activity()

    def differences_from(self, interest: Interest, earlier: Forest, other: Interest) -> tuple[Change, ...]:
        """How what is here differs from what an earlier interest was told, where a path matters to both.

        For taking over from it without a gap: what is about to be told here anyway is left out.

        Args:
            interest: who takes over.
            earlier: the forest that serves the other; it may be this one.
            other: whom it takes over from.
        """
        with earlier._lock:
            before = earlier._told(other)
        with self._lock:
            after = self._told(interest)
            untold = frozenset(path for tree in self._trees for path in tree.snapshot.untold(interest))
            kinds: dict[str, ChangeKind] = {}
            for path in before.keys() | after.keys():
                old, new = before.get(path), after.get(path)
                if path in untold or (old and new and old.signature == new.signature):
                    continue
                if old and new:
                    kinds[path] = ChangeKind.MODIFIED
                elif new and earlier._wants(other, path):
                    kinds[path] = ChangeKind.CREATED
                elif old and self._wants(interest, path):
                    kinds[path] = ChangeKind.DELETED
        return tuple(Change(kind, path) for path, kind in sorted(kinds.items()))

    def close(self) -> None:
        """Listen to nothing more, now or later."""
        with self._lock:
            self._closed = True
            for tree in self._trees:
                tree.close()

    def _told(self, interest: Interest) -> dict[str, Entry]:
        return {path: entry for tree in self._trees for path, entry in tree.snapshot.told(interest).items()}

    def _wants(self, interest: Interest, path: str) -> bool:
        return any(tree.wants(path) and tree.snapshot.matters(interest, path) for tree in self._trees)

    def _git_activity(self) -> Git:
        doing = {each.activity() for tree in self._trees for each in tree.repositories()}
        return next((git for git in (Git.WRITING, Git.REBASING) if git in doing), Git.IDLE)

    def _look_where(self, sightings: Iterable[Sighting]) -> None:
        by_owner: dict[int, list[Sighting]] = {}
        for sighting in sightings:
            by_owner.setdefault(sighting.listener.owner, []).append(sighting)
        for owner, its in by_owner.items():
            self._trees[owner].look(its)

    def _look(self, look: Callable[[Tree], None]) -> Look:
        with self._lock:
            if not self._closed:
                for tree in self._trees:
                    look(tree)
            return self._outcome()

    def _findings(self) -> dict[Interest, dict[str, Finding]]:
        """What the look showed, once for each path.

        Roots may overlap. What one tree has seen, the others see now, and not when their own event or turn comes: it
        may be told by then, and would be told a second time.
        """
        found: dict[Interest, dict[str, Finding]] = {}
        self._gather(found)
        if len(self._trees) > 1:
            once = {finding.path: finding for findings in found.values() for finding in findings.values()}
            for tree in self._trees:
                for finding in once.values():
                    tree.look_too(finding)
            self._gather(found)
        return found

    def _gather(self, found: dict[Interest, dict[str, Finding]]) -> None:
        for tree in self._trees:
            for interest, findings in tree.snapshot.findings().items():
                found.setdefault(interest, {}).update((finding.path, finding) for finding in findings)

    def _outcome(self) -> Look:
        found = self._findings()
        refused: dict[int, tuple[str, ...]] = {}
        for tree in self._trees:
            for number, directories in tree.take_refused().items():
                refused[number] = (*refused.get(number, ()), *directories)
        listened, entered = map(sum, zip(*(tree.directories() for tree in self._trees), strict=True))
        is_polled = any(tree.is_polled() for tree in self._trees)
        return Look(
            backend=_BACKENDS[listened > 0, is_polled],
            directories=entered,
            news={interest: self._news(tuple(findings.values())) for interest, findings in found.items()},
            changes=len(frozenset().union(*found.values())),
            refused=refused,
            is_polled=is_polled,
        )

    def _news(self, findings: tuple[Finding, ...]) -> News:
        return News(findings, tuple(each.path for each in findings if each.kind is None and self._is_known(each.path)))

    def _is_known(self, path: str) -> bool:
        return any(path in tree.snapshot for tree in self._trees)


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")
