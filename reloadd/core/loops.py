"""Whether an app restarts itself: it writes a watched file, so that each start leads to the next one.

What proves a loop is who writes. An app, an editor that saves by itself and a script that saves as soon as it is
answered all have the same rate, so a rate proves nothing. It is proof if one of the app's processes was seen to open
the file for writing: in its ledger, or by a lease on the file. Then a few times in a row are enough, and the file does
not restart the app any more. If somebody else was seen, the row ends: their saves do not count against the app.

If nobody was seen, because a program other than Python renames a file into place, or writes one of another name each
time, the rate has to do, as a reason to try: the change is put off for a moment and then acted on. If that leads to
another change each time, before the app has served for a while, it is a loop. It goes on all the same, ever more
slowly, so that no save is lost if that is wrong.

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
    from collections.abc import Collection, Sequence

    from reloadd.core.changes import ChangeSet
    from reloadd.core.outside import Seen

MOST_BY_APP, LATELY = 3, 15.0
"""Change sets in a row that share a file which the app was seen to write, each before it has served for so many
seconds. An app that writes more rarely than that is restarted each time, which harms nobody."""

MOST_WHILE_STARTING = 10
"""Sets in a row, each of which came before the app could serve, if it is not known who wrote."""

SOON, MOST_SOON = 1.0, 200
"""The same for sets that came before the app had served for so many seconds."""

TRIALS, FIRST_PAUSE = 3, 0.25
"""How often the sets of such a row are put off before it is taken for a loop: until the file has been quiet for so many
seconds, twice as long each time."""

CLOSELY_SOON, CLOSELY = 4, 20
"""Sets in a row from which on a lease is taken on the files that they share: so many if they come soon, so many if not.
Whoever opens such a file waits for some milliseconds until we have looked. To somebody who merely edits one file over
and over, that hardly ever happens."""

MOST_BY_OTHERS = 1000
"""Sets in a row that others wrote, each of which came soon: so even a loop by way of a program outside of the app
ends."""

QUIET = 5.0
"""Seconds without a change after which a file of a loop restarts the app again, once that has served for a while; if it
is known that the app writes it, it never does. What was put off is acted on after such a pause, the next time after
twice as many seconds, and so on."""


_ANY = "*"
"""The beginning of the name of a kind of files."""


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
        by_app: files that the running app has written, this time or before.
        by_others: files that others wrote this time; also those that the app did not, if its every write is seen.
    """

    by_app: frozenset[str] = frozenset()
    by_others: frozenset[str] = frozenset()

    def with_ledgers(self, paths: Collection[str], ledgers: Collection[Seen], *, are_complete: bool) -> Writers:
        """Add what the ledgers of the app's children say.

        Args:
            paths: the files of the change set.
            ledgers: of the children that keep one.
            are_complete: whether these are all children, and each notes all that it writes itself.
        """
        by_app = self.by_app.union(*(seen.written for seen in ledgers))
        if not are_complete or any(seen.has_helpers for seen in ledgers):
            return Writers(by_app, self.by_others)
        return Writers(by_app, self.by_others | (frozenset(paths) - by_app))


@dataclass(frozen=True, slots=True)
class Loop:
    """A restart loop that was found.

    Attributes:
        path: a file that all change sets of the row share, or a kind of files, such as `/src/data/*.yaml`.
        restarts: how many change sets there were in the row.
    """

    path: str
    restarts: int

    @property
    def is_kind(self) -> bool:
        """Whether `path` is a kind of files."""
        return self.path.rpartition("/")[2].startswith(_ANY)


@dataclass(frozen=True, slots=True)
class _Row:
    """Change sets in a row that share a file.

    Attributes:
        shared: the files, and the kinds of files, that all of the sets have.
        length: how many sets there are.
        unseen_starting: how many of the last ones in a row came while the app started, and are not known whose.
        unseen_soon: how many came soon, and are not known whose.
        soon: how many came soon, whoever wrote.
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
    """What is remembered of the last change sets. Each set makes a new value.

    Attributes:
        _row: the sets that may be a loop.
        _hasty: how many of the last sets in a row came soon, whatever changed.
        _looping: the files, and the kinds of files, of loops that were found.
        _proven: those of them that the app was seen to write.
        _tried: files that were put off and then acted on, as long as nothing has shown who writes them.
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
        """Whether the next child should note what it writes, which costs some time."""
        return bool(self._looping) or max(self._row.length, self._hasty) >= MOST_BY_APP - 1

    @property
    def looping(self) -> frozenset[str]:
        """The files of loops that were found."""
        return self._looping

    @property
    def suspects(self) -> frozenset[str]:
        """Files on which a lease should be taken, to see who opens them for writing."""
        is_worth_it = self._row.soon >= CLOSELY_SOON or self._row.length >= CLOSELY
        return self._looping | (self._row.shared if is_worth_it else frozenset())

    def tried(self, changes: ChangeSet) -> LoopGuard:
        """Note that a set which was put off is acted on. Whether it was a loop will show now."""
        return replace(self, _tries=self._tries + 1, _tried=frozenset(changes.paths))

    def after(self, changes: ChangeSet, served: float | None, writers: Writers) -> tuple[LoopGuard, Verdict]:
        """Note one more set, and say what to do with it.

        Args:
            changes: the set.
            served: seconds that the app has served; None while it starts; infinite while it is down.
            writers: who was seen to write the files of this set.
        """
        if self._tried and served is not None and SOON < served < float("inf"):
            # What was tried led to no further restart: it was somebody's save, and not the app's.
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
        """Whether all of these files are of a loop that was found: by name, or as new files of its kind."""

        def is_of_kind(path: str) -> bool:
            kind = kind_of(path)
            return kind in self._looping and (path in writers.by_app or (path in created and kind not in self._proven))

        return all(path in self._looping or is_of_kind(path) for path in paths)

    def after_loop(self, paths: frozenset[str], writers: Writers, *, may_be_edit: bool) -> tuple[LoopGuard, Verdict]:
        """Note one more set that has only files of loops that were found, and say what to do with it."""
        if paths <= writers.by_app or (paths <= self._proven and not may_be_edit):
            return replace(self, _proven=self._proven | (paths & self._looping)), Verdict.LEAVE
        if not may_be_edit:
            return self, Verdict.POSTPONE
        return replace(self, _row=_Row(), _tries=0), Verdict.ACT

    def weighed(
        self, paths: frozenset[str], kinds: frozenset[str], served: float | None, writers: Writers
    ) -> tuple[LoopGuard, Verdict]:
        """Note one more set of the row, or the first one of another row, and say what to do with it.

        Args:
            paths: the files of the set.
            kinds: the kinds of those that are new, or that the app writes.
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
        """Judge whether the row is a loop by now, and say what to do with its last set; arguments as in `weighed`."""
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


def hint_for(loop: Loop, roots: Sequence[str]) -> str:
    """What to change in a profile with these roots, so that the app restarts itself no more."""
    patterns = (exclude_pattern(loop.path, root) for root in roots)
    pattern = next((each for each in patterns if each is not None), None)
    if pattern is not None:
        line = f"add '{pattern}' to `exclude` in `[watch]`"
        return f"have it write elsewhere, or {line} if nothing of yours is among them" if loop.is_kind else line
    if loop.path in roots:
        return "take it out of `roots` in `[watch]`"
    return "have it write elsewhere, or write `imported = false` in `[watch]`"


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
