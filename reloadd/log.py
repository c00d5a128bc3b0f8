"""Records as lines: columns for people, JSON for programs. The only importer of structlog.

Never decides what is worth saying: that is the catalogue's. Never writes: it hands finished lines to `write`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

import structlog

from reloadd.core.records import Level
from reloadd.history.entries import timestamp
from reloadd.lines import LEAD, console_line

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any

    from reloadd.core.records import Record

    Renderer = Callable[[Any, str, MutableMapping[str, Any]], str]

_RANK = {level: rank for rank, level in enumerate(Level)}


class Form(Enum):
    """How a record is written."""

    CONSOLE = "console"
    JSON = "json"


class Log:
    """A sink that turns records into lines.

    Args:
        write: takes one finished line, with its newline.
        form: for people or for programs.
        lowest: records below this level are left out.
        colour: whether the console form is coloured.
        now: the wall clock.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        form: Form,
        lowest: Level,
        colour: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lowest = _RANK[lowest]
        self._now = now
        renderer = _console_renderer(colour=colour) if form is Form.CONSOLE else structlog.processors.JSONRenderer()
        stamp = _local_stamp if form is Form.CONSOLE else _utc_stamp
        self._logger = _RecordLogger(_LineSink(write), [stamp, _lead_first, renderer], {})

    def __call__(self, record: Record) -> None:
        """Write the record, if its level is high enough."""
        if _RANK[record.level] >= self._lowest:
            self._logger.log_record(record, at=self._now())


class _RecordLogger(structlog.BoundLoggerBase):
    """structlog's logger with one method of ours: a record carries its level, so no method per level is needed."""

    def log_record(self, record: Record, *, at: datetime) -> None:
        self._proxy_to_logger(
            record.level.value,
            record.name,
            level=record.level.value,
            profile=record.profile,
            generation=record.generation,
            at=at,
            **record.fields,
        )


class _LineSink:
    """What structlog calls at the end of its chain; one method for each level."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def _line(self, line: str) -> None:
        self._write(line + "\n")

    debug = info = warning = error = _line


def _utc_stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = timestamp(event.pop("at"))
    return event


def _local_stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = event.pop("at").astimezone().strftime("%H:%M:%S")
    return event


def _lead_first(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**{key: event.pop(key) for key in LEAD}, **event}


def _console_renderer(*, colour: bool) -> Renderer:
    def render(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
        return console_line(event, colour=colour)

    return render
