"""One look at a time at all that is watched in one manner, made in worker threads, and what it showed to whom.

Each look returns a value that says everything the event loop needs to know. What is called on the loop's own thread,
between two looks of which it makes one at a time, touches no file but those that were written just now, and git's
lock. A walk is cut into slices, so that a save need not wait for its end.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from reloadd.core.changes import Change, ChangeKind
from reloadd.core.paths import is_within
from reloadd.core.rounds import sweep_pause
from reloadd.core.settle import Work
from reloadd.watch.base import Means
from reloadd.watch.interest import Interest, Scopes
from reloadd.watch.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reloadd.core.settle import Finding
    from reloadd.profile.model import WatchSet
    from reloadd.watch.inbox import Inbox, Sighting, Source
    from reloadd.watch.manner import Manner
    from reloadd.watch.signature import Signature

WALK_SLICE = 0.005
"""Seconds that a walk goes on for in one look, by which a save may be late."""

FIRST_SLICE = 0.05
"""Seconds for a walk before anybody is told of saves: to change threads between looks takes 0.2 ms each time."""

_MOST_AT_A_GLANCE = 16
"""Events that are looked into on the event loop's own thread: some 20 us each."""


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
        news: for those to whom there are any.
        refused: directories that could not be listened to, by error number.
        is_polled: whether anything must be looked at again and again.
        is_unfinished: whether a walk is to be gone on with.
    """

    news: Mapping[Interest, News] = field(default_factory=dict)
    refused: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    is_polled: bool = False
    is_unfinished: bool = False


class Lookout:
    """All looks that are made for one shared watch.

    Args:
        manner: how it is looked at.
        source: where events come from; None to poll everything.
        inbox: where events go.
    """

    def __init__(self, manner: Manner, source: Source | None, inbox: Inbox) -> None:
        # Held by each look, so that closing waits for one that the loop no longer waits for.
        self._lock = threading.Lock()
        self._closed = False
        self._poll_interval = manner.poll_interval
        self._scopes = Scopes()
        self._tree = Tree(manner.backend, source, inbox)

    # On the event loop's thread.

    def interest_of(self, watch_set: WatchSet) -> Interest:
        """What a watch set asks for."""
        return Interest(self._scopes.of(watch_set), watch_set.include)

    def minds(self, sighting: Sighting) -> bool:
        """Whether an event is a reason to look."""
        return self._tree.triage.minds(sighting)

    def beginning(self, sightings: Sequence[Sighting], interests: Collection[Interest]) -> set[Interest]:
        """Those to which a file matters that events are about, so that there may be a change to tell."""
        files = self._tree.triage.files_of(sightings) if interests else {}
        return {each for each in interests if self._tree.triage.may_change(files, each)}

    def tell(self, interest: Interest, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told to one interest."""
        self._tree.snapshot.tell(interest, paths)

    def files_for(self, interest: Interest) -> int:
        """How many files matter to it."""
        return self._tree.snapshot.files_for(interest)

    def directories_for(self, interest: Interest) -> int:
        """How many directories are looked into for it."""
        return self._tree.count(interest.scopes).entered

    def means_for(self, interest: Interest) -> Means:
        """By what changes that matter to it are seen."""
        count = self._tree.count(interest.scopes)
        if not (count.polled or self._tree.is_polled_besides(interest.scopes)):
            return Means.EVENTS
        return Means.BOTH if count.heard else Means.POLL

    def is_about(self, point: str) -> bool:
        """Whether what is at or below this path, without links, is a part of a root, or holds one."""
        return self._tree.is_about(point)

    def is_walked(self, interest: Interest) -> bool:
        """Whether no walk is under way where it looks."""
        return self._tree.errands.roots_ahead().isdisjoint(scope.root for scope in interest.scopes)

    def sweep_pause(self) -> float:
        """Seconds until the next slice of everything is to be looked at."""
        return sweep_pause(self._tree.sweep_size())

    def glance(self, sightings: Sequence[Sighting]) -> Look | None:
        """Look where events point if that is a matter of microseconds; None if it is not, or another look is made."""
        if len(sightings) > _MOST_AT_A_GLANCE or not all(map(self._tree.triage.is_quick, sightings)):
            return None
        if not self._lock.acquire(blocking=False):
            return None
        try:
            self._tree.look(sightings)
            return self._outcome()
        finally:
            self._lock.release()

    def glance_at_git(self, paths: Collection[str]) -> Work | None:
        """What git is doing where these are; None if a look is made at the same time."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._git_activity(paths)
        finally:
            self._lock.release()

    # In a worker thread.

    def prepare(self, interests: Collection[Interest]) -> Look:
        """Look for these from now on, and for no others."""
        return self._look(lambda tree: tree.prepare(interests))

    def take_baselines(self, interests: Collection[Interest]) -> None:
        """Take what is known by now for the baseline of those of the interests that are new."""
        with self._lock:
            self._tree.snapshot.take_baselines(interests)

    def go_on(self, *, is_hurried: bool = False) -> Look:
        """Go on with a walk, by no more than a step if other events wait to be looked at."""
        return self._look(lambda _: None, is_hurried=is_hurried)

    def look(self, sightings: Sequence[Sighting], *, is_hurried: bool = False) -> Look:
        """Look where events point, and go on with a walk as in `go_on`."""
        return self._look(lambda tree: tree.look(sightings), is_hurried=is_hurried)

    def ask_writers(self, paths: Collection[str]) -> Look:
        """Find out whether somebody still writes these files."""
        return self._look(lambda tree: tree.ask_writers(paths))

    def look_at_polled(self) -> Look:
        """Look at what no events come from: at some of it each time, so that it costs little."""
        return self._look(lambda tree: tree.look_at_polled(self._poll_interval))

    def sweep_some(self) -> Look:
        """Look at a slice of everything."""
        return self._look(lambda tree: tree.sweep_some())

    def look_everywhere(self, *, listens_anew: bool) -> Look:
        """Look anew everywhere."""
        return self._look(lambda tree: tree.look_everywhere(listens_anew=listens_anew))

    def digest_some(self, most: int) -> bool:
        """Read some of the files that were not read yet; whether some are left."""
        with self._lock:
            return not self._closed and self._tree.snapshot.digest_some(most)

    def git_activity(self, paths: Collection[str]) -> Work:
        """What git is doing in any of the repositories that these are in."""
        with self._lock:
            return self._git_activity(paths)

    def told(self, interest: Interest) -> dict[str, Signature]:
        """All files that matter to an interest, as they were told last."""
        with self._lock:
            return {path: entry.signature for path, entry in self._tree.snapshot.told(interest).items()}

    def wants(self, interest: Interest, path: str) -> bool:
        """Whether a file at `path` would matter to an interest, whether there is one or not."""
        return self._tree.wants(interest, path)

    def differences(
        self, interest: Interest, before: Mapping[str, Signature], was_wanted: Callable[[str], bool]
    ) -> tuple[Change, ...]:
        """How what counts as told to one interest differs from what another was told, where a path matters to both.

        Args:
            interest: who takes over.
            before: what the other was told.
            was_wanted: whether a path would have mattered to the other.
        """
        after = self.told(interest)
        kinds: dict[str, ChangeKind] = {}
        for path in before.keys() | after.keys():
            old, new = before.get(path), after.get(path)
            if old and new:
                if old != new:
                    kinds[path] = ChangeKind.MODIFIED
            elif new and was_wanted(path):
                kinds[path] = ChangeKind.CREATED
            elif old and self.wants(interest, path):
                kinds[path] = ChangeKind.DELETED
        return tuple(Change(kind, path) for path, kind in sorted(kinds.items()))

    def close(self) -> None:
        """Listen to nothing more, now or later."""
        with self._lock:
            self._closed = True
            self._tree.close()

    def _git_activity(self, paths: Collection[str]) -> Work:
        concerned = (each for each in self._tree.repositories() if any(is_within(path, each.top) for path in paths))
        doing = {each.activity() for each in concerned}
        return next((git for git in (Work.WRITING, Work.STEPPING) if git in doing), Work.IDLE)

    def _look(self, look: Callable[[Tree], None], *, is_hurried: bool = False) -> Look:
        slice_s = WALK_SLICE if self._tree.snapshot.is_told_of else FIRST_SLICE
        until = time.monotonic() + (0.0 if is_hurried else slice_s)
        with self._lock:
            if not self._closed:
                look(self._tree)
                self._tree.walk.go_on(until)
            return self._outcome()

    def _outcome(self) -> Look:
        refused = {number: tuple(directories) for number, directories in self._tree.take_refused().items()}
        return Look(
            news={interest: self._news(found) for interest, found in self._tree.snapshot.findings().items()},
            refused=refused,
            is_polled=self._tree.is_polled(),
            is_unfinished=not self._tree.errands.are_done,
        )

    def _news(self, findings: tuple[Finding, ...]) -> News:
        known = self._tree.snapshot
        return News(findings, tuple(each.path for each in findings if each.kind is None and each.path in known))
