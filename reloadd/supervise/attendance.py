"""What is known of the children of one app while they run: since when each serves, and where its ledger is.

It learns this as a `Supply`, in front of the one that prepares processes, to which it passes everything on. Decides
nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.supervise.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reloadd.core.changes import ChangeSet
    from reloadd.core.starts import Cold, Start
    from reloadd.supervise.launch import Plan
    from reloadd.supervise.supply import Prepared, Supply


class Attendance:
    """The children of one app.

    Args:
        supply: prepares processes.
        on_serving: is called when a child that keeps a ledger serves, with the ledger's path.
        on_ended: is called when a child has ended that kept one, before that goes.

    Attributes:
        can_note: whether the target is one that keeps a ledger: a Python one.
        wants_imports: whether each child is to note what it imports, also where the supply does not ask for it.
        wants_writes: whether the next children are to note what they write: it costs their start some percent.
    """

    def __init__(self, supply: Supply, on_serving: Callable[[Path], None], on_ended: Callable[[Path], None]) -> None:
        self.can_note = False
        self.wants_imports = False
        self.wants_writes = False
        self._supply = supply
        self._on_serving = on_serving
        self._on_ended = on_ended
        self._loop = asyncio.get_running_loop()
        self._serving_since: dict[int, float] = {}
        self._ledgers: dict[int, Path] = {}
        self._noting_writes: set[int] = set()
        self._own: Scratch | None = None

    def served(self, generation: int | None) -> float | None:
        """Seconds that this child has served; None if it does not serve yet, or no more."""
        since = None if generation is None else self._serving_since.get(generation)
        return None if since is None else self._loop.time() - since

    def notes_writes(self, generation: int) -> bool:
        """Whether this child notes whatever it writes."""
        return generation in self._noting_writes

    def ledger_of(self, generation: int | None) -> Path | None:
        """Where this child notes what it does; None if it does not."""
        return None if generation is None else self._ledgers.get(generation)

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
        asked = self._supply.ledger(generation, start)
        if asked is None:
            if not (self.can_note and (self.wants_imports or self.wants_writes)):
                return None
            asked = {"path": str(self._own_path(generation)), "audit": False}
        self._ledgers[generation] = Path(str(asked["path"]))
        has_audit = bool(asked["audit"]) or self.wants_writes
        if has_audit:
            self._noting_writes.add(generation)
        return {**asked, "audit": has_audit}

    def refused(self, why: str) -> None:
        """A process that was taken did not become a child."""
        self._supply.refused(why)

    def serves(self, generation: int) -> None:
        """This child serves."""
        self._serving_since[generation] = self._loop.time()
        self._supply.serves(generation)
        if (ledger := self._ledgers.get(generation)) is not None:
            self._on_serving(ledger)

    def ended(self, generation: int) -> None:
        """This child is gone."""
        self._serving_since.pop(generation, None)
        self._noting_writes.discard(generation)
        if (ledger := self._ledgers.pop(generation, None)) is not None:
            self._on_ended(ledger)
            if self._own is not None:
                self._own_path(generation).unlink(missing_ok=True)
        self._supply.ended(generation)

    def close(self) -> None:
        """There will be no more children."""
        self._supply.close()
        if self._own is not None:
            self._own.close()
            self._own = None

    def _own_path(self, generation: int) -> Path:
        if self._own is None:
            self._own = Scratch()
        return self._own.path / str(generation)
