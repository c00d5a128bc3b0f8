"""What stands in the way of importing a module ahead of the app, and whether anybody needs to know.

Data and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Obstacle(Enum):
    """The kinds of them, by the names that the wire has for them (`unfit` in `runtime.wire`)."""

    RAISED = "raised"
    """The import failed."""
    MISSING = "missing"
    """It failed because another module is not installed: one that the app can do without, as the app itself runs."""
    TOUCHED = "touched"
    """It imports the user's code, which is not run ahead."""
    UNSAFE = "unsafe"
    """A process is not one that can be forked after it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a module cannot be imported ahead.

    Attributes:
        obstacle: the kind.
        why: in words.
    """

    obstacle: Obstacle
    why: str

    @property
    def is_usual(self) -> bool:
        """Whether it is as it should be: frameworks import apps, and try what may be installed."""
        return self.obstacle in {Obstacle.MISSING, Obstacle.TOUCHED}
