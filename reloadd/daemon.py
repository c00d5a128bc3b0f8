"""The daemon: every part put together, under one task group, until it is told to stop.

Never decides when an app restarts. Only `cli.run` imports this module.
"""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

from reloadd import __version__
from reloadd.core.records import Value, make_record
from reloadd.fleet import Fleet
from reloadd.reloading import Reloading
from reloadd.service.manager import Manager
from reloadd.supervise.connections import Connections
from reloadd.supervise.groups import Groups, delegated_home
from reloadd.supervise.guard import Guard
from reloadd.supervise.leases import Leases
from reloadd.supervise.passed import take_passed
from reloadd.supervise.pool import ListenerPool
from reloadd.supervise.running import Surroundings
from reloadd.supervise.store import Store
from reloadd.watch.watcher import DaemonWatcher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from reloadd.app import App
    from reloadd.bus import Bus
    from reloadd.control.commands import Reloaded
    from reloadd.profile.accept import Read
    from reloadd.profile.load import Source
    from reloadd.profile.problems import Rejected
    from reloadd.supervise.console import Console
    from reloadd.supervise.groups import GroupUsage

_KILL_TIMEOUT = 5.0
"""Seconds beyond the longest stop-timeout after which an app that cannot even be killed is left to the guardian."""

_ECHO = 0.1
"""Seconds. Those that we run under, as timeout(1) and npm, pass on what we were sent as well: no second wish."""


class Daemon:
    """Runs the apps of some profiles.

    Args:
        source: where the profiles come from; they are read again when they change, and on SIGHUP.
        read: what was found there at first.
        bus: where records go.
        console: where the children's output goes.
        environ: the environment that children start from.
    """

    def __init__(
        self,
        source: Source,
        read: Read,
        *,
        bus: Bus,
        console: Console,
        environ: Mapping[str, str],
    ) -> None:
        self._bus = bus
        self._console = console
        self._manager = Manager(environ)
        bus.subscribe(self._manager)
        keeper, passed = self._manager.notifier, take_passed(environ, os.getpid())
        self._pool = ListenerPool(Store([each for each in passed if each.listens], keeper, bus.publish))
        self._connections = Connections([each for each in passed if not each.listens], keeper)
        self._guard = Guard(bus.publish)
        self._watcher = DaemonWatcher(report=bus.publish)
        self._tasks = asyncio.TaskGroup()
        self._groups = Groups(delegated_home(environ))
        surroundings = Surroundings(
            bus.publish, self._guard, console, environ, self._groups, self._connections, bus.pass_on, Leases()
        )
        self._fleet = Fleet(self._pool, surroundings, self._watcher, self._tasks, on_names=self._expect)
        self._reloading = Reloading(source, read, fleet=self._fleet, pool=self._pool, publish=bus.publish)
        self._stop_asked = asyncio.Event()
        self._stop_asked_at = 0.0
        self._kill_asked = asyncio.Event()

    # What others tell it: it is `control.commands.Commands`.

    @property
    def apps(self) -> Mapping[str, App]:
        """The apps of the profiles that run now, by name."""
        return self._fleet.apps

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The files of profiles that do not run as they are."""
        return self._reloading.rejected

    def grouped(self, name: str) -> GroupUsage | None:
        """What the control groups of an app tell; None where it has none."""
        return self._groups.usage(name)

    async def reload(self) -> Reloaded:
        """Read the profiles again, and return once what has changed was begun, or refused.

        Raises:
            asyncio.CancelledError: the daemon was told to stop first.
        """
        return await self._reloading.reload()

    async def run(self) -> None:
        """Run until a signal ends it; every child is gone then.

        Raises:
            CannotStartError: no profile can be run; nothing was started.
        """
        loop = asyncio.get_running_loop()
        assigned = self._reloading.prepare_first()
        self._say("daemon.started", version=__version__, pid=os.getpid(), profiles=len(assigned))
        loop.set_exception_handler(self._broke)
        self._hear_signals(loop)
        self._bus.subscribe(self._fleet.hear)
        self._guard.start()
        try:
            async with self._tasks:
                with self._manager.reloading(self._names_rejected):
                    await self._reloading.start(assigned)
                self._connections.close()
                await self._serve()
                await self._stop_all(loop)
        finally:
            self._watcher.close()
            self._pool.close()
            await self._guard.close()
            self._manager.close()
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
        now = asyncio.get_running_loop().time()
        if not self._stop_asked.is_set():
            self._stop_asked.set()
            self._stop_asked_at = now
        elif now - self._stop_asked_at > _ECHO:
            self._kill_asked.set()

    def _hung_up_or_reload(self) -> None:
        """SIGHUP means to read the profiles again, unless the terminal that we ran on is gone (signal(7))."""
        if self._console.is_hung_up():
            self._asked_to_stop()
        else:
            self._reloading.ask(is_patient=False)

    # Running.

    async def _serve(self) -> None:
        """Until a stop is asked for, keep the apps as their profiles are."""
        reloading = self._tasks.create_task(self._keep_up())
        await self._stop_asked.wait()
        reloading.cancel()
        await asyncio.wait({reloading})
        self._reloading.close()

    def _expect(self, names: tuple[str, ...]) -> None:
        self._console.name_all(names)
        self._manager.expect(names)

    async def _keep_up(self) -> None:
        """Watch the profiles and follow them; should that break, which is a bug, the apps run on as they are."""
        try:
            await self._reloading.watch(self._watcher)
            await self._reloading.run(partial(self._manager.reloading, self._names_rejected))
        except Exception as error:  # noqa: BLE001 (it becomes a record)
            self._say("daemon.failed", error=repr(error), where="reading the profiles again")

    def _names_rejected(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.rejected)

    # Stopping.

    async def _stop_all(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop all apps, those that come after others first, within their deadlines; a second signal kills them."""
        begun = loop.time()
        names = tuple(self._fleet.apps)
        self._say("daemon.stopping", apps=len(names))
        self._connections.end()
        stopping = asyncio.ensure_future(self._fleet.end(names))
        killing = asyncio.ensure_future(self._kill_asked.wait())
        either: set[asyncio.Future[Any]] = {stopping, killing}
        longest = self._fleet.longest_stop() + _KILL_TIMEOUT
        await asyncio.wait(either, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            self._fleet.kill()
            await asyncio.wait({stopping}, timeout=_KILL_TIMEOUT)
        killing.cancel()
        self._fleet.cancel()
        self._say("daemon.stopped", took_ms=round((loop.time() - begun) * 1000))

    def _say(self, name: str, profile: str | None = None, /, **fields: Value) -> None:
        self._bus.publish(make_record(name, fields, profile=profile))


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)
