"""One process that is prepared: told to park, perhaps to run ahead, and heard until it is given away or lost.

Never decides what becomes of it: its owner does.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reloadd.core.obstacles import Failure, Obstacle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.runtime.wire import Frame
    from reloadd.supervise.booted import Booted
    from reloadd.warm.validity import Installed

_BUILD_TIMEOUT = 60.0
"""Seconds after which a process that does not park is given up."""


class Owner(Protocol):
    """Whom the words of a process go to."""

    def process_parked(self, process: Parked, frame: Frame) -> None:
        """It waits."""

    def process_lost(self, process: Parked, why: str, failures: Mapping[str, Failure]) -> None:
        """It is of no use; `failures` has the modules that are to blame, and why."""


class Parked:
    """A process on its way to park, or parked.

    Args:
        number: tells it from others.
        booted: the process.
        installed: the packages as they were when it was started.
        owner: who is told.
        is_at_base: whether it is parked already, as one that was forked is.

    Attributes:
        number: as above.
        booted: as above.
        installed: as above.
        printed: what it printed before it had run any of the user's code.
    """

    def __init__(
        self, number: int, booted: Booted, installed: Installed, owner: Owner, *, is_at_base: bool = False
    ) -> None:
        self.number = number
        self.booted = booted
        self.installed = installed
        self.printed = b""
        self._owner = owner
        self._is_at_base = is_at_base
        self._deadline: asyncio.TimerHandle | None = None
        booted.hand_to(self)

    def tell(self, word: str, fields: Mapping[str, object]) -> None:
        """Tell it to park, or to run ahead."""
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(_BUILD_TIMEOUT, self._lost, f"it did not park within {_BUILD_TIMEOUT:g} s")
        self.booted.wire.send(word, fields)

    def release(self) -> Booted:
        """Give it away: its words are somebody else's from now on."""
        self._stop_waiting()
        return self.booted

    def discard(self) -> None:
        """End it."""
        self._stop_waiting()
        self.booted.discard()

    def memory(self) -> int | None:
        """Bytes that would be free without it (proc_pid_smaps(5), Pss); None where the system does not tell."""
        with suppress(OSError, ValueError):
            for line in Path(f"/proc/{self.booted.pid}/smaps_rollup").read_text("ascii").splitlines():
                name, _, rest = line.partition(":")
                if name == "Pss":
                    return int(rest.split()[0]) << 10
        return None

    def booted_said(self, frame: Frame, descriptor: int | None) -> None:
        """Take a frame."""
        del descriptor  # none comes with what a parked process says
        match frame["word"]:
            case "parked":
                self._stop_waiting()
                if not self._is_at_base:
                    self._is_at_base = True
                    self.printed = self.booted.around.output.take_kept()
                self._owner.process_parked(self, frame)
            case "unfit":
                self._lost("it could not be built", _failures(frame))
            case "spoiled":
                self._lost(str(frame.get("reason")))

    def booted_missed(self, descriptor: int) -> None:
        """Close what a copy of it was to have: it was gone before it could be asked for one."""
        os.close(descriptor)

    def booted_ended(self) -> None:
        """Take its end."""
        self._lost(f"it ended with {self.booted.status.words}")

    def _lost(self, why: str, failures: Mapping[str, Failure] | None = None) -> None:
        self.discard()
        self._owner.process_lost(self, why, failures or {})

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _failures(frame: Frame) -> dict[str, Failure]:
    """The modules to blame, and why."""
    listed = frame.get("failures")
    found: dict[str, Failure] = {}
    for failure in listed if isinstance(listed, list) else []:
        with suppress(KeyError, TypeError, ValueError):
            found.setdefault(str(failure["module"]), Failure(Obstacle(failure["kind"]), str(failure["reason"])))
    # One without a name is an error of ours.
    found.pop("", None)
    return found
