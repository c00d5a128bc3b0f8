"""Whom a verb asks: this user's daemons, and the profiles in them that its words mean.

Never shows anything.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reloadd.cli.parser import CommandError, NoDaemonError, UsageError
from reloadd.control.client import Connection, NoAnswerError, RefusedError, connect_all
from reloadd.control.places import PlaceError
from reloadd.profile.words import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that answers.

    Attributes:
        connection: to it.
        status: what it said of itself and its apps.
    """

    connection: Connection
    status: Mapping[str, Any]

    @property
    def pid(self) -> int:
        """Its process number."""
        return int(self.status["daemon"]["pid"])

    @property
    def names(self) -> list[str]:
        """Its profiles."""
        return [profile["name"] for profile in self.status["profiles"]]


@contextmanager
def all_daemons(environ: Mapping[str, str], only: str | None, *, usage: bool = False) -> Iterator[list[Daemon]]:
    """This user's daemons, each asked for its status.

    Args:
        environ: where they are looked for.
        only: the process number of the one to ask; None for all.
        usage: whether the status is to say what processes use.

    Raises:
        NoDaemonError: there is none, or one does not answer.
    """
    connections: list[Connection] = []
    try:
        try:
            connections, silent = connect_all(environ)
        except PlaceError as error:
            raise CommandError(error.message, error.hint) from error
        _hold_found(connections, silent, only)
        asked = [each for each in connections if only is None or each.daemon.partition("-")[0] == only]
        yield [Daemon(each, _ask(each, usage=usage)) for each in asked]
    except NoAnswerError as error:
        raise no_answer(error) from error
    except RefusedError as error:
        raise CommandError(f"the daemon refused: {error}", "daemon and command may be of different versions") from error
    finally:
        for connection in connections:
            connection.close()


def running_profiles(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The files of the profiles that run; none if no daemon does."""
    try:
        with all_daemons(environ, None) as daemons:
            return tuple(str(profile["file"]) for each in daemons for profile in each.status["profiles"])
    except NoDaemonError:
        return ()


def _ask(connection: Connection, *, usage: bool) -> Mapping[str, Any]:
    return connection.ask("status", usage=usage)


def _hold_found(connections: Sequence[Connection], silent: Sequence[NoAnswerError], only: str | None) -> None:
    if only is None:
        if silent:
            raise silent[0]
        if not connections:
            raise NoDaemonError("no daemon runs", "start one with `reloadd --profile FILE`")
        return
    for error in silent:
        if error.daemon.partition("-")[0] == only:
            raise error
    names = [each.daemon for each in connections]
    if not any(name.partition("-")[0] == only for name in names):
        hint = _there(names) if names else "no daemon runs"
        raise NoDaemonError(f"no daemon `{only}` runs", hint)


def no_answer(error: NoAnswerError) -> NoDaemonError:
    """What to say of a daemon that does not answer."""
    number = error.daemon.partition("-")[0]
    return NoDaemonError(
        f"daemon `{error.daemon}` does not answer: {error}", f"it has ended, or is stopped or stuck: see `ps {number}`"
    )


def meant(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names that are meant, each once, in their own order; a word is a name or a pattern such as `web-*`.

    Raises:
        UsageError: a word means none.
    """
    for word in words:
        if not any(fnmatchcase(name, word) for name in names):
            near = nearest(word, names)
            if near is not None:
                hint = f"did you mean `{near}`?"
            elif names:
                hint = _there(sorted(set(names)))
            else:
                hint = "there are no profiles"
            raise UsageError(f"no profile matches `{word}`", hint)
    return [name for name in dict.fromkeys(names) if not words or any(fnmatchcase(name, word) for word in words)]


def _there(names: Sequence[str]) -> str:
    return f"there {'is' if len(names) == 1 else 'are'} {listed(names, last='and')}"
