"""What one row of the schema is: a table or a key of a profile, as data.

Never says which there are: `schema` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from reloadd.profile.kinds import Kind, Subject

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a profile, with the sentence that says what its keys are about."""

    path: tuple[str, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class Key(Generic[T_co]):
    """One key.

    Attributes:
        path: the names that lead to it.
        kind: what its value is.
        doc: what it is for, in one sentence.
        example: a value it could have, as TOML.
        default: the value if it is not given; None if there is none, or if it depends on something.
        otherwise: the default in words, if it depends on something; None if there is none at all.
    """

    path: tuple[str, ...]
    kind: Kind[T_co]
    doc: str
    example: str
    default: T_co | None = None
    otherwise: str | None = None

    @property
    def spelled(self) -> str:
        """The key with its table, such as `watch.poll-interval`."""
        return ".".join(self.path)

    @property
    def subject(self) -> Subject:
        """What messages about its value say of the key."""
        return Subject(self.spelled, self.path[-1], self.example)
