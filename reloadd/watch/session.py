"""One tree of watches, for all who look in the same manner: events and looks go in, settled change sets come out.

One task does everything in turn. A look that may take time is made in a worker thread while the task waits; one at a
few files that were written just now, whose inodes are in memory, is made at once. So the tree is never in two hands,
the event loop never waits for a disk, and a walk, which is made in slices, holds up nobody.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.records import Level, make_record, record
from reloadd.core.settle import Work
from reloadd.watch.audience import Audience, Member
from reloadd.watch.base import WatchStatistics
from reloadd.watch.degraded import Refusals
from reloadd.watch.inbox import Inbox
from reloadd.watch.lookout import Lookout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.profile.model import WatchSet
    from reloadd.watch.digester import Digester
    from reloadd.watch.inbox import Loss, Sighting, Source
    from reloadd.watch.interest import Interest
    from reloadd.watch.lookout import Look
    from reloadd.watch.manner import Manner

PAUSE_AFTER_FAILURE = 1.0
"""Seconds until watching that broke off is begun again."""

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


class Session:
    """One tree, for all profiles that share it. Ended when the last member leaves.

    Its audiences differ in where they look, in their globs and in their pace; what a file is, is found out once
    for all.

    Args:
        manner: how all of them look.
        source: where events come from; None to poll everything.
        executor: whose threads look.
        digester: what reads files in the background.
        report: takes the records of all members.
        on_empty: called when nobody is left.
    """

    def __init__(
        self,
        manner: Manner,
        *,
        source: Source | None,
        executor: Executor,
        digester: Digester,
        report: Callable[[Record], None],
        on_empty: Callable[[], None],
    ) -> None:
        self._poll_interval = manner.poll_interval
        self._executor = executor
        self._digester = digester
        self._publish = report
        self._on_empty = on_empty
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self.lookout = Lookout(manner, source, self._inbox)
        self._audiences: dict[WatchSet, Audience] = {}
        self._served: tuple[Audience, ...] = ()
        self._refusals = Refusals()
        self._recovery: Recovery | None = None
        self._poll_due = self._sweep_due = math.inf
        self._is_regrouped = self._is_doubtful = self._is_walking = False
        self._task = self._loop.create_task(self._run(), name="watch")
        self._closed = False

    # Members.

    async def join(
        self,
        profile: str | None,
        watch_set: WatchSet,
        on_settled: Callable[[ChangeSet], None],
        on_burst: Callable[[Noticed | Quiet], None] | None,
    ) -> Member:
        """Watch for one more profile; from the return on it is told, as soon as its member is opened."""
        # What the app imports is watched by another watch.
        key = replace(watch_set, imported=True)
        audience = self._audiences.get(key)
        if audience is None:
            served = self._loop.create_future()
            audience = Audience(key, self.lookout.interest_of(key), served, self._publish)
            self._audiences[key] = audience
            self._regroup()
        member = Member(profile, self, audience, on_settled, on_burst)
        for degraded in self._refusals.told_to(audience):
            self._publish(replace(degraded, profile=profile))
        audience.join(member)
        try:
            await audience.wait_served()
        except BaseException:
            self.leave(member)
            raise
        return member

    def leave(self, member: Member) -> None:
        """Tell this one no more; the last one ends the watching. Safe to call twice."""
        audience = member.audience
        if member not in audience:
            return
        audience.leave(member)
        if not len(audience):
            self._audiences = {key: each for key, each in self._audiences.items() if each is not audience}
            # What only they looked for is forgotten now, and not beside the next save.
            self._regroup()
        if not self._audiences:
            self.close()

    def statistics(self, audience: Audience) -> WatchStatistics:
        """What is being looked at now for an audience.

        Raises:
            RuntimeError: it has not begun.
        """
        if not audience.is_served:
            raise RuntimeError("the baseline is not taken yet")
        interest = audience.interest
        return WatchStatistics(
            self.lookout.backend_for(interest),
            self.lookout.files_for(interest),
            self.lookout.directories_for(interest),
        )

    def close(self) -> None:
        """Tell nobody any more. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._task.cancel()
        for audience in self._audiences.values():
            audience.cancel()
        self._executor.submit(self.lookout.close)
        self._on_empty()

    def remounted(self, points: frozenset[str]) -> None:
        """Take note of mounts that came or went at these places: no event tells what is seen there now."""
        if any(self.lookout.is_about(point) for point in points):
            self._doubt()

    def _regroup(self) -> None:
        """Look for who has come, and no more for who has gone, soon."""
        self._is_regrouped = True
        self._inbox.wake()

    def _doubt(self) -> None:
        """Look at everything soon."""
        self._is_doubtful = True
        self._inbox.wake()

    # The task.

    async def _run(self) -> None:
        while True:
            try:
                await self._inbox.wait(self._due())
                await self._turn()
                self._tell_of_bursts()
            except Exception as error:  # noqa: BLE001 - whatever broke, watching goes on and says so
                self._tell_of_bursts()
                self._failed(error)
                for audience in self._audiences.values():
                    audience.fail(error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                self._doubt()

    def _due(self) -> float:
        """When to do something though nothing was heard."""
        if self._is_walking:
            return self._loop.time()
        bursts = (each.burst.due for each in self._audiences.values())
        return min(self._poll_due, self._sweep_due, *(due for due in bursts if due is not None))

    async def _turn(self) -> None:
        """Look where there is reason to, then do what is due: a stream of events holds up nothing else."""
        if loss := self._inbox.take_loss():
            await self._look_after(loss)
        elif sightings := self._inbox.take():
            await self._look_at(sightings)
        if self._over():
            await self._end_bursts()
        if self._poll_due <= self._loop.time():
            await self._poll()
        if self._is_regrouped:
            await self._prepare()
        if self._is_doubtful:
            self._is_doubtful = False
            self._note(await self._in_worker(lambda: self.lookout.look_everywhere(listens_anew=False)))
        if self._sweep_due <= self._loop.time():
            self._note(await self._in_worker(self.lookout.sweep_some))
            self._sweep_due = self._loop.time() + self.lookout.sweep_pause()
        if self._is_walking:
            self._note(await self._in_worker(self.lookout.go_on))
        await self._settle_in()

    async def _prepare(self) -> None:
        """Look for all who have joined by now, and for none who have left: one walk, however many they are."""
        self._is_regrouped = False
        audiences = tuple(self._audiences.values())
        interests = tuple(each.interest for each in audiences)
        self._note(await self._in_worker(lambda: self.lookout.prepare(interests)))
        for audience in audiences:
            audience.is_prepared = True

    async def _settle_in(self) -> None:
        """Serve those where all was looked at, and say what a walk that is over came to."""
        served = tuple(each for each in self._audiences.values() if each.is_served or self._is_ready(each))
        if served != self._served:
            interests = tuple(each.interest for each in served)
            await self._in_worker(lambda: self.lookout.serve(interests))
            self._served = served
            for audience in served:
                self._say_degraded(audience)
                audience.serve()
            self._digester.ask(self.lookout, self._failed)
            if self._sweep_due == math.inf:
                self._sweep_due = self._loop.time() + self.lookout.sweep_pause()
        if self._recovery is not None and not self._is_walking:
            recovery, self._recovery = self._recovery, None
            took_ms = self._milliseconds_since(recovery.since)
            for audience in served:
                audience.say(record("watch.overflowed", changes=recovery.changes[audience.interest], took_ms=took_ms))

    def _is_ready(self, audience: Audience) -> bool:
        return audience.is_prepared and self.lookout.is_walked(audience.interest)

    async def _look_at(self, sightings: tuple[Sighting, ...]) -> None:
        noticed_at = self._loop.time()
        minded = [each for each in sightings if self.lookout.minds(each)]
        if beginning := [each for each in self._audiences.values() if self._begins_burst(each, minded)]:
            for audience in beginning:
                audience.tell_of_burst(Noticed())
            # So that they can act on it before anybody looks.
            await asyncio.sleep(0)
        if not minded:
            return
        look = self.lookout.glance(minded)
        if look is not None:
            self._note(look, noticed_at, is_walk=False)
        else:
            self._note(await self._in_worker(lambda: self.lookout.look(minded)), noticed_at)

    async def _look_after(self, loss: Loss) -> None:
        is_overflow = loss.failure is None
        if loss.failure is not None:
            self._failed(loss.failure)
        elif self._recovery is None:
            self._recovery = Recovery(self._loop.time())
        self._note(await self._in_worker(lambda: self.lookout.look_everywhere(listens_anew=not is_overflow)))

    async def _poll(self) -> None:
        """Look at what is polled; the next time is counted from the end, so that looks never overlap."""
        self._note(await self._in_worker(self.lookout.look_at_polled))
        self._poll_due = self._loop.time() + self._poll_interval

    async def _end_bursts(self) -> None:
        """Tell what changed, unless work is under way or a last look shows that it goes on."""
        over = []
        for audience in self._over():
            work = await self._work_at(audience)
            now = self._loop.time()
            audience.burst = audience.burst.bracketed(work, now)
            if audience.is_burst_over(now):
                over.append(audience)
        if unfinished := {path for audience in over for path in audience.burst.unfinished}:
            self._note(await self._in_worker(lambda: self.lookout.ask_writers(unfinished)))
        await self._look_at(self._inbox.take())
        if over and self._poll_due < math.inf:
            await self._poll()
        for audience in over:
            # Only of these it is known that no work is under way, however long the last look took.
            if audience.is_burst_over(self._loop.time()):
                self._tell(audience)

    def _tell(self, audience: Audience) -> None:
        changes, audience.burst = audience.burst.close(self._loop.time())
        audience.is_found_on_a_walk = False
        self.lookout.tell(audience.interest, changes.paths)
        audience.tell(changes)
        self._digester.ask(self.lookout, self._failed)

    async def _work_at(self, audience: Audience) -> Work:
        """What is under way where a burst's files are."""
        if audience.is_found_on_a_walk and not self.lookout.is_walked(audience.interest):
            return Work.LOOKING
        paths = audience.burst.paths
        git = self.lookout.glance_at_git(paths)
        return await self._in_worker(lambda: self.lookout.git_activity(paths)) if git is None else git

    def _begins_burst(self, audience: Audience, minded: Iterable[Sighting]) -> bool:
        """Whether events are the first sign of a change for an audience."""
        return not audience.is_in_burst and any(self.lookout.may_change(each, audience.interest) for each in minded)

    def _tell_of_bursts(self) -> None:
        """Say who has anything to be told; what looks showed by themselves is noticed here."""
        for audience in self._audiences.values():
            if audience.is_in_burst is not (is_open := audience.burst.due is not None):
                audience.tell_of_burst(Noticed() if is_open else Quiet())

    def _over(self) -> list[Audience]:
        """Those whose bursts are over."""
        now = self._loop.time()
        return [each for each in self._audiences.values() if each.is_burst_over(now)]

    def _note(self, look: Look, noticed_at: float | None = None, *, is_walk: bool = True) -> None:
        """Take what a look showed: findings for the burst, the rest for those who ask or read the log."""
        self._is_walking = look.is_unfinished
        if not look.is_polled:
            self._poll_due = math.inf
        elif self._poll_due == math.inf:
            self._poll_due = self._loop.time() + self._poll_interval
        self._refusals.add(look.refused)
        for audience in self._audiences.values():
            if news := look.news.get(audience.interest):
                for path in news.ignored:
                    audience.say(record("change.ignored", path=path, why="its content is as it was"))
                audience.burst = audience.burst.feed(news.findings, noticed_at or self._loop.time())
                audience.is_found_on_a_walk |= is_walk
                if self._recovery is not None:
                    self._recovery.changes[audience.interest] += len(news.findings)
        if look.refused and not look.is_unfinished:
            for audience in self._served:
                self._say_degraded(audience)

    def _say_degraded(self, audience: Audience) -> None:
        for degraded in self._refusals.news_for(audience):
            audience.say(degraded)

    def _failed(self, error: BaseException) -> None:
        for audience in self._audiences.values():
            audience.say(record("watch.failed", error=repr(error)))

    def say_started(self, member: Member, since: float) -> None:
        """Say what one member watches, and how long that took."""
        statistics = self.statistics(member.audience)
        self._publish(
            make_record(
                "watch.started",
                {
                    "backend": statistics.backend,
                    "roots": tuple(str(root) for root in member.audience.watch_set.roots),
                    "files": statistics.files,
                    "directories": statistics.directories,
                    "took_ms": self._milliseconds_since(since),
                },
                profile=member.profile,
                # The daemon's own watch of the profiles is no news to anybody.
                level=None if member.profile is not None else Level.DEBUG,
            )
        )

    def _milliseconds_since(self, started: float) -> float:
        return round((self._loop.time() - started) * 1000, 1)

    async def _in_worker(self, job: Callable[[], _T]) -> _T:
        return await self._loop.run_in_executor(self._executor, job)
