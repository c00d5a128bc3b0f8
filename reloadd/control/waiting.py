"""Waiting until an app has done what it was told, and judging whether it has.

The judgement is a function of the machine and of what was said since. Never tells an app anything.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.control.protocol import Verb
from reloadd.core.state import State
from reloadd.history.journal import Written

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.control.commands import CommandedApp
    from reloadd.control.standing import Standing
    from reloadd.core.state import Machine
    from reloadd.history.journal import Journal, WrittenLines


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether what was told has come about.

    Attributes:
        is_done: whether it has.
        reason: why not, in words.
    """

    is_done: bool
    reason: str | None = None


def judge(verb: Verb, machine: Machine, before: int, standing: Standing, said: frozenset[str]) -> Judgement | None:
    """What came of a command that the app was told; None if that is not decided yet.

    Args:
        verb: what it was told.
        machine: where it stands now.
        before: its newest generation when it was told.
        standing: what else is known of it.
        said: the names of the records about it since then.
    """
    if verb is Verb.STOP:
        return _judge_stop(machine)
    fate: Judgement | None = None
    match machine.state:
        case State.SERVING if verb is Verb.START or (machine.current or 0) > before:
            fate = _DONE
        case State.SERVING if "restart.abandoned" in said:
            fate = Judgement(is_done=False, reason=f"{standing.error}; generation {machine.current} serves on")
        case State.FINISHED if "supervisor.finished" in said:
            fate = _DONE
        case State.HELD if "supervisor.held" in said:
            fate = Judgement(is_done=False, reason=standing.error or standing.note)
        case State.DOWN if "supervisor.moved" in said and not machine.wanted:
            fate = Judgement(is_done=False, reason="it was stopped")
    return fate


def _judge_stop(machine: Machine) -> Judgement | None:
    if machine.state is State.DOWN:
        return _DONE
    return Judgement(is_done=False, reason="it was started again") if machine.wanted else None


_DONE = Judgement(is_done=True)


class Wait:
    """Waits for one app; made before it is told, so that nothing that is said is missed."""

    def __init__(self, verb: Verb, app: CommandedApp, name: str, journal: Journal) -> None:
        self._verb = verb
        self._app = app
        self._name = name
        self._before = app.machine.generation
        self._said: set[str] = set()
        self._news = asyncio.Event()
        self._journal = journal
        journal.subscribe(self._hear)

    async def outcome(self, standing: Callable[[], Standing], seconds: float) -> Judgement:
        """What came of it, after so many seconds at the most; `standing` gives what else is known of the app."""
        try:
            async with asyncio.timeout(seconds):
                await self._app.wait_taken()
                while (judgement := self._judge(standing)) is None:
                    self._news.clear()
                    await self._news.wait()
                return judgement
        except TimeoutError:
            return Judgement(is_done=False, reason=f"it is {self._app.machine.state.value} after {seconds:g} s")
        finally:
            self._journal.unsubscribe(self._hear)

    def _judge(self, standing: Callable[[], Standing]) -> Judgement | None:
        return judge(self._verb, self._app.machine, self._before, standing(), frozenset(self._said))

    def _hear(self, written: Written | WrittenLines) -> None:
        if isinstance(written, Written) and written.profile == self._name:
            self._said.add(written.entry["event"])
            self._news.set()
