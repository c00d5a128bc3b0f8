"""What is said of prepared processes: one method for each record. Never decides whether something is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadd.core.records import Level, Value, make_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reloadd.core.obstacles import Failure
    from reloadd.core.records import Record
    from reloadd.core.starts import Source
    from reloadd.runtime.wire import Frame
    from reloadd.warm.parked import Parked


class Sayings:
    """Says what happens to one app's prepared processes.

    Args:
        profile: whose.
        publish: the bus.
    """

    def __init__(self, profile: str, publish: Callable[[Record], None]) -> None:
        self._profile = profile
        self._publish = publish
        self._told: frozenset[str] | None = None
        self._excluded: set[str] = set()

    def parked(self, pid: int, source: Source, frame: Frame, memory: int | None, excluded: Mapping[str, str]) -> None:
        """A process waits: of interest to everybody the first time, and when less can be prepared than before."""
        is_news = self._told != frozenset(excluded)
        self._told = frozenset(excluded)
        for module in excluded.keys() - self._excluded:
            # Found out in an earlier run of the daemon.
            self._exclude(module, excluded[module], Level.DEBUG)
        self._say(
            "spare.parked",
            Level.INFO if is_news else None,
            pid=pid,
            source=source.value,
            modules=frame.get("imported"),
            took_ms=round(float(frame.get("took_ms") or 0)),
            memory_mb=None if memory is None else round(memory / (1 << 20), 1),
            excluded=len(excluded) or None,
        )

    def excluded(self, failures: Mapping[str, Failure]) -> None:
        """Modules were found not to be importable ahead."""
        for module, failure in failures.items():
            self._exclude(module, failure.why, Level.DEBUG if failure.is_usual else None)

    def lost(self, process: Parked, why: str) -> None:
        """A process is gone."""
        self._say("spare.lost", pid=process.booted.pid, why=why)

    def unforkable(self, why: str) -> None:
        """There is no zygote."""
        self._say("spare.unforkable", why=why)

    def disabled(self, why: str) -> None:
        """Nothing is prepared any more."""
        self._say("spare.disabled", why=why)

    def _exclude(self, module: str, why: str, level: Level | None) -> None:
        self._excluded.add(module)
        self._say("spare.excluded", level, module=module, why=why)

    def _say(self, name: str, level: Level | None = None, /, **fields: Value) -> None:
        self._publish(make_record(name, fields, profile=self._profile, level=level))


def reason_of(error: OSError) -> str:
    """Why the system refused something."""
    return (error.strerror or str(error)).lower()
