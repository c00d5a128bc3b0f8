"""The watches of one app, whose bursts are one where they overlap: what git checks out on both sides is one restart.

Never decides when a burst is over: each watch does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.changes import ChangeSet

MOST_WAITED = 1.0
"""Seconds that a set waits for the burst of another watch, which may go on for long."""


class Joining:
    """One app's, in front of who takes its change sets.

    Args:
        take: takes change sets.
        take_note: is told when something was noticed, and when that is over.
    """

    def __init__(self, take: Callable[[ChangeSet], None], take_note: Callable[[Noticed | Quiet], None]) -> None:
        self._take = take
        self._take_note = take_note
        self._lanes: list[Lane] = []
        self._waiting: ChangeSet | None = None
        self._timer: asyncio.TimerHandle | None = None

    def lane(self) -> Lane:
        """Where one more watch tells."""
        self._lanes.append(lane := Lane(self))
        return lane

    def take(self, lane: Lane, changes: ChangeSet) -> None:
        """Take a set of one watch; it waits while another one has noticed something."""
        self._waiting = changes if self._waiting is None else self._waiting.followed_by(changes)
        if not any(each.bursts for each in self._lanes if each is not lane):
            self._pass_on()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MOST_WAITED, self._pass_on)

    def take_note(self, word: Noticed | Quiet) -> None:
        """Take it that a burst begins, or is over; what waited for the last one is told before that."""
        if not any(each.bursts for each in self._lanes):
            self._pass_on()
        self._take_note(word)

    def close(self) -> None:
        """Tell nothing that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting = None

    def _pass_on(self) -> None:
        waiting = self._waiting
        self.close()
        if waiting is not None:
            self._take(waiting)


class Lane:
    """One watch's.

    Attributes:
        bursts: how many are open: two for a moment where one watch takes over from another.
    """

    def __init__(self, joining: Joining) -> None:
        self.bursts = 0
        self._joining = joining

    def take(self, changes: ChangeSet) -> None:
        """See `Joining.take`."""
        self._joining.take(self, changes)

    def take_note(self, word: Noticed | Quiet) -> None:
        """See `Joining.take_note`."""
        self.bursts += 1 if isinstance(word, Noticed) else -1
        self._joining.take_note(word)
