"""The bursts of all audiences: what looks show goes in, and what a burst came to is told when it is over.

Looks at nothing itself but git's lock, and leaves it to `core.settle` when a burst is over. An end takes its steps in
several turns: is work under way, does somebody still write these files, does a last look show more?
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from reloadd.core.inputs import Noticed, Quiet
from reloadd.core.settle import Work
from reloadd.watch.endings import Endings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Executor

    from reloadd.watch.audience import Audience
    from reloadd.watch.inbox import Sighting
    from reloadd.watch.lookout import Look, Lookout


class Bursts:
    """Those of one shared watch. To be used on the event loop's thread, by one task.

    Args:
        everyone: gives the audiences that there are.
        lookout: made the looks.
        executor: whose threads ask git where another look is made.
        on_told: is called when a set was told.
    """

    def __init__(
        self,
        everyone: Callable[[], tuple[Audience, ...]],
        lookout: Lookout,
        executor: Executor,
        *,
        on_told: Callable[[], None],
    ) -> None:
        self._everyone = everyone
        self._lookout = lookout
        self._executor = executor
        self._on_told = on_told
        self._endings = Endings()
        self._loop = asyncio.get_running_loop()

    def due(self) -> float:
        """When to go on with an end, on the loop's clock; infinite while there is nothing to be told."""
        if self._endings:
            return self._loop.time()
        return min((due for each in self._everyone() if (due := each.burst.due) is not None), default=math.inf)

    # How they begin, and what goes in.

    def say_which_begin(self, sightings: Sequence[Sighting]) -> bool:
        """Tell those to whom events are the first sign of a change; whether there are any."""
        waiting = {each.interest: each for each in self._everyone() if not each.is_in_burst}
        beginning = self._lookout.beginning(sightings, waiting)
        for interest in beginning:
            waiting[interest].tell_of_burst(Noticed())
        return bool(beginning)

    def say_which_are_open(self) -> None:
        """Tell who has anything to be told by now, and who has no more; what looks showed by themselves is noticed."""
        for audience in self._everyone():
            if audience.is_in_burst is not (is_open := audience.burst.due is not None):
                audience.tell_of_burst(Noticed() if is_open else Quiet())

    def take(self, look: Look, found_at: float, *, is_walk: bool, is_answer: bool) -> None:
        """Take what a look showed.

        Args:
            look: the latest.
            found_at: when that was found, or heard of.
            is_walk: whether it may be a part of a walk, which is yet to find the rest.
            is_answer: see `Burst.feed`.
        """
        for audience in self._everyone():
            is_walking = look.is_unfinished and not self._lookout.is_walked(audience.interest)
            if news := look.news.get(audience.interest):
                for path in news.ignored:
                    audience.tell_of_ignored(path)
                if is_walk and is_walking:
                    audience.find_on_a_walk(news.findings, found_at)
                else:
                    audience.find(news.findings, found_at, is_answer=is_answer)
                    audience.is_found_on_a_walk |= is_walk
            elif not is_walking:
                audience.feed(self._loop.time())

    # How they end.

    async def take_ending(self) -> list[Audience]:
        """Begin the ends of bursts that are over; those of whose files all were asked about, who may be told."""
        for audience in self._everyone():
            if self._is_over(audience) and audience not in self._endings and not await self._goes_on(audience):
                self._endings.begin(audience)
        return self._endings.take_asked()

    def take_unasked(self) -> list[str]:
        """Files of which it is to be asked whether somebody still writes them; they count as asked from now on."""
        return self._endings.take_unasked()

    async def tell(self, audiences: Iterable[Audience]) -> None:
        """Tell those whose bursts are over in spite of a last look, however long that took."""
        for audience in audiences:
            if self._is_over(audience) and not await self._goes_on(audience):
                changes = audience.close_burst(self._loop.time())
                self._lookout.tell(audience.interest, changes.paths)
                audience.tell(changes)
                self._on_told()

    def _is_over(self, audience: Audience) -> bool:
        return audience.is_burst_over(self._loop.time())

    async def _goes_on(self, audience: Audience) -> bool:
        """Keep a burst open if work is under way where its files are, so that there is more to come; whether it is."""
        work = await self._work_at(audience)
        now = self._loop.time()
        audience.burst = audience.burst.during(work, now)
        # At the same moment: the next one may be later than until when it is kept open.
        return not audience.is_burst_over(now)

    async def _work_at(self, audience: Audience) -> Work:
        """What is under way where a burst's files are."""
        if audience.is_found_on_a_walk and not self._lookout.is_walked(audience.interest):
            return Work.LOOKING
        paths = audience.burst.paths
        git = self._lookout.glance_at_git(paths)
        if git is not None:
            return git
        return await self._loop.run_in_executor(self._executor, self._lookout.git_activity, paths)
