"""The words and the actions of `slots`: what it is told of the processes that are prepared, and what it asks for.

Data and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.core.starts import Source


@dataclass(frozen=True, slots=True)
class Prepare:
    """There is time to prepare the next child; the attributes are those of `Slots`."""

    until: str | None = None
    wants_zygote: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """This process has done its imports, or come to where it was to stop, and waits."""

    number: int


@dataclass(frozen=True, slots=True)
class Lost:
    """This process is gone, or of no use.

    Attributes:
        number: which.
        why: in words.
        is_explained: whether something was learned from it, so that the next one may succeed.
    """

    number: int
    why: str
    is_explained: bool = False


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """The system could not start this process: that says nothing against the next one.

    Attributes:
        number: which.
        why: in words.
    """

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Take:
    """A child is to be started.

    Attributes:
        faults: the processes that no child may be made from now, each with the reason.
    """

    faults: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """The process that was given away became a child."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The process that was given away did not; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """Nothing that is prepared is of use any more; `why` in words."""

    why: str


Word = Prepare | Parked | Lost | Unbuilt | Take | Answered | Refused | Outdated


@dataclass(frozen=True, slots=True)
class Build:
    """Start a spare, or a zygote."""

    number: int
    is_zygote: bool = False


@dataclass(frozen=True, slots=True)
class Fork:
    """Have the zygote fork a copy."""

    number: int
    zygote: int


@dataclass(frozen=True, slots=True)
class RunAhead:
    """Let a spare run on, up to this module."""

    number: int
    until: str


@dataclass(frozen=True, slots=True)
class Discard:
    """End a process; `why` in words."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Give:
    """Make the child from this process."""

    number: int
    source: Source
    is_parked: bool


@dataclass(frozen=True, slots=True)
class Deny:
    """Start the child cold; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class TurnOff:
    """Say that nothing is prepared any more; `why` in words."""

    why: str


Action = Build | Fork | RunAhead | Discard | Give | Deny | TurnOff
