"""The daemon: every part put together, under one task group, until it is told to stop.

Never decides when an app restarts. Only `cli.run` imports this module.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd import __version__
from reloadd.app import App
from reloadd.control.commands import Reloaded
from reloadd.core.inputs import Cause
from reloadd.core.records import Value, make_record
from reloadd.profile.load import problem_at
from reloadd.profile.problems import draw
from reloadd.supervise.guard import Guard
from reloadd.supervise.pool import CannotListenError, ListenerPool
from reloadd.supervise.running import Surroundings
from reloadd.watch.watcher import DaemonWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from reloadd.bus import Bus
    from reloadd.profile.load import Loaded
    from reloadd.profile.model import Profile
    from reloadd.profile.problems import Problem
    from reloadd.supervise.console import Console
    from reloadd.supervise.listeners import Listener

_KILL_TIMEOUT = 5.0
"""Seconds beyond the longest stop-timeout after which an app that cannot even be killed is left to the guardian."""


@dataclass(frozen=True, slots=True)
class _Running:
    """An app and the task that runs it."""

    app: App
    task: asyncio.Task[None]


class Daemon:
    """Runs the apps of some profiles.

    Args:
        load: reads the profiles; called again on SIGHUP.
        bus: where records go.
        console: where the children's output goes.
        environ: the environment that children start from.
        directory: what paths in problems are shown from.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        *,
        bus: Bus,
        console: Console,
        environ: Mapping[str, str],
        directory: Path,
    ) -> None:
        self._load = load
        self._bus = bus
        self._console = console
        self._directory = directory
        self._pool = ListenerPool()
        self._guard = Guard(bus.publish)
        self._watcher = DaemonWatcher(report=bus.publish)
        self._surroundings = Surroundings(bus.publish, self._guard, console, environ, bus.pass_on)
        self._running: dict[str, _Running] = {}
        self._tasks = asyncio.TaskGroup()
        self._stop_asked = asyncio.Event()
        self._kill_asked = asyncio.Event()
        self._reload_asked = asyncio.Event()
        self._reloads: list[asyncio.Future[Reloaded]] = []

    # What others tell it: it is `control.commands.Commands`.

    @property
    def apps(self) -> Mapping[str, App]:
        """The apps of the profiles that run now, by name."""
        return {name: running.app for name, running in self._running.items()}

    async def reload(self) -> Reloaded:
        """Read the profiles again, and return once what has changed was begun, or refused.

        Raises:
            asyncio.CancelledError: the daemon was told to stop first.
        """
        asked: asyncio.Future[Reloaded] = asyncio.get_running_loop().create_future()
        self._reloads.append(asked)
        self._reload_asked.set()
        return await asked

    async def run(self, profiles: Sequence[Profile]) -> None:
        """Run until a signal ends it; every child is gone then.

        Raises:
            CannotListenError: an address cannot be had; nothing was started.
        """
        loop = asyncio.get_running_loop()
        assigned = self._pool.prepare(profiles)
        self._say("daemon.started", version=__version__, pid=os.getpid(), profiles=len(profiles))
        loop.set_exception_handler(self._broke)
        self._hear_signals(loop)
        self._guard.start()
        try:
            async with self._tasks:
                self._apply(profiles, assigned)
                await self._serve()
                await self._stop_all(loop)
        finally:
            self._watcher.close()
            self._pool.keep({})
            await self._guard.close()
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _broke(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback of the loop failed: said like everything else, so that it is seen and can be reported."""
        self._say("daemon.failed", error=repr(context.get("exception")), where=str(context["message"]))

    # Signals.

    def _hear_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for number, handler in {
            signal.SIGINT: self._asked_to_stop,
            signal.SIGTERM: self._asked_to_stop,
            signal.SIGHUP: self._hung_up_or_reload,
            signal.SIGWINCH: self._console.resize,
        }.items():
            loop.add_signal_handler(number, handler)

    def _asked_to_stop(self) -> None:
        if self._stop_asked.is_set():
            self._kill_asked.set()
        self._stop_asked.set()

    def _hung_up_or_reload(self) -> None:
        """SIGHUP means to read the profiles again, unless the terminal that we ran on is gone (signal(7))."""
        if self._console.is_hung_up():
            self._asked_to_stop()
        else:
            self._reload_asked.set()

    # Running.

    async def _serve(self) -> None:
        """Until a stop is asked for, read the profiles again whenever that is asked for."""
        stop = asyncio.ensure_future(self._stop_asked.wait())
        while not self._stop_asked.is_set():
            reload = asyncio.ensure_future(self._reload_asked.wait())
            await asyncio.wait({stop, reload}, return_when=asyncio.FIRST_COMPLETED)
            reload.cancel()
            if self._reload_asked.is_set() and not self._stop_asked.is_set():
                self._reload_asked.clear()
                await self._answer_reloads()
        for asked in self._reloads:
            asked.cancel()
        await stop

    async def _answer_reloads(self) -> None:
        """Read the profiles once for all who have asked; who asks meanwhile is answered by the next time."""
        asked, self._reloads = self._reloads, []
        outcome = await self._reload()
        for each in asked:
            if not each.done():
                each.set_result(outcome)

    async def _reload(self) -> Reloaded:
        """Read the profiles again and do what has changed; if one is wrong, do nothing."""
        loaded = await asyncio.to_thread(self._load)
        if loaded.problems:
            return self._reject(loaded.problems)
        try:
            assigned = self._pool.prepare(loaded.profiles)
        except CannotListenError as error:
            return self._reject([problem_of(error)])
        wanted = {profile.name: profile for profile in loaded.profiles}
        outdated = [running.app for name, running in self._running.items() if wanted.get(name) != running.app.profile]
        await asyncio.gather(*map(self._end, outdated))
        for app in outdated:
            name = "profile.reloaded" if app.profile.name in wanted else "profile.removed"
            self._say(name, app.profile.name, file=str(app.profile.file))
        for name in wanted.keys() - self._running.keys() - {app.profile.name for app in outdated}:
            self._say("profile.added", name, file=str(wanted[name].file))
        self._apply(loaded.profiles, assigned, {app.profile.name: app for app in outdated})
        return Reloaded()

    def _reject(self, problems: Sequence[Problem]) -> Reloaded:
        drawing = draw(problems, directory=self._directory, outcome="what ran before runs on")
        self._say("profile.rejected", problems=len(problems), drawing=drawing)
        return Reloaded(tuple(problems))

    def _apply(
        self,
        profiles: Sequence[Profile],
        assigned: Mapping[str, tuple[Listener, ...]],
        outdated: Mapping[str, App] | None = None,
    ) -> None:
        """Start the apps that do not run; close the sockets that nobody has any more."""
        for listener in self._pool.keep(assigned):
            self._say("socket.closed", socket=listener.name, address=str(listener.address))
        self._console.name_all(tuple(profile.name for profile in profiles))
        for profile in profiles:
            if profile.name not in self._running:
                self._start(profile, assigned[profile.name], (outdated or {}).get(profile.name))

    def _start(self, profile: Profile, listeners: tuple[Listener, ...], earlier: App | None) -> None:
        app = App(
            profile,
            listeners,
            self._surroundings,
            self._watcher,
            generation=earlier.supervisor.machine.generation if earlier is not None else 0,
        )
        cause = Cause.START if earlier is None else Cause.PROFILE
        self._running[profile.name] = _Running(app, self._tasks.create_task(app.run(cause)))
        kept = set(map(id, earlier.listeners)) if earlier is not None else set()
        for listener in listeners:
            if id(listener) not in kept:
                self._say("socket.bound", profile.name, socket=listener.name, address=str(listener.address))

    async def _end(self, app: App) -> None:
        await app.stop()
        self._running.pop(app.profile.name).task.cancel()

    # Stopping.

    async def _stop_all(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop all apps in parallel, within the longest deadline; a second signal kills them."""
        begun = loop.time()
        self._say("daemon.stopping", apps=len(self._running))
        apps = [running.app for running in self._running.values()]
        longest = max((app.profile.restart.stop_timeout for app in apps), default=0.0)
        stopping = asyncio.gather(*map(self._end, apps))
        killing = asyncio.ensure_future(self._kill_asked.wait())
        either: set[asyncio.Future[Any]] = {stopping, killing}
        await asyncio.wait(either, timeout=longest + _KILL_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            for app in apps:
                app.kill()
            await asyncio.wait({stopping}, timeout=_KILL_TIMEOUT)
        killing.cancel()
        for running in self._running.values():
            running.task.cancel()
        self._say("daemon.stopped", took_ms=round((loop.time() - begun) * 1000))

    def _say(self, name: str, profile: str | None = None, /, **fields: Value) -> None:
        self._bus.publish(make_record(name, fields, profile=profile))


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)


def problem_of(error: CannotListenError) -> Problem:
    """An address that cannot be had, as a problem in the profile that asks for it."""
    listen = error.cause.listen
    return problem_at(
        error.profile.file,
        ("listen", listen.name),
        message=f"cannot listen on `{listen.address}`",
        label=error.cause.reason,
        hint=error.cause.hint,
    )
