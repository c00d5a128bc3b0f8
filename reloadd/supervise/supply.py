"""Where a process for the next child comes from: a prepared one, or none, and then why.

The seam between supervising and warm starts: `warm` implements it, and nothing here knows how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reloadd.core.starts import Cold, Start, Warm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.core.changes import ChangeSet
    from reloadd.supervise.booted import Booted
    from reloadd.supervise.launch import Plan


@dataclass(frozen=True, slots=True)
class Prepared:
    """A process that is parked or soon will be, and belongs to whoever took it.

    Attributes:
        booted: the process.
        start: what it is.
        patience: seconds in which it has to be parked; 0 if it is.
    """

    booted: Booted
    start: Warm
    patience: float


class Supply(Protocol):
    """Prepares processes for the children of one profile, and is told how they fare."""

    def take(self, plan: Plan, changes: ChangeSet | None) -> Prepared | Cold:
        """A process that a child of this plan can be made from, after these changes; or why there is none."""

    def ledger(self, generation: int, start: Start) -> Mapping[str, object] | None:
        """What this child is to note of what it imports and reads, as `go` has it; None if it need not."""

    def refused(self, why: str) -> None:
        """A process that was taken did not become a child."""

    def serves(self, generation: int) -> None:
        """This child serves: there is time to prepare the next."""

    def ended(self, generation: int) -> None:
        """This child is gone."""

    def close(self) -> None:
        """End what is prepared: there will be no more children. Safe to call twice."""


class NoSupply:
    """Prepares nothing.

    Args:
        why: for the log; None where nobody wants it to.
    """

    def __init__(self, why: str | None = None) -> None:
        self._why = why

    def take(self, plan: Plan, changes: ChangeSet | None) -> Cold:
        """There never is any."""
        del plan, changes
        return Cold(self._why)

    def ledger(self, generation: int, start: Start) -> None:
        """Nobody would read it."""
        del generation, start

    def refused(self, why: str) -> None:
        """Nothing to learn."""

    def serves(self, generation: int) -> None:
        """Nothing to prepare."""

    def ended(self, generation: int) -> None:
        """Nothing to clean up."""

    def close(self) -> None:
        """Nothing to end."""
