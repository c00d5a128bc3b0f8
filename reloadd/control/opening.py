"""A running daemon, opened to the user's other processes: what happens is kept on disk, and commands are taken.

Puts the parts together and takes them apart. Never decides anything.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from reloadd.control.answers import Answers
from reloadd.control.server import ControlServer
from reloadd.history.journal import Journal
from reloadd.history.keeper import Keeper
from reloadd.history.places import state_directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from reloadd.bus import Bus
    from reloadd.control.commands import Commands


@asynccontextmanager
async def opened(
    commands: Commands, bus: Bus, *, version: str, environ: Mapping[str, str], directory: Path
) -> AsyncIterator[None]:
    """Keep what the bus tells, and take commands, for the length of the block.

    Args:
        commands: the daemon.
        bus: where all is said.
        version: of reloadd.
        environ: where the places of sockets and of history are looked up.
        directory: the one that the daemon was started in.
    """

    def file_of(profile: str) -> str | None:
        app = commands.apps.get(profile)
        return None if app is None else str(app.file)

    journal = Journal()
    bus.subscribe(journal.hear)
    bus.subscribe_output(journal.hear_output)
    keeper = Keeper(state_directory(environ), file_of=file_of, publish=bus.publish)
    try:
        journal.subscribe(keeper.hear)
        answers = Answers(
            version=version, commands=commands, bus=bus, journal=journal, keeper=keeper, directory=directory
        )
        async with ControlServer(answers, bus=bus, journal=journal, environ=environ):
            yield
    finally:
        keeper.close()
