"""Where a process for the next child comes from: one that was prepared, or none, and then why.

The seam between supervising and warm starts: `warm` implements it, and nothing here knows how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reloadd.core.starts import Cold, Warm

if TYPE_CHECKING:
    from pathlib import Path

    from reloadd.core.changes import ChangeSet
    from reloadd.supervise.booted import Booted
    from reloadd.supervise.launch import Plan


@dataclass(frozen=True, slots=True)
class Prepared:
    """A parked process, which belongs to whoever took it."""

    booted: Booted
    start: Warm


class Supply(Protocol):
    """Prepares processes for the children of one profile, and is told how they fare."""

    def take(self, plan: Plan, changes: ChangeSet | None) -> Prepared | Cold:
        """A process that a child of this plan can be made from, after these changes; or why there is none."""

    def ledger(self, generation: int) -> Path | None:
        """The file in which this child is to note what it imports and reads; None if it need not."""

    def refused(self, why: str) -> None:
        """A process that was taken did not become a child."""

    def began(self, generation: int, plan: Plan, start: Warm | Cold) -> None:
        """A child was started."""

    def serves(self, generation: int) -> None:
        """This child serves: there is time to prepare the next."""

    def ended(self, generation: int) -> None:
        """This child is gone."""


class NoSupply:
    """Prepares nothing."""

    def take(self, plan: Plan, changes: ChangeSet | None) -> Cold:
        """There never is any."""
        del plan, changes
        return Cold()

    def ledger(self, generation: int) -> None:
        """Nobody would read it."""
        del generation

    def refused(self, why: str) -> None:
        """Nothing to learn."""

    def began(self, generation: int, plan: Plan, start: Warm | Cold) -> None:
        """Nothing to learn."""

    def serves(self, generation: int) -> None:
        """Nothing to prepare."""

    def ended(self, generation: int) -> None:
        """Nothing to clean up."""
