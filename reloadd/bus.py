"""One place where records are said and any number where they are heard.

Never knows who listens: the log and the other sinks subscribe, supervisors and watchers publish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Record


class Bus:
    """Hands each record to each subscriber at once, in the order of subscription, on the event loop's thread only."""

    def __init__(self) -> None:
        self._sinks: list[Callable[[Record], None]] = []

    def subscribe(self, sink: Callable[[Record], None]) -> None:
        """Call `sink` with each record from now on. It must not block and must not raise."""
        self._sinks.append(sink)

    def publish(self, record: Record) -> None:
        """Say that something happened."""
        for sink in self._sinks:
            sink(record)
