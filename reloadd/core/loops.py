"""Whether an app restarts itself: it writes into what is watched, so that each start leads to the next one.

What tells a loop is who writes. An app, an editor that saves by itself and a script that saves as soon as it is
answered keep the same time, so a rate proves nothing. Proof is that one of the app's processes was seen to open the
file for writing: in its ledger, or by a lease on the file. Then a few times in a row are enough, and the file restarts
the app no more. Somebody else who was seen there ends the row: nobody's saves are counted against the app.

Where nobody was seen, because a program other than Python renames a file into place, or makes one of another name each
time, the rate has to do, but only as far as to try: the change is put off for a moment, then acted on, and if that
leads to another one each time before the app has served, it is a loop. It goes on all the same, ever more slowly, so
that no save is lost if that is wrong.

Pure: whoever restarts feeds in each change set before acting on it, with how long the app has served and who was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.changes import ChangeKind
from reloadd.core.paths import prefix_of
from reloadd.core.patterns import literal_pattern

if TYPE_CHECKING:
    from collections.abc import Collection

    from reloadd.core.changes import ChangeSet

MOST_BY_APP, LATELY = 3, 15.0
"""Change sets in a row that share a file which the app was seen to write, each before it has served for so many
seconds. An app that writes more rarely restarts for it: that harms nobody."""

MOST_WHILE_STARTING = 10
"""Sets in a row of which nobody knows who wrote, and each of which came before the app could serve."""

SOON, MOST_SOON = 1.0, 200
"""The same within so many seconds of its serving."""

TRIALS, FIRST_PAUSE = 3, 0.25
"""How often a row that came to as many is put off until the file has been quiet for so many seconds, and twice as many
each next time, before it is taken for a loop."""

CLOSELY_SOON, CLOSELY = 4, 20
"""Sets in a row, so soon or however late, from which on a lease is taken on what they share: whoever opens such a file
waits for some milliseconds until we have looked. Somebody who only edits one file over and over hardly ever does."""

MOST_BY_OTHERS = 1000
"""Sets in a row that others wrote, so soon: an app that has a program outside of it write is stopped in the end."""

QUIET = 5.0
"""Seconds without a change after which a file whose loop was stopped counts again, once the app has served for a while;
if it is known that the app writes it, it never does. What was put off is acted on after the first such pause, then
after twice as many seconds, and so on."""


_ANY = "*"
"""What the name of a kind of files begins with."""


class Verdict(Enum):
    """What is to be done with a change set."""

    ACT = "act"
    POSTPONE = "postpone"
    """Act on it once nothing that was put off has changed for `LoopGuard.pause`: it may be somebody's last save."""
    LEAVE = "leave"
    """The app wrote it itself."""


@dataclass(frozen=True, slots=True)
class Writers:
    """Who was seen to write, of the files in a change set.

    Attributes:
        by_app: files that the app which runs has written, be it this time or before.
        by_others: files that others wrote this time, or that an app did not whose every write would have been seen.
    """

    by_app: frozenset[str] = frozenset()
    by_others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Loop:
    """A restart loop that was found.

    Attributes:
        path: a file that all its change sets share, or a kind of files, such as `/src/data/*.yaml`.
        restarts: how many change sets in a row.
    """

    path: str
    restarts: int

    @property
    def is_kind(self) -> bool:
        """Whether it is of a kind of files, each of another name."""
        return self.path.rpartition("/")[2].startswith(_ANY)


@dataclass(frozen=True, slots=True)
class _Row:
    """Change sets in a row that share a file.

    Attributes:
        shared: the files, and the kinds of files, that all of them have.
        length: how many.
        unseen_starting: those at the end that came while the app started, and of which nobody knows who wrote.
        unseen_soon: the same, of those that came soon.
        soon: those at the end that came soon, whoever wrote.
    """

    shared: frozenset[str] = frozenset()
    length: int = 0
    unseen_starting: int = 0
    unseen_soon: int = 0
    soon: int = 0

    def with_one_more(self, shared: frozenset[str], served: float | None, *, is_seen: bool) -> _Row:
        is_soon = served is None or served <= SOON
        return _Row(
            shared,
            self.length + 1,
            self.unseen_starting + 1 if served is None and not is_seen else 0,
            self.unseen_soon + 1 if is_soon and not is_seen else 0,
            self.soon + 1 if is_soon else 0,
        )

    @property
    def is_suspicious(self) -> bool:
        """Whether it may be a loop, by its rate."""
        return self.unseen_starting >= MOST_WHILE_STARTING or self.unseen_soon >= MOST_SOON


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """What is remembered of the change sets that came last. A new value comes of each.

    Attributes:
        _row: those that may be a loop.
        _hasty: sets at the end that came soon, whatever changed.
        _looping: the files, and the kinds of files, of loops that were found.
        _proven: those among them that the app was seen to write.
        _tried: files that were put off and then acted on, if nothing has shown since who writes them.
        _tries: how often that was done.
        _changed_at: when the last set came.
    """

    _row: _Row = field(default_factory=_Row)
    _hasty: int = 0
    _looping: frozenset[str] = field(default_factory=frozenset)
    _proven: frozenset[str] = field(default_factory=frozenset)
    _tried: frozenset[str] = field(default_factory=frozenset)
    _tries: int = 0
    _changed_at: float = 0.0

    @property
    def pause(self) -> float:
        """Seconds without a change after which what was put off is acted on."""
        if self._looping:
            return QUIET * 2.0 ** max(0, self._tries - TRIALS)
        return FIRST_PAUSE * 2.0**self._tries

    @property
    def is_suspicious(self) -> bool:
        """Whether it is worth its cost to have the next child note what it writes."""
        return bool(self._looping) or max(self._row.length, self._hasty) >= MOST_BY_APP - 1

    @property
    def looping(self) -> frozenset[str]:
        """The files of loops that were found."""
        return self._looping

    @property
    def suspects(self) -> frozenset[str]:
        """Files of which it is worth its cost to see who opens them for writing."""
        is_worth_it = self._row.soon >= CLOSELY_SOON or self._row.length >= CLOSELY
        return self._looping | (self._row.shared if is_worth_it else frozenset())

    def made_up(self, changes: ChangeSet) -> LoopGuard:
        """What is known once a set that was put off is acted on. Whether it was a loop shows now."""
        return replace(self, _tries=self._tries + 1, _tried=frozenset(changes.paths))

    def after(self, changes: ChangeSet, served: float | None, writers: Writers) -> tuple[LoopGuard, Verdict]:
        """What is known with one more set, and what to do with that.

        Args:
            changes: the set.
            served: seconds that the app has served; None while it starts; infinite while it is down.
            writers: who was seen to write the files of this set.
        """
        if self._tried and served is not None and SOON < served < float("inf"):
            # The start that was made up for led to no other: it was somebody, and not the app.
            acquitted = replace(self, _looping=self._looping - self._tried, _tried=frozenset(), _tries=0)
            return acquitted.after(changes, served, writers)
        paths = frozenset(changes.paths)
        if edited := paths & self._looping & writers.by_others:
            if innocent := edited - self._proven:
                return replace(self, _looping=self._looping - innocent, _tries=0).after(changes, served, writers)
            # Somebody edits what the app writes as well: what that writes next is known.
            return replace(self, _tried=frozenset(), _changed_at=changes.settled_at), Verdict.ACT
        hasty = self._hasty + 1 if served is None or served <= SOON else 0
        guard = replace(self, _hasty=hasty, _tried=frozenset(), _changed_at=changes.settled_at)
        created = {each.path for each in changes.changes if each.kind is ChangeKind.CREATED} - writers.by_others
        if self.covers(paths, writers, created):
            is_quiet = changes.settled_at - self._changed_at >= QUIET
            return guard.after_loop(paths, writers, may_be_edit=is_quiet and served is not None and served > SOON)
        kinds = frozenset(map(kind_of, (created | writers.by_app) & (paths - self._looping)))
        return guard.weighed(paths, kinds, served, writers)

    def covers(self, paths: frozenset[str], writers: Writers, created: Collection[str]) -> bool:
        """Whether all of these files looped before, or are as new and of such a kind as those that did."""

        def is_of_kind(path: str) -> bool:
            kind = kind_of(path)
            return kind in self._looping and (path in writers.by_app or (path in created and kind not in self._proven))

        return all(path in self._looping or is_of_kind(path) for path in paths)

    def after_loop(self, paths: frozenset[str], writers: Writers, *, may_be_edit: bool) -> tuple[LoopGuard, Verdict]:
        """What is known with one more set of files that looped before, and of nothing else."""
        if paths <= writers.by_app or (paths <= self._proven and not may_be_edit):
            return replace(self, _proven=self._proven | (paths & self._looping)), Verdict.LEAVE
        if not may_be_edit:
            return self, Verdict.POSTPONE
        return replace(self, _row=_Row(), _tries=0), Verdict.ACT

    def weighed(
        self, paths: frozenset[str], kinds: frozenset[str], served: float | None, writers: Writers
    ) -> tuple[LoopGuard, Verdict]:
        """What is known with one more set in the row, or with the first one of another, and what to do with that.

        Args:
            paths: the files of the set.
            kinds: those of the files that are new, or that the app writes.
            served: see `after`.
            writers: see `after`.
        """
        counted = (paths | kinds) - self._looping
        shared = counted & self._row.shared
        if not shared or (served is not None and served > LATELY):
            tries = self._tries if self._looping else 0
            return replace(self, _row=_Row(counted, 1), _tries=tries), Verdict.ACT
        suspects = shared - (writers.by_others - writers.by_app)
        row = self._row.with_one_more(suspects or shared, served, is_seen=not suspects)
        guard = replace(self, _row=row, _tries=self._tries if suspects or self._looping else 0)
        return guard.judged(paths, kinds, writers)

    def judged(self, paths: frozenset[str], kinds: frozenset[str], writers: Writers) -> tuple[LoopGuard, Verdict]:
        """Whether the row is a loop by now, and what to do with its last set; see `weighed`."""
        row = self._row
        own_kinds = row.shared.intersection(map(kind_of, (paths & writers.by_app) - self._looping))
        if row.length > MOST_BY_APP and (by_app := (row.shared & writers.by_app) or own_kinds):
            guard = replace(self, _looping=self._looping | by_app, _proven=self._proven | by_app)
            return guard, Verdict.LEAVE if guard.covers(paths, writers, frozenset()) else Verdict.ACT
        if not row.is_suspicious and row.soon < MOST_BY_OTHERS:
            return self, Verdict.ACT
        is_loop = self._tries >= TRIALS or row.soon >= MOST_BY_OTHERS
        put_off = self._looping | (row.shared & paths or row.shared)
        guard = replace(self, _looping=put_off) if is_loop else self
        is_all = all(path in put_off or kind_of(path) in put_off & kinds for path in paths)
        return guard, Verdict.POSTPONE if is_all else Verdict.ACT

    def loop_since(self, earlier: LoopGuard) -> Loop | None:
        """The loop that was found between an earlier value and this one."""
        found = self._looping - earlier._looping
        return Loop(min(found), self._row.length) if found else None


def kind_of(path: str) -> str:
    """The files beside one that end as it does, as a glob: an app may give what it writes another name each time."""
    directory, _, name = path.rpartition("/")
    return f"{directory}/{_ANY}{name[name.rindex('.') :] if '.' in name else ''}"


def exclude_pattern(path: str, root: str) -> str | None:
    """The line of `exclude` that leaves out one file below a root, or a kind of them, and nothing else.

    None if it is not below it.
    """
    prefix = prefix_of(root)
    if not path.startswith(prefix):
        return None
    directory, _, name = path.removeprefix(prefix).rpartition("/")
    names = [*directory.split("/"), name] if directory else [name]
    return "".join(
        f"/{_ANY if each.startswith(_ANY) else ''}{literal_pattern(each.removeprefix(_ANY))}" for each in names
    )
