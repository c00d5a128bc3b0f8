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


@dataclass(frozen=True, slots=True, eq=False)
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

    @property
    def rejected(self) -> list[str]:
        """The profiles that do not run as they are."""
        return [profile["name"] for profile in self.status["rejected"]]


@contextmanager
def all_daemons(environ: Mapping[str, str], only: str | None, *, usage: bool = False) -> Iterator[list[Daemon]]:
    """This user's daemons that answer, each asked for its status. One that does not is told at the end of the block.

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
        found = _chosen(connections, silent, only)
        answering = _ask(found, silent, usage=usage)
        try:
            yield answering
        except UsageError:
            if not silent:
                # Else the one that does not answer may have what was named.
                raise
        if silent:
            raise no_answer(silent[0])
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


def _chosen(
    connections: Sequence[Connection], silent: Sequence[NoAnswerError], only: str | None
) -> Sequence[Connection]:
    """The connections to ask."""
    if only is None:
        if not connections and not silent:
            raise NoDaemonError("no daemon runs", "start one with `reloadd --profile FILE`")
        return connections
    for error in silent:
        if error.daemon.partition("-")[0] == only:
            raise error
    chosen = [each for each in connections if each.daemon.partition("-")[0] == only]
    if not chosen:
        names = [each.daemon for each in connections]
        raise NoDaemonError(f"no daemon `{only}` runs", _there(names) if names else "no daemon runs")
    return chosen


def _ask(connections: Sequence[Connection], silent: list[NoAnswerError], *, usage: bool) -> list[Daemon]:
    """Those that answer; the others become silent ones."""
    sent: list[Connection] = []
    answering: list[Daemon] = []
    for each in connections:
        try:
            each.send("status", usage=usage)
        except NoAnswerError as error:
            silent.append(error)
        else:
            sent.append(each)
    for each in sent:
        try:
            answering.append(Daemon(each, each.receive()))
        except NoAnswerError as error:
            silent.append(error)
    if silent and not answering:
        raise silent[0]
    return answering


def no_answer(error: NoAnswerError) -> NoDaemonError:
    """What to say of a daemon that does not answer."""
    number = error.daemon.partition("-")[0]
    return NoDaemonError(
        f"daemon `{error.daemon}` does not answer: {error}", f"it has ended, or is stopped or stuck: see `ps {number}`"
    )


def meant(words: Sequence[str], names: Sequence[str], *, rejected: Sequence[str] = ()) -> list[str]:
    """The names that are meant, each once, in their own order; a word is a name or a pattern such as `web-*`.

    Args:
        words: what the user wrote; none for all.
        names: those that there are.
        rejected: names of profiles that are wrong, so that nobody looks for a misspelling.

    Raises:
        UsageError: a word means none.
    """
    for word in words:
        if not any(fnmatchcase(name, word) for name in names):
            if any(fnmatchcase(name, word) for name in rejected):
                raise UsageError(f"`{word}` does not run: its profile is wrong", f"see `reloadd status {word}`")
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
