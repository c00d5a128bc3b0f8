"""What all supervisors share, and what one knows of a child while it runs.

Holds data and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from reloadd.core.inputs import Why
    from reloadd.core.records import Printed, Record
    from reloadd.supervise.child import Child
    from reloadd.supervise.connections import Connections
    from reloadd.supervise.console import Console
    from reloadd.supervise.groups import Groups
    from reloadd.supervise.guard import Guard
    from reloadd.supervise.leases import Leases
    from reloadd.supervise.timings import Moments


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every supervisor of a daemon shares.

    Attributes:
        publish: where records go.
        guard: told of each process group.
        console: where the children's output goes, and their input comes from.
        environ: the daemon's environment.
        groups: the control groups of the apps.
        connections: those that outlive the daemon.
        pass_on: where what the children print goes, besides the console.
        leases: shows who opens a file for writing.
    """

    publish: Callable[[Record], None]
    guard: Guard
    console: Console
    environ: Mapping[str, str]
    groups: Groups
    connections: Connections
    pass_on: Callable[[Printed], None]
    leases: Leases


@dataclass(slots=True)
class Running:
    """A child, and what is only known of it while it runs."""

    child: Child
    why: Why
    moments: Moments
    pause_asked_at: float | None = None
    readiness: asyncio.Task[None] | None = None
