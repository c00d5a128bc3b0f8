"""What the user decided about restarts, as the state machine reads it.

Never reads a profile: `profile` fills these in from the user's keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class OnExit(Enum):
    """Whether a child that ended on its own is started again."""

    NEVER = "never"
    ON_FAILURE = "on-failure"
    ALWAYS = "always"


class Handover(Enum):
    """How the new generation takes over from the old one."""

    REPLACE = "replace"
    OVERLAP = "overlap"


class WhileReloading(Enum):
    """What becomes of requests that come between a change and the moment at which the new generation serves."""

    HOLD = "hold"
    SERVE_OLD = "serve-old"


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between failed starts, and how many to allow in a row.

    Attributes:
        first: seconds before the first try again.
        factor: by how much each wait is longer than the one before.
        most: the longest wait, in seconds; a child that served for longer than this ends the row.
        attempts: tries in a row before the app is held.
    """

    first: float = 0.2
    factor: float = 2.0
    most: float = 10.0
    attempts: int = 5

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (1 or more)."""
        delay = self.first
        for _ in range(failures - 1):
            delay *= self.factor
            if delay >= self.most:
                break
        return min(delay, self.most)


@dataclass(frozen=True, slots=True)
class Policy:
    """All that the machine has to know of a profile; times in seconds.

    Attributes:
        on_exit: what follows an exit that nobody asked for.
        handover: whether old and new run side by side during a restart.
        while_reloading: with overlap, whether the old one goes on accepting meanwhile.
        pause_timeout: how long the old one gets to confirm that it accepts no more, before it has to go all the same.
        hold_timeout: how long requests are held at the most, before the old one takes up accepting again; counted anew
            from each change that is noticed and from each that is told. It is as long as git's lock is believed, the
            longest that a burst can be kept open (`core.settle`), so it only cuts one short that is never said to end.
        stop_timeout: from the stop signal to SIGKILL.
        ready_timeout: from the start of a process to the moment it must serve.
        backoff: the pace of tries after failures.
        own_reload_timeout: for a child that ends with code 3 by itself on a change: how long it is left to do so before
            it is restarted from outside. None for every other child.
    """

    on_exit: OnExit = OnExit.ON_FAILURE
    handover: Handover = Handover.REPLACE
    while_reloading: WhileReloading = WhileReloading.HOLD
    pause_timeout: float = 2.0
    hold_timeout: float = 10.0
    stop_timeout: float = 5.0
    ready_timeout: float = 60.0
    backoff: Backoff = Backoff()
    own_reload_timeout: float | None = None

    @property
    def holds(self) -> bool:
        """Whether requests that come after a change wait for the new code."""
        return self.handover is Handover.OVERLAP and self.while_reloading is WhileReloading.HOLD
