"""One profile's watch: events and looks go in, settled change sets come out.

One task does everything in turn; each look at files is made in a worker thread while the task waits, so a tree is never
in two hands and the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.records import Level, make_record
from reloadd.core.settle import Burst
from reloadd.watch.forest import Forest, Look
from reloadd.watch.inbox import Inbox
from reloadd.watch.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record, Value
    from reloadd.profile.model import WatchSet
    from reloadd.watch.base import WatchStatistics
    from reloadd.watch.digester import Digester
    from reloadd.watch.inbox import Loss, Sighting, Source

SWEEP_INTERVAL = 30.0
"""Seconds between two looks at everything, for what no event tells: a twin by hard link edited elsewhere, a file mapped
into memory, a file system mounted over a directory."""

LONGEST_FINISH = 5.0
"""Seconds that the last look of a watch may take before it is given up: another one sees what comes."""

PAUSE_AFTER_FAILURE = 1.0
"""Seconds until watching that broke off is begun again."""

_T = TypeVar("_T")


class Session:
    """One profile's watch set, being watched. Begun by `begin_session`, ended by `close`."""

    def __init__(
        self,
        profile: str | None,
        watch_set: WatchSet,
        *,
        source: Source | None,
        executor: Executor,
        digester: Digester,
        on_settled: Callable[[ChangeSet], None],
        report: Callable[[Record], None],
    ) -> None:
        self._profile = profile
        self._watch_set = watch_set
        self._executor = executor
        self._digester = digester
        self._on_settled = on_settled
        self._publish = report
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._forest = Forest(watch_set, source, self._inbox)
        self._burst = Burst(quiet=watch_set.settle)
        self._statistics: WatchStatistics | None = None
        self._poll_due = self._sweep_due = math.inf
        self._refusals: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._leaving: list[asyncio.Future[None]] = []
        self._closed = False

    async def begin(self) -> None:
        """Take the baseline and begin."""
        started = self._loop.time()
        look = await self._in_worker(self._forest.begin)
        self._note(look)
        self._plan_sweep()
        self._report(
            "watch.started",
            # The daemon's own watch of the profiles is no news to anybody.
            None if self._profile is not None else Level.DEBUG,
            backend=look.statistics.backend,
            roots=tuple(str(root) for root in self._watch_set.roots),
            files=look.statistics.files,
            directories=look.statistics.directories,
            took_ms=self._milliseconds_since(started),
        )
        self._digester.ask(self._forest, self._profile)
        self._task = self._loop.create_task(self._run(), name=f"watch {self._profile}")

    def statistics(self) -> WatchStatistics:
        """What is being looked at now.

        Raises:
            RuntimeError: it has not begun.
        """
        if self._statistics is None:
            raise RuntimeError("the baseline is not taken yet")
        return self._statistics

    async def finish(self) -> None:
        """Look once more, tell what has changed up to now, and stop: for when another watch has begun in its place."""
        told = self._loop.create_future()
        self._leaving.append(told)
        self._inbox.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_FINISH):
                await told
        self.close()

    def close(self) -> None:
        """Stop telling of changes. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._task is not None:
            self._task.cancel()
        self._executor.submit(self._forest.close)

    async def _run(self) -> None:
        while True:
            try:
                await self._inbox.wait(self._due())
                await self._turn()
            except Exception as error:  # noqa: BLE001 - whatever broke, watching goes on and says so
                self._report("watch.failed", error=repr(error))
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                self._sweep_due = self._loop.time()

    def _due(self) -> float:
        """When to do something though nothing was heard."""
        burst_due = math.inf if self._burst.due is None else self._burst.due
        return min(burst_due, self._poll_due, self._sweep_due)

    async def _turn(self) -> None:
        """Look where there is reason to, then do what is due: a stream of events holds up nothing else."""
        if loss := self._inbox.take_loss():
            await self._look_after(loss)
        elif sightings := self._inbox.take():
            await self._look_at(sightings)
        if self._is_burst_over():
            await self._end_burst()
        if self._poll_due <= self._loop.time():
            await self._poll()
        if self._leaving:
            await self._tell_the_rest()
        if self._sweep_due <= self._loop.time():
            self._note(await self._in_worker(self._forest.look_everywhere))
            self._plan_sweep()

    async def _look_at(self, sightings: tuple[Sighting, ...]) -> None:
        noticed_at = self._loop.time()
        minded = [each for each in sightings if self._forest.minds(each)]
        if minded:
            self._note(await self._in_worker(lambda: self._forest.look(minded)), noticed_at)

    async def _look_after(self, loss: Loss) -> None:
        started = self._loop.time()
        look = await self._in_worker(self._forest.look_everywhere)
        if loss.failure is None:
            took_ms = self._milliseconds_since(started)
            self._report("watch.overflowed", changes=len(look.findings), took_ms=took_ms)
        else:
            self._report("watch.failed", error=repr(loss.failure))
        self._note(look)

    async def _poll(self) -> None:
        """Look at what is polled; the next time is counted from the end, so that looks never overlap."""
        self._note(await self._in_worker(self._forest.look_at_polled))
        self._poll_due = self._loop.time() + self._watch_set.poll_interval

    async def _end_burst(self) -> None:
        """Tell what changed, unless git is at work or a last look shows that it goes on."""
        self._burst = self._burst.bracketed(await self._in_worker(self._forest.git_activity), self._loop.time())
        await self._look_at(self._inbox.take())
        if self._poll_due < math.inf and self._is_burst_over():
            await self._poll()
        if self._is_burst_over():
            self._tell()

    def _tell(self) -> None:
        changes = self._burst.close(self._loop.time())
        self._burst = Burst(quiet=self._watch_set.settle)
        self._forest.tell(changes.paths)
        self._digester.ask(self._forest, self._profile)
        self._on_settled(changes)

    async def _tell_the_rest(self) -> None:
        """Tell all that has changed so far, whether its burst is over or not, to those who leave."""
        leaving, self._leaving = self._leaving, []
        self._note(await self._in_worker(self._forest.look_everywhere))
        if self._burst.due is not None:
            self._tell()
        for told in leaving:
            if not told.done():
                told.set_result(None)

    def _is_burst_over(self) -> bool:
        return self._burst.due is not None and self._burst.due <= self._loop.time()

    def _note(self, look: Look, noticed_at: float | None = None) -> None:
        """Take what a look showed: findings for the burst, the rest for those who ask or read the log."""
        self._statistics = look.statistics
        if not look.is_polled:
            self._poll_due = math.inf
        elif self._poll_due == math.inf:
            self._poll_due = self._loop.time() + self._watch_set.poll_interval
        for path in look.ignored:
            self._report("change.ignored", path=path, why="its content is as it was")
        for number, directories in look.refused.items():
            if number not in self._refusals:
                self._refusals.add(number)
                limit = limit_of(number)
                self._report("watch.degraded", paths=tuple(sorted(directories)), error=limit.error, hint=limit.hint)
        if look.findings:
            self._burst = self._burst.feed(look.findings, noticed_at or self._loop.time())

    def _plan_sweep(self) -> None:
        self._sweep_due = self._loop.time() + SWEEP_INTERVAL

    def _report(self, name: str, level: Level | None = None, **fields: Value) -> None:
        self._publish(make_record(name, fields, profile=self._profile, level=level))

    def _milliseconds_since(self, started: float) -> float:
        return round((self._loop.time() - started) * 1000, 1)

    async def _in_worker(self, job: Callable[[], _T]) -> _T:
        return await self._loop.run_in_executor(self._executor, job)
