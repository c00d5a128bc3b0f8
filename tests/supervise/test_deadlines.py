"""Deadlines of children, and those of a start that somebody debugs."""

from __future__ import annotations

import asyncio

from reloadd.core.inputs import Due, Timer
from reloadd.supervise.deadlines import Deadlines
from tests.support.processes import until

SOON = 0.01


def test_a_deadline_is_told_once_and_a_newer_one_takes_its_place() -> None:
    """That of a child that is gone is not."""

    async def scenario() -> None:
        told: list[Due] = []
        some = Deadlines(told.append, lambda: False)
        some.arm(Timer.STOP, 1, 3600)
        some.arm(Timer.STOP, 1, SOON)
        some.arm(Timer.READY, 2, SOON)
        some.forget(2)
        some.arm(Timer.HOLD, 3, 2 * SOON)
        await until(lambda: len(told) == 2, "both")
        assert told == [Due(Timer.STOP, 1, SOON), Due(Timer.HOLD, 3, 2 * SOON)]

    asyncio.run(scenario())


def test_the_time_to_get_ready_begins_anew_while_somebody_debugs() -> None:
    """That to stop does not."""

    async def scenario() -> None:
        told: list[Due] = []
        looks = iter([True, True, False])
        some = Deadlines(told.append, lambda: next(looks))
        some.arm(Timer.READY, 1, SOON)
        await until(lambda: bool(told), "the end of the wait")
        assert (told, next(looks, None)) == ([Due(Timer.READY, 1, SOON)], None)
        some.arm(Timer.STOP, 1, SOON)
        await until(lambda: len(told) == 2, "the deadline to stop")

    asyncio.run(scenario())
