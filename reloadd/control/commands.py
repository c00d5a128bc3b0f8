"""What a running daemon can be told from outside, and what it answers: the daemon's side of the control socket.

The server knows the daemon only as `Commands`. Never waits for an app: `control.waiting` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reloadd.core.inputs import Restart, Start, Stop
    from reloadd.core.state import Machine
    from reloadd.profile.problems import Problem, Rejected


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the profiles again.

    Attributes:
        problems: all that is wrong; a file that has one counts as it was before.
    """

    problems: tuple[Problem, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether the running set is now what the profiles say."""
        return not self.problems


class CommandedApp(Protocol):
    """One profile's app, as far as commands go."""

    @property
    def file(self) -> Path:
        """The profile's file."""

    @property
    def machine(self) -> Machine:
        """The state of its supervisor."""

    def command(self, word: Start | Stop | Restart) -> None:
        """Tell it what the user wants; it is taken in order with all else that it is told."""

    @property
    def is_at_rest(self) -> bool:
        """Whether it waits for nothing but the user or a change."""

    async def wait_taken(self) -> None:
        """Return once all that it was told so far has been decided on."""


class Grouped(Protocol):
    """What the processes of an app use, as their control groups have it."""

    @property
    def pids(self) -> tuple[int, ...]:
        """All of them."""

    @property
    def cpu(self) -> float:
        """Seconds of processor time."""

    @property
    def memory(self) -> int | None:
        """Bytes; None where the kernel does not count them per group."""


class Commands(Protocol):
    """The daemon, as far as commands go."""

    def grouped(self, name: str) -> Grouped | None:
        """What the control groups of an app tell; None where it has none."""

    @property
    def apps(self) -> Mapping[str, CommandedApp]:
        """The apps of the profiles that run now, by name."""

    @property
    def rejected(self) -> Sequence[Rejected]:
        """The files of profiles that do not run as they are."""

    async def reload(self) -> Reloaded:
        """Read the profiles again, and return once what has changed was begun, or refused."""
