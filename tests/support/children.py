"""Real children under test, and the owner that notes what they say."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from reloadd.profile.model import AppTarget, Profile, ScriptTarget
from reloadd.service.notify import Notifier
from reloadd.supervise.connections import Connections
from reloadd.supervise.console import Console
from reloadd.supervise.groups import Groups
from reloadd.supervise.guard import Guard
from reloadd.supervise.launcher import Launcher
from reloadd.supervise.leases import Leases
from reloadd.supervise.running import Surroundings
from reloadd.supervise.supply import NoSupply
from tests.support.daemon import clean_environ
from tests.support.processes import until
from tests.support.terminals import Paper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from reloadd.core.records import Record
    from reloadd.supervise.child import Child
    from reloadd.supervise.listeners import Listener
    from tests.support.launching import MakeProfile

WEB = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]
"""


class Listening:
    """An owner that notes what it is told, with what all children share and a way to read what they print."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.complaints: list[object] = []
        self.returned: list[int] = []
        self.refusals: list[str] = []
        self._paper = Paper()
        self._paper.read()
        self.surroundings = Surroundings(
            self._publish,
            Guard(self._publish),
            Console(self._paper.writer, screen=None, keyboard=None, colour=False),
            clean_environ(),
            Groups(None),
            Connections((), Notifier(None)),
            lambda _: None,
            Leases(),
        )

    def child_said(self, _: Child, word: str) -> None:
        """Note a word."""
        self.told.append(word)

    def child_handed_in(self, _: Child, descriptor: int) -> None:
        """Hang up: no other child is there to take the connection."""
        os.close(descriptor)

    def child_missed(self, _: Child, descriptor: int) -> None:
        """Keep it, for the test to close."""
        self.returned.append(descriptor)

    def child_refused(self, _: Child, why: str) -> None:
        """Note why."""
        self.refusals.append(why)

    def child_ended(self, child: Child) -> None:
        """Note the end, after the last output."""
        child.booted.close()
        self.close()
        self.told.append(str(child.status))

    def read(self) -> bytes:
        """What was printed so far."""
        return self._paper.text

    def close(self) -> None:
        """Nothing will be printed any more."""
        self._paper.close()

    def _publish(self, record: Record) -> None:
        raise AssertionError(record)

    def is_over(self) -> bool:
        """Whether the end was told."""
        return bool(self.told) and self.told[-1].startswith(("code", "SIG"))


def with_child(
    profile: Profile, scenario: Callable[[Child, Listening], Awaitable[None]], *listeners: Listener
) -> Listening:
    """Run a scenario with a child; nothing of it is left afterwards."""
    owner = Listening()

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: owner.complaints.append(context))
        child = start(profile, owner, *listeners)
        try:
            await scenario(child, owner)
        finally:
            child.kill()
            await until(owner.is_over, "the end of the child")
            await child.wait_group_gone(grace=0)

    asyncio.run(run())
    assert owner.complaints == []
    return owner


def start(profile: Profile, owner: Listening, *listeners: Listener) -> Child:
    """Start a child whose output is a pipe."""
    return Launcher(profile, listeners, owner.surroundings, NoSupply()).start(7, None, owner)


def script(make_profile: MakeProfile, directory: Path, source: str) -> Profile:
    """A profile that runs a script."""
    path = directory / "work.py"
    path.write_text(source)
    return make_profile(target=ScriptTarget(path))


def web(make_profile: MakeProfile, directory: Path, source: str = WEB) -> Profile:
    """A profile that serves an app by the server that every Python has."""
    (directory / "web.py").write_text(source)
    return make_profile(target=AppTarget("web", "app"))


async def over(_: Child, owner: Listening) -> None:
    """Wait for the end."""
    await until(owner.is_over, "the end of the child")
