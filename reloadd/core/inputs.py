"""What a supervisor can be told. Each word about a child or a timer carries its generation. Data and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.core.changes import ChangeSet
    from reloadd.core.exits import ExitStatus


class Cause(Enum):
    """What a start answers to."""

    START = "start"
    CHANGE = "change"
    EXIT = "exit"
    COMMAND = "command"
    PROFILE = "profile"
    FOLLOWED = "restart-with"


@dataclass(frozen=True, slots=True)
class Why:
    """A cause and, where files are behind it, which."""

    cause: Cause
    changes: ChangeSet | None = None

    def followed_by(self, later: Why) -> Why:
        """The reason of a start that answers to both: the later cause, with the files of both."""
        if self.changes is None:
            return later
        if later.changes is None:
            return Why(self.cause, self.changes)
        return Why(later.cause, self.changes.followed_by(later.changes))


class Timer(Enum):
    """What a deadline is for."""

    READY = "ready"
    STOP = "stop"
    BACKOFF = "backoff"
    OWN_RELOAD = "own reload"
    PAUSE = "pause"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Start:
    """The user wants the app up."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The user wants the app down."""


@dataclass(frozen=True, slots=True)
class Restart:
    """The user, or a changed profile, wants a new generation."""

    why: Why


@dataclass(frozen=True, slots=True)
class Noticed:
    """A file that matters may have changed just now; what changed is only known when the burst has settled."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """The burst that was noticed is over. If anything has changed, `Changed` came before."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change set settled."""

    changes: ChangeSet


@dataclass(frozen=True, slots=True)
class Ready:
    """The child of this generation serves."""

    generation: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The child of this generation confirmed that it accepts no more."""

    generation: int


@dataclass(frozen=True, slots=True)
class Exited:
    """The child of this generation is gone, and its whole process group with it.

    Attributes:
        generation: whose child.
        status: how it ended.
        uptime: seconds that it ran.
        is_hopeless: whether its last words show that only an edit can help, as with a syntax error.
    """

    generation: int
    status: ExitStatus
    uptime: float = 0.0
    is_hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline passed.

    Attributes:
        timer: what it was for.
        generation: whose.
        seconds: how long it was; the policy may have changed since it was set.
    """

    timer: Timer
    generation: int
    seconds: float = 0.0


Input = Start | Stop | Restart | Noticed | Quiet | Changed | Ready | Paused | Exited | Due
