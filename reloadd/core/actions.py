"""What a supervisor can be asked to do, and what it is asked to say. Data and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.core.inputs import Timer, Why


GIVE_WAY = 0.05
"""Seconds for which whatever can wait leaves the processors to a child that was told to go, or has begun to serve: that
is waited for, and the end of another process takes milliseconds of work, too."""


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a child of this generation."""

    generation: int
    why: Why


@dataclass(frozen=True, slots=True)
class Terminate:
    """Send the stop signal to the child's process group, after so many seconds."""

    generation: int
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Admit:
    """Let this generation accept connections, at once or as soon as it can."""

    generation: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Let this generation accept no more, and confirm that."""

    generation: int


@dataclass(frozen=True, slots=True)
class Kill:
    """Send SIGKILL to the child's process group, which did not end within so many seconds."""

    generation: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Arm:
    """Say `Due(timer, generation, seconds)` after so many seconds; a newer deadline of this timer takes its place."""

    timer: Timer
    generation: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Complete:
    """Say that this generation serves, and what it answered to."""

    generation: int
    why: Why


@dataclass(frozen=True, slots=True)
class Abandon:
    """Say that this generation was to take over and failed, and that the one before serves on."""

    generation: int
    why: Why


@dataclass(frozen=True, slots=True)
class Late:
    """Say that this generation did not serve within so many seconds."""

    generation: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Say that another try follows after a wait (the deadline is armed apart)."""

    attempt: int
    delay: float


class HoldReason(Enum):
    """Why nothing is tried any more; the value is said to the user."""

    ATTEMPTS = "failed too often in a row"
    HOPELESS = "only an edit can help"
    POLICY = '`on-exit = "never"`'


@dataclass(frozen=True, slots=True)
class Hold:
    """Say that nothing is tried until something changes."""

    reason: HoldReason
    attempts: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Say that the child ended by itself with success, which its policy lets stand."""


Action = Spawn | Admit | Pause | Terminate | Kill | Arm | Complete | Abandon | Late | Schedule | Hold | Finish
