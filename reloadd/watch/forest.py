"""All roots of one profile, looked at in worker threads, one look at a time.

Each look returns a value that says everything the event loop needs to know; only `minds` and `tell` are called on the
loop's own thread, between two looks of which it makes one at a time.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reloadd.core.settle import Git
from reloadd.watch.base import WatchStatistics
from reloadd.watch.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadd.core.settle import Finding
    from reloadd.profile.model import WatchSet
    from reloadd.watch.inbox import Inbox, Sighting, Source

_BACKENDS = {(True, False): "events", (True, True): "events+poll", (False, True): "poll", (False, False): "events"}
"""By whether there are directories that are listened to, and whether anything must be polled."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed.

    Attributes:
        statistics: what there is now.
        findings: how paths stand against what was told of them.
        ignored: files that were written and are as they were told.
        refused: directories that could not be listened to, by error number.
        is_polled: whether anything must be looked at again and again.
    """

    statistics: WatchStatistics
    findings: tuple[Finding, ...] = ()
    ignored: tuple[str, ...] = ()
    refused: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    is_polled: bool = False


class Forest:
    """The trees of one profile's roots, in the watch set's order."""

    def __init__(self, watch_set: WatchSet, source: Source | None, inbox: Inbox) -> None:
        # Held by each look, so that closing waits for one that the loop no longer waits for.
        self._lock = threading.Lock()
        self._closed = False
        self._trees = [
            Tree(os.path.normpath(root), watch_set, source, inbox, number)
            for number, root in enumerate(watch_set.roots)
        ]

    # On the event loop's thread.

    def minds(self, sighting: Sighting) -> bool:
        """Whether an event is a reason to look."""
        return self._trees[sighting.listener.owner].minds(sighting)

    def tell(self, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told."""
        told = tuple(paths)
        for tree in self._trees:
            tree.snapshot.tell(told)

    # In a worker thread.

    def begin(self) -> Look:
        """Listen everywhere and take the baseline."""
        return self._look(Tree.begin)

    def look(self, sightings: Iterable[Sighting]) -> Look:
        """Look where events point."""
        by_owner: dict[int, list[Sighting]] = {}
        for sighting in sightings:
            by_owner.setdefault(sighting.listener.owner, []).append(sighting)

        def look(tree: Tree) -> None:
            tree.look(by_owner.get(tree.owner, ()))

        return self._look(look)

    def look_at_polled(self) -> Look:
        """Look at what no events come from."""
        return self._look(lambda tree: tree.look_at_polled() if tree.is_polled() else None)

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
            doing = {each.activity() for tree in self._trees for each in tree.repositories()}
        return next((git for git in (Git.WRITING, Git.REBASING) if git in doing), Git.IDLE)

    def close(self) -> None:
        """Listen to nothing more, now or later."""
        with self._lock:
            self._closed = True
            for tree in self._trees:
                tree.close()

    def _look(self, look: Callable[[Tree], None]) -> Look:
        with self._lock:
            if not self._closed:
                for tree in self._trees:
                    look(tree)
            return self._outcome()

    def _outcome(self) -> Look:
        findings = tuple(finding for tree in self._trees for finding in tree.snapshot.findings())
        refused: dict[int, tuple[str, ...]] = {}
        for tree in self._trees:
            for number, directories in tree.take_refused().items():
                refused[number] = (*refused.get(number, ()), *directories)
        listened, polled = map(sum, zip(*(tree.directories() for tree in self._trees), strict=True))
        is_polled = any(tree.is_polled() for tree in self._trees)
        return Look(
            statistics=WatchStatistics(
                backend=_BACKENDS[listened > 0, is_polled],
                files=sum(len(tree.snapshot) for tree in self._trees),
                directories=listened + polled,
            ),
            findings=findings,
            ignored=tuple(each.path for each in findings if each.kind is None and self._is_known(each.path)),
            refused=refused,
            is_polled=is_polled,
        )

    def _is_known(self, path: str) -> bool:
        return any(path in tree.snapshot for tree in self._trees)
