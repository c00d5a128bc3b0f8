"""The verb `logs`: what the apps printed and what reloadd said, read back from disk, and on as it comes.

It needs no daemon but to follow one. Never changes a file.
"""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reloadd.cli.daemons import all_daemons
from reloadd.cli.history import count
from reloadd.cli.kept import add_since, kept_of, unreadable
from reloadd.cli.parser import (
    CommandError,
    NoDaemonError,
    OutputFormat,
    UsageError,
    add_names,
    add_output,
    make_parser,
    parse_all,
)
from reloadd.cli.printing import harmless, has_colour, moment, now
from reloadd.control.client import NoAnswerError, RefusedError
from reloadd.core.records import Level
from reloadd.history.entries import PRINTED
from reloadd.history.reader import read_log
from reloadd.lines import console_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from reloadd.control.client import Connection
    from reloadd.history.entries import Entry

_RIGHT = 0
_DEFAULT_LINES = 200
_RANK = {level.value: rank for rank, level in enumerate(Level)}
_PATIENCE = 15.0
"""Seconds for the daemon to bring to disk what happened before it is followed."""

_EPILOG = """\
examples:
  reloadd logs shop -f                       what it printed, and prints
  reloadd logs --records --since 10m         what reloadd said, of all apps

exit status:
  0  done                              2  nothing was kept of that name
  1  what was kept cannot be read      3  no daemon answers (with --follow)
"""


class Part(Enum):
    """What is shown."""

    ALL = "all"
    RECORDS = "records"
    PRINTED = "printed"


@dataclass(frozen=True, slots=True)
class LogsOptions:
    """`reloadd logs`.

    Attributes:
        profiles: names and patterns; none for all.
        follow: whether to go on.
        since: the `timestamp` from which on; None for all.
        lines: how many of the newest; None for all.
        part: what of it: all, the records alone, or what the apps print alone.
        verbose: whether to show records of the level `debug`.
        output: how the answer is given.
    """

    profiles: tuple[str, ...]
    follow: bool
    since: str | None
    lines: int | None
    part: Part
    verbose: bool
    output: OutputFormat

    def wants(self, entry: Entry) -> bool:
        """Whether an entry is meant."""
        if self.since is not None and entry["timestamp"] < self.since:
            return False
        if entry["event"] == PRINTED:
            return self.part is not Part.RECORDS
        return self.part is not Part.PRINTED and (self.verbose or _RANK.get(entry["level"], 0) > 0)


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd logs",
        usage="reloadd logs [NAME]... [options]",
        description="Show what the apps printed and what reloadd said, also long after.",
        epilog=_EPILOG,
    )
    add_names(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what happens")
    add_since(parser)
    parser.add_argument(
        "-n",
        metavar="COUNT",
        type=count,
        dest="lines",
        help=f"how many of the newest lines (default: {_DEFAULT_LINES}, or all since WHEN)",
    )
    parser.add_argument("--records", action="store_true", help="only what reloadd said")
    parser.add_argument("--printed", action="store_true", help="only what the apps printed")
    parser.add_argument("-v", "--verbose", action="store_true", help="also what is of little interest to most")
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> LogsOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    if found.records and found.printed:
        raise UsageError("`--records` and `--printed` leave nothing", "write one of them, or none for both")
    return LogsOptions(
        tuple(found.profiles),
        found.follow,
        found.since,
        found.lines if found.lines is not None or found.since is not None else _DEFAULT_LINES,
        Part.RECORDS if found.records else Part.PRINTED if found.printed else Part.ALL,
        found.verbose,
        found.output,
    )


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    options = parse(arguments)
    show = _shower(options)
    if options.follow:
        with suppress(KeyboardInterrupt):
            _follow(options, show)
        return _RIGHT
    for entry in _read(options):
        show(entry)
    return _RIGHT


def _read(
    options: LogsOptions, *, running: Sequence[str] = (), is_known: Callable[[Entry], bool] = lambda _: False
) -> list[Entry]:
    """What was kept, but for what is known to come in another way; `running` as in `kept_of`."""
    kept = kept_of(options.profiles, os.environ, running=running)
    try:
        return read_log(kept, is_wanted=lambda each: options.wants(each) and not is_known(each), last=options.lines)
    except OSError as error:
        raise unreadable(error) from error


# Following.


def _follow(options: LogsOptions, show: Callable[[Entry], None]) -> None:
    """What was kept up to now, and then what the daemons send, each entry once."""
    with all_daemons(os.environ, None) as daemons:
        connections = [daemon.connection for daemon in daemons]
        early: list[Entry] = []
        begun: dict[str, int] = {}
        for connection in connections:
            answer = connection.ask(
                "follow", records=options.part is not Part.PRINTED, output=options.part is not Part.RECORDS
            )
            begun[answer["run"]] = answer["number"]
        for connection in connections:
            early += _until_kept(connection)
        names = _names(options)
        for entry in _read_before(options, begun, [name for daemon in daemons for name in daemon.names]):
            show(entry)
        wanted = [entry for entry in early if _is_of(names, entry) and options.wants(entry)]
        for entry in sorted(wanted, key=lambda each: each["timestamp"]):
            show(entry)
        _pass_on(connections, lambda entry: _is_of(names, entry) and options.wants(entry), show)


def _read_before(options: LogsOptions, begun: Mapping[str, int], running: Sequence[str]) -> list[Entry]:
    """What was kept until the daemons began to send; where it cannot be read, that is said, and no reason to end."""

    def is_known(entry: Entry) -> bool:
        return bool(entry["number"] > begun.get(entry["run"], entry["number"]))

    try:
        return _read(options, running=running, is_known=is_known)
    except UsageError:
        raise
    except CommandError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return []


def _names(options: LogsOptions) -> Callable[[str], bool] | None:
    """Which profiles are meant; None for all, and for what is about none."""
    if not options.profiles:
        return None
    return lambda name: any(fnmatchcase(name, word) for word in options.profiles)


def _is_of(names: Callable[[str], bool] | None, entry: Entry) -> bool:
    return names is None or (entry["profile"] is not None and names(entry["profile"]))


def _until_kept(connection: Connection) -> list[Entry]:
    """What is sent until the daemon says that all before it is on disk."""
    early: list[Entry] = []
    while "kept" not in (message := connection.receive(_PATIENCE)):
        early.append(message["entry"])
    return early


def _pass_on(
    connections: Sequence[Connection], is_wanted: Callable[[Entry], bool], show: Callable[[Entry], None]
) -> None:
    """Show what is sent until all daemons have ended."""
    open_ones = list(connections)
    while open_ones:
        ready, _, _ = select.select(open_ones, (), ())
        for connection in ready:
            try:
                message: Mapping[str, Any] = connection.receive(_PATIENCE)
                while True:
                    if is_wanted(message["entry"]):
                        show(message["entry"])
                    if not connection.has_message():
                        break
                    message = connection.receive(_PATIENCE)
            except RefusedError as error:
                raise CommandError(f"daemon `{connection.daemon}` sends no more: {error}", "follow it again") from error
            except NoAnswerError as error:
                open_ones.remove(connection)
                if not open_ones:
                    hint = "what was kept is shown without `--follow`"
                    raise NoDaemonError(f"daemon `{connection.daemon}` has ended", hint) from error


# For people, and for programs.


def _shower(options: LogsOptions) -> Callable[[Entry], None]:
    if options.output is OutputFormat.JSON:
        return lambda entry: _print(json.dumps(entry))
    colour = has_colour()
    return lambda entry: _print(_line(entry, colour=colour))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _line(entry: Entry, *, colour: bool) -> str:
    at = moment(entry["timestamp"])
    stamp = f"{at:%H:%M:%S}" if at.date() == now().astimezone().date() else f"{at:%Y-%m-%d %H:%M:%S}"
    if entry["event"] == PRINTED:
        text = harmless(entry["text"], colour=colour)
        name = f"{entry['profile']}#{entry['generation']}"
        return f"{stamp} {name} | {text}" + ("\x1b[0m" if colour and "\x1b" in text else "")
    shown = {key: value for key, value in entry.items() if key not in {"run", "number"}}
    with suppress(KeyError):
        return console_line({**shown, "timestamp": stamp}, colour=colour)
    return json.dumps(entry)
