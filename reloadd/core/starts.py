"""How a child came to be: from a process that was prepared for it, or cold, and then why. Data and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Source(Enum):
    """What kind of prepared process a child was made from; the value is the log's word."""

    SPARE = "spare"
    SCOUT = "scout"
    ZYGOTE = "zygote"


@dataclass(frozen=True, slots=True)
class Warm:
    """From a process that was prepared."""

    source: Source

    @property
    def words(self) -> str:
        """For a sentence that goes on with what went wrong."""
        return f"the {self.source.value}"


@dataclass(frozen=True, slots=True)
class Cold:
    """From a fresh interpreter.

    Attributes:
        why: what kept it from being warm, in words for the log; None where nobody wants it to be.
    """

    why: str | None = None

    @property
    def words(self) -> str:
        """As above."""
        return "the cold start"


Start = Warm | Cold
