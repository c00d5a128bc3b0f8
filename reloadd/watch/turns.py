"""What one shared watch does, in turn: events and looks go in, settled change sets come out.

One task does everything. A look that may take time is made in a worker thread while the task waits; one at a few files
that were written just now, whose inodes are in memory, is made at once. So the tree is never in two hands, the event
loop never waits for a disk, and a walk, which is made in slices, holds up nobody.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.records import record
from reloadd.watch.bursts import Bursts
from reloadd.watch.degraded import Refusals
from reloadd.watch.digester import Digester
from reloadd.watch.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from reloadd.watch.audience import Audience
    from reloadd.watch.inbox import Inbox, Loss, Sighting
    from reloadd.watch.interest import Interest
    from reloadd.watch.lookout import Look, Lookout

PAUSE_AFTER_FAILURE = 1.0
"""Seconds until watching that broke off is begun again."""

_MOST_TAKEN = 500
"""Events that are taken at once: some 10 us each. They may be as many as a directory that is deleted has files."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Recovery:
    """A walk over everything since events were lost.

    Attributes:
        since: when it began, on the event loop's clock.
        changes: how many each interest was found to have missed.
    """

    since: float
    changes: Counter[Interest] = field(default_factory=Counter)


class Turns:
    """The task of one shared watch.

    Args:
        everyone: gives the audiences that there are.
        lookout: makes the looks.
        inbox: where events come from.
        poll_interval: seconds between two looks at what is polled.
        executor: whose threads look.

    Attributes:
        refusals: what could not be listened to.
        jobs: what is to be done between two looks.
    """

    def __init__(
        self,
        everyone: Callable[[], tuple[Audience, ...]],
        lookout: Lookout,
        inbox: Inbox,
        *,
        poll_interval: float,
        executor: Executor,
    ) -> None:
        self.refusals = Refusals()
        self._everyone = everyone
        self._lookout = lookout
        self._inbox = inbox
        self._poll_interval = poll_interval
        self._executor = executor
        self._digester = Digester(lookout, executor, self._failed)
        self._loop = asyncio.get_running_loop()
        self._bursts = Bursts(everyone, lookout, executor, on_told=self._digester.ask)
        self._begun: tuple[Audience, ...] = ()
        self._recovery: Recovery | None = None
        self._poll_due = self._sweep_due = math.inf
        self._is_regrouped = self._is_doubtful = self._is_walking = False
        self.jobs = Jobs(executor, inbox.wake)
        self._task = self._loop.create_task(self._run(), name="watch")

    def regroup(self) -> None:
        """Look for who has come, and no more for who has gone, soon."""
        self._is_regrouped = True
        self._inbox.wake()

    def doubt(self) -> None:
        """Look at everything soon."""
        self._is_doubtful = True
        self._inbox.wake()

    def close(self) -> None:
        """Do nothing more. Safe to call twice."""
        self._digester.close()
        self._task.cancel()
        self.jobs.close()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is left to be looked at or read, but for what may happen."""
        return self._digester.is_idle and not (self._is_walking or self._is_regrouped or self._is_doubtful)

    async def _run(self) -> None:
        while True:
            try:
                await self._inbox.wait(self._due())
                await self._turn()
                self._bursts.say_which_are_open()
            except Exception as error:  # noqa: BLE001 - whatever broke, watching goes on and says so
                self._bursts.say_which_are_open()
                self._failed(error)
                for audience in self._everyone():
                    audience.fail(error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                self.doubt()

    def _due(self) -> float:
        """When to do something though nothing was heard."""
        if self._is_walking:
            return self._loop.time()
        return min(self._poll_due, self._sweep_due, self._bursts.due())

    async def _turn(self) -> None:
        """Look where there is reason to, then do what is due: a stream of events holds up nothing else."""
        if loss := self._inbox.take_loss():
            await self._look_after(loss)
        elif sightings := self._inbox.take(_MOST_TAKEN):
            await self._look_at(sightings)
        await self._end_bursts()
        if self._poll_due <= self._loop.time():
            await self._poll()
        if self._is_regrouped:
            await self._prepare()
        if self._is_doubtful:
            self._is_doubtful = False
            self._note(await self._in_worker(lambda: self._lookout.look_everywhere(listens_anew=False)))
        if self._sweep_due <= self._loop.time():
            self._note(await self._in_worker(self._lookout.sweep_some))
            self._sweep_due = self._loop.time() + self._lookout.sweep_pause()
        if self._is_walking:
            self._note(await self._in_worker(partial(self._lookout.go_on, is_hurried=bool(self._inbox))))
        await self._settle_in()
        await self.jobs.do_all()

    async def _prepare(self) -> None:
        """Look for all who have joined by now, and for none who have left: one walk, however many they are."""
        self._is_regrouped = False
        audiences = self._everyone()
        interests = tuple(each.interest for each in audiences)
        self._note(await self._in_worker(lambda: self._lookout.prepare(interests)))
        for audience in audiences:
            audience.is_prepared = True

    async def _settle_in(self) -> None:
        """Take the baselines of those for whom all was looked at, and say what a walk that is over came to."""
        begun = tuple(each for each in self._everyone() if each.has_begun or self._is_ready(each))
        if begun != self._begun:
            interests = tuple(each.interest for each in begun)
            await self._in_worker(lambda: self._lookout.take_baselines(interests))
            self._begun = begun
            for audience in begun:
                self._say_degraded(audience)
                audience.begin()
            self._digester.ask()
            if self._sweep_due == math.inf:
                self._sweep_due = self._loop.time() + self._lookout.sweep_pause()
        if self._recovery is not None and not self._is_walking:
            recovery, self._recovery = self._recovery, None
            took_ms = self._milliseconds_since(recovery.since)
            for audience in begun:
                audience.say(record("watch.overflowed", changes=recovery.changes[audience.interest], took_ms=took_ms))

    def _is_ready(self, audience: Audience) -> bool:
        return audience.is_prepared and self._lookout.is_walked(audience.interest)

    async def _look_at(self, sightings: tuple[Sighting, ...]) -> None:
        noticed_at = self._loop.time()
        minded = [each for each in sightings if self._lookout.minds(each)]
        if self._bursts.say_which_begin(minded):
            # So that those who were told can act on it before anybody looks.
            await asyncio.sleep(0)
        if not minded:
            return
        look = self._lookout.glance(minded)
        if look is not None:
            self._note(look, noticed_at, is_walk=False)
        else:
            look = await self._in_worker(partial(self._lookout.look, minded, is_hurried=bool(self._inbox)))
            self._note(look, noticed_at)

    async def _look_after(self, loss: Loss) -> None:
        is_overflow = loss.failure is None
        if loss.failure is not None:
            self._failed(loss.failure)
        elif self._recovery is None:
            self._recovery = Recovery(self._loop.time())
        self._note(await self._in_worker(lambda: self._lookout.look_everywhere(listens_anew=not is_overflow)))

    async def _poll(self) -> None:
        """Look at what is polled; the next time is counted from the end, so that looks never overlap."""
        self._note(await self._in_worker(self._lookout.look_at_polled))
        self._poll_due = self._loop.time() + self._poll_interval

    async def _end_bursts(self) -> None:
        """Go on with the ends of bursts, each by one step."""
        if asked := await self._bursts.take_ending():
            await self._look_once_more(asked)
            await self._bursts.tell(asked)
        if unasked := self._bursts.take_unasked():
            self._note(await self._in_worker(lambda: self._lookout.ask_writers(unasked)), is_answer=True)

    async def _look_once_more(self, audiences: Iterable[Audience]) -> None:
        """Look at what may show that bursts go on which were thought to be over."""
        # A lone save waits for few others; what is more than that may have gone on in any event that was heard by now.
        is_lone = all(each.burst.size == 1 for each in audiences)
        ahead = min(len(self._inbox), _MOST_TAKEN) if is_lone else len(self._inbox)
        for _ in range(0, ahead, _MOST_TAKEN):
            await self._look_at(self._inbox.take(_MOST_TAKEN))
        if self._poll_due < math.inf:
            await self._poll()

    def _note(
        self, look: Look, noticed_at: float | None = None, *, is_walk: bool = True, is_answer: bool = False
    ) -> None:
        """Take what a look showed: findings for the burst, the rest for those who ask or read the log."""
        self._is_walking = look.is_unfinished
        if not look.is_polled:
            self._poll_due = math.inf
        elif self._poll_due == math.inf:
            self._poll_due = self._loop.time() + self._poll_interval
        self.refusals.add(look.refused)
        if self._recovery is not None:
            self._recovery.changes.update({interest: len(news.findings) for interest, news in look.news.items()})
        self._bursts.take(look, noticed_at or self._loop.time(), is_walk=is_walk, is_answer=is_answer)
        if look.refused and not look.is_unfinished:
            for audience in self._begun:
                self._say_degraded(audience)

    def _say_degraded(self, audience: Audience) -> None:
        for degraded in self.refusals.news_for(audience):
            audience.say(degraded)

    def _failed(self, error: BaseException) -> None:
        for audience in self._everyone():
            audience.say(record("watch.failed", error=repr(error)))

    def _milliseconds_since(self, started: float) -> float:
        return round((self._loop.time() - started) * 1000, 1)

    async def _in_worker(self, job: Callable[[], _T]) -> _T:
        return await self._loop.run_in_executor(self._executor, job)
