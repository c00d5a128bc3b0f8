"""Whatever is noted in the ledger of a process: its imports, and where it is asked for, what else it does."""

from __future__ import annotations

import os

from . import imports
from .ledger import Ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from .effects import Effects
    from .wire import Frame


class Observer:
    """One for the process. What it has once begun to see it sees for ever; ledgers may follow one another.

    Attributes:
        ledger: where it is noted.
    """

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._finder: Optional[imports.Finder] = None
        self._effects: Optional[Effects] = None

    def begin(self, frame: Frame) -> None:
        """Keep the ledger that `frame` asks for, and no other."""
        wanted = frame.get("ledger")
        if wanted is None:
            self.ledger.close()
        else:
            self.ledger.begin(wanted["path"])
            self.see_imports().begin()
        has_audit = wanted is not None and wanted["audit"]
        if has_audit or self._effects is not None:
            self.see_effects().begin(is_noting=has_audit)
        if frame["word"] != "park" and frame["target"] == "script" and os.path.isfile(frame["name"]):
            # Whoever parks does not read it yet.
            imports.note_script(self.ledger, frame["name"])

    def see_imports(self) -> imports.Finder:
        """What sees the imports from now on."""
        if self._finder is None:
            self._finder = imports.observe(self.ledger)
        return self._finder

    def see_effects(self) -> Effects:
        """What sees all else from now on."""
        if self._effects is None:
            from .effects import Effects  # noqa: PLC0415 - a hook for all events is not for everybody

            self._effects = Effects(self.ledger)
            self._effects.watch()
        return self._effects
