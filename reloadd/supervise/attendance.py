"""Since when each child serves, by what the supervisor tells whoever supplies its processes.

A `Supply` in front of another one, to which it passes everything on. Decides nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.core.changes import ChangeSet
    from reloadd.core.starts import Cold, Start
    from reloadd.supervise.launch import Plan
    from reloadd.supervise.supply import Prepared, Supply


class Attendance:
    """One app's children.

    Args:
        supply: prepares processes.
    """

    def __init__(self, supply: Supply) -> None:
        self._supply = supply
        self._loop = asyncio.get_running_loop()
        self._serving_since: dict[int, float] = {}

    def served(self, generation: int | None) -> float | None:
        """Seconds that this child has served; None if it does not serve yet, or no more."""
        since = None if generation is None else self._serving_since.get(generation)
        return None if since is None else self._loop.time() - since

    def go_on_with(self, supply: Supply) -> None:
        """Have another supply from now on."""
        self._supply.close()
        self._supply = supply

    # What it is told as a `Supply`.

    def take(self, plan: Plan, changes: ChangeSet | None) -> Prepared | Cold:
        """A process that a child of this plan can be made from, after these changes; or why there is none."""
        return self._supply.take(plan, changes)

    def ledger(self, generation: int, start: Start) -> Mapping[str, object] | None:
        """What this child is to note of what it imports and reads, as `go` has it; None if it need not."""
        return self._supply.ledger(generation, start)

    def refused(self, why: str) -> None:
        """A process that was taken did not become a child."""
        self._supply.refused(why)

    def serves(self, generation: int) -> None:
        """This child serves."""
        self._serving_since[generation] = self._loop.time()
        self._supply.serves(generation)

    def ended(self, generation: int) -> None:
        """This child is gone."""
        self._serving_since.pop(generation, None)
        self._supply.ended(generation)

    def close(self) -> None:
        """There will be no more children."""
        self._supply.close()
