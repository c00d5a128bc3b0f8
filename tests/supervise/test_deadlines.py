"""Deadlines of children, and those of a start that somebody debugs."""

from __future__ import annotations

import asyncio

import pytest

from reloadd.core.inputs import Due, Timer
from reloadd.supervise import deadlines
from reloadd.supervise.deadlines import Deadlines
from tests.support.processes import until

SOON = 0.01


@pytest.fixture(autouse=True)
def _short_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps of a debugger."""
    monkeypatch.setattr(deadlines, "_PERIOD", 0.001)


def test_a_deadline_is_told_once_and_a_newer_one_takes_its_place() -> None:
    """That of a child that is gone is not."""

    async def scenario() -> None:
        told: list[Due] = []
        some = Deadlines(told.append, can_be_busy=lambda: False, is_busy=lambda: False)
        some.arm(Timer.STOP, 1, 3600)
        some.arm(Timer.STOP, 1, SOON)
        some.arm(Timer.READY, 2, SOON)
        some.forget(2)
        some.arm(Timer.HOLD, 3, 2 * SOON)
        await until(lambda: len(told) == 2, "both")
        assert told == [Due(Timer.STOP, 1, SOON), Due(Timer.HOLD, 3, 2 * SOON)]

    asyncio.run(scenario())


def test_a_start_is_not_late_between_two_steps_of_a_debugger() -> None:
    """Its time begins anew with the next prompt; when there is none for a while, it is late."""

    async def scenario() -> None:
        told: list[Due] = []
        looks = 0

        def is_busy() -> bool:
            nonlocal looks
            looks += 1
            return looks in {3, 6}

        some = Deadlines(told.append, can_be_busy=lambda: True, is_busy=is_busy)
        some.arm(Timer.READY, 1, SOON)
        await until(lambda: bool(told), "the end of the wait")
        assert looks > 6
        assert told == [Due(Timer.READY, 1, SOON)]

    asyncio.run(scenario())
