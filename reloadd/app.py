"""One profile at work: its sockets, its watch and its supervisor, put together and taken apart.

Never decides anything, and knows of no other profile.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.doubled import OwnReloader, find_own_reloader
from reloadd.core.inputs import Cause, Restart, Start, Stop, Why
from reloadd.core.policy import Policy
from reloadd.core.records import record
from reloadd.profile.model import AppTarget, CommandTarget, Launch, ModuleTarget, Profile, ScriptTarget
from reloadd.supervise.supervisor import Supervisor
from reloadd.supervise.supply import NoSupply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.core.changes import ChangeSet
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings
    from reloadd.watch.base import Watch, Watcher

_OWN_RELOAD_TIMEOUT = 2.5
"""Seconds that a child with Werkzeug's reloader gets to see a change by itself; its stat loop looks once a second."""


class App:
    """One profile at work.

    Args:
        profile: which.
        listeners: its sockets, in the profile's order; owned by the daemon's pool.
        surroundings: what all supervisors share.
        watcher: the daemon's.
        generation: the last one that an earlier form of this profile gave out.
    """

    def __init__(
        self,
        profile: Profile,
        listeners: Sequence[Listener],
        surroundings: Surroundings,
        watcher: Watcher,
        *,
        generation: int = 0,
    ) -> None:
        self.profile = profile
        self.listeners = tuple(listeners)
        own_reloader = _own_reloader(profile.launch)
        self._own_reloader = own_reloader
        self._publish = surroundings.publish
        self._watcher = watcher
        self._watch: Watch | None = None
        self._has_begun = False
        self._is_stopped = False
        self.supervisor = Supervisor(
            profile, policy_of(profile, own_reloader), listeners, surroundings, NoSupply(), generation=generation
        )

    async def run(self, cause: Cause) -> None:
        """Take the baseline, then start, then go on until cancelled."""
        self._tell_of_own_reloader()
        try:
            self._watch = await self._watcher.watch(self.profile.name, self.profile.watch, self._changed)
            if not self._is_stopped:
                self._has_begun = True
                self.supervisor.tell(Start() if cause is Cause.START else Restart(Why(cause)))
                await self.supervisor.run()
        except Exception as error:  # noqa: BLE001 (a bug in one app's part ends that app, and is said)
            where = f"running `{self.profile.name}`"
            self._publish(record("daemon.failed", profile=self.profile.name, error=repr(error), where=where))
        finally:
            self._has_begun = False
            self._unwatch()

    async def stop(self) -> None:
        """End the child, within the profile's own deadlines; an app that has not started yet never does."""
        self._is_stopped = True
        self._unwatch()
        if self._has_begun:
            self.supervisor.tell(Stop())
            await self.supervisor.wait_down()

    def kill(self) -> None:
        """End the child now."""
        self.supervisor.kill()

    def _changed(self, changes: ChangeSet) -> None:
        self.supervisor.changed(changes)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _tell_of_own_reloader(self) -> None:
        if (own := self._own_reloader) is not None:
            self._publish(
                record(
                    "profile.doubled",
                    profile=self.profile.name,
                    reloader=own.reloader,
                    found=own.found,
                    hint=own.hint,
                )
            )


def policy_of(profile: Profile, own_reloader: OwnReloader | None) -> Policy:
    """What the machine has to know of a profile."""
    # Only with a listener does the child run as Werkzeug's inner process, the one that exits with code 3 on a change.
    is_inner = own_reloader is not None and own_reloader.exits_by_itself and _has_http(profile)
    return Policy(
        on_exit=profile.restart.on_exit,
        handover=profile.restart.handover,
        while_reloading=profile.restart.while_reloading,
        stop_timeout=profile.restart.stop_timeout,
        ready_timeout=profile.restart.ready_timeout,
        backoff=profile.restart.backoff,
        own_reload_timeout=_OWN_RELOAD_TIMEOUT if is_inner else None,
    )


def _has_http(profile: Profile) -> bool:
    return any(listen.name == "http" for listen in profile.listen)


def _own_reloader(launch: Launch) -> OwnReloader | None:
    match launch.target:
        case AppTarget():
            return None
        case ModuleTarget(module):
            return find_own_reloader([module, *launch.args])
        case CommandTarget(argv):
            return find_own_reloader([*argv, *launch.args])
        case ScriptTarget(path):
            text = None
            with suppress(OSError, UnicodeDecodeError):
                text = path.read_text("utf-8")
            return find_own_reloader([path.name, *launch.args], text)
