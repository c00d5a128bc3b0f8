"""The deadlines of one app's children: each is told of when it passes, unless it was set anew or the child is gone.

Never decides what follows.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloadd.core.inputs import Due, Timer

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadlines:
    """One app's.

    Args:
        tell: is told of each that passes.
    """

    def __init__(self, tell: Callable[[Due], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._handles: dict[tuple[Timer, int], asyncio.TimerHandle] = {}

    def arm(self, timer: Timer, generation: int, seconds: float) -> None:
        """Set one; an earlier one of the same kind and generation is forgotten."""
        self._forget(timer, generation)
        self._handles[timer, generation] = self._loop.call_later(seconds, self._due, Due(timer, generation, seconds))

    def forget(self, generation: int) -> None:
        """There is nothing more to come of this one."""
        for timer in Timer:
            self._forget(timer, generation)

    def close(self) -> None:
        """Tell of none any more."""
        for handle in self._handles.values():
            handle.cancel()

    def _forget(self, timer: Timer, generation: int) -> None:
        if (handle := self._handles.pop((timer, generation), None)) is not None:
            handle.cancel()

    def _due(self, due: Due) -> None:
        del self._handles[due.timer, due.generation]
        self._tell(due)
