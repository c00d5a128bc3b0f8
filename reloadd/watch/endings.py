"""Whose bursts are being ended, and what is still to be asked for that: whether somebody writes their files.

Asks nobody, and tells nothing: see `turns`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.watch.audience import Audience

_MOST_ASKED = 500
"""Files of which it is asked at once whether somebody still writes them: some 20 us each."""


class Endings:
    """Those of one shared watch. One lasts for several turns where there is much to ask, and holds up no other."""

    def __init__(self) -> None:
        self._unasked: dict[Audience, deque[str]] = {}

    def __contains__(self, audience: Audience) -> bool:
        return audience in self._unasked

    def __len__(self) -> int:
        return len(self._unasked)

    def begin(self, audience: Audience) -> None:
        """End the burst of an audience, once it was asked of each of its files that may be unfinished."""
        self._unasked[audience] = deque(audience.burst.unfinished)

    def take_unasked(self) -> list[str]:
        """The next files to ask about, not too many at once; they count as asked from now on."""
        taken: list[str] = []
        for unasked in self._unasked.values():
            while unasked and len(taken) < _MOST_ASKED:
                taken.append(unasked.popleft())
        return taken

    def take_asked(self) -> list[Audience]:
        """Those of whose files all were asked about; their endings are over."""
        asked = [audience for audience, unasked in self._unasked.items() if not unasked]
        for audience in asked:
            del self._unasked[audience]
        return asked
