"""Changes that wait while the app is at a prompt, such as a debugger's, for as long as somebody is busy there.

A restart would take the prompt away, with all that was found out so far. With each step of a debugger the app goes on
for a moment, so it only counts as going on after a while without a prompt.

Pure: what was changed and seen in, what is to be done out. Moments are seconds of the event loop's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from reloadd.core.changes import ChangeSet

GONE_ON = 1.0
"""Seconds without a prompt after which the app has gone on. A step that takes longer is taken for that."""


class Next(Enum):
    """What is to be done with changes that wait."""

    WAIT = "wait"
    ACT = "act"
    DROP = "drop"
    """A child was started since, which has them already."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Changes that wait.

    Attributes:
        changes: all of them as one set.
        generation: the newest one when the last of them came.
        free_since: since when no prompt was seen; None while there is one.
    """

    changes: ChangeSet
    generation: int
    free_since: float | None = None

    def joined_by(self, changes: ChangeSet, generation: int) -> Waiting:
        """With more changes."""
        return replace(self, changes=self.changes.followed_by(changes), generation=generation)

    def looked(self, *, has_prompt: bool, generation: int, now: float) -> tuple[Waiting, Next]:
        """Note a look at whether there is a prompt, and say what is to be done.

        Args:
            has_prompt: whether there was one.
            generation: the newest one now.
            now: when the look was.
        """
        if has_prompt:
            return replace(self, free_since=None), Next.WAIT
        if generation > self.generation:
            return self, Next.DROP
        if self.free_since is None:
            return replace(self, free_since=now), Next.WAIT
        return self, Next.ACT if now >= self.free_since + GONE_ON else Next.WAIT

    def counted_from(self, now: float) -> ChangeSet:
        """The changes as if they came now: the time that somebody sat at the prompt is no part of the restart's."""
        return ChangeSet(self.changes.changes, seen_at=now, settled_at=now)
