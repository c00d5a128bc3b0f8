"""What is known of the files that matter to anybody, and how it differs from what each was told last.

Different is the test, never newer: an older file moved over a newer one is a change. Two writes of the same size to the
same inode within one tick of the kernel's clock (4 ms at most, none since Linux 6.13) look like one; the process that
the first of them starts reads the second. Knows no directory, and decides nothing about when to tell.
"""

from __future__ import annotations

import time
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.counting import count_matching
from reloadd.core.settle import HOLD
from reloadd.watch.baseline import Baseline
from reloadd.watch.interest import NO_SHIFT, Interest, Scope, Shift
from reloadd.watch.known import KnownFile, known_file
from reloadd.watch.signature import digest_of
from reloadd.watch.uncovered import Uncovered

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reloadd.core.settle import Finding


class Writer(Enum):
    """What is known of the one who wrote a file."""

    DONE = "done"
    """It closed the file, or moved it here."""
    BUSY = "busy"
    """It created the file and has yet to close it."""
    UNKNOWN = "unknown"
    """No event told; a file that was written to just now may be written to again."""


class Snapshot:
    """The files as they were seen last, by absolute path, and for each interest what was told of them.

    Args:
        is_being_written: whether somebody has a file open for writing; None if that is not known.

    Attributes:
        uncovered: the files that may be going with the .gitignore that left them out.
    """

    def __init__(self, is_being_written: Callable[[str], bool | None]) -> None:
        self.uncovered = Uncovered()
        self._is_being_written = is_being_written
        self._seen: dict[str, KnownFile] = {}
        self._files = Counter[tuple[Scope, ...]]()
        self._baselines: dict[Interest, Baseline] = {}
        self._in_scope: dict[Scope, tuple[Baseline, ...]] = {}
        # In order, and not a set, of which `pop` looks through all the room that it once needed.
        self._undigested: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, path: str) -> bool:
        return path in self._seen

    def get(self, path: str) -> KnownFile | None:
        """A file as it was seen last; None if there was none."""
        return self._seen.get(path)

    def scopes(self, path: str) -> tuple[Scope, ...] | None:
        """Those that a file was in when it was seen last; None if there was none."""
        known = self._seen.get(path)
        return known.scopes if known else None

    def is_as_seen(self, path: str, status: os.stat_result) -> bool:
        """Whether a file is as it was seen last."""
        known = self._seen.get(path)
        return known is not None and known.is_as(status)

    # For whom.

    def take_baselines(self, interests: Collection[Interest]) -> None:
        """Keep what is told for these, and for no others; to those that are new, all that was seen counts as told."""
        new = [each for each in interests if each not in self._baselines]
        if new:
            # To those who come, all that is there now is their business.
            self.uncovered.clear()
        if not self._baselines:
            # Until now nobody asked, and to keep count of each file would make the first walk longer.
            self._files = Counter(each.scopes for each in self._seen.values())
        counts = self._counts(new, interests)
        # Replaced as wholes: the event loop may be reading them.
        self._baselines = {each: self._baselines.get(each) or Baseline(each, counts[each]) for each in interests}
        in_scope: dict[Scope, list[Baseline]] = {}
        for interest, baseline in self._baselines.items():
            for scope in interest.scopes:
                in_scope.setdefault(scope, []).append(baseline)
        self._in_scope = {scope: tuple(baselines) for scope, baselines in in_scope.items()}

    def _counts(self, new: Collection[Interest], all_of_them: Collection[Interest]) -> dict[Interest, int]:
        """How many of the files seen matter to each of those that are new."""
        if not new:
            return {}
        looking = Counter(scope for interest in all_of_them for scope in interest.scopes)
        counts, asking = dict.fromkeys(new, 0), dict[tuple[Scope, ...], list[Interest]]()
        for scopes, files in self._files.items():
            for interest in new:
                common = [scope for scope in interest.scopes if scope in scopes]
                if any(looking[scope] == 1 for scope in common):
                    counts[interest] += files  # nobody else looks there, so that all that is known is its own
                elif common:
                    asking.setdefault(scopes, []).append(interest)
        for scopes, interests in asking.items():
            for interest, number in zip(interests, self._count_in(scopes, interests), strict=True):
                counts[interest] += number
        return counts

    def _count_in(self, scopes: tuple[Scope, ...], interests: Sequence[Interest]) -> list[int]:
        """How many of the files that are in just these scopes matter to each."""
        paths = [path for path, known in self._seen.items() if known.scopes == scopes]
        common = {scope for interest in interests for scope in interest.scopes if scope in scopes}
        if len(common) == 1 and (scope := common.pop()).root not in self._seen:
            return count_matching(map(scope.relative, paths), [each.include for each in interests])
        return [sum(bool(each.scopes_of(path, scopes)) for path in paths) for each in interests]

    @property
    def is_told_of(self) -> bool:
        """Whether what is told is kept for anybody."""
        return bool(self._baselines)

    def has_baseline(self, interest: Interest) -> bool:
        """Whether what is told is kept for it."""
        return interest in self._baselines

    def files_for(self, interest: Interest) -> int:
        """How many files matter to it; none before its baseline is taken."""
        baseline = self._baselines.get(interest)
        return baseline.files if baseline else 0

    def told(self, interest: Interest) -> dict[str, KnownFile]:
        """All files that matter to it, as they were told last."""
        return self._baselines[interest].told(self._seen)

    def untold(self) -> frozenset[str]:
        """The paths that differ from what anybody was told of them, as far as was seen."""
        return frozenset().union(*(each.untold() for each in self._baselines.values()))

    # What is there.

    def see_all(self, files: Mapping[str, KnownFile], shift: Shift) -> None:
        """Note what is at paths now: see `see`."""
        if self._seen.keys().isdisjoint(files) and not any(self._is_told_in(each.scopes) for each in files.values()):
            # There is nothing to compare them with, neither what was there nor what was told. So it is on the first
            # walk, which somebody waits for: a third of what the calls would take.
            self._seen.update(files)
            self._undigested.update(dict.fromkeys(files))
            if self._baselines:
                self._files.update(each.scopes for each in files.values())
            return
        for path, file in files.items():
            self.see(path, file, shift=shift)

    def _is_told_in(self, scopes: tuple[Scope, ...]) -> bool:
        """Whether anybody is told what happens in any of these."""
        return not self._in_scope.keys().isdisjoint(scopes)

    def see(self, path: str, after: KnownFile | None, writer: Writer = Writer.UNKNOWN, shift: Shift = NO_SHIFT) -> None:
        """Note what is at a path now.

        A scope that it was in and is not in now has rules that leave it out: of that nothing is told.

        Args:
            path: absolute.
            after: None when there is no such file; one that is in no scope is forgotten.
            writer: who wrote it, as far as is known.
            shift: what has changed for scopes beside the file.
        """
        before = self._seen.get(path)
        kept = after if after is not None and after.scopes else None
        if shift.uncovered and kept is not None:
            self._uncover(path, kept, before, shift)
        if before is not None:
            if after is None:
                shift = shift.severing(before.scopes).sparing(self.uncovered.take_gone(path))
            elif not after.has_signature_of(before):
                self.uncovered.discard(path)
            else:
                if after.scopes == before.scopes:
                    return
                after.digest = before.digest
        if kept is not None:
            self._seen[path] = kept
        elif self._seen.pop(path, None) is None:
            return
        is_told = False
        if self._baselines:
            self._count(before, kept)
            is_told = self._note(path, before, after, writer, shift)
        if kept is not None and kept.digest is None and not is_told:
            self._undigested[path] = None

    def _uncover(self, path: str, after: KnownFile, before: KnownFile | None, shift: Shift) -> None:
        new = shift.uncovered.intersection(after.scopes).difference(before.scopes if before is not None else ())
        if new:
            self.uncovered.add(path, new)

    def _count(self, before: KnownFile | None, kept: KnownFile | None) -> None:
        """Keep count of the files in each scope."""
        if before is not None:
            self._files[before.scopes] -= 1
            if not self._files[before.scopes]:
                del self._files[before.scopes]
        if kept is not None:
            self._files[kept.scopes] += 1

    def _note(self, path: str, before: KnownFile | None, after: KnownFile | None, writer: Writer, shift: Shift) -> bool:
        """Compare a file with the baselines of all who look where it was or is; whether there is anything to tell."""
        noted = [each for each in self._concerned(before, after) if each.note(path, before, after, shift)]
        if noted:
            complete = self._is_complete(path, before, after, writer)
            for baseline in noted:
                baseline.touch(path, complete=complete)
        return bool(noted)

    def update(self, path: str, status: os.stat_result | None) -> None:
        """Note what stat says now of a file that is known, in the scopes in which it is; None if there is nothing."""
        known = self._seen.get(path)
        if known is not None:
            self.see(path, None if status is None else known_file(status, known.scopes))

    def heard_of(self, path: str, writer: Writer) -> None:
        """Note an event about a path that is seen already: its writer may only now be done with what was seen."""
        known = self._seen.get(path)
        complete = self._is_complete(path, known, known, writer)
        for baseline in self._baselines.values():
            baseline.touch(path, complete=complete)

    def _is_complete(self, path: str, before: KnownFile | None, now: KnownFile | None, writer: Writer) -> bool:
        """Whether a file can be held for written and for all that there is to tell."""
        match writer:
            case Writer.DONE:
                return True
            case Writer.BUSY:
                return False
            case Writer.UNKNOWN if now is None:
                return True
            case Writer.UNKNOWN if before is None:
                # It came with a directory, or a link to one, and more may come or it may be gone in a moment.
                return False
            case Writer.UNKNOWN:
                # A clock that differs from the file system's costs the wait, no more.
                return time.time_ns() - now.mtime_ns > HOLD * 1e9 and not self._is_being_written(path)

    def _concerned(self, before: KnownFile | None, after: KnownFile | None) -> Collection[Baseline]:
        """The baselines of all who look where a file was or is, each once."""
        scopes = (*(before.scopes if before else ()), *(after.scopes if after else ()))
        return dict.fromkeys(baseline for scope in scopes for baseline in self._in_scope.get(scope, ())).keys()

    # What to tell.

    def findings(self) -> dict[Interest, tuple[Finding, ...]]:
        """For whom paths were touched since the last call, and how each stands against what was told of it."""
        found = {each: baseline.findings(self._seen, _same_content) for each, baseline in self._baselines.items()}
        return {each: findings for each, findings in found.items() if findings}

    def tell(self, interest: Interest, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told."""
        told = tuple(paths)
        if interest in self._baselines:
            self._baselines[interest].tell(told)
        self._undigested.update(dict.fromkeys(path for path in told if path in self._seen))

    def digest_some(self, most: int) -> bool:
        """Read up to `most` files that were not read yet; whether some are left.

        A few at a time, so that a save made meanwhile need not wait for them all.
        """
        for _ in range(min(most, len(self._undigested))):
            path, _ = self._undigested.popitem()
            known = self._seen.get(path)
            if known and known.digest is None:
                known.digest = digest_of(path, known.signature)
        return bool(self._undigested)


def _same_content(path: str, told: KnownFile, seen: KnownFile) -> bool:
    """Whether what is there was told already, as far as that can be known; it is read once, whoever asks."""
    if told.has_signature_of(seen):
        seen.digest = told.digest
        return True
    if told.digest is None or told.size != seen.size:
        return False
    if seen.digest is None:
        seen.digest = digest_of(path, seen.signature)
    return seen.digest == told.digest
