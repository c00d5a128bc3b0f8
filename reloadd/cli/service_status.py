"""What `reloadd service status` answers: which units there are, whether they are ours, and what runs.

Never changes anything.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from reloadd.cli.parser import NoDaemonError, OutputFormat
from reloadd.service.installation import SOCKET
from reloadd.service.systemctl import is_lingering, systemctl, systemd_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadd.service.installation import Installation

_RUNS, _DOES_NOT_RUN = 0, 3
_PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState", "MainPID", "StatusText")


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit, as its manager tells of it."""

    unit: str
    active: str
    is_enabled: bool
    pid: int | None
    status: str | None

    @property
    def runs(self) -> bool:
        """Whether there is a daemon of it."""
        return self.pid is not None


@dataclass(frozen=True, slots=True)
class Status:
    """All that is told.

    Attributes:
        installed: the files that are there.
        outdated: those of the services' that another installation, or another version, has written, or nobody.
        is_lingering: whether what runs goes on after the last logout.
        units: those that the manager knows.
    """

    installed: tuple[str, ...]
    outdated: tuple[str, ...]
    is_lingering: bool
    units: tuple[Unit, ...]


def show_status(installation: Installation, output: OutputFormat) -> int:
    """Print how things are; returns the exit status, which says whether a daemon runs.

    Raises:
        NoDaemonError: no service manager can be asked.
    """
    names = ("reloadd.service", "reloadd@*.service", SOCKET)
    answer = systemctl("show", *names, f"--property={','.join(_PROPERTIES)}")
    if not answer.is_done and output is OutputFormat.TEXT and not installation.ours():
        sys.stdout.write(f"not installed, and no service manager answers: start reloadd by hand ({answer.error})\n")
        return _DOES_NOT_RUN
    if not answer.is_done:
        raise NoDaemonError(f"no service manager answers: {answer.error}", "log in anew, or see `loginctl user-status`")
    status = Status(
        installed=tuple(map(str, installation.ours())),
        outdated=tuple(map(str, installation.outdated(systemd_version()))),
        is_lingering=is_lingering(),
        units=tuple(_units(answer.output)),
    )
    match output:
        case OutputFormat.TEXT:
            sys.stdout.write("".join(f"{line}\n" for line in _lines(status)))
        case OutputFormat.JSON:
            sys.stdout.write(json.dumps(asdict(status), indent=2) + "\n")
    return _RUNS if any(unit.runs for unit in status.units) else _DOES_NOT_RUN


def _units(shown: str) -> Iterator[Unit]:
    """The units in what `systemctl show` printed: a block for each, a property in each line."""
    for block in shown.strip().split("\n\n"):
        found = dict.fromkeys(_PROPERTIES, "") | dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if found["LoadState"] == "loaded":
            yield Unit(
                unit=found["Id"],
                active=found["ActiveState"],
                is_enabled=found["UnitFileState"] == "enabled",
                pid=int(found["MainPID"] or 0) or None,
                status=found["StatusText"] or None,
            )


def _lines(status: Status) -> Iterator[str]:
    if not status.installed:
        yield "not installed: see `reloadd service install`"
        return
    for unit in status.units:
        enabled = "" if unit.is_enabled else ", not enabled"
        pid = f", pid {unit.pid}" if unit.pid is not None else ""
        words = f": {unit.status}" if unit.status is not None else ""
        yield f"{unit.unit}: {unit.active}{enabled}{pid}{words}"
    if status.outdated:
        yield "the units are not those of this installation: `reloadd service install` writes them anew"
    if not status.is_lingering:
        yield "it ends with the last logout: `loginctl enable-linger` keeps it running"
