"""Followers at work: changes and restarts of apps in, restarts of those that follow them out.

Never decides who restarts when, nor who is expected to notice a change: `core.followers` and `core.expected` do.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from reloadd.core.expected import LATEST, Expected
from reloadd.core.followers import LONGEST_HOLD, Activity, Following, Pending, relatives
from reloadd.core.inputs import Cause, Changed, Restart, Why
from reloadd.supervise.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reloadd.app import App
    from reloadd.core.changes import ChangeSet
    from reloadd.core.records import Record


class Followers:
    """The apps of one daemon that restart with each other.

    Args:
        apps: gives those that there are now, by name.
        publish: where records go.
        tasks: the group that owns what is still looked up.
    """

    def __init__(
        self,
        apps: Callable[[], Mapping[str, App]],
        publish: Callable[[Record], None],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._apps = apps
        self._publish = publish
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._following = Following()
        self._expected = Expected()
        self._times_noticed: dict[str, int] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._said: set[str] = set()

    def changed(self, name: str, changes: ChangeSet) -> None:
        """An app's own files changed: act on that, unless those that it follows may be about to restart for it too."""
        app = self._apps()[name]
        Reports(app.profile, self._publish).settled(changes)
        self._expect(name, changes.paths)
        if not app.profile.restart_with or not app.is_holdable:
            app.renew(Changed(changes))
            return
        self._following = self._following.changed(name, changes)
        self.look()
        if name in self._following.held and name not in self._deadlines:
            app.hold()
            self._deadlines[name] = self._loop.call_later(LONGEST_HOLD, self._overdue, name)

    def restarted(self, leader: str) -> None:
        """An app serves again."""
        self._following = self._following.restarted(self._graph(), leader)
        self.look()

    def look(self) -> None:
        """Restart those that wait for nobody any more."""
        while self._following.pending:
            self._following, due = self._following.due(self._graph(), self._possible_activity())
            for name, pending in due.items():
                self._take(name, pending)
            if not due:
                break
        self._say_who_waits()

    def forget(self, name: str) -> None:
        """An app is no longer there."""
        self._following = self._following.without(name)
        self._expected = self._expected.without(name)
        self._ends_hold(name)
        self.look()

    # Who is to notice what another one was told.

    def _expect(self, name: str, paths: Sequence[str]) -> None:
        """Expect those of the same family that watch these paths too."""
        apps, family = self._apps(), relatives(self._graph(), name)
        if not family:
            return
        others = {each: apps[each] for each in family if each in apps and apps[each].may_notice(paths)}
        seconds = {each: app.profile.watch.poll_interval for each, app in others.items()}
        now = self._loop.time()
        have_noticed = [each for each, app in others.items() if app.has_noticed]
        self._expected = self._expected.told(name, paths, seconds, now).without(*have_noticed)
        for each in self._expected.names(now) & others.keys():
            self._times_noticed[each] = others[each].times_noticed
            self._tasks.create_task(self._look_up(each, others[each], paths))
            self._loop.call_later(LATEST + seconds[each], self.look)

    async def _look_up(self, name: str, app: App, paths: Sequence[str]) -> None:
        """Expect nobody whose rules leave out what changed."""
        try:
            will_notice = await app.will_notice(paths)
        except Exception as error:  # noqa: BLE001 (it becomes a record; nobody is waited for in vain for long)
            Reports(app.profile, self._publish).broke(error, "finding out who watches what changed")
            return
        if not will_notice:
            self._expected = self._expected.without(name)
            self.look()

    # What is done.

    def _overdue(self, name: str) -> None:
        self._following, pending = self._following.overdue(name)
        self._take(name, pending)
        self.look()

    def _take(self, name: str, pending: Pending) -> None:
        """Restart a follower, unless the user wants it down: its machine drops a change by itself."""
        app, changes = self._apps()[name], pending.changes
        if self._ends_hold(name) and changes is not None:
            changes = replace(changes, settled_at=self._loop.time())
        if pending.leader is not None and app.machine.wanted:
            Reports(app.profile, self._publish).followed(pending.leader)
            app.renew(Restart(Why(Cause.FOLLOWED, changes)))
        elif changes is not None:
            app.renew(Changed(changes))

    def _ends_hold(self, name: str) -> bool:
        """Whether a change was held back until now."""
        self._said.discard(name)
        deadline = self._deadlines.pop(name, None)
        if deadline is not None:
            deadline.cancel()
        return deadline is not None

    def _say_who_waits(self) -> None:
        """Say once for each change that is held back whom it waits for, as soon as these are known to be busy."""
        graph, activity = self._graph(), self._activity()
        for name, changes in self._following.held.items():
            if name not in self._said and (leaders := self._following.waits_for(graph, activity, name)):
                self._said.add(name)
                Reports(self._apps()[name].profile, self._publish).postponed(changes, sorted(leaders))

    # How they stand.

    def _graph(self) -> dict[str, tuple[str, ...]]:
        return {name: app.profile.restart_with for name, app in self._apps().items()}

    def _activity(self) -> Activity:
        """What the apps are known to be busy with, without what they may be about to do."""
        apps = self._apps()
        return Activity(
            {name for name, app in apps.items() if app.has_noticed},
            {name for name, app in apps.items() if app.machine.is_restarting},
        )

    def _possible_activity(self) -> Activity:
        """With what some apps may be about to do, which will be known in a moment."""
        apps, known = self._apps(), self._activity()
        expected = self._expected.names(self._loop.time()) & apps.keys()
        came = {name for name in expected if apps[name].times_noticed != self._times_noticed[name]}
        self._expected = self._expected.without(*came)
        undecided = {name for name, app in apps.items() if app.has_words}
        return Activity({*known.noticed, *(expected - came)}, {*known.restarting, *undecided})
