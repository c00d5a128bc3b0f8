"""The deadlines of one app's children: each is told of when it passes, and forgotten with its child.

Never decides what follows: `core.machine` does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloadd.core.inputs import Due, Timer
from reloadd.core.prompts import GONE_ON

if TYPE_CHECKING:
    from collections.abc import Callable

_PERIOD = 0.1
"""Seconds between two looks for a prompt."""


class Deadlines:
    """The deadlines that are set now.

    Args:
        tell: is told of each that has passed.
        can_be_busy: whether somebody may be at a prompt in the app, and keep it from getting ready.
        is_busy: whether somebody is: then the app's time to get ready begins anew.
    """

    def __init__(
        self, tell: Callable[[Due], None], *, can_be_busy: Callable[[], bool], is_busy: Callable[[], bool]
    ) -> None:
        self._tell = tell
        self._can_be_busy = can_be_busy
        self._is_busy = is_busy
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
        if due.timer is Timer.READY and self._can_be_busy():
            self._look(due, until=self._loop.time() + GONE_ON)
        else:
            self._tell(due)

    def _look(self, due: Due, until: float) -> None:
        """Tell of a late start, unless a prompt is seen within a moment: between two steps of a debugger is none."""
        self._set.pop((due.timer, due.generation), None)
        if self._is_busy():
            self.arm(due.timer, due.generation, due.seconds)
        elif self._loop.time() >= until:
            self._tell(due)
        else:
            self._set[due.timer, due.generation] = self._loop.call_later(_PERIOD, self._look, due, until)
