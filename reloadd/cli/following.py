"""Daemons that are followed: those that run, and each one that is started later.

Never shows an entry: `logs` does. Never ends by itself, so that one terminal can stay open over any number of daemons.
"""

from __future__ import annotations

import select
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from reloadd.cli.parser import CommandError
from reloadd.control.client import Connection, NoAnswerError, RefusedError, connect_all
from reloadd.control.places import PlaceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from reloadd.history.entries import Entry

_PERIOD = 0.5
"""Seconds between two looks for daemons that are new; what the others send is passed on at once."""

_TRIED_AGAIN = 30.0
"""Seconds after which a daemon that did not answer is asked again: to ask it can take five, and holds up the others."""

_PATIENCE = 15.0
"""Seconds for a daemon to bring to disk what happened before it is followed, and to send what it began to send."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A daemon that is followed from now on.

    Attributes:
        daemon: its name, mostly its process number.
        run: what no other run of a daemon has.
        number: of its last entry that is not sent: it is on disk, if it could be put there.
        early: the first entries that were sent.
        names: its profiles.
    """

    daemon: str
    run: str
    number: int
    early: tuple[Entry, ...]
    names: tuple[str, ...]


class Following:
    """The connections to all daemons of this user, over their ends and beginnings.

    Args:
        environ: where daemons are looked for.
        records: whether records are wanted.
        output: whether what the apps print is.
        tell: told in words who has ended, begun, or does not answer.
    """

    def __init__(self, environ: Mapping[str, str], *, records: bool, output: bool, tell: Callable[[str], None]) -> None:
        self._environ = environ
        self._wanted = {"records": records, "output": output}
        self._tell = tell
        self._open: dict[int, Connection] = {}
        self._silent: dict[str, float] = {}
        self._poll = select.poll()
        # Nothing is read from there: this is to know when nobody reads it any more, as after `| head`.
        self._out = sys.stdout.fileno()
        self._poll.register(self._out, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._open.values():
            connection.close()

    def join(self) -> list[Joined]:
        """Follow the daemons that are not followed yet.

        Raises:
            CommandError: none can be looked for.
        """
        left = {name for name, asked in self._silent.items() if time.monotonic() < asked + _TRIED_AGAIN}
        known = left.union(connection.daemon for connection in self._open.values())
        try:
            connections, silent = connect_all(self._environ, but=known)
        except PlaceError as error:
            raise CommandError(error.message, error.hint) from error
        joined: list[Joined] = []
        for connection in connections:
            try:
                joined.append(self._begin(connection))
            except (NoAnswerError, RefusedError) as error:
                connection.close()
                silent.append(NoAnswerError(connection.daemon, str(error)))
        for each in silent:
            if each.daemon not in self._silent:
                self._tell(f"daemon `{each.daemon}` does not answer: {each}")
            self._silent[each.daemon] = time.monotonic()
        return joined

    def wait(self) -> list[Entry]:
        """What is sent next; after a moment without, nothing.

        Raises:
            CommandError: a daemon sends no more because too much was left unread.
            BrokenPipeError: nobody reads what is shown.
        """
        entries: list[Entry] = []
        for descriptor, _ in self._poll.poll(_PERIOD * 1000):
            if descriptor == self._out:
                raise BrokenPipeError
            connection = self._open[descriptor]
            try:
                entries += _received(connection)
            except RefusedError as error:
                raise CommandError(f"daemon `{connection.daemon}` sends no more: {error}", "follow it again") from error
            except NoAnswerError:
                self._leave(descriptor)
        return entries

    def _begin(self, connection: Connection) -> Joined:
        status = connection.ask("status", usage=False)
        answer = connection.ask("follow", **self._wanted)
        early: list[Entry] = []
        while "kept" not in (message := connection.receive(_PATIENCE)):
            early.append(message["entry"])
        self._open[connection.fileno()] = connection
        self._poll.register(connection, select.POLLIN)
        names = tuple(profile["name"] for profile in status["profiles"])
        return Joined(connection.daemon, answer["run"], answer["number"], tuple(early), names)

    def _leave(self, descriptor: int) -> None:
        connection = self._open.pop(descriptor)
        self._poll.unregister(descriptor)
        connection.close()
        self._tell(f"daemon `{connection.daemon}` has ended" + ("" if self._open else ": waiting for the next one"))


def _received(connection: Connection) -> list[Entry]:
    """All that is here by now."""
    entries: list[Entry] = []
    while True:
        message: Mapping[str, Any] = connection.receive(_PATIENCE)
        entries.append(message["entry"])
        if not connection.has_message():
            return entries
