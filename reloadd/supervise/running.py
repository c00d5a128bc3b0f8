"""A child with all that is open for it: started together, closed together.

Never decides when: the supervisor does, as the machine tells it.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.core.records import Printed
from reloadd.profile.model import AppTarget, ReadyTold
from reloadd.supervise.child import Child
from reloadd.supervise.launch import plan_launch
from reloadd.supervise.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reloadd.core.records import Record
    from reloadd.profile.model import Profile
    from reloadd.supervise.child import Owner
    from reloadd.supervise.console import Console, Ends
    from reloadd.supervise.groups import Groups
    from reloadd.supervise.guard import Guard
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.output import Output
    from reloadd.supervise.timings import Moments


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every supervisor of a daemon shares.

    Attributes:
        publish: where records go.
        guard: told of each process group.
        console: where the children's output goes, and their input comes from.
        environ: the daemon's environment.
        groups: the control groups of the apps.
        pass_on: where what the children print goes, besides the console.
    """

    publish: Callable[[Record], None]
    guard: Guard
    console: Console
    environ: Mapping[str, str]
    groups: Groups
    pass_on: Callable[[Printed], None]


@dataclass(slots=True)
class Running:
    """A child, and what is only known of it while it runs."""

    child: Child
    ends: Ends
    output: Output
    moments: Moments
    notices: Notices | None
    pause_asked_at: float | None = None
    readiness: asyncio.Task[None] | None = None

    def close(self, surroundings: Surroundings) -> None:
        """Close what was open for a child that is gone, after its last output was taken."""
        surroundings.console.forget(self.ends)
        self.output.close()
        if self.notices is not None:
            self.notices.close()
        surroundings.guard.remove(self.child.pid)


def start(
    profile: Profile,
    listeners: Sequence[Listener],
    surroundings: Surroundings,
    generation: int,
    moments: Moments,
    *,
    owner: Owner,
) -> Running:
    """Start a child of this generation, and open what it needs.

    Raises:
        EnvFileError: the profile's `env-file` cannot be used.
        OSError: the process cannot be started. Nothing is left open then.
    """
    console, guard = surroundings.console, surroundings.guard
    is_told = isinstance(profile.ready, ReadyTold) and not isinstance(profile.launch.target, AppTarget)
    with ExitStack() as undo:
        notices = Notices() if is_told else None
        if notices is not None:
            undo.callback(notices.close)
        extra = {**guard.environ, **(notices.environ if notices is not None else {})}
        plan = plan_launch(profile, surroundings.environ, extra)
        ends, output = console.open(profile.name)
        undo.callback(output.close)
        undo.callback(console.forget, ends)
        try:
            child = Child(generation, plan, listeners, owner=owner, ends=ends)
        finally:
            ends.close_theirs()
        undo.pop_all()
    output.on_lines = lambda lines: surroundings.pass_on(Printed(profile.name, generation, lines))
    guard.add(child.pid)
    surroundings.groups.enter(profile.name, str(generation), child.pid)
    moments.spawned = asyncio.get_running_loop().time()
    return Running(child, ends, output, moments, notices)
