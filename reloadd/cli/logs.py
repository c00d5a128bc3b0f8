"""The verb `logs`: what the apps printed and what reloadd said, read back from disk, and on as it comes.

It needs no daemon, and waits for one where it is to go on. Never changes a file.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reloadd.cli.following import Following
from reloadd.cli.history import count
from reloadd.cli.kept import Asked, add_asked, kept_of, unreadable
from reloadd.cli.parser import (
    CommandError,
    OutputFormat,
    UsageError,
    make_parser,
    parse_all,
)
from reloadd.cli.printing import harmless, has_colour, moment, now
from reloadd.core.records import Level
from reloadd.history.entries import PRINTED
from reloadd.history.reader import read_log
from reloadd.lines import console_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from reloadd.cli.following import Joined
    from reloadd.history.entries import Entry

_RIGHT = 0
_DEFAULT_LINES = 200
_RANK = {level.value: rank for rank, level in enumerate(Level)}
_EPILOG = """\
examples:
  reloadd logs shop -f                       what it printed, and prints
  reloadd logs --records --since 10m         what reloadd said, of all apps

exit status:
  0  done                              2  nothing was kept of that name
  1  what was kept cannot be read
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
        asked: whose logs, and since when.
        follow: whether to go on.
        lines: how many of the newest; None for all.
        part: what of it: all, the records alone, or what the apps print alone.
        verbose: whether to show records of the level `debug`.
    """

    asked: Asked
    follow: bool
    lines: int | None
    part: Part
    verbose: bool

    def wants(self, entry: Entry) -> bool:
        """Whether an entry is meant."""
        if self.asked.since is not None and entry["timestamp"] < self.asked.since:
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
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with what happens, also after the daemon's end"
    )
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
    add_asked(parser)
    return parser


def parse(arguments: Sequence[str]) -> LogsOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    if found.records and found.printed:
        raise UsageError("`--records` and `--printed` leave nothing", "write one of them, or none for both")
    return LogsOptions(
        Asked.of(found),
        found.follow,
        found.lines if found.lines is not None or found.since is not None else _DEFAULT_LINES,
        Part.RECORDS if found.records else Part.PRINTED if found.printed else Part.ALL,
        found.verbose,
    )


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    options = parse(arguments)
    show = _shower(options)
    if options.follow:
        with suppress(KeyboardInterrupt):
            _follow(options, show)
        return _RIGHT
    for entry in _read(options, last=options.lines):
        show(entry)
    return _RIGHT


def _read(
    options: LogsOptions,
    *,
    last: int | None,
    is_meant: Callable[[Entry], bool] = lambda _: True,
    running: Sequence[str] = (),
) -> list[Entry]:
    """What was kept of what the user wants.

    Args:
        options: what that is.
        last: how many of the newest; None for all.
        is_meant: which entries of that.
        running: as in `kept_of`.
    """
    kept = kept_of(options.asked.profiles, os.environ, running=running)
    try:
        return read_log(kept, is_wanted=lambda each: options.wants(each) and is_meant(each), last=last)
    except OSError as error:
        raise unreadable(error) from error


# Following.


def _follow(options: LogsOptions, show: Callable[[Entry], None]) -> None:
    """What was kept up to now, and then what the daemons send, also those that are started later; each entry once."""
    names = _names(options)
    records, output = options.part is not Part.PRINTED, options.part is not Part.RECORDS
    with Following(os.environ, records=records, output=output, tell=_note) as following:
        for entry in _followed(options, following):
            if _is_of(names, entry) and options.wants(entry):
                show(entry)


def _followed(options: LogsOptions, following: Following) -> Iterator[Entry]:
    joined = following.join()
    if not joined:
        _note("waiting for a daemon")
    yield from _read_first(options, joined)
    while True:
        yield from sorted((entry for each in joined for entry in each.early), key=lambda each: each["timestamp"])
        yield from following.wait()
        joined = following.join()
        for each in joined:
            _note(f"daemon `{each.daemon}` has started")
            yield from _read_run(options, each)


def _read_first(options: LogsOptions, joined: Sequence[Joined]) -> list[Entry]:
    """What was kept until the daemons began to send; where it cannot be read, that is said, and no reason to end."""
    begun = {each.run: each.number for each in joined}
    try:
        return _read(
            options,
            last=options.lines,
            is_meant=lambda entry: bool(entry["number"] <= begun.get(entry["run"], entry["number"])),
            running=[name for each in joined for name in each.names],
        )
    except UsageError:
        raise
    except CommandError as error:
        _note(error.message)
        return []


def _read_run(options: LogsOptions, joined: Joined) -> list[Entry]:
    """What was kept of a daemon that was started later, until it began to send."""
    with suppress(CommandError):  # that nothing can be read was said, and nothing need have been kept of it
        return _read(
            options,
            last=None,
            is_meant=lambda entry: entry["run"] == joined.run and entry["number"] <= joined.number,
        )
    return []


def _names(options: LogsOptions) -> Callable[[str], bool] | None:
    """Which profiles are meant; None for all, and for what is about none."""
    if not options.asked.profiles:
        return None
    return lambda name: any(fnmatchcase(name, word) for word in options.asked.profiles)


def _is_of(names: Callable[[str], bool] | None, entry: Entry) -> bool:
    return names is None or (entry["profile"] is not None and names(entry["profile"]))


def _note(text: str) -> None:
    """Say something that is no entry."""
    sys.stderr.write(f"note: {text}\n")
    sys.stderr.flush()


# For people, and for programs.


def _shower(options: LogsOptions) -> Callable[[Entry], None]:
    if options.asked.output is OutputFormat.JSON:
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
