"""The verb `status`: how each app is, once or for as long as somebody looks. Never tells an app anything."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadd.cli.daemons import all_daemons, meant
from reloadd.cli.parser import NoDaemonError, OutputFormat, add_daemon, add_names, add_output, make_parser, parse_all
from reloadd.cli.printing import (
    DIM,
    GREEN,
    RED,
    YELLOW,
    Cell,
    Column,
    ago,
    cut,
    draw_table,
    has_colour,
    now,
    paint,
    size,
    terminal_width,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_RIGHT = 0
_PERIOD = 1.0
"""Seconds between two looks while watching; what happens is seen at once."""

_BURST = 0.05
"""Seconds that are waited for more of what happens together."""

_EPILOG = """\
examples:
  reloadd status                             every app of every daemon
  reloadd status shop --watch                one app, until Ctrl-C

exit status:
  0  done                              2  a name matches no profile
  1  the daemon failed                 3  no daemon answers
"""

_CLEAR, _HOME, _REST, _END_OF_LINE = "\x1b[2J", "\x1b[H", "\x1b[J", "\x1b[K\n"


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """`reloadd status`.

    Attributes:
        profiles: names and patterns; none for all.
        watch: whether to go on.
        daemon: which; None for all.
        output: how the answer is given.
    """

    profiles: tuple[str, ...]
    watch: bool
    daemon: str | None
    output: OutputFormat


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd status",
        usage="reloadd status [NAME]... [options]",
        description="Show how each app is.",
        epilog=_EPILOG,
    )
    add_names(parser)
    parser.add_argument("--watch", action="store_true", help="show it again whenever something changes")
    add_daemon(parser)
    add_output(parser)
    return parser


def parse(arguments: Sequence[str]) -> StatusOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    return StatusOptions(tuple(found.profiles), found.watch, found.daemon, found.output)


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    options = parse(arguments)
    if options.watch:
        with suppress(KeyboardInterrupt):
            _watch(options)
        return _RIGHT
    with all_daemons(os.environ, options.daemon, usage=True) as daemons:
        statuses = _chosen([daemon.status for daemon in daemons], options.profiles)
        sys.stdout.write(_shown(statuses, options, {}))
    return _RIGHT


def _chosen(statuses: Sequence[Mapping[str, Any]], words: Sequence[str]) -> list[dict[str, Any]]:
    """What is asked for of what the daemons said."""
    names = meant(words, [each["name"] for status in statuses for kind in _KINDS for each in status[kind]])
    return [
        {
            **status["daemon"],
            **{kind: [each for each in status[kind] if each["name"] in names] for kind in _KINDS},
        }
        for status in statuses
    ]


# Watching.


def _watch(options: StatusOptions) -> None:
    is_screen = options.output is OutputFormat.TEXT and sys.stdout.isatty()
    before: dict[int, tuple[float, float]] = {}
    gone: str | None = None
    is_first = True
    while True:
        # A new connection for each look: daemons come and go.
        try:
            with all_daemons(os.environ, options.daemon, usage=True) as daemons:
                statuses = _chosen([daemon.status for daemon in daemons], options.profiles)
                if is_first and is_screen:
                    sys.stdout.write(_CLEAR)
                _show(_shown(statuses, options, before), is_screen=is_screen)
                before, gone, is_first = _spent(statuses), None, False
                for daemon in daemons:
                    daemon.connection.ask("follow", output=False)
                _wait([daemon.connection for daemon in daemons])
        except NoDaemonError as error:
            if is_first:
                raise
            if error.message != gone:
                gone = error.message
                _show(f"{gone}\n", is_screen=is_screen)
            time.sleep(_PERIOD)


def _show(text: str, *, is_screen: bool) -> None:
    sys.stdout.write(_HOME + text.replace("\n", _END_OF_LINE) + _REST if is_screen else text)
    sys.stdout.flush()


def _wait(connections: Sequence[Any]) -> None:
    """Return when something has happened, or it is time to look again."""
    for connection in connections:
        # That all is on disk by now is the first thing that is told, and is nothing to look at.
        connection.receive(_PERIOD + 1)
    ready, _, _ = select.select(connections, (), (), _PERIOD)
    if ready:
        time.sleep(_BURST)


def _spent(statuses: Sequence[Mapping[str, Any]]) -> dict[int, tuple[float, float]]:
    """The processor time that each app has used by now, by the process that it began with."""
    at = time.monotonic()
    return {
        profile["pid"]: (at, profile["usage"]["cpu_s"])
        for status in statuses
        for profile in status["profiles"]
        if profile["pid"] is not None and profile["usage"] is not None
    }


# For people.

_KINDS = ("profiles", "rejected")
"""What a daemon tells of: those that run, and the files that do not as they are."""

_COLUMNS = (
    Column("NAME"),
    Column("STATE"),
    Column("SINCE", rank=2, is_number=True),
    Column("GENERATION", rank=7, is_number=True),
    Column("PID", rank=4, is_number=True),
    Column("RESTARTS", rank=5, is_number=True),
    Column("LAST CAUSE", rank=6),
    Column("LAST EXIT", rank=8),
    Column("CPU", rank=5, is_number=True),
    Column("MEMORY", rank=3, is_number=True),
    Column("ADDRESS", rank=1, least=len("255.255.255.255:65535")),
)
_STYLES = {"serving": GREEN, "replacing": GREEN, "held": RED, "rejected": RED, "backoff": YELLOW, "down": DIM}
_INDENT = "  "


def _shown(
    statuses: Sequence[Mapping[str, Any]], options: StatusOptions, before: Mapping[int, tuple[float, float]]
) -> str:
    if options.output is OutputFormat.JSON:
        return json.dumps({"daemons": statuses}, indent=None if options.watch else 2) + "\n"
    colour, width, at = has_colour(), terminal_width(), now()
    lines: list[str] = []
    for status in statuses:
        if lines:
            lines.append("")
        lines += _daemon_lines(status, before, at, width=width, colour=colour)
    return "\n".join(lines) + "\n"


def _daemon_lines(
    status: Mapping[str, Any],
    before: Mapping[int, tuple[float, float]],
    at: datetime,
    *,
    width: int | None,
    colour: bool,
) -> list[str]:
    title = f"daemon {status['pid']}, up {ago(status['since'], at)}, in {status['directory']}"
    lines = [paint(cut(title, width or len(title)), DIM, colour=colour)]
    if status["history"]["error"] is not None:
        trouble = f"history cannot be kept in {status['history']['path']}: {status['history']['error']}"
        lines.append(paint(cut(trouble, width or len(trouble)), YELLOW, colour=colour))
    rejected = {each["file"]: _why_rejected(each["problems"], status["directory"]) for each in status["rejected"]}
    running = {profile["file"] for profile in status["profiles"]}
    rows = [
        (
            _row(profile, before, at),
            [*_remarks(profile), *(f"rejected as saved: {why}" for why in rejected.get(profile["file"], ()))],
        )
        for profile in status["profiles"]
    ]
    rows += [
        (_rejected_row(each["name"]), rejected[each["file"]])
        for each in status["rejected"]
        if each["file"] not in running
    ]
    if not rows:
        return [*lines, "no profiles"]
    head, *table = draw_table(_COLUMNS, [row for row, _ in rows], width=width, colour=colour)
    lines.append(head)
    for (_, remarks), line in zip(rows, table, strict=True):
        lines.append(line)
        lines += [_INDENT + cut(text, (width or len(text) + 2) - 2) for text in remarks]
    return lines


def _row(profile: Mapping[str, Any], before: Mapping[int, tuple[float, float]], at: datetime) -> list[Cell]:
    usage, state, generation = profile["usage"], profile["state"], profile["generation"]
    runs = usage is not None and usage["processes"] > 0
    return [
        Cell(profile["name"]),
        Cell(state, _STYLES.get(state)),
        Cell(ago(profile["since"], at)),
        Cell("" if generation is None else f"#{generation}"),
        Cell(str(profile["pid"] or "")),
        Cell(str(profile["restarts"])),
        Cell(_cause(profile)),
        Cell(profile["last_exit"]["exit"].partition(" (")[0] if profile["last_exit"] else ""),
        Cell(f"{_percent(profile, before):.0f}%" if runs else ""),
        Cell(size(usage["memory_bytes"]) if runs else ""),
        Cell(" ".join(profile["addresses"].values())),
    ]


def _rejected_row(name: str) -> list[Cell]:
    """A profile that is wrong, and of which nothing runs."""
    return [Cell(name), Cell("rejected", _STYLES["rejected"]), *(Cell("") for _ in _COLUMNS[2:])]


def _why_rejected(problems: Sequence[Mapping[str, Any]], directory: str) -> list[str]:
    """What is wrong in a profile's file. The place comes first: what follows may be too long for a line."""
    told: list[str] = []
    for each in problems:
        place = [os.path.relpath(each["file"], directory), *([] if each["line"] is None else [str(each["line"])])]
        told.append(": ".join(filter(None, [":".join(place), each["message"], each["label"]])))
    return told


def _cause(profile: Mapping[str, Any]) -> str:
    if profile["cause"] is None:
        return ""
    return f"{profile['cause']}, {profile['start']}, {profile['took_ms']} ms"


def _percent(profile: Mapping[str, Any], before: Mapping[int, tuple[float, float]]) -> float:
    """Of one processor: since the last look, and where there was none, since the app's processes began."""
    usage = profile["usage"]
    if profile["pid"] in before:
        at, spent = before[profile["pid"]]
        return max(0.0, float(usage["cpu_s"]) - spent) / max(time.monotonic() - at, 0.01) * 100
    return float(usage["cpu_s"] / max(usage["lived_s"], 0.01) * 100)


def _remarks(profile: Mapping[str, Any]) -> list[str]:
    """What stands below the row of an app that is not as it should be."""
    cold = profile["no_spares"]
    return [*filter(None, [profile["error"], profile["note"], f"every start is cold: {cold}" if cold else None])]
