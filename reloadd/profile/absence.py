"""Files that vanished: an editor may be about to put them back, so their apps are not stopped at once.

Pure: files and moments in, files and moments out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

GRACE = 1.0
"""Seconds that a file may be missing. Editors that delete a file and write it anew take some milliseconds."""


@dataclass(frozen=True, slots=True)
class Absences:
    """Since when files are missing, in seconds of the event loop's clock."""

    _since: Mapping[Path, float] = field(default_factory=lambda: MappingProxyType({}))

    def noted(self, missing: Collection[Path], now: float) -> Absences:
        """With what is missing now, and without what is there again."""
        return Absences(MappingProxyType({file: self._since.get(file, now) for file in missing}))

    def held(self, now: float) -> frozenset[Path]:
        """The files that may still come back."""
        return frozenset(file for file, since in self._since.items() if now < since + GRACE)

    def due(self, now: float) -> float | None:
        """When the next of them is given up; None if there is none to be waited for."""
        return min((self._since[file] + GRACE for file in self.held(now)), default=None)
