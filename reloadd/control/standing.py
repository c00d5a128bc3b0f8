"""How each app stands, by the records about it: the part of a status that the machine does not know.

Pure: entries in, facts out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reloadd.history.entries import Entry


@dataclass(slots=True)
class Standing:
    """What is known of one app.

    Attributes:
        addresses: its sockets, by name.
        children: the processes that live, by generation.
        since: when its state began: for one that serves, when its generation took over.
        restarts: how often new code was put in place since the daemon started.
        cause: what the newest generation that served answered to.
        start: whether that start was cold or warm.
        took_ms: what that start cost.
        exit: how a process last ended, and whether we ended it.
        error: the error that the last failed start died of, with its place; None once it serves, or did its work.
        note: why nothing is tried, or what is waited for.
        spares: the processes that are prepared for the next starts, by their numbers.
        no_spares: why no process is prepared for this app any more; None if they are.
    """

    addresses: dict[str, str] = field(default_factory=dict)
    children: dict[int, int] = field(default_factory=dict)
    since: str | None = None
    restarts: int = 0
    cause: str | None = None
    start: str | None = None
    took_ms: int | None = None
    exit: dict[str, Any] | None = None
    error: str | None = None
    note: str | None = None
    spares: dict[int, dict[str, Any]] = field(default_factory=dict)
    no_spares: str | None = None


@dataclass(slots=True)
class Standings:
    """Takes the entries of all records in order."""

    of: dict[str, Standing] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Note what the entry tells."""
        name = entry["profile"]
        if name is None:
            return
        if entry["event"] == "profile.removed":
            self.of.pop(name, None)
        elif (note := _NOTES.get(entry["event"])) is not None:
            note(self.of.setdefault(name, Standing()), entry)


def _bound(standing: Standing, entry: Entry) -> None:
    standing.addresses[entry["socket"]] = entry["address"]


def _closed(standing: Standing, entry: Entry) -> None:
    standing.addresses.pop(entry["socket"], None)


def _spawned(standing: Standing, entry: Entry) -> None:
    standing.children[entry["generation"]] = entry["pid"]
    _spare_is_gone(standing, entry)


def _parked(standing: Standing, entry: Entry) -> None:
    standing.spares[entry["pid"]] = {key: entry[key] for key in ("pid", "source", "modules", "memory_mb")}


def _spare_is_gone(standing: Standing, entry: Entry) -> None:
    standing.spares.pop(entry["pid"], None)


def _disabled(standing: Standing, entry: Entry) -> None:
    standing.no_spares = entry["why"]


def _abandoned(standing: Standing, entry: Entry) -> None:
    standing.error = _blamed(entry) or "the new generation failed"
    standing.note = None


def _scheduled(standing: Standing, entry: Entry) -> None:
    standing.note = f"attempt {entry['attempt']} follows"


def _held(standing: Standing, entry: Entry) -> None:
    standing.note = f"{entry['why']}; waits until {entry['until']}"


def _postponed(standing: Standing, entry: Entry) -> None:
    standing.note = f"comes after others: {entry['why']}"


def _change_postponed(standing: Standing, entry: Entry) -> None:
    if entry["hint"] is not None:
        standing.note = f"files changed, and that waits: {entry['hint']}"


def _finished(standing: Standing, entry: Entry) -> None:
    standing.error = None
    standing.note = f"waits until {entry['until']}"


def _unstartable(standing: Standing, entry: Entry) -> None:
    standing.error = entry["error"]


def _moved(standing: Standing, entry: Entry) -> None:
    if entry["after"] == "serving" and entry["before"] == "replacing":
        # The old one serves on, or `restart.completed` follows and says so.
        return
    if entry["after"] == "replacing":
        # It has served all the while.
        return
    standing.since = entry["timestamp"]
    if entry["after"] not in {"held", "backoff", "finished"}:
        standing.note = None
    if entry["after"] == "down":
        standing.error = None


def _serves(standing: Standing, entry: Entry) -> None:
    is_first = entry["event"] == "child.ready"
    standing.since = entry["timestamp"]
    standing.restarts += not is_first
    standing.cause = "start" if is_first else entry["cause"]
    standing.start = "cold" if is_first else entry["start"]
    standing.took_ms = entry["took_ms"]
    standing.error = standing.note = None


def _exited(standing: Standing, entry: Entry) -> None:
    standing.children.pop(entry["generation"], None)
    standing.exit = {
        "exit": entry["exit"],
        "exit_code": entry["exit_code"],
        "signal": entry["signal"],
        "asked": entry["asked"],
        "at": entry["timestamp"],
        "generation": entry["generation"],
    }
    if not entry["asked"] and entry["error"] is not None:
        standing.error = _blamed(entry)


def _blamed(entry: Entry) -> str | None:
    error, file, line = entry["error"], entry["file"], entry["line"]
    if error is None:
        return None
    return f"{error} ({file}:{line})" if file and line else str(error)


_NOTES: Mapping[str, Callable[[Standing, Entry], None]] = {
    "start.postponed": _postponed,
    "change.postponed": _change_postponed,
    "socket.bound": _bound,
    "socket.closed": _closed,
    "supervisor.moved": _moved,
    "child.spawned": _spawned,
    "child.ready": _serves,
    "restart.completed": _serves,
    "restart.abandoned": _abandoned,
    "restart.scheduled": _scheduled,
    "supervisor.held": _held,
    "supervisor.finished": _finished,
    "child.exited": _exited,
    "child.unstartable": _unstartable,
    "spare.parked": _parked,
    "spare.lost": _spare_is_gone,
    "spare.disabled": _disabled,
}
"""What to note, by the record that tells it."""
