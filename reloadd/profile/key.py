"""What one row of the schema is: a table or a key of a profile, as data.

Never says which there are: `schema` does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
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
        otherwise: in words, what happens if it is not given and there is no default.
    """

    path: tuple[str, ...]
    kind: Kind[T_co]
    doc: str
    example: str
    default: T_co | None = None
    otherwise: str = "none"

    @property
    def spelled(self) -> str:
        """The key with its table, such as `watch.poll-interval`."""
        return ".".join(self.path)

    @property
    def subject(self) -> Subject:
        """What messages about its value say of the key."""
        return Subject(self.spelled, self.path[-1], self.example)

    @property
    def shown_default(self) -> str:
        """The default for a reader: as TOML in backticks, or in words."""
        if self.default is None:
            return self.otherwise
        value = self.default.value if isinstance(self.default, Enum) else self.default
        return f"`{json.dumps(value)}`"
