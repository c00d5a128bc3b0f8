"""The files as one audience was told of them last, kept only where that differs from what was seen since.

What a file is, is the snapshot's to know, once for all; only what was told of it is each audience's own. Never looks at
a file itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.changes import ChangeKind
from reloadd.core.settle import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from reloadd.watch.interest import Interest, Scope, Shift
    from reloadd.watch.known import KnownFile


class Baseline:
    """What each change of one audience's is compared with. It begins as what was seen: all of that counts as told.

    Args:
        interest: which files matter.
        files: number of those seen that matter; kept from then on.
    """

    def __init__(self, interest: Interest, files: int) -> None:
        self.files = files
        self._interest = interest
        self._told: dict[str, KnownFile | None] = {}
        self._touched: dict[str, bool] = {}

    def untold(self) -> AbstractSet[str]:
        """The paths that differ from what was told of them, as far as was seen."""
        return self._told.keys()

    def told(self, seen: Mapping[str, KnownFile]) -> dict[str, KnownFile]:
        """All files that matter, as they were told last."""
        # The event loop may tell meanwhile, and a copy is made in one step.
        differing = self._told.copy()
        told = {path: each for path, each in seen.items() if path not in differing and self._scopes_of(path, each)}
        return told | {path: known for path, known in differing.items() if known is not None}

    def note(self, path: str, before: KnownFile | None, after: KnownFile | None, shift: Shift) -> bool:
        """Take note that a file was seen to be another one than before; whether there is anything to tell of it.

        See `Snapshot.see`. If there is, `touch` is to be called.
        """
        was, now = self._scopes_of(path, before), self._scopes_of(path, after)
        self.files += bool(now) - bool(was)
        if before is not None and was and not now and not any(scope in shift.severed for scope in was):
            self._told.pop(path, None)
            self._touched.pop(path, None)
            return False
        if before is not None and after is not None and was and now and before.has_signature_of(after):
            return False
        if not was and path not in self._told and all(scope in shift.revealed for scope in now):
            return False
        self._told.setdefault(path, before if was else None)
        return True

    def _scopes_of(self, path: str, known: KnownFile | None) -> list[Scope]:
        """Those of its scopes in which a file is, and matters."""
        return [] if known is None else self._interest.scopes_of(path, known.scopes)

    def touch(self, path: str, *, complete: bool) -> None:
        """Take note of an event about a path that is seen already and differs from what was told."""
        if path in self._told:
            self._touched[path] = complete

    def findings(
        self, seen: Mapping[str, KnownFile], same: Callable[[str, KnownFile, KnownFile], bool]
    ) -> tuple[Finding, ...]:
        """How each path touched since the last call stands against what was told of it.

        Args:
            seen: the files as they were seen last.
            same: whether a file's content is the same under two signatures.
        """
        touched, self._touched = self._touched, {}
        found = []
        for path, complete in touched.items():
            known = seen.get(path)
            kind = self._difference(path, known if self._scopes_of(path, known) else None, same)
            if kind is None:
                del self._told[path]
            found.append(Finding(path, kind, complete))
        return tuple(found)

    def _difference(
        self, path: str, seen: KnownFile | None, same: Callable[[str, KnownFile, KnownFile], bool]
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
            self._told.pop(path, None)
            self._touched.pop(path, None)
