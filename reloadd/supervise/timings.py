"""Where the time of a restart goes: moments in, milliseconds out.

Never reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadd.core.inputs import Why


@dataclass(slots=True)
class Moments:
    """When things happened to one generation, in seconds of the event loop's clock.

    Attributes:
        asked: when its start was decided on; with files behind it, when the first change was seen.
        settled: when the change set was closed; `asked`, where there is none.
        stopped: when everything of the generation before was gone; None where the new one starts beside it.
        spawned: when the process was started.
        imported: when the app was imported, where the child says so.
        ready: when it served.
    """

    asked: float
    settled: float
    stopped: float | None
    spawned: float | None = None
    imported: float | None = None
    ready: float | None = None

    def fields(self) -> dict[str, int | None]:
        """The fields of `restart.completed` that say where the time went; None for a step that was not seen."""
        return {
            "took_ms": milliseconds(self.asked, self.ready),
            "settled_ms": milliseconds(self.asked, self.settled),
            "stopped_ms": milliseconds(self.settled, self.stopped),
            "spawned_ms": milliseconds(self.settled if self.stopped is None else self.stopped, self.spawned),
            "imported_ms": milliseconds(self.spawned, self.imported),
            "ready_ms": milliseconds(self.imported if self.imported is not None else self.spawned, self.ready),
        }


def begin(why: Why, *, decided: float, stopped: float | None) -> Moments:
    """The moments of a generation whose start was decided on at `decided`; `stopped` as in `Moments`."""
    if why.changes is None:
        return Moments(asked=decided, settled=decided, stopped=stopped)
    return Moments(asked=why.changes.seen_at, settled=why.changes.settled_at, stopped=stopped)


def milliseconds(begin: float | None, end: float | None) -> int | None:
    """Whole milliseconds between two moments; None if either is not known."""
    if begin is None or end is None:
        return None
    return round(max(0.0, end - begin) * 1000)
