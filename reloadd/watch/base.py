"""The seam between watching and everything else: a `Watcher` gives out `Watch`es, a watch gives out change sets.

State always comes from stat, never from an event: an event only says where to look. So a duplicate, a reordered or a
lost event can cost time but never the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.changes import ChangeSet
    from reloadd.core.inputs import Noticed, Quiet
    from reloadd.profile.model import WatchSet


class Means(Enum):
    """By what changes are seen; the value stands in records and answers."""

    EVENTS = "events"
    POLL = "poll"
    BOTH = "events+poll"
    """A part of what matters is polled: where events do not tell everything, or cannot be had."""


@dataclass(frozen=True, slots=True)
class WatchStatistics:
    """What a watch looks at, at one moment.

    Attributes:
        means: by what changes are seen.
        files: number of files that matter.
        directories: number of directories that are looked into.
    """

    means: Means
    files: int
    directories: int


class Watch(Protocol):
    """One profile's watch set, being watched: made by a `Watcher`."""

    def statistics(self) -> WatchStatistics:
        """What is being looked at now."""

    def close(self) -> None:
        """Stop telling of changes. Safe to call twice."""


class Watcher(Protocol):
    """One for the whole daemon, so that profiles share the kernel's resources."""

    async def watch(
        self,
        profile: str | None,
        watch_set: WatchSet,
        on_settled: Callable[[ChangeSet], None],
        *,
        on_burst: Callable[[Noticed | Quiet], None] | None = None,
        on_ignored: Callable[[str], None] | None = None,
        instead_of: Watch | None = None,
    ) -> Watch:
        """Take the baseline and begin: from the return on, no difference from that baseline is missed.

        Args:
            profile: whose records it writes; None for what the daemon itself reads.
            watch_set: what to watch; profiles with equal ones share the watching.
            on_settled: is called on the event loop's thread, once for each settled burst, and must not block.
            on_burst: is called in the same way: with `Noticed` at the first sign of a change, before anybody has looked
                whether there is one, and with `Quiet` when what was noticed has been told or came to nothing. The two
                take turns, and closing the watch says `Quiet` if that is due.
            on_ignored: is called in the same way with the path of each file that was written and is as it was told.
            instead_of: a watch of this watcher's that the new one takes over from, without a gap: what it noticed and
                did not tell is told by the new one, as far as it matters to both. It is closed when this returns.
        """

    def close(self) -> None:
        """Close every watch and end every thread. Safe to call twice."""
