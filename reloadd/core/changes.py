"""What happened to files: changes, and sets of changes that belong together.

Never looks at a file: the watchers do, and state here what they found.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class ChangeKind(Enum):
    """How a path differs from what was known of it before."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"


class Change(NamedTuple):
    """One path (absolute) that differs from what was known of it. A tuple, for a directory that goes makes many."""

    kind: ChangeKind
    path: str


_NET_KIND: dict[tuple[ChangeKind, ChangeKind], ChangeKind | None] = {
    (ChangeKind.CREATED, ChangeKind.MODIFIED): ChangeKind.CREATED,
    (ChangeKind.CREATED, ChangeKind.DELETED): None,
    (ChangeKind.DELETED, ChangeKind.CREATED): ChangeKind.MODIFIED,
}
"""What two changes of one path, one after the other, come to. Pairs that are not named come to the later one."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes settled into one burst, sorted by path, one for each path.

    Attributes:
        changes: what differs; never empty in a set that is handed to a supervisor.
        seen_at: when the first of them was noticed, in seconds of the event loop's clock.
        settled_at: when the burst was held to be over, on the same clock.
    """

    changes: tuple[Change, ...]
    seen_at: float
    settled_at: float

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that changed, sorted."""
        return tuple(change.path for change in self.changes)

    def followed_by(self, later: ChangeSet) -> ChangeSet:
        """Both sets as one, so that a restart which never got done still names what caused it."""
        return ChangeSet(
            # What came and went again leaves no change; but somebody may have seen it.
            changes=net_changes((*self.changes, *later.changes)) or later.changes,
            seen_at=min(self.seen_at, later.seen_at),
            settled_at=max(self.settled_at, later.settled_at),
        )


def net_changes(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """One change for each path, sorted by path; a path that came and went again is left out."""
    net: dict[str, ChangeKind | None] = {}
    for change in changes:
        before = net.get(change.path)
        net[change.path] = change.kind if before is None else _NET_KIND.get((before, change.kind), change.kind)
    return tuple(Change(kind, path) for path, kind in sorted(net.items()) if kind is not None)
