"""What is to be done between two looks, while nothing is told either: for who takes over from another watch.

Keeps what was asked for until the task that looks has come round to it; does nothing before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Executor

_T = TypeVar("_T")


class _Job(NamedTuple):
    """What somebody has asked for: how to do it, and how to let go of him."""

    do: Callable[[], Awaitable[None]]
    cancel: Callable[[], object]


class Jobs:
    """Those of one shared watch. To be used on the event loop's thread.

    Args:
        executor: whose threads do them.
        wake: is called when there is one more; `do_all` is to be called soon then.
    """

    def __init__(self, executor: Executor, wake: Callable[[], None]) -> None:
        self._executor = executor
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._ahead: deque[_Job] = deque()

    async def ask(self, work: Callable[[], _T], then: Callable[[_T], None]) -> _T:
        """Have something done in a worker thread, and something with its result on this one; returns the result.

        Raises:
            Exception: what either of them raised.
            CancelledError: these were closed.
        """
        done: asyncio.Future[_T] = self._loop.create_future()

        async def do() -> None:
            try:
                result = await self._loop.run_in_executor(self._executor, work)
                then(result)
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(result)

        self._ahead.append(_Job(do, done.cancel))
        self._wake()
        return await done

    async def do_all(self) -> None:
        """Do what was asked for by now."""
        while self._ahead:
            await self._ahead[0].do()
            self._ahead.popleft()

    def close(self) -> None:
        """Let nobody wait any more. Safe to call twice."""
        for job in self._ahead:
            job.cancel()
