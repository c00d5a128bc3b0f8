"""What one audience was told of one root's files, where that differs from what was seen.

What a file is, is the snapshot's to know, once for all; only what was told of it is each audience's own. Never looks at
a file, but to read one whose size is as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.changes import ChangeKind
from reloadd.core.settle import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from reloadd.watch.interest import Interest
    from reloadd.watch.snapshot import Entry


class Ledger:
    """One audience's own part of a root's snapshot. It begins with everything told that was seen.

    Args:
        interest: which files matter.
        root: absolute; if it is a file, it matters to everybody.
        files: number of those seen that matter; kept from then on.
    """

    def __init__(self, interest: Interest, root: str, files: int) -> None:
        self.files = files
        self._root = root
        self._prefix = len(root.rstrip("/")) + 1
        self._matches = interest.includes.matches
        self._told: dict[str, Entry | None] = {}
        self._touched: dict[str, bool] = {}

    def __contains__(self, path: str) -> bool:
        """Whether a path differs from what was told of it."""
        return path in self._told

    def wants(self, path: str) -> bool:
        """Whether a file at this path, which no ignore rule leaves out, matters."""
        return path == self._root or self._matches(path[self._prefix :])

    def untold(self) -> AbstractSet[str]:
        """The paths that differ from what was told of them, as far as was seen."""
        return self._told.keys()

    def told(self, seen: Mapping[str, Entry]) -> dict[str, Entry]:
        """All files that matter, as they were told last."""
        # The event loop may tell meanwhile, and a copy is made in one step.
        differing = self._told.copy()
        told = {path: entry for path, entry in seen.items() if path not in differing and self.wants(path)}
        return told | {path: entry for path, entry in differing.items() if entry is not None}

    def count(self, files: int) -> None:
        """Take note that so many files that matter were found, or lost if negative, of which nothing is told."""
        self.files += files

    def note(self, path: str, before: Entry | None, after: Entry | None, *, complete: bool) -> None:
        """Take note that a file was seen to be another one than before."""
        if self.wants(path):
            self.files += (after is not None) - (before is not None)
            self._told.setdefault(path, before)
            self._touched[path] = complete

    def touch(self, path: str, *, complete: bool) -> None:
        """Take note of an event about a path that is seen already and differs from what was told."""
        if path in self._told:
            self._touched[path] = complete

    def drop(self, path: str) -> None:
        """Forget what was told of a path."""
        self._told.pop(path, None)
        self._touched.pop(path, None)

    def findings(self, seen: Mapping[str, Entry], same: Callable[[str, Entry, Entry], bool]) -> tuple[Finding, ...]:
        """How each path touched since the last call stands against what was told of it.

        Args:
            seen: the files as they were seen last.
            same: whether a file's content is the same under two signatures.
        """
        touched, self._touched = self._touched, {}
        found = []
        for path, complete in touched.items():
            kind = self._difference(path, seen.get(path), same)
            if kind is None:
                del self._told[path]
            found.append(Finding(path, kind, complete))
        return tuple(found)

    def _difference(
        self, path: str, seen: Entry | None, same: Callable[[str, Entry, Entry], bool]
    ) -> ChangeKind | None:
        told = self._told[path]
        if seen is None:
            return None if told is None else ChangeKind.DELETED
        if told is None:
            return ChangeKind.CREATED
        return None if same(path, told, seen) else ChangeKind.MODIFIED

    def tell(self, paths: Iterable[str]) -> None:
        """Take these paths, as they were seen last, for told."""
        for path in paths:
            self.drop(path)
