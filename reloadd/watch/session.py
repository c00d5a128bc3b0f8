"""One watch set, being watched for all who want it: events and looks go in, settled change sets come out.

One task does everything in turn. A look that may take time is made in a worker thread while the task waits; one at a
few files that were written just now, whose inodes are in memory, is made at once. So a tree is never in two hands, and
the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.records import Level, make_record
from reloadd.core.settle import Burst
from reloadd.watch.audience import Audience, Member
from reloadd.watch.forest import Forest, Look
from reloadd.watch.inbox import Inbox
from reloadd.watch.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record
    from reloadd.profile.model import WatchSet
    from reloadd.watch.base import WatchStatistics
    from reloadd.watch.digester import Digester
    from reloadd.watch.inbox import Loss, Sighting, Source

PAUSE_AFTER_FAILURE = 1.0
"""Seconds until watching that broke off is begun again."""

MOST_NAMED = 5
"""Directories that a record names: at a limit of the kernel's there may be thousands."""

_T = TypeVar("_T")


class Session:
    """One watch set, being watched. Ended when the last member leaves.

    Args:
        watch_set: what to watch.
        source: where events come from; None to poll everything.
        executor: whose threads look.
        digester: what reads files in the background.
        report: takes the records of all members.
        on_empty: called when nobody is left.
    """

    def __init__(
        self,
        watch_set: WatchSet,
        *,
        source: Source | None,
        executor: Executor,
        digester: Digester,
        report: Callable[[Record], None],
        on_empty: Callable[[], None],
    ) -> None:
        self._watch_set = watch_set
        self._executor = executor
        self._digester = digester
        self._publish = report
        self._on_empty = on_empty
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._audience = Audience(report)
        self.forest = Forest(watch_set, source, self._inbox)
        self._burst = Burst(quiet=watch_set.settle)
        self._statistics: WatchStatistics | None = None
        self._poll_due = self._sweep_due = math.inf
        self._refusals: set[int] = set()
        self._is_doubtful = False
        self._task = self._loop.create_task(self._begin(), name="watch baseline")
        self._begun = self._task
        self._closed = False

    # Members.

    async def join(
        self,
        profile: str | None,
        on_settled: Callable[[ChangeSet], None],
        on_burst: Callable[[Noticed | Quiet], None] | None,
    ) -> Member:
        """Watch for one more profile; from the return on it is told, as soon as its member is opened."""
        member = Member(profile, self, on_settled, on_burst)
        self._audience.join(member)
        try:
            await asyncio.shield(self._begun)
        except BaseException:
            self.leave(member)
            raise
        return member

    def leave(self, member: Member) -> None:
        """Tell this one no more; the last one ends the watching. Safe to call twice."""
        if member in self._audience:
            self._audience.leave(member)
            if not len(self._audience):
                self.close()

    def statistics(self) -> WatchStatistics:
        """What is being looked at now.

        Raises:
            RuntimeError: it has not begun.
        """
        if self._statistics is None:
            raise RuntimeError("the baseline is not taken yet")
        return self._statistics

    def close(self) -> None:
        """Tell nobody any more. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._task.cancel()
        self._executor.submit(self.forest.close)
        self._on_empty()

    def remounted(self, points: frozenset[str]) -> None:
        """Take note of mounts that came or went at these places: no event tells what is seen there now."""
        if any(self.forest.is_about(point) for point in points):
            self._doubt()

    def _doubt(self) -> None:
        """Look at everything soon."""
        self._is_doubtful = True
        self._inbox.wake()

    # The task.

    async def _begin(self) -> None:
        """Take the baseline, and go on from it."""
        self._note(await self._in_worker(self.forest.begin))
        self._sweep_due = self._loop.time() + self.forest.sweep_pause()
        self._digester.ask(self.forest, self._failed)
        if not self._closed:
            self._task = self._loop.create_task(self._run(), name="watch")

    async def _run(self) -> None:
        while True:
            try:
                await self._inbox.wait(self._due())
                await self._turn()
                self._tell_of_burst()
            except Exception as error:  # noqa: BLE001 - whatever broke, watching goes on and says so
                self._tell_of_burst()
                self._failed(error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                self._doubt()

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
        if self._is_doubtful:
            self._is_doubtful = False
            self._note(await self._in_worker(self.forest.look_everywhere))
        if self._sweep_due <= self._loop.time():
            self._note(await self._in_worker(self.forest.sweep_some))
            self._sweep_due = self._loop.time() + self.forest.sweep_pause()

    async def _look_at(self, sightings: tuple[Sighting, ...]) -> None:
        noticed_at = self._loop.time()
        minded = [each for each in sightings if self.forest.minds(each)]
        if not self._audience.is_in_burst and any(map(self.forest.may_change, minded)):
            self._audience.tell_of_burst(Noticed())
            # So that they can act on it before anybody looks.
            await asyncio.sleep(0)
        if minded:
            look = self.forest.glance(minded)
            if look is None:
                look = await self._in_worker(lambda: self.forest.look(minded))
            self._note(look, noticed_at)

    async def _look_after(self, loss: Loss) -> None:
        started = self._loop.time()
        look = await self._in_worker(self.forest.look_everywhere)
        if loss.failure is None:
            took_ms = self._milliseconds_since(started)
            self._audience.say("watch.overflowed", changes=len(look.findings), took_ms=took_ms)
        else:
            self._failed(loss.failure)
        self._note(look)

    async def _poll(self) -> None:
        """Look at what is polled; the next time is counted from the end, so that looks never overlap."""
        self._note(await self._in_worker(self.forest.look_at_polled))
        self._poll_due = self._loop.time() + self._watch_set.poll_interval

    async def _end_burst(self) -> None:
        """Tell what changed, unless git is at work or a last look shows that it goes on."""
        git = self.forest.glance_at_git()
        if git is None:
            git = await self._in_worker(self.forest.git_activity)
        self._burst = self._burst.bracketed(git, self._loop.time())
        await self._look_at(self._inbox.take())
        if self._poll_due < math.inf and self._is_burst_over():
            await self._poll()
        if self._is_burst_over():
            changes, self._burst = self._burst.close(self._loop.time())
            self.forest.tell(changes.paths)
            self._audience.tell(changes)
            self._digester.ask(self.forest, self._failed)

    def _tell_of_burst(self) -> None:
        """Say whether there is anything to be told; what looks showed by themselves is noticed here."""
        if self._audience.is_in_burst is not (is_open := self._burst.due is not None):
            self._audience.tell_of_burst(Noticed() if is_open else Quiet())

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
            self._audience.say("change.ignored", path=path, why="its content is as it was")
        for number, directories in look.refused.items():
            if number not in self._refusals:
                self._refusals.add(number)
                limit = limit_of(number)
                first, rest = sorted(directories)[:MOST_NAMED], len(directories) - MOST_NAMED
                paths = (*first, f"and {rest} more") if rest > 0 else tuple(first)
                self._audience.say_for_good("watch.degraded", paths=paths, error=limit.error, hint=limit.hint)
        if look.findings:
            self._burst = self._burst.feed(look.findings, noticed_at or self._loop.time())

    def _failed(self, error: BaseException) -> None:
        self._audience.say("watch.failed", error=repr(error))

    def say_started(self, member: Member, since: float) -> None:
        """Say what one member watches, and how long that took."""
        statistics = self.statistics()
        self._publish(
            make_record(
                "watch.started",
                {
                    "backend": statistics.backend,
                    "roots": tuple(str(root) for root in self._watch_set.roots),
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
