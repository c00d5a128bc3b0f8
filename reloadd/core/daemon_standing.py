"""How the daemon stands as a service, made from its records, and what of that its service manager is told.

Pure: a standing and a record in, the next standing out; two standings in, what is to be said out (sd_notify(3)). Never
sends anything: `service.manager` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from reloadd.core.records import Level
from reloadd.core.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reloadd.core.records import Record

EXTENSION = 20.0
"""Seconds more that are asked for, again and again, while apps start or stop: each app has a deadline of its own."""

BEAT = 5.0
"""Seconds between two such requests."""

_MOST_NAMES = 4
_LONGEST_ERROR = 100


class Phase(Enum):
    """Where the daemon stands in its life, as a service manager sees it."""

    STARTING = "starting"
    UP = "up"
    RELOADING = "reloading"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class AppStanding:
    """How one app stands.

    Attributes:
        state: its supervisor's; None before that has begun.
        error: what went wrong last; None if something has gone well since.
    """

    state: State | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DaemonStanding:
    """How the daemon stands.

    Attributes:
        phase: of its life.
        apps: those that there are, in the profiles' order.
        rejected: the names of profiles that do not run as their files have them.
    """

    phase: Phase = Phase.STARTING
    apps: Mapping[str, AppStanding] = field(default_factory=lambda: MappingProxyType({}))
    rejected: tuple[str, ...] = ()


def expect(standing: DaemonStanding, names: Iterable[str]) -> DaemonStanding:
    """Know these apps from now on, and no others."""
    apps = {name: standing.apps.get(name, AppStanding()) for name in names}
    return replace(standing, apps=MappingProxyType(apps))


def begin_reload(standing: DaemonStanding) -> DaemonStanding:
    """Note that profiles are read again; before the daemon is up, that is a part of its start."""
    return replace(standing, phase=Phase.RELOADING) if standing.phase is Phase.UP else standing


def end_reload(standing: DaemonStanding, rejected: tuple[str, ...]) -> DaemonStanding:
    """Note that profiles were read again, and that these were rejected."""
    phase = Phase.UP if standing.phase is Phase.RELOADING else standing.phase
    return replace(standing, phase=phase, rejected=rejected)


def hear(standing: DaemonStanding, record: Record) -> DaemonStanding:
    """What a record makes of the standing."""
    match record.name:
        case "daemon.stopping":
            return replace(standing, phase=Phase.STOPPING)
        case _ if record.profile is not None and record.profile in standing.apps:
            return _settle(_with_app(standing, record.profile, record))
        case _:
            return standing


def is_settled(standing: DaemonStanding) -> bool:
    """Whether every app serves, has finished, is held, or is not wanted: nobody has to wait for any of them."""
    return all(app.state in _SETTLED for app in standing.apps.values())


def status(standing: DaemonStanding) -> str:
    """The standing in words, on one line."""
    parts = [_PHASE_WORDS[standing.phase]] if standing.phase in _PHASE_WORDS else []
    groups: dict[str, list[str]] = {}
    for name, app in standing.apps.items():
        groups.setdefault(_doing(app), []).append(_named(name, app))
    if standing.rejected:
        parts.append(f"rejected: {_listed(list(standing.rejected))}")
    parts += [f"{doing} {_listed(groups[doing])}" for doing in _ORDER if doing in groups]
    return "; ".join(parts) or ("starting" if standing.phase is Phase.STARTING else "no apps")


def assignments(before: DaemonStanding | None, after: DaemonStanding, *, moment: int) -> tuple[str, ...]:
    """What to tell the service manager of a new standing; nothing where nothing changed for it.

    Args:
        before: what it was told last; None for nothing yet.
        after: what is so now.
        moment: CLOCK_MONOTONIC in microseconds, which has to go with RELOADING=1.
    """
    said: list[str] = []
    if before is None or after.phase is not before.phase:
        match after.phase:
            case Phase.UP:
                said.append("READY=1")
            case Phase.RELOADING:
                said += ["RELOADING=1", f"MONOTONIC_USEC={moment}"]
            case Phase.STOPPING:
                said.append("STOPPING=1")
            case Phase.STARTING:
                pass
    if before is None or status(after) != status(before):
        said.append(f"STATUS={status(after)}")
    return tuple(said)


def beat(standing: DaemonStanding, *, watchdog: float | None) -> tuple[str, ...]:
    """What to tell it again and again, as a sign of life and a request for more time.

    Args:
        standing: what is so now.
        watchdog: seconds after which silence is taken for death; None if nobody watches.
    """
    life = [] if watchdog is None else ["WATCHDOG=1"]
    return (*life, f"EXTEND_TIMEOUT_USEC={round(EXTENSION * 1e6)}") if _is_slow(standing) else tuple(life)


def pause_between_beats(standing: DaemonStanding, *, watchdog: float | None) -> float | None:
    """Seconds from one beat to the next; None if there is nothing to say until the phase changes.

    For the watchdog it is half of its time, as sd_watchdog_enabled(3) recommends.
    """
    pauses = [] if watchdog is None else [watchdog / 2]
    return min([*pauses, BEAT] if _is_slow(standing) else pauses, default=None)


def _is_slow(standing: DaemonStanding) -> bool:
    """Whether something is under way for which the manager sets a deadline."""
    return standing.phase in {Phase.STARTING, Phase.STOPPING}


_SETTLED = frozenset({State.SERVING, State.REPLACING, State.HELD, State.FINISHED, State.DOWN})

_PHASE_WORDS = {Phase.RELOADING: "reading profiles again"}

_LAST_GOOD = "serving the last good version of"
_DOING = {
    State.SERVING: "serving",
    State.REPLACING: "restarting",
    None: "looking at the files of",
    State.STARTING: "starting",
    State.BACKOFF: "trying again:",
    State.HELD: "holding",
    State.STOPPING: "stopping",
    State.DOWN: "stopped:",
    State.FINISHED: "finished:",
}
_ORDER = (_LAST_GOOD, *_DOING.values())
"""What is said of apps, in this order: a broken one must not be cut off by those that are well."""


def _doing(app: AppStanding) -> str:
    if app.error is not None and app.state is State.SERVING:
        return _LAST_GOOD
    return _DOING[app.state]


def _named(name: str, app: AppStanding) -> str:
    return name if app.error is None or app.state is State.DOWN else f"{name} ({app.error})"


def _listed(names: list[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"


def _with_app(standing: DaemonStanding, name: str, record: Record) -> DaemonStanding:
    app = standing.apps[name]
    fields = record.fields
    match record.name:
        case "supervisor.moved":
            app = replace(app, state=State(fields["after"]))
        case "child.ready" | "restart.completed" | "supervisor.finished":
            app = replace(app, error=None)
        case "child.exited" if not fields["asked"] and fields["exit_code"] != 0:
            app = replace(app, error=_shortened(fields["error"] or fields["exit"]))
        case "child.late":
            app = replace(app, error=f"not ready after {fields['after_s']} s")
        case "child.unstartable" | "restart.abandoned":
            app = replace(app, error=_shortened(fields["error"]))
        case "start.postponed":
            # An app that comes after one that is held is as good as held; one whose turn will come is waited for.
            is_stuck = record.level is Level.WARNING
            app = AppStanding(State.HELD, _shortened(fields["why"])) if is_stuck else AppStanding()
        case "daemon.failed" if app.state is None:
            # Its supervisor never begins: to wait for it would be to wait for ever.
            app = AppStanding(State.HELD, _shortened(fields["error"]))
    return replace(standing, apps=MappingProxyType({**standing.apps, name: app}))


def _settle(standing: DaemonStanding) -> DaemonStanding:
    if standing.phase is Phase.STARTING and is_settled(standing):
        return replace(standing, phase=Phase.UP)
    return standing


def _shortened(error: object) -> str:
    """An error's first line, and not all of a long one."""
    line = str(error).partition("\n")[0]
    return line if len(line) <= _LONGEST_ERROR else f"{line[:_LONGEST_ERROR]}…"
