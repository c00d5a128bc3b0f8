"""One ground, being watched for all who look for something on it: events and looks go in, settled change sets come out.

One task does everything in turn. A look that may take time is made in a worker thread while the task waits; one at a
few files that were written just now, whose inodes are in memory, is made at once. So a tree is never in two hands, and
the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, TypeVar

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.records import Level, make_record, record
from reloadd.watch.audience import Audience, Member
from reloadd.watch.base import WatchStatistics
from reloadd.watch.forest import Forest
from reloadd.watch.inbox import Inbox
from reloadd.watch.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record, Value
    from reloadd.profile.model import WatchSet
    from reloadd.watch.digester import Digester
    from reloadd.watch.forest import Look
    from reloadd.watch.inbox import Loss, Sighting, Source
    from reloadd.watch.interest import Interest

PAUSE_AFTER_FAILURE = 1.0
"""Seconds until watching that broke off is begun again."""

MOST_NAMED = 5
"""Directories that a record names: at a limit of the kernel's there may be thousands."""

_T = TypeVar("_T")


class Session:
    """One walk, for all profiles that share it. Ended when the last member leaves.

    Its audiences differ in their globs and in their pace; what a file is, is found out once for all of them.

    Args:
        ground: what to watch, see `ground_of`.
        source: where events come from; None to poll everything.
        executor: whose threads look.
        digester: what reads files in the background.
        report: takes the records of all members.
        on_empty: called when nobody is left.
    """

    def __init__(
        self,
        ground: WatchSet,
        *,
        source: Source | None,
        executor: Executor,
        digester: Digester,
        report: Callable[[Record], None],
        on_empty: Callable[[], None],
    ) -> None:
        self._ground = ground
        self._executor = executor
        self._digester = digester
        self._publish = report
        self._on_empty = on_empty
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._audiences: dict[tuple[tuple[str, ...], float | None], Audience] = {}
        self._standing: list[tuple[str, dict[str, Value]]] = []
        self.forest = Forest(ground, source, self._inbox)
        self._last_look: Look | None = None
        self._poll_due = self._sweep_due = math.inf
        self._refusals: set[int] = set()
        self._is_doubtful = False
        self._is_regrouped = False
        self._task = self._loop.create_task(self._begin(), name="watch baseline")
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
        key = (watch_set.include, watch_set.settle)
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = Audience(watch_set, self._loop.create_future(), self._publish)
            self._is_regrouped = True
            self._inbox.wake()
        member = Member(profile, self, audience, on_settled, on_burst)
        audience.join(member)
        for name, fields in self._standing:
            self._publish(record(name, profile=profile, **fields))
        try:
            await asyncio.shield(audience.served)
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
            # What only they looked for is forgotten at the next occasion; nothing waits for that.
            self._is_regrouped = True
        if not self._audiences:
            self.close()

    def statistics(self, audience: Audience) -> WatchStatistics:
        """What is being looked at now for an audience; its directories are those of all.

        Raises:
            RuntimeError: it has not begun.
        """
        if self._last_look is None or not audience.served.done():
            raise RuntimeError("the baseline is not taken yet")
        files = self.forest.files_for(audience.interest)
        return WatchStatistics(self._last_look.backend, files, self._last_look.directories)

    def close(self) -> None:
        """Tell nobody any more. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._task.cancel()
        for audience in self._audiences.values():
            audience.served.cancel()
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
        try:
            await self._serve(self.forest.begin)
        except Exception:  # noqa: BLE001 - it is raised where it can be handled: for those who join
            self.close()
            return
        self._sweep_due = self._loop.time() + self.forest.sweep_pause()
        if not self._closed:
            self._task = self._loop.create_task(self._run(), name="watch")

    async def _serve(self, serve: Callable[[tuple[Interest, ...]], Look]) -> None:
        """Look for all who have joined by now, and for none who have left: one walk, however many they are."""
        self._is_regrouped = False
        audiences = tuple(self._audiences.values())
        try:
            self._note(await self._in_worker(lambda: serve(tuple(each.interest for each in audiences))))
        except Exception as error:
            self._is_regrouped = True
            for audience in self._audiences.values():
                audience.fail(error)
            raise
        for audience in audiences:
            audience.serve()
        self._digester.ask(self.forest, self._failed)

    async def _run(self) -> None:
        while True:
            try:
                await self._inbox.wait(self._due())
                await self._turn()
                self._tell_of_bursts()
            except Exception as error:  # noqa: BLE001 - whatever broke, watching goes on and says so
                self._tell_of_bursts()
                self._failed(error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                self._doubt()

    def _due(self) -> float:
        """When to do something though nothing was heard."""
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
            await self._serve(self.forest.serve)
        if self._is_doubtful:
            self._is_doubtful = False
            self._note(await self._in_worker(self.forest.look_everywhere))
        if self._sweep_due <= self._loop.time():
            self._note(await self._in_worker(self.forest.sweep_some))
            self._sweep_due = self._loop.time() + self.forest.sweep_pause()

    async def _look_at(self, sightings: tuple[Sighting, ...]) -> None:
        noticed_at = self._loop.time()
        minded = [each for each in sightings if self.forest.minds(each)]
        if beginning := [each for each in self._audiences.values() if self._begins_burst(each, minded)]:
            for audience in beginning:
                audience.tell_of_burst(Noticed())
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
            self._say("watch.overflowed", changes=look.changes, took_ms=took_ms)
        else:
            self._failed(loss.failure)
        self._note(look)

    async def _poll(self) -> None:
        """Look at what is polled; the next time is counted from the end, so that looks never overlap."""
        self._note(await self._in_worker(self.forest.look_at_polled))
        self._poll_due = self._loop.time() + self._ground.poll_interval

    async def _end_bursts(self) -> None:
        """Tell what changed, unless git is at work or a last look shows that it goes on."""
        git = self.forest.glance_at_git()
        if git is None:
            git = await self._in_worker(self.forest.git_activity)
        for audience in self._over():
            audience.burst = audience.burst.bracketed(git, self._loop.time())
        await self._look_at(self._inbox.take())
        if self._poll_due < math.inf and self._over():
            await self._poll()
        for audience in self._over():
            changes, audience.burst = audience.burst.close(self._loop.time())
            self.forest.tell(audience.interest, changes.paths)
            audience.tell(changes)
            self._digester.ask(self.forest, self._failed)

    def _begins_burst(self, audience: Audience, minded: Iterable[Sighting]) -> bool:
        """Whether events are the first sign of a change for an audience."""
        return not audience.is_in_burst and any(self.forest.may_change(each, audience.interest) for each in minded)

    def _tell_of_bursts(self) -> None:
        """Say who has anything to be told; what looks showed by themselves is noticed here."""
        for audience in self._audiences.values():
            if audience.is_in_burst is not (is_open := audience.burst.due is not None):
                audience.tell_of_burst(Noticed() if is_open else Quiet())

    def _over(self) -> list[Audience]:
        """Those whose bursts are over."""
        now = self._loop.time()
        return [each for each in self._audiences.values() if each.is_burst_over(now)]

    def _note(self, look: Look, noticed_at: float | None = None) -> None:
        """Take what a look showed: findings for the burst, the rest for those who ask or read the log."""
        self._last_look = look
        if not look.is_polled:
            self._poll_due = math.inf
        elif self._poll_due == math.inf:
            self._poll_due = self._loop.time() + self._ground.poll_interval
        for number, directories in look.refused.items():
            if number not in self._refusals:
                self._refusals.add(number)
                limit = limit_of(number)
                first, rest = sorted(directories)[:MOST_NAMED], len(directories) - MOST_NAMED
                paths = (*first, f"and {rest} more") if rest > 0 else tuple(first)
                fields: dict[str, Value] = {"paths": paths, "error": limit.error, "hint": limit.hint}
                self._standing.append(("watch.degraded", fields))
                self._say("watch.degraded", **fields)
        for audience in self._audiences.values():
            if news := look.news.get(audience.interest):
                for path in news.ignored:
                    audience.say("change.ignored", path=path, why="its content is as it was")
                audience.burst = audience.burst.feed(news.findings, noticed_at or self._loop.time())

    def _say(self, name: str, **fields: Value) -> None:
        """A record for each profile."""
        for audience in self._audiences.values():
            audience.say(name, **fields)

    def _failed(self, error: BaseException) -> None:
        self._say("watch.failed", error=repr(error))

    def say_started(self, member: Member, since: float) -> None:
        """Say what one member watches, and how long that took."""
        statistics = self.statistics(member.audience)
        self._publish(
            make_record(
                "watch.started",
                {
                    "backend": statistics.backend,
                    "roots": tuple(str(root) for root in self._ground.roots),
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
