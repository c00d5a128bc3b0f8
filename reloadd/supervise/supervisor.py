"""One profile's app, kept running: an inbox of words, the machine's step for each, and its actions carried out.

Never decides when a child is started or ended: `core.machine` does. One task reads the inbox, so words are taken in the
order in which they came, and none is refused.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reloadd.core import actions
from reloadd.core.blame import Blame
from reloadd.core.exits import ExitStatus
from reloadd.core.inputs import Cause, Changed, Exited, Input, Paused, Ready, Why
from reloadd.core.machine import step
from reloadd.core.state import Machine, State
from reloadd.profile.environment import EnvFileError
from reloadd.profile.model import ReadyFinished, ReadyTold
from reloadd.supervise import timings
from reloadd.supervise.arrivals import Arrivals
from reloadd.supervise.bytecode import remove_stale_bytecode
from reloadd.supervise.deadlines import Deadlines
from reloadd.supervise.launcher import Launcher
from reloadd.supervise.prompts import is_debugged
from reloadd.supervise.readiness import wait_ready
from reloadd.supervise.reports import Reports
from reloadd.supervise.rewrites import Rewrites
from reloadd.supervise.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from reloadd.core.policy import Policy
    from reloadd.profile.model import Profile
    from reloadd.supervise.child import Child
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.notices import Notices
    from reloadd.supervise.running import Surroundings
    from reloadd.supervise.supply import Supply

_COULD_NOT_START = ExitStatus(code=127)
"""What a shell says of a command that it cannot start (POSIX, Shell Command Language, 2.8.2)."""

_LEFTOVER_GRACE = 1.0
"""Seconds that what a crashed child left behind in its group gets to end."""


class Supervisor:
    """Runs one profile's app until its `run` is cancelled.

    Args:
        profile: what to run.
        policy: what the machine has to know of it.
        listeners: the sockets that children inherit, in the profile's order.
        surroundings: what it shares with the other supervisors.
        supply: where prepared processes come from.
        on_taken: is called when a word was taken.
        generation: the last one that an earlier form of this profile gave out.
    """

    def __init__(
        self,
        profile: Profile,
        policy: Policy,
        listeners: Sequence[Listener],
        surroundings: Surroundings,
        supply: Supply,
        *,
        on_taken: Callable[[], None],
        generation: int = 0,
    ) -> None:
        self.machine = Machine(generation=generation)
        self._surroundings = surroundings
        self._supply = supply
        self.adopt(profile, policy, listeners)
        self._on_taken = on_taken
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        self.rewrites = Rewrites(lambda changes: self.tell(Changed(changes)))
        self._tasks = asyncio.TaskGroup()
        self._running: dict[int, Running] = {}
        self._last_blame: Blame | None = None
        connections = surroundings.connections
        self._arrivals = Arrivals(connections.take(profile.name), partial(connections.leave, profile.name))
        self._deadlines = Deadlines(self.tell, lambda: is_debugged(self.profile, surroundings.console))
        self._stopping_since: float | None = None
        self._is_over = False
        self._down = asyncio.Event()
        self._down.set()

    # What others tell it.

    def adopt(self, profile: Profile, policy: Policy, listeners: Sequence[Listener]) -> None:
        """Go on with another form of the profile: what is decided or started from now on follows it."""
        self.profile = profile
        self._listeners = listeners
        self._launcher = Launcher(profile, listeners, self._surroundings, self._supply)
        self._say = Reports(profile, self._surroundings.publish)
        self.machine = replace(self.machine, policy=policy)

    def tell(self, word: Input) -> None:
        """Put a word into the inbox."""
        self._down.clear()
        self._inbox.put_nowait(word)

    def child_said(self, child: Child, word: str) -> None:
        """Take a word from the runtime in a child."""
        running = self._running.get(child.generation)
        if running is None:
            return
        if word == "imported":
            running.moments.imported = self._loop.time()
        elif word == "paused":
            took_ms = timings.milliseconds(running.pause_asked_at, self._loop.time())
            self._say.paused(child.generation, child.pid, took_ms)
            self.tell(Paused(child.generation))
        elif word == "ready" and isinstance(self.profile.ready, ReadyTold):
            self.tell(Ready(child.generation))

    def child_handed_in(self, child: Child, descriptor: int) -> None:
        """Take a connection that a child gave up, for the child that accepts."""
        del child
        self._arrivals.take(descriptor)

    def child_missed(self, child: Child, descriptor: int) -> None:
        """Take back a connection that a child did not get before it was gone."""
        self._arrivals.take_back(child, descriptor)

    def child_refused(self, child: Child, why: str) -> None:
        """Start a child cold in place of a prepared process that did not become one."""
        running = self._running[child.generation]
        if running.readiness is not None:
            running.readiness.cancel()
        try:
            running.child = self._launcher.start_again(child, why, self)
        except (OSError, EnvFileError) as error:
            self._arrivals.shut(child)
            self._unstartable(child.generation, error)
            self._let_go(running)
            return
        self._arrivals.follow(child, running.child)
        self._begun(running)

    def child_ended(self, child: Child) -> None:
        """Take the end of a child's process."""
        self._arrivals.shut(child)
        running = self._running[child.generation]
        if running.readiness is not None:
            running.readiness.cancel()
        if self._is_over:
            self._arrivals.close()
            return
        self._begin(self._clean_up(running), "cleaning up after a child")

    # Its life.

    async def run(self) -> None:
        """Take words until cancelled; whatever still runs then is killed."""
        try:
            async with self._tasks:
                while True:
                    self._take_guarded(await self._inbox.get())
                    self._inbox.task_done()
                    self._on_taken()
        finally:
            self._is_over = True
            self._deadlines.close()
            self.kill()
            self._arrivals.close()

    @property
    def leaders(self) -> frozenset[int]:
        """The processes of its children, each of which leads a session of its own."""
        return frozenset(running.child.pid for running in self._running.values())

    @property
    def has_words(self) -> bool:
        """Whether words wait in its inbox."""
        return not self._inbox.empty()

    async def wait_taken(self) -> None:
        """Return once every word so far was taken."""
        await self._inbox.join()

    async def wait_down(self) -> None:
        """Return once every word was taken and the app is down."""
        await self._down.wait()

    def kill(self) -> None:
        """Do not wait for any child to end by itself any more."""
        for generation, running in self._running.items():
            self._kill(generation, running.child.asked_ago)

    def _take_guarded(self, word: Input) -> None:
        """Take a word; should that fail, which is a bug, end this app's children: their exits lead on from there."""
        try:
            self._take(word)
        except Exception as error:  # noqa: BLE001 (it becomes a record)
            self._say.broke(error, f"taking {word}")
            self.kill()

    def _take(self, word: Input) -> None:
        before = self.machine.state
        self.machine, decided = step(self.machine, word)
        after = self.machine.state
        if after is not before:
            self._say.moved(before, after)
        if after is State.STOPPING and self._stopping_since is None:
            self._stopping_since = self._loop.time()
        for action in decided:
            if not self._do(action):
                self._tell_of(action)
        if after is State.DOWN and self._inbox.empty():
            self._down.set()

    def _do(self, action: actions.Action) -> bool:
        """Carry out an action that does something; whether it is one."""
        match action:
            case actions.Spawn(generation, why):
                self._spawn(generation, why)
            case actions.Admit(generation):
                if (running := self._running.get(generation)) is not None:
                    running.child.admit()
                    self._arrivals.open(running.child)
            case actions.Pause(generation):
                if (running := self._running.get(generation)) is not None:
                    self._arrivals.shut(running.child)
                    running.pause_asked_at = self._loop.time()
                    running.child.pause()
            case actions.Terminate(generation, after):
                if (running := self._running.get(generation)) is not None:
                    self._arrivals.shut(running.child)
                    running.child.terminate(signal.Signals[self.profile.restart.stop_signal], after=after)
            case actions.Kill(generation, seconds):
                self._kill(generation, seconds)
            case actions.Arm(timer, generation, seconds):
                self._deadlines.arm(timer, generation, seconds)
            case _:
                return False
        return True

    def _tell_of(self, action: actions.Action) -> None:
        """Carry out an action that only says something."""
        match action:
            case actions.Complete(generation, why):
                self.rewrites.start_succeeds()
                if (running := self._running.get(generation)) is not None:
                    running.moments.ready = self._loop.time()
                    self._say.completed(running, why)
                    self._supply.serves(generation)
            case actions.Abandon(generation, why):
                self._say.abandoned(generation, why, self._last_blame)
                self.rewrites.start_fails()
            case actions.Late(generation, seconds):
                if (running := self._running.get(generation)) is not None:
                    self._say.late(generation, running.child.pid, seconds)
            case actions.Schedule(attempt, delay):
                self._say.scheduled(attempt, delay)
            case actions.Hold(reason, attempts):
                self._say.held(reason, attempts)
                self.rewrites.start_fails()
            case actions.Finish():
                self._say.finished()

    # Starting.

    def _spawn(self, generation: int, why: Why) -> None:
        self.rewrites.start_begins()
        now = self._loop.time()
        decided = now if self._stopping_since is None else self._stopping_since
        moments = timings.begin(why, decided=decided, stopped=None if self.machine.state is State.REPLACING else now)
        self._stopping_since = None
        self._last_blame = None
        if why.changes is not None:
            remove_stale_bytecode(why.changes.paths)
        if why.cause is not Cause.START:
            self._say.requested(generation, why)
        try:
            child = self._launcher.start(generation, why.changes, self)
        except (OSError, EnvFileError) as error:
            self._unstartable(generation, error)
            return
        self._running[generation] = running = Running(child, why, moments)
        self._begun(running)

    def _begun(self, running: Running) -> None:
        """Note that a process is on its way to become a child, and wait for its readiness."""
        child = running.child
        running.moments.spawned = self._loop.time()
        self._say.spawned(child.generation, child.pid, running.why, child.start)
        waiting = self._tell_ready(child.generation, child.booted.around.notices)
        running.readiness = self._begin(waiting, "waiting for readiness")

    def _unstartable(self, generation: int, error: OSError | EnvFileError) -> None:
        self._last_blame = Blame(self._say.unstartable(generation, error))
        self.tell(Exited(generation, _COULD_NOT_START))

    async def _tell_ready(self, generation: int, notices: Notices | None) -> None:
        await wait_ready(self.profile, self._listeners, notices)
        self.tell(Ready(generation))

    # Ending.

    def _kill(self, generation: int, seconds: float) -> None:
        """Kill a child that was told to end so many seconds ago, unless that was done already."""
        if (running := self._running.get(generation)) is not None and not running.child.is_killed:
            running.child.kill()
            self._say.killed(generation, running.child.pid, seconds)

    async def _clean_up(self, running: Running) -> None:
        """End the rest of the group, take the last output, and tell the machine."""
        child = running.child
        uptime = self._loop.time() - child.started_at
        try:
            await child.wait_group_gone(grace=self.machine.policy.stop_timeout if child.asked else _LEFTOVER_GRACE)
            await self._surroundings.groups.end(self.profile.name, str(child.generation))
            if isinstance(self.profile.ready, ReadyFinished) and child.status.is_success:
                # What it cost is told of a child that is still known.
                self.tell(Ready(child.generation))
                await self.wait_taken()
        finally:
            self._let_go(running)
            self._last_blame = blame = child.blame
            self._say.exited(child.generation, child.pid, child.status, blame, asked=child.asked, uptime=uptime)
            self.tell(
                Exited(child.generation, child.status, uptime, is_hopeless=blame is not None and blame.is_hopeless)
            )

    def _let_go(self, running: Running) -> None:
        """Close what was open for a child that is gone."""
        generation = running.child.generation
        running.child.booted.close()
        self._supply.ended(generation)
        del self._running[generation]
        self._deadlines.forget(generation)

    def _begin(self, work: Coroutine[None, None, None], what: str) -> asyncio.Task[None]:
        return self._tasks.create_task(self._guarded(work, what))

    async def _guarded(self, work: Coroutine[None, None, None], what: str) -> None:
        """A task's top: what goes wrong for one app must not reach the others."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 (it becomes a record)
            self._say.broke(error, what)
