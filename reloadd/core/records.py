"""Everything that reloadd can say happened: the names, their levels and their fields, once.

A `Record` that is not as the catalogue has it cannot be made, so the log, its readers and the documentation agree.
Never writes anything: the log and the other sinks subscribe to the bus.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | int | float | bool | tuple[str, ...] | None


class Level(Enum):
    """How much a record matters; the value is the log's word."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the catalogue: the level, what it says, and the fields that each such record has, in order."""

    level: Level
    meaning: str
    fields: tuple[str, ...] = ()


CATALOGUE: Mapping[str, Kind] = MappingProxyType(
    {
        "daemon.started": Kind(Level.INFO, "the daemon runs", ("version", "pid", "profiles")),
        "daemon.stopping": Kind(Level.INFO, "the daemon was told to stop", ("apps",)),
        "daemon.stopped": Kind(Level.INFO, "every child is gone", ("took_ms",)),
        "daemon.failed": Kind(Level.ERROR, "something in the daemon itself broke: a bug to report", ("error", "where")),
        "guardian.lost": Kind(Level.ERROR, "the process that ends all apps after the daemon's own end died", ("exit",)),
        "history.failed": Kind(
            Level.WARNING, "what happens cannot be kept on disk; all runs on", ("path", "error", "hint")
        ),
        "history.overrun": Kind(Level.WARNING, "more happened than could be kept on disk in time", ("left_out",)),
        "history.resumed": Kind(Level.INFO, "what happens is kept on disk again", ("path", "left_out")),
        "control.opened": Kind(Level.DEBUG, "commands are taken at a socket", ("path",)),
        "control.failed": Kind(Level.WARNING, "no commands can be taken; all else runs", ("error", "hint")),
        "control.commanded": Kind(Level.DEBUG, "a command was taken", ("command", "profiles", "pid")),
        "control.refused": Kind(Level.WARNING, "another user's process was turned away", ("uid", "pid")),
        "control.dropped": Kind(Level.WARNING, "a follower did not read, and was dropped", ("pid",)),
        "profile.reloaded": Kind(
            Level.INFO, "a profile was read again and has changed", ("file", "changed", "renewed")
        ),
        "profile.added": Kind(Level.INFO, "a profile is new", ("file",)),
        "profile.rejected": Kind(
            Level.ERROR,
            "profiles are wrong; what they were before runs on, and the others do",
            ("problems", "drawing"),
        ),
        "profile.vanished": Kind(Level.DEBUG, "a profile's file is not there; it may come back in a moment", ("file",)),
        "profile.removed": Kind(Level.INFO, "a profile is no longer there", ("file",)),
        "profile.doubled": Kind(
            Level.WARNING, "the target brings a reloader of its own", ("reloader", "found", "hint")
        ),
        "socket.bound": Kind(
            Level.INFO,
            "the daemon listens; `origin` says where the socket came from, if it did not make it",
            ("socket", "address", "origin"),
        ),
        "socket.closed": Kind(Level.INFO, "the daemon no longer listens", ("socket", "address")),
        "socket.unclaimed": Kind(
            Level.WARNING, "a socket unit listens for us, and no profile does", ("socket", "address", "hint")
        ),
        "journal.overflowed": Kind(Level.WARNING, "systemd's journal had no room for some records", ("records",)),
        "watch.started": Kind(
            Level.INFO,
            "watching began, before the first child",
            ("backend", "roots", "files", "directories", "took_ms"),
        ),
        "watch.degraded": Kind(Level.WARNING, "a part of the tree is polled instead", ("paths", "error", "hint")),
        "watch.overflowed": Kind(
            Level.WARNING, "the kernel dropped events; the whole tree was compared", ("changes", "took_ms")
        ),
        "watch.failed": Kind(Level.ERROR, "watching broke off and was begun again", ("error",)),
        "change.ignored": Kind(
            Level.DEBUG, "a file was written and nothing is done, or not yet; a warning for an edit", ("path", "why")
        ),
        "change.looping": Kind(
            Level.ERROR,
            "the app writes what is watched and so restarts itself; that file does so ever more rarely, if at all",
            ("path", "restarts", "hint"),
        ),
        "change.settled": Kind(Level.INFO, "files changed", ("paths", "changes", "settled_ms")),
        "change.postponed": Kind(
            Level.INFO,
            "files changed, and that waits: for those that the app restarts with, which may restart for it too, or for "
            "somebody at a prompt in the app, as in a debugger",
            ("paths", "leaders", "hint"),
        ),
        "child.spawned": Kind(Level.DEBUG, "a process was started", ("pid", "cause", "start", "source", "why_cold")),
        "child.ready": Kind(Level.INFO, "the app serves for the first time", ("pid", "took_ms")),
        "child.paused": Kind(Level.DEBUG, "a child accepts no more: what comes waits for new code", ("pid", "took_ms")),
        "child.exited": Kind(
            Level.INFO,
            "a process ended; `asked` says whether we ended it",
            ("pid", "exit", "exit_code", "signal", "asked", "uptime_s", "error", "file", "line"),
        ),
        "child.unstartable": Kind(Level.ERROR, "a process could not be started at all", ("error", "hint")),
        "child.late": Kind(Level.WARNING, "a child did not serve in time, and is ended", ("pid", "after_s")),
        "child.killed": Kind(
            Level.WARNING, "a group did not stop in time, or was not waited for", ("pid", "signal", "after_s")
        ),
        "restart.requested": Kind(Level.DEBUG, "a restart begins", ("cause", "paths")),
        "restart.scheduled": Kind(Level.WARNING, "a failed start is tried again", ("cause", "attempt", "delay_s")),
        "restart.completed": Kind(
            Level.INFO,
            "new code serves: why, and what it cost",
            (
                "pid",
                "cause",
                "paths",
                "start",
                "source",
                "why_cold",
                "took_ms",
                "settled_ms",
                "stopped_ms",
                "spawned_ms",
                "imported_ms",
                "ready_ms",
            ),
        ),
        "restart.followed": Kind(Level.INFO, "another app has restarted, and this one restarts with it", ("leader",)),
        "start.postponed": Kind(Level.INFO, "the app waits for those that it comes after", ("after", "why")),
        "restart.abandoned": Kind(
            Level.ERROR, "the new generation failed; the old one serves on", ("cause", "paths", "error", "file", "line")
        ),
        "spare.parked": Kind(
            Level.DEBUG,
            "a process has imported what the next child needs, and waits",
            ("pid", "source", "modules", "took_ms", "memory_mb", "excluded"),
        ),
        "spare.excluded": Kind(
            Level.INFO, "a module cannot be imported before the app itself does it", ("module", "why")
        ),
        "spare.lost": Kind(Level.DEBUG, "a process that was prepared is gone", ("pid", "why")),
        "spare.unforkable": Kind(
            Level.INFO, "each process that is prepared is started anew, and none is forked", ("why",)
        ),
        "spare.disabled": Kind(Level.WARNING, "no more processes are prepared for this app", ("why",)),
        "supervisor.held": Kind(Level.ERROR, "given up until something changes", ("attempts", "why", "until")),
        "supervisor.finished": Kind(Level.INFO, "the app ended by itself, as it may", ("until",)),
        "supervisor.moved": Kind(Level.DEBUG, "the supervisor's state changed", ("before", "after")),
    }
)


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened.

    Attributes:
        name: a key of the catalogue.
        fields: exactly the catalogue's fields for it; None where one does not apply.
        profile: whose app it is about; None for the daemon.
        generation: which attempt to run the app it is about.
        level: the catalogue's, unless the case at hand is worse or better than most.

    Raises:
        ValueError: the record is not in the catalogue, or its fields are not the catalogue's.
    """

    name: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    profile: str | None = None
    generation: int | None = None
    level: Level = Level.DEBUG

    def __post_init__(self) -> None:
        kind = CATALOGUE.get(self.name)
        if kind is None:
            raise ValueError(f"no record `{self.name}` in the catalogue")
        if set(self.fields) != set(kind.fields):
            raise ValueError(f"`{self.name}` has the fields {kind.fields}, not {tuple(self.fields)}")


@dataclass(frozen=True, slots=True)
class Printed:
    """Lines that an app printed, without their newlines. It is no record: it says nothing about what reloadd did.

    Attributes:
        profile: whose app.
        generation: which of its children.
        lines: in order.
    """

    profile: str
    generation: int
    lines: tuple[bytes, ...]


def make_record(
    name: str,
    fields: Mapping[str, Value],
    *,
    profile: str | None = None,
    generation: int | None = None,
    level: Level | None = None,
) -> Record:
    """A record at its catalogue level, with the fields in the catalogue's order.

    Raises:
        ValueError: it is not as the catalogue has it.
    """
    kind = CATALOGUE.get(name)
    ordered = {key: fields[key] for key in kind.fields if key in fields} if kind else {}
    return Record(
        name=name,
        fields={**ordered, **fields},
        profile=profile,
        generation=generation,
        level=level or (kind.level if kind else Level.DEBUG),
    )


def record(name: str, *, profile: str | None = None, **fields: Value) -> Record:
    """A record at its catalogue level, its fields written as arguments."""
    return make_record(name, fields, profile=profile)
