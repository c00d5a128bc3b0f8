"""Prepares processes for the children of one app while it serves, and gives them away when they are asked for.

Never decides what is prepared: `core.slots` does. Never waits for anything on the way of a restart.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from reloadd.core import slot_words as words
from reloadd.core import slots
from reloadd.core.actions import GIVE_WAY
from reloadd.core.starts import Cold, Source, Start, Warm
from reloadd.profile.environment import EnvFileError
from reloadd.profile.model import Switch
from reloadd.supervise.processes import adopt_orphans
from reloadd.supervise.supply import Prepared
from reloadd.warm import ledgers
from reloadd.warm.knowledge import Knowledge
from reloadd.warm.memory import Memory
from reloadd.warm.nursery import Nursery
from reloadd.warm.sayings import Sayings, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reloadd.core.account import Account
    from reloadd.core.changes import ChangeSet
    from reloadd.core.obstacles import Failure
    from reloadd.profile.model import Profile
    from reloadd.runtime.wire import Frame
    from reloadd.supervise.launch import Plan
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings
    from reloadd.warm.parked import Parked

_LEARN_AGAIN = 4.0
"""Seconds after which a child's ledger is read once more: the first requests have brought what they need by then."""

_WORTH_RUNNING_AHEAD = 150.0
"""Milliseconds of the user's own imports from which on a scout pays; below, it is not worth its memory."""

_COLD_AFTER = 100
"""Warm starts after which one is cold, so that what the app has ceased to import is noticed."""

_QUIET = 0.3
"""Seconds after a start in which no spare is built if there is a copy: it would be in the way of the next start."""

_PATIENCE = 2.0
"""Seconds for which a process that is not parked yet is waited for; it leaves out what it has not imported by then."""


class Pool:
    """The prepared processes of one app.

    Args:
        profile: whose.
        listeners: what its children inherit.
        surroundings: what is shared with other apps.
        why_none: why those that were prepared before are of no use any more; None if there were none.
    """

    def __init__(
        self,
        profile: Profile,
        listeners: Sequence[Listener],
        surroundings: Surroundings,
        why_none: str | None = None,
    ) -> None:
        self._profile = profile
        self._say = Sayings(profile.name, surroundings.publish)
        self._loop = asyncio.get_running_loop()
        self._ledgers = ledgers.Ledgers()
        self._nursery = Nursery(profile, listeners, surroundings, self._ledgers)
        self._slots = slots.Slots() if why_none is None else slots.Slots(why=why_none)
        self._memory = Memory(profile, surroundings.environ)
        self._knowledge = Knowledge.of(self._memory.recall())
        self._given_ahead: Path | None = None
        self._starts: dict[int, Start] = {}
        self._soon: dict[int, asyncio.TimerHandle] = {}
        self._last = 0
        self._edited: tuple[str, ...] = ()
        self._not_ahead_of: set[str] = set()
        self._warm_starts = 0
        self._is_foreign = False
        self._may_fork = True
        self._must_learn = True
        self._is_closed = False
        self._ending: asyncio.Task[None] | None = None

    # What the launcher asks.

    def take(self, plan: Plan, changes: ChangeSet | None) -> Prepared | Cold:
        """Give the best process that is of use, or say why there is none."""
        self._is_foreign = plan.foreign is not None
        if plan.foreign is not None:
            self._step(words.Outdated(plan.foreign))
            return Cold(plan.foreign)
        self._edited = () if changes is None else tuple(changes.paths)
        if self._warm_starts >= _COLD_AFTER:
            self._must_learn = True
            self._step(words.Outdated("what it imports is learned anew now and then"))
        why = self._knowledge.users.fault(self._knowledge.learned.modules) if self._nursery.processes else None
        if why is not None:
            self._must_learn = True
            self._step(words.Outdated(why))
        faults = self._nursery.faults(self._slots.all, plan)
        return self._step(words.Take(faults)) or Cold(self._slots.why)

    def ledger(self, generation: int, start: Start) -> Mapping[str, object] | None:
        """Have each child keep one; one that starts cold notes everything."""
        self._last = generation
        if self._is_foreign:
            return None
        self._starts[generation] = start
        is_cold = isinstance(start, Cold)
        if self._given_ahead is not None:
            # A scout goes on in the ledger that it has.
            self._given_ahead.replace(self._ledgers.path(str(generation)))
            self._given_ahead = None
        if is_cold:
            self._warm_starts = 0
        else:
            self._warm_starts += 1
        return {"path": str(self._ledgers.path(str(generation))), "audit": is_cold}

    def refused(self, why: str) -> None:
        """Take note of a process that did not become a child."""
        self._step(words.Refused(why))

    def serves(self, generation: int) -> None:
        """Learn from this child, and prepare the next."""
        if self._is_foreign or generation not in self._starts:
            # A child that was started before the profile changed was another pool's.
            return
        if not isinstance(self._starts[generation], Cold):
            self._step(words.Answered())
        self._soon[generation] = self._loop.call_later(GIVE_WAY, self._learn_first, generation)
        self._loop.call_later(_LEARN_AGAIN, self._learn_again, generation)

    def ended(self, generation: int) -> None:
        """Prepare the next child also if this one never served; what it kept is of no use any more."""
        soon = self._soon.pop(generation, None)
        if soon is None:
            self._forget(generation)
            return
        # One that has finished ends as soon as it has served, and is learned from all the same.
        soon.cancel()
        self._learn(generation, self._prepare)
        self._loop.call_later(_QUIET, self._forget, generation)

    def _forget(self, generation: int) -> None:
        self._starts.pop(generation, None)
        self._ledgers.remove(str(generation))
        if generation == self._last and not self._must_learn:
            self._prepare()

    def close(self) -> None:
        """End all that is prepared. Safe to call twice."""
        self._is_closed = True
        self._step(words.Outdated("the app is stopped"))
        self._ledgers.close()
        if self._ending is None:
            self._ending = self._loop.create_task(self._nursery.end())

    # What processes say.

    def process_parked(self, process: Parked, frame: Frame) -> None:
        """Take a process that waits; what it has read, and what it takes, is looked at in the background."""
        prepared, source = self._nursery.processes[process.number], self._source(process.number)
        moves = prepared.move()

        def looked(found: tuple[Account, int | None]) -> None:
            if prepared.moves == moves and self._nursery.processes.get(process.number) is prepared:
                prepared.account, prepared.memory = found
                self._say.parked(process.booted.pid, source, frame, prepared.memory, self._knowledge.learned.excluded)
                if (over := self._over_budget()) is not None:
                    process.discard()
                    self.process_lost(process, over, {})

        if prepared.is_copy:
            # It has what its zygote has; and it comes while a child is being started, which is not to wait for a look.
            self._say.parked(process.booted.pid, source, frame, None, self._knowledge.learned.excluded)
        else:
            self._in_background(lambda: (self._nursery.read(prepared), process.memory()), looked)
        self._step(words.Parked(process.number))

    def process_lost(self, process: Parked, why: str, failures: Mapping[str, Failure]) -> None:
        """Take the end of a process."""
        zygote = self._slots.zygote
        if zygote is not None and zygote.number == process.number:
            self._may_fork = False
            self._say.unforkable("; ".join(f"`{module}`: {failure.why}" for module, failure in failures.items()) or why)
        elif failures:
            self._knowledge = self._knowledge.without({module: failure.why for module, failure in failures.items()})
            self._in_background(lambda: self._memory.keep(self._knowledge.to_recall()), lambda _: None)
            self._say.excluded(failures)
        if self._slots.scout is not None and self._slots.scout.number == process.number and self._slots.scout.until:
            self._not_ahead_of.add(self._slots.scout.until)
        self._nursery.forget(process.number)
        self._say.lost(process, why)
        self._step(words.Lost(process.number, why, is_explained=bool(failures)))

    def _source(self, number: int) -> Source:
        """What a child that is made from this process comes from."""
        if self._slots.scout is not None and self._slots.scout.number == number:
            return Source.SCOUT
        forked = (self._slots.copy, self._slots.zygote)
        return Source.ZYGOTE if any(slot is not None and slot.number == number for slot in forked) else Source.SPARE

    def _over_budget(self) -> str | None:
        """Why there is one process too many."""
        taken = sum(each.memory or 0 for each in self._nursery.processes.values()) >> 20
        budget = self._profile.warm.budget_mb
        return f"it would make {taken} MB, and `warm.budget-mb` is {budget}" if taken > budget else None

    # Learning.

    def _learn(self, generation: int, then: Callable[[], None]) -> None:
        if generation not in self._starts or generation != self._last or self._is_closed:
            return
        before, path = self._knowledge, self._ledgers.path(str(generation))
        start, before_modules = self._starts[generation], set(before.learned.modules)

        def learned(after: Knowledge) -> None:
            if generation == self._last:
                # What was found out meanwhile about modules that cannot be imported ahead stays found out.
                self._knowledge = after.without(self._knowledge.learned.excluded)
                self._must_learn = self._must_learn and not isinstance(start, Cold)
                if not before_modules <= set(self._knowledge.learned.modules):
                    self._step(words.Outdated("the app imports less than before"))
                then()

        def learn() -> Knowledge:
            after = before.after(path, start)
            if after.learned != before.learned:
                self._memory.keep(after.to_recall())
            return after

        self._in_background(learn, learned)

    def _learn_first(self, generation: int) -> None:
        del self._soon[generation]
        self._learn(generation, partial(self._prepare_in_peace, generation))

    def _learn_again(self, generation: int) -> None:
        known = self._knowledge.learned.modules

        def prepare() -> None:
            if self._knowledge.learned.modules != known:
                self._step(words.Outdated("more of what the app imports is known"))
                self._prepare()

        self._learn(generation, prepare)

    def _in_background(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        """Have a thread do what reads files, and go on with what it found, unless all is over by then."""
        future = self._loop.run_in_executor(None, work)
        future.add_done_callback(lambda done: None if self._is_closed or done.cancelled() else then(done.result()))

    # Processes.

    def _prepare_in_peace(self, generation: int) -> None:
        """Build at once what is needed at once; where there is a copy, wait whether another save follows."""
        if self._slots.copy is None:
            self._prepare()
        else:
            self._loop.call_later(_QUIET, self._prepare_if_last, generation)

    def _prepare_if_last(self, generation: int) -> None:
        if generation == self._last:
            self._prepare()

    def _prepare(self) -> None:
        denied = self._knowledge.learned.denied
        if denied is not None:
            self._step(words.Outdated(denied))
        elif not self._is_closed:
            self._step(words.Prepare(self._until(), self._wants_zygote()))

    def _until(self) -> str | None:
        """The module that a scout is to stop before."""
        if self._profile.warm.run_ahead is Switch.OFF:
            return None
        until = self._knowledge.earliest(self._edited, least_ms=_WORTH_RUNNING_AHEAD)
        return None if until in self._not_ahead_of else until

    def _wants_zygote(self) -> bool:
        """Whether copies are to be had for saves that follow each other; a process that leaves its group is adopted."""
        return self._may_fork and adopt_orphans()

    def _step(self, word: words.Word) -> Prepared | Cold | None:
        """Take a word; what is given for it, if it asked for something."""
        self._slots, decided = slots.step(self._slots, word)
        taken: Prepared | Cold | None = None
        for action in decided:
            match action:
                case words.Build(number, is_zygote):
                    self._build(number, is_zygote=is_zygote)
                case words.Fork(number, zygote):
                    self._fork(number, zygote)
                case words.RunAhead(number, until):
                    self._nursery.run_ahead(number, until)
                case words.Discard(number, why):
                    self._discard(number, why)
                case words.Give(number, source, is_parked):
                    taken = self._give(number, source, is_parked=is_parked)
                case words.Deny(why):
                    taken = Cold(why)
                case words.TurnOff(why):
                    self._say.disabled(why)
        return taken

    def _build(self, number: int, *, is_zygote: bool) -> None:
        try:
            self._nursery.build(number, self._knowledge, self, is_zygote=is_zygote)
        except EnvFileError as error:
            self._step(words.Unbuilt(number, str(error)))
        except OSError as error:
            self._step(words.Unbuilt(number, reason_of(error)))

    def _fork(self, number: int, zygote: int) -> None:
        def failed(why: str) -> None:
            self._step(words.Lost(number, why))

        self._nursery.fork(number, zygote, self, on_there=self.process_parked, on_failed=failed)

    def _give(self, number: int, source: Source, *, is_parked: bool) -> Prepared:
        booted, kept = self._nursery.give(number)
        self._given_ahead = kept if source is Source.SCOUT else None
        return Prepared(booted, Warm(source), 0.0 if is_parked else _PATIENCE)

    def _discard(self, number: int, why: str) -> None:
        if (process := self._nursery.discard(number)) is not None:
            self._say.lost(process, why)
