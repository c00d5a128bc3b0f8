"""Changes on their way to an app that may be stopped at a prompt, as by `breakpoint()`: they wait until it goes on.

A program that reads a line from its terminal with editing takes each key by itself for as long as it reads, and gives
the terminal its usual mode back with the line: readline(3) does, and with it Python's debugger, and so do IPython, pudb
and the debuggers of other languages. The daemon sees that from its end of the terminal, whatever the app is written in.
Never decides how long changes wait: `core.prompts` does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.prompts import GONE_ON, Next, Waiting
from reloadd.supervise.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.profile.model import Profile
    from reloadd.supervise.console import Console
    from reloadd.supervise.intake import Intake
    from reloadd.supervise.supervisor import Supervisor

_PERIOD = 0.2
"""Seconds between two looks at the terminal, while changes wait: nothing tells when its mode is changed."""


def is_at_prompt(profile: Profile, console: Console) -> bool:
    """Whether somebody is at a prompt in the app, and is not to be disturbed.

    That can only be so for an app that serves a socket of the daemon's, which reads keys in a debugger. A program that
    was made for the terminal reads them all the time.
    """
    return bool(profile.listen) and console.has_prompt()


def is_debugged(profile: Profile, console: Console) -> bool:
    """Whether somebody is at a prompt in the app, or has just typed at one: a debugger may be at a step just now."""
    typed_ago = asyncio.get_running_loop().time() - console.typed_at_prompt
    return is_at_prompt(profile, console) or (bool(profile.listen) and typed_ago < GONE_ON)


class PromptGate:
    """What the change sets of one app pass on their way to its intake.

    Args:
        supervisor: whose child may be at a prompt.
        console: where that is seen.
        intake: takes what need not wait.
        publish: where records go.
    """

    def __init__(
        self, supervisor: Supervisor, console: Console, intake: Intake, publish: Callable[[Record], None]
    ) -> None:
        self._supervisor = supervisor
        self._console = console
        self._intake = intake
        self._publish = publish
        self._waiting: Waiting | None = None
        self._unnoticed = 0
        self._timer: asyncio.TimerHandle | None = None

    def take_note(self, word: Noticed | Quiet) -> None:
        """Hear that a burst begins, or is over, and pass it on, unless its changes will wait."""
        match word:
            case Noticed() if self._has_to_wait:
                self._unnoticed += 1
            case Quiet() if self._unnoticed:
                self._unnoticed -= 1
            case _:
                self._intake.take_note(word)

    def take(self, changes: ChangeSet) -> None:
        """Take a settled change set from the watch."""
        generation = self._supervisor.machine.generation
        if self._waiting is not None:
            self._waiting = self._waiting.joined_by(changes, generation)
        elif self._has_to_wait:
            self._waiting = Waiting(changes, generation)
            Reports(self._supervisor.profile, self._publish).spared(changes)
            self._look_later()
        else:
            self._intake.take(changes)

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._intake.close()

    @property
    def _has_to_wait(self) -> bool:
        return self._waiting is not None or is_debugged(self._supervisor.profile, self._console)

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_PERIOD, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        now = asyncio.get_running_loop().time()
        generation = self._supervisor.machine.generation
        has_prompt = is_at_prompt(self._supervisor.profile, self._console)
        waiting, then = self._waiting.looked(has_prompt=has_prompt, generation=generation, now=now)
        self._waiting = waiting if then is Next.WAIT else None
        match then:
            case Next.WAIT:
                self._look_later()
            case Next.ACT:
                self._intake.take(waiting.counted_from(now))
            case Next.DROP:
                pass
