"""One supervised app at one moment, as data.

Never changes: `machine.step` makes another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from reloadd.core.inputs import Cause
from reloadd.core.policy import Policy

if TYPE_CHECKING:
    from reloadd.core.inputs import Exited, Why


class State(Enum):
    """Where a supervised app stands."""

    DOWN = "down"
    STARTING = "starting"
    SERVING = "serving"
    REPLACING = "replacing"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    HELD = "held"
    FINISHED = "finished"


_UNDER_WAY = frozenset({State.STARTING, State.SERVING, State.REPLACING, State.STOPPING})
"""The states in which a start may be under way; in SERVING it is left to the child's own reloader."""


@dataclass(frozen=True, slots=True)
class Rest:
    """After stopping: stay down."""


@dataclass(frozen=True, slots=True)
class Begin:
    """After stopping: start anew."""

    why: Why


@dataclass(frozen=True, slots=True)
class Judge:
    """After stopping: do what the policy says of an exit that nobody asked for.

    Attributes:
        exited: the exit; None for a child that was ended because it never served, which is a failure, too.
    """

    exited: Exited | None


Then = Rest | Begin | Judge


class Accepting(Enum):
    """What `current` does with connections that come."""

    YES = "yes"
    PAUSING = "pausing"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Machine:
    """One supervised app at one moment.

    Attributes:
        policy: what the user decided.
        state: where it stands.
        wanted: whether the user wants it up.
        generation: the last generation that was given out; it only ever grows.
        current: the child that runs or is to run the app, and was not told to go.
        newcomer: the child that is to take over from it.
        newcomer_is_ready: whether it could serve, and waits for `current` to pause.
        accepting: what `current` does with connections.
        in_burst: whether a change was noticed that is not told yet, so that requests are for newer code from now on.
        going: children that were told to go.
        why: what the start under way answers to; in SERVING, the change that is left to the child's own reloader.
        then: what follows STOPPING.
        failures: failed tries in a row.
        asked_again: whether the start under way follows an exit with code 3 of a child that had not served.
    """

    policy: Policy = field(default_factory=Policy)
    state: State = State.DOWN
    wanted: bool = False
    generation: int = 0
    current: int | None = None
    newcomer: int | None = None
    newcomer_is_ready: bool = False
    accepting: Accepting = Accepting.YES
    in_burst: bool = False
    going: frozenset[int] = frozenset()
    why: Why | None = None
    then: Then = Rest()
    failures: int = 0
    asked_again: bool = False

    @property
    def is_restarting(self) -> bool:
        """Whether a restart is under way or decided on: not the first start, and not a try after a wait."""
        why = self.then.why if isinstance(self.then, Begin) else self.why
        return why is not None and why.cause is not Cause.START and self.state in _UNDER_WAY

    @property
    def owned(self) -> frozenset[int]:
        """Every generation whose child may still be there."""
        return self.going | {generation for generation in (self.current, self.newcomer) if generation is not None}
