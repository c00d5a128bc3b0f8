"""All apps of a daemon: which there are, in which order they start and stop, and which restart together.

Never decides what runs or why: profiles do, by way of `profile.difference` and `core.order`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reloadd.app import App
from reloadd.core.order import Progress, awaited, dependants, longest_chain, progress_after
from reloadd.core.records import Record, Value, make_record
from reloadd.followers import Followers
from reloadd.profile.difference import Add, Remove, Renewal, Update
from reloadd.supervise.listeners import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reloadd.profile.difference import Step
    from reloadd.profile.model import Profile
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.pool import ListenerPool
    from reloadd.supervise.running import Surroundings
    from reloadd.watch.base import Watcher


@dataclass(frozen=True, slots=True)
class _Running:
    """An app and the task that runs it."""

    app: App
    task: asyncio.Task[None]


class Fleet:
    """The apps that there are.

    Args:
        pool: the sockets of all apps.
        surroundings: what all supervisors share.
        watcher: the daemon's.
        tasks: the group that owns each app's task.
        on_names: told of the names of all apps, before one of them starts.
    """

    def __init__(
        self,
        pool: ListenerPool,
        surroundings: Surroundings,
        watcher: Watcher,
        tasks: asyncio.TaskGroup,
        *,
        on_names: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._pool = pool
        self._surroundings = surroundings
        self._watcher = watcher
        self._tasks = tasks
        self._on_names = on_names
        self._running: dict[str, _Running] = {}
        self._progress: dict[str, Progress] = {}
        self._followers = Followers(lambda: self.apps, surroundings.publish, tasks)
        self._absent: frozenset[str] = frozenset()
        self._generations: dict[str, int] = {}

    @property
    def apps(self) -> Mapping[str, App]:
        """The apps that there are now, by name."""
        return {name: running.app for name, running in self._running.items()}

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles that run now."""
        return tuple(running.app.profile for running in self._running.values())

    # What changes.

    def expect(self, profiles: Sequence[Profile]) -> None:
        """Say which apps there will be, before a step is taken."""
        self._on_names(tuple(profile.name for profile in profiles))

    async def apply(
        self, steps: Sequence[Step], assigned: Mapping[str, tuple[Listener, ...]], *, absent: frozenset[str]
    ) -> None:
        """Take these steps; no step waits for an app to stop unless it has to.

        Args:
            steps: what has changed.
            assigned: the listeners of all profiles that are wanted from now on.
            absent: the names of profiles that cannot run because they are wrong: who comes after them waits.
        """
        self._absent = absent
        removed = [step.profile for step in steps if isinstance(step, Remove)]
        added = [step.profile for step in steps if isinstance(step, Add)]
        for profile in removed:
            self._say("profile.removed", profile.name, file=str(profile.file))
        updates = [self._update(step, assigned) for step in steps if isinstance(step, Update)]
        # What is new may want what is to end: its address, or its name.
        await asyncio.gather(*updates, self.end([profile.name for profile in removed]))
        for listener in self._pool.keep(assigned):
            self._say("socket.closed", socket=listener.name, address=str(listener.address))
        for profile in added:
            self._add(profile, assigned[profile.name])
        self._give_turns()
        # A follower may have waited for an app that is gone, or that it does not follow any more.
        self._followers.look()

    def _add(self, profile: Profile, listeners: tuple[Listener, ...]) -> None:
        """Run an app from now on; its child is started when those that it comes after are ready."""
        name = profile.name
        app = App(
            profile,
            listeners,
            self._surroundings,
            self._watcher,
            on_changed=partial(self._followers.changed, name),
            on_taken=self._followers.look,
            generation=self._generations.get(name, 0),
        )
        self._progress[name] = Progress.COMING
        self._running[name] = _Running(app, self._tasks.create_task(app.run()))
        self._say_bound(name, listeners, ())

    async def _update(self, step: Update, assigned: Mapping[str, tuple[Listener, ...]]) -> None:
        name = step.profile.name
        app = self._running[name].app
        renewed = (*(["watch"] if step.renews_watch else []), *(["child"] if step.child is not Renewal.NONE else []))
        self._say("profile.reloaded", name, file=str(step.profile.file), changed=step.changed, renewed=renewed)
        self._say_bound(name, assigned[name], app.listeners)
        await app.update(step, assigned[name])

    def _say_bound(self, profile: str, listeners: Iterable[Listener], known: Iterable[Listener]) -> None:
        kept = set(map(id, known))
        for listener in listeners:
            if id(listener) not in kept:
                origin = None if listener.origin is Origin.BOUND else listener.origin.value
                address = str(listener.address)
                self._say("socket.bound", profile, socket=listener.name, address=address, origin=origin)

    # What is said of them.

    def hear(self, record: Record) -> None:
        """Hear a record about an app: others may have waited for it, or restart with it."""
        name = record.profile
        if name is None or name not in self._running:
            return
        before = self._progress[name]
        progress = self._progress[name] = progress_after(record, before)
        if progress is not before:
            self._give_turns()
        if record.name == "restart.completed":
            self._followers.restarted(name)

    def _give_turns(self) -> None:
        """Let the apps start whose turn it is, and have the others say what they wait for."""
        known = dict.fromkeys(self._absent, Progress.REJECTED) | {name: self._progress[name] for name in self._running}
        for running in self._running.values():
            if not running.app.has_turn:
                running.app.give_turn(awaited(running.app.profile.after, known))

    # Stopping.

    async def end(self, names: Iterable[str]) -> None:
        """Stop these apps at the same time, but each only once those that come after it are down."""
        ending: dict[str, asyncio.Task[None]] = {}
        later = dependants({name: self._running[name].app.profile.after for name in names})

        async def end(name: str) -> None:
            await asyncio.gather(*(asyncio.shield(ending[each]) for each in later[name]))
            running = self._running[name]
            await running.app.stop()
            running.task.cancel()
            self._generations[name] = running.app.machine.generation
            del self._running[name], self._progress[name]
            self._followers.forget(name)

        for name in later:
            ending[name] = asyncio.create_task(end(name))
        try:
            await asyncio.gather(*ending.values())
        finally:
            for task in ending.values():
                task.cancel()

    def longest_stop(self) -> float:
        """How long it takes at the most, in seconds, until all have stopped within their own deadlines."""
        profiles = self.profiles
        return longest_chain(
            {profile.name: profile.after for profile in profiles},
            {profile.name: profile.restart.stop_timeout for profile in profiles},
        )

    def kill(self) -> None:
        """Do not wait for any child to end by itself any more."""
        for running in self._running.values():
            running.app.kill()

    def cancel(self) -> None:
        """End the tasks of the apps that are left."""
        for running in self._running.values():
            running.task.cancel()

    def _say(self, name: str, profile: str | None = None, /, **fields: Value) -> None:
        self._surroundings.publish(make_record(name, fields, profile=profile))
