"""What each restart answered to and what it cost, told from the records: one row for each.

Pure: entries in, rows out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.history.entries import Entry

_OUTCOMES = {
    "child.ready": "started",
    "restart.completed": "completed",
    "restart.abandoned": "abandoned",
    "supervisor.held": "held",
    "supervisor.finished": "finished",
}
"""The records that end an attempt to run an app, and how it is told that they did."""

_MOST_PATHS = 20
"""Paths of a row; a checkout of thousands of files is told by their number."""

_BEGINNINGS = {"restart.requested", "child.spawned"}
"""The records that say what an attempt answers to; the second is the only one of a first start."""

_AGAIN = "exit"
_UNSAID = {"level", "event", "pid", "run", "number"}


@dataclass(slots=True)
class _Seen:
    """What was seen of a profile since its last row."""

    cause: str | None = None
    paths: tuple[str, ...] | list[str] = ()
    exit: str | None = None
    error: str | None = None
    place: str | None = None
    generation: int | None = None


@dataclass(slots=True)
class Restarts:
    """Takes the entries of all records in order."""

    _seen: dict[str, _Seen] = field(default_factory=dict)

    def take(self, entry: Entry) -> Entry | None:
        """The row that this entry completes; None for most.

        A row has the fields of its record (`timestamp`, `profile`, `generation`, `cause`, `paths`, `start`, the split
        of its time), and besides `outcome`, `exit` (how the app ended by itself since the last row), `error` with its
        `place`, and `changes` (how many paths there were; some may be left out).
        """
        profile = entry["profile"]
        if profile is None:
            return None
        seen = self._seen.setdefault(profile, _Seen())
        if entry["event"] in _BEGINNINGS and (seen.cause is None or entry["cause"] != _AGAIN):
            # What tries again after a failure answers to what the first try did.
            seen.cause, seen.paths = entry["cause"], entry.get("paths", seen.paths)
        if entry["event"] == "child.exited" and not entry["asked"]:
            file, line = entry["file"], entry["line"]
            seen.exit, seen.error = entry["exit"], entry["error"]
            seen.place = f"{file}:{line}" if file and line else file
            seen.generation = entry["generation"]
        if entry["event"] == "child.unstartable":
            seen.error, seen.place, seen.generation = entry["error"], None, entry["generation"]
        outcome = _OUTCOMES.get(entry["event"])
        if outcome is None:
            return None
        del self._seen[profile]
        paths = entry.get("paths") or seen.paths
        return {
            "event": "app.restarted",
            **{key: value for key, value in entry.items() if key not in _UNSAID},
            "generation": entry["generation"] if entry["generation"] is not None else seen.generation,
            "outcome": outcome,
            "cause": entry.get("cause") or ("start" if outcome == "started" else seen.cause),
            "paths": list(paths[:_MOST_PATHS]),
            "changes": len(paths),
            "exit": seen.exit,
            "error": entry.get("error") or seen.error,
            "place": seen.place,
        }
