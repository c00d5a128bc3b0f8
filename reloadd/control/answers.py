"""What the daemon answers to each request.

Never knows how a request came: `control.server` does.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.control.protocol import Code, CommandRequest, ReloadRequest, RequestError, StatusRequest, Verb
from reloadd.control.standing import Standing, Standings
from reloadd.control.usage import measure
from reloadd.control.waiting import Wait
from reloadd.core.inputs import Cause, Restart, Start, Stop, Why
from reloadd.core.records import record
from reloadd.history.entries import timestamp
from reloadd.history.journal import Written
from reloadd.profile.problems import draw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.bus import Bus
    from reloadd.control.commands import CommandedApp, Commands
    from reloadd.control.usage import Usage
    from reloadd.history.journal import Journal, WrittenLines
    from reloadd.history.keeper import Keeper


class Answers:
    """Answers requests.

    Args:
        version: of reloadd.
        commands: the daemon.
        bus: where commands are said to have been taken.
        journal: what is known of the apps.
        keeper: what keeps it.
        directory: the daemon's own; paths are shown from it.
    """

    def __init__(
        self, *, version: str, commands: Commands, bus: Bus, journal: Journal, keeper: Keeper, directory: Path
    ) -> None:
        self._version = version
        self._commands = commands
        self._bus = bus
        self._journal = journal
        self._keeper = keeper
        self._directory = directory
        self._began = datetime.now(UTC)
        self._standings = Standings()
        journal.subscribe(self._hear)

    async def flush(self) -> None:
        """Return once all that happened so far is on disk, or cannot be put there."""
        await self._keeper.flush()

    async def answer(self, request: StatusRequest | CommandRequest | ReloadRequest, pid: int) -> Mapping[str, object]:
        """The answer to a request of process `pid`.

        Raises:
            RequestError: it is refused.
        """
        match request:
            case StatusRequest(usage):
                return await self._status(with_usage=usage)
            case CommandRequest():
                return await self._command(request, pid)
            case ReloadRequest():
                return await self._reload(request, pid)

    def _hear(self, written: Written | WrittenLines) -> None:
        if isinstance(written, Written):
            self._standings.take(written.entry)

    def _standing(self, name: str) -> Standing:
        return self._standings.of.get(name) or Standing()

    # Status.

    async def _status(self, *, with_usage: bool) -> Mapping[str, object]:
        usage = await self._measure() if with_usage else {}
        apps = self._commands.apps
        return {
            "daemon": {
                "pid": os.getpid(),
                "version": self._version,
                "since": timestamp(self._began),
                "directory": str(self._directory),
                "history": {"path": str(self._keeper.directory), "error": self._keeper.trouble},
            },
            "profiles": [self._app_status(name, app, usage.get(name)) for name, app in apps.items()],
            "rejected": [
                {
                    "name": each.name,
                    "file": str(each.file),
                    "problems": [problem.as_fields() for problem in each.problems],
                }
                for each in self._commands.rejected
            ],
        }

    async def _measure(self) -> Mapping[str, Usage]:
        """What each app uses: as its control groups have it, and as its processes have it where it has none."""
        grouped = {name: self._commands.grouped(name) for name in self._commands.apps}
        leaders = {
            name: (*self._standing(name).children.values(), *(found.pids if found is not None else ()))
            for name, found in grouped.items()
        }
        measured = await asyncio.to_thread(measure, leaders)
        return {
            name: usage
            if (found := grouped[name]) is None
            else replace(usage, cpu_s=found.cpu, memory=usage.memory if found.memory is None else found.memory)
            for name, usage in measured.items()
        }

    def _app_status(self, name: str, app: CommandedApp, usage: Usage | None) -> Mapping[str, object]:
        machine, standing = app.machine, self._standing(name)
        generation = machine.current if machine.current is not None else machine.generation or None
        return {
            "name": name,
            "file": str(app.file),
            "state": machine.state.value,
            "wanted": machine.wanted,
            "generation": generation,
            "pid": standing.children.get(generation) if generation is not None else None,
            "since": standing.since,
            "restarts": standing.restarts,
            "cause": standing.cause,
            "start": standing.start,
            "took_ms": standing.took_ms,
            "last_exit": standing.exit,
            "error": standing.error,
            "note": standing.note,
            "addresses": standing.addresses,
            "usage": None if usage is None else _usage(usage),
            "spares": list(standing.spares.values()),
            "no_spares": standing.no_spares,
        }

    # Commands.

    async def _command(self, request: CommandRequest, pid: int) -> Mapping[str, object]:
        apps = self._commands.apps
        for name in request.profiles:
            if name not in apps:
                raise RequestError(Code.NO_PROFILE, f"there is no profile `{name[:100]}`")
        self._bus.publish(
            record("control.commanded", command=request.verb.value, profiles=request.profiles, pid=pid or None)
        )
        if request.wait is None:
            for name in request.profiles:
                apps[name].command(_WORDS[request.verb])
            return {"profiles": [{"name": name, "done": None, "reason": None} for name in request.profiles]}
        waits = {name: Wait(request.verb, apps[name], name, self._journal) for name in request.profiles}
        for name in request.profiles:
            apps[name].command(_WORDS[request.verb])
        return {"profiles": await self._outcomes(waits, request.wait)}

    async def _reload(self, request: ReloadRequest, pid: int) -> Mapping[str, object]:
        self._bus.publish(record("control.commanded", command="reload", profiles=(), pid=pid or None))
        outcome = await self._commands.reload()
        if not outcome.is_accepted:
            directory = Path(request.directory) if request.directory else self._directory
            drawing = draw(
                outcome.problems, directory=directory, outcome="what ran before runs on", colour=request.colour
            )
            return {"accepted": False, "problems": len(outcome.problems), "drawing": drawing, "profiles": []}
        apps = self._commands.apps
        judged = [] if request.wait is None else await self._wait_settled(apps, request.wait)
        return {"accepted": True, "problems": 0, "drawing": None, "profiles": judged}

    async def _wait_settled(self, apps: Mapping[str, CommandedApp], seconds: float) -> list[Mapping[str, object]]:
        """How each app that is wanted stands once it serves, or has given up."""
        waits = {name: Wait(Verb.START, app, name, self._journal) for name, app in apps.items() if not app.is_at_rest}
        return await self._outcomes(waits, seconds)

    async def _outcomes(self, waits: Mapping[str, Wait], seconds: float) -> list[Mapping[str, object]]:
        """What came of each, in order, after so many seconds at the most."""
        judged = await asyncio.gather(
            *(wait.outcome(partial(self._standing, name), seconds) for name, wait in waits.items())
        )
        return [
            {"name": name, "done": judgement.is_done, "reason": judgement.reason}
            for name, judgement in zip(waits, judged, strict=True)
        ]


_WORDS: Mapping[Verb, Start | Stop | Restart] = {
    Verb.START: Start(),
    Verb.STOP: Stop(),
    Verb.RESTART: Restart(Why(Cause.COMMAND)),
}


def _usage(usage: Usage) -> Mapping[str, object]:
    return {
        "processes": usage.processes,
        "cpu_s": round(usage.cpu_s, 2),
        "lived_s": round(usage.lived_s, 2),
        "memory_bytes": usage.memory,
    }
