"""The deadlines of one app's children: each is told of when it passes, and forgotten with its child.

Never decides what follows: `core.machine` does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloadd.core.inputs import Due, Timer

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadlines:
    """The deadlines that are set now.

    Args:
        tell: is told of each that has passed.
        is_debugged: whether somebody debugs the app, so that it cannot get ready: then its time begins anew.
    """

    def __init__(self, tell: Callable[[Due], None], is_debugged: Callable[[], bool]) -> None:
        self._tell = tell
        self._is_debugged = is_debugged
        self._loop = asyncio.get_running_loop()
        self._set: dict[tuple[Timer, int], asyncio.TimerHandle] = {}

    def arm(self, timer: Timer, generation: int, seconds: float) -> None:
        """Set a deadline, after so many seconds, in place of an earlier one of its kind."""
        if (earlier := self._set.get((timer, generation))) is not None:
            earlier.cancel()
        self._set[timer, generation] = self._loop.call_later(seconds, self._pass, Due(timer, generation, seconds))

    def forget(self, generation: int) -> None:
        """This child is gone."""
        for timer in Timer:
            if (handle := self._set.pop((timer, generation), None)) is not None:
                handle.cancel()

    def close(self) -> None:
        """Tell of none any more."""
        for handle in self._set.values():
            handle.cancel()

    def _pass(self, due: Due) -> None:
        del self._set[due.timer, due.generation]
        if due.timer is Timer.READY and self._is_debugged():
            self.arm(due.timer, due.generation, due.seconds)
        else:
            self._tell(due)
