"""One place where records are said and any number where they are heard; and the same for what the apps print.

Never knows who listens: the log and the other sinks subscribe, supervisors and watchers publish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadd.core.records import Printed, Record


class Bus:
    """Hands each record to each subscriber at once, in the order of subscription, on the event loop's thread only."""

    def __init__(self) -> None:
        self._sinks: list[Callable[[Record], None]] = []
        self._output_sinks: list[Callable[[Printed], None]] = []

    def subscribe(self, sink: Callable[[Record], None]) -> None:
        """Call `sink` with each record from now on. It must not block and must not raise."""
        self._sinks.append(sink)

    def subscribe_output(self, sink: Callable[[Printed], None]) -> None:
        """Call `sink` with what the apps print from now on; the same holds."""
        self._output_sinks.append(sink)

    def publish(self, record: Record) -> None:
        """Say that something happened."""
        for sink in self._sinks:
            sink(record)

    def pass_on(self, printed: Printed) -> None:
        """Hand on what an app printed."""
        for sink in self._output_sinks:
            sink(printed)
