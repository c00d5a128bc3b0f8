"""One profile at work: its sockets, its watch and its supervisor, put together and taken apart.

Never decides anything, and knows of no other profile.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from reloadd.core.doubled import OwnReloader, find_own_reloader
from reloadd.core.inputs import Cause, Restart, Start, Stop, Why
from reloadd.core.order import is_stuck
from reloadd.core.policy import Handover, Policy
from reloadd.core.records import Level, make_record, record
from reloadd.core.state import State
from reloadd.imported import Imported
from reloadd.profile.difference import Renewal
from reloadd.profile.model import AppTarget, CommandTarget, Launch, ModuleTarget, Profile, ScriptTarget
from reloadd.supervise.attendance import Attendance
from reloadd.supervise.intake import Intake
from reloadd.supervise.joining import Joining
from reloadd.supervise.prompts import PromptGate
from reloadd.supervise.supervisor import Supervisor
from reloadd.warm.supplies import supply_for
from reloadd.watch.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reloadd.core.changes import ChangeSet
    from reloadd.core.inputs import Changed, Input
    from reloadd.core.order import Progress
    from reloadd.core.records import Value
    from reloadd.core.state import Machine
    from reloadd.profile.difference import Update
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.running import Surroundings
    from reloadd.watch.base import Watch, Watcher

_AT_REST = frozenset({State.DOWN, State.HELD, State.FINISHED})

_OWN_RELOAD_TIMEOUT = 2.5
"""Seconds that a child with Werkzeug's reloader gets to see a change by itself; its stat loop looks once a second."""


class App:
    """One profile at work.

    Args:
        profile: which.
        listeners: its sockets, in the profile's order; owned by the daemon's pool.
        surroundings: what all supervisors share.
        watcher: the daemon's.
        on_changed: takes the change sets that are acted on; `renew` does that, now or later.
        on_taken: is called when the supervisor has taken a word.
        generation: the last one that an earlier form of this profile gave out.
    """

    def __init__(
        self,
        profile: Profile,
        listeners: Sequence[Listener],
        surroundings: Surroundings,
        watcher: Watcher,
        *,
        on_changed: Callable[[ChangeSet], None],
        on_taken: Callable[[], None],
        generation: int = 0,
    ) -> None:
        self.profile = profile
        self.listeners = tuple(listeners)
        self.has_turn = False
        self._own_reloader = _own_reloader(profile.launch)
        self._publish = surroundings.publish
        self._watcher = watcher
        self._watch: Watch | None = None
        self._reach = Reach(profile.watch)
        self._watching = asyncio.Lock()
        self._waits_for: Mapping[str, Progress] = {}
        self._first: Start | Stop | Restart = Start()
        self._has_begun = False
        self._is_stopped = False
        self._surroundings = surroundings
        self._attendance = Attendance(supply_for(profile, listeners, surroundings), self._serves, self._ended)
        self._ask_for_ledgers()
        policy = policy_of(profile, self._own_reloader)
        self.supervisor = Supervisor(
            profile, policy, listeners, surroundings, self._attendance, on_taken=on_taken, generation=generation
        )
        self._intake = Intake(self.supervisor, self._attendance, on_changed, surroundings.leases, surroundings.publish)
        self._gate = PromptGate(self.supervisor, surroundings.console, self._intake, surroundings.publish)
        self._joining = Joining(self._gate.take, self._gate.take_note)
        outside = self._joining.lane()
        self._imported = Imported(
            profile,
            watcher,
            outside.take,
            outside.take_note,
            on_ignored=self._intake.take_ignored,
            on_failure=self._tell_of_failure,
        )
        self._inside = self._joining.lane()

    @property
    def file(self) -> Path:
        """The profile's file."""
        return self.profile.file

    @property
    def machine(self) -> Machine:
        """Where it stands."""
        return self.supervisor.machine

    @property
    def is_at_rest(self) -> bool:
        """Whether it waits for nothing but the user or a change: its own, or one of those that it comes after."""
        is_coming = not self.has_turn and not is_stuck(self._waits_for)
        return self._has_begun and self.machine.state in _AT_REST and not is_coming

    @property
    def has_noticed(self) -> bool:
        """Whether a change was noticed that is not told yet."""
        return self._intake.has_noticed

    @property
    def times_noticed(self) -> int:
        """How many bursts of changes have begun so far."""
        return self._intake.times_noticed

    def may_notice(self, paths: Sequence[str]) -> bool:
        """Whether it watches one of these paths, as far as is known at once: `will_notice` knows."""
        return self._watch is not None and (self._imported.watches(paths) or self._reach.may_include(paths))

    async def will_notice(self, paths: Sequence[str]) -> bool:
        """Whether it watches one of these paths, by all rules."""
        return self._imported.watches(paths) or await asyncio.to_thread(self._reach.includes, paths)

    @property
    def has_words(self) -> bool:
        """Whether words wait that its supervisor has not taken yet: one of them may be a restart."""
        return self.supervisor.has_words

    @property
    def is_holdable(self) -> bool:
        """Whether its own changes can wait: a child that sees them by itself and restarts would not."""
        return self.machine.policy.own_reload_timeout is None

    def hold(self) -> None:
        """Have requests wait for the new code, as in a burst, until `renew`."""
        self._intake.hold(is_held=True)

    def renew(self, word: Restart | Changed) -> None:
        """Restart for a change, or with another app; requests that were held need wait no longer than that takes."""
        self.supervisor.tell(word)
        self._intake.hold(is_held=False)

    async def run(self) -> None:
        """Take the baseline, start when it is its turn, then go on until cancelled."""
        self._tell_of_own_reloader()
        try:
            await self._renew_watch()
            if not self._is_stopped:
                self._has_begun = True
                if self.has_turn:
                    self.supervisor.tell(self._first)
                await self.supervisor.run()
        except Exception as error:  # noqa: BLE001 (a bug in one app's part ends that app, and is said)
            self._tell_of_failure(error)
        finally:
            self._has_begun = False
            self._attendance.close()
            self._unwatch()

    def give_turn(self, waits_for: Mapping[str, Progress]) -> None:
        """Let it start, unless there are others that have to be ready first; then that is said."""
        if not waits_for:
            self.command(self._first)
        elif waits_for != self._waits_for:
            self._waits_for = waits_for
            why = ", ".join(f"`{name}` is {progress.value}" for name, progress in waits_for.items())
            level = Level.WARNING if is_stuck(waits_for) else Level.INFO
            fields: dict[str, Value] = {"after": tuple(waits_for), "why": why}
            self._publish(make_record("start.postponed", fields, profile=self.profile.name, level=level))

    def command(self, word: Start | Stop | Restart) -> None:
        """Tell it what the user wants, whoever it comes after; while the baseline is taken, it begins with that."""
        self.has_turn = True
        self._first = word
        if self._has_begun:
            self.supervisor.tell(word)

    async def wait_taken(self) -> None:
        """Return once all that it was told so far has been decided on."""
        await self.supervisor.wait_taken()

    async def update(self, step: Update, listeners: Sequence[Listener]) -> None:
        """Take a changed profile: only what has changed is done."""
        self.profile = step.profile
        self.listeners = tuple(listeners)
        self._reach = Reach(step.profile.watch)
        if step.renews_watch:
            try:
                # Before the child: what is saved while it starts is seen.
                await self._renew_watch()
                self._imported.adopt(step.profile)
            except Exception as error:  # noqa: BLE001 (the watch that there was goes on)
                self._tell_of_failure(error)
        self._own_reloader = _own_reloader(step.profile.launch)
        if step.renews_supply:
            supply = supply_for(step.profile, self.listeners, self._surroundings, why_none=step.why_supply)
            self._attendance.go_on_with(supply)
        self._ask_for_ledgers()
        self.supervisor.adopt(step.profile, policy_of(step.profile, self._own_reloader), self.listeners)
        if self._has_begun and self.has_turn:
            for word in words_for(step.child, self.machine):
                self.supervisor.tell(word)

    async def stop(self) -> None:
        """End the child, within the profile's own deadlines; an app that has not started yet never does."""
        self._is_stopped = True
        self._unwatch()
        self._attendance.close()
        if self._has_begun:
            self.supervisor.tell(Stop())
            await self.supervisor.wait_down()

    def kill(self) -> None:
        """End the child now."""
        self.supervisor.kill()

    async def _renew_watch(self) -> None:
        """Watch what the profile says now. The watch before it is ended only then, so that no change falls between."""
        async with self._watching:
            watch = await self._watcher.watch(
                self.profile.name,
                self.profile.watch,
                self._inside.take,
                on_burst=self._inside.take_note,
                on_ignored=self._intake.take_ignored,
                instead_of=self._watch,
            )
            if self._is_stopped:
                watch.close()
                return
            self._watch = watch

    def _ask_for_ledgers(self) -> None:
        """Have children note what the profile wants to know."""
        self._attendance.can_note = not isinstance(self.profile.launch.target, CommandTarget)
        self._attendance.wants_imports = self.profile.watch.imported

    def _serves(self, ledger: Path) -> None:
        """A child serves: what it has imported is watched too."""
        if not self._is_stopped:
            self._imported.serves(ledger)

    def _ended(self, ledger: Path) -> None:
        """A child has ended: what it had imported may be what is to be mended."""
        if not self._is_stopped:
            self._imported.ended(ledger)

    def _unwatch(self) -> None:
        self._joining.close()
        self._gate.close()
        self._imported.close()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _tell_of_failure(self, error: Exception) -> None:
        where = f"running `{self.profile.name}`"
        self._publish(record("daemon.failed", profile=self.profile.name, error=repr(error), where=where))

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


def words_for(child: Renewal, machine: Machine) -> tuple[Input, ...]:
    """What a changed profile has to tell a machine that has taken over its policy."""
    anew = Restart(Why(Cause.PROFILE))
    if not machine.wanted:
        return ()
    match child:
        case Renewal.REPLACE if machine.policy.handover is Handover.OVERLAP:
            return Stop(), anew
        case Renewal.HANDOVER | Renewal.REPLACE:
            return (anew,)
        case Renewal.NONE if machine.failures and machine.state in {State.BACKOFF, State.HELD}:
            # It failed under the old values: what was changed may be what it takes.
            return (anew,)
        case Renewal.NONE:
            return ()


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
