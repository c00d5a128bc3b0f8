"""The verb `history`: one line for each restart, with why it was and what it cost.

Never needs a daemon, and never changes a file.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadd.cli.kept import Asked, add_asked
from reloadd.cli.parser import OutputFormat, make_parser, parse_all
from reloadd.cli.printing import (
    DIM,
    GREEN,
    RED,
    YELLOW,
    Cell,
    Column,
    draw_table,
    has_colour,
    moment,
    terminal_width,
)
from reloadd.history.reader import ambiguous_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.history.entries import Entry

_RIGHT = 0

_EPILOG = """\
examples:
  reloadd history                            the last restarts of all apps
  reloadd history shop --since 2h            those of one app, of two hours

exit status:
  0  done                              2  nothing was kept of that name
  1  what was kept cannot be read
"""


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """`reloadd history`.

    Attributes:
        asked: whose restarts, and since when.
        lines: how many of the newest; None for all.
    """

    asked: Asked
    lines: int | None


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd history",
        usage="reloadd history [NAME]... [options]",
        description="Show each restart: when, why, of which files, and where its time went.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "-n", metavar="COUNT", type=count, dest="lines", help="how many of the newest (default: 20, or all since WHEN)"
    )
    add_asked(parser)
    return parser


def parse(arguments: Sequence[str]) -> HistoryOptions:
    """The options in the words after the verb; raises as `parse_all`."""
    found = parse_all(make(), arguments)
    lines = found.lines if found.lines is not None or found.since is not None else 20
    return HistoryOptions(Asked.of(found), lines)


def count(word: str) -> int:
    """A number of lines.

    Raises:
        argparse.ArgumentTypeError: the word is none.
    """
    if not word.isascii() or not word.isdigit():
        raise argparse.ArgumentTypeError(f"no number `{word}`, expected one such as `20`")
    return int(word)


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    options = parse(arguments)
    rows = options.asked.restarts(last=options.lines)
    if options.asked.output is OutputFormat.JSON:
        sys.stdout.write(json.dumps({"restarts": rows}, indent=2) + "\n")
    elif not rows:
        sys.stderr.write("no restart was kept yet\n")
    else:
        ambiguous = ambiguous_names(rows)
        cells = [_row(row, has_file=row["profile"] in ambiguous) for row in rows]
        sys.stdout.write("\n".join(draw_table(_COLUMNS, cells, width=terminal_width(), colour=has_colour())) + "\n")
    return _RIGHT


_COLUMNS = (
    Column("WHEN"),
    Column("NAME"),
    Column("OUTCOME"),
    Column("CAUSE", rank=2),
    Column("START", rank=4),
    Column("TOOK", is_number=True),
    Column("WHERE THE TIME WENT", rank=5),
    Column("EXIT", rank=6),
    Column("FILES OR ERROR", rank=1),
)
_STYLES = {"completed": GREEN, "started": DIM, "finished": DIM, "abandoned": RED, "held": YELLOW}
_MOST_PATHS = 3


def _row(row: Entry, *, has_file: bool) -> list[Cell]:
    name = row["profile"] if row["generation"] is None else f"{row['profile']}#{row['generation']}"
    name = f"{name} ({row['file']})" if has_file else name
    why_cold = row.get("why_cold")
    return [
        Cell(f"{moment(row['timestamp']):%Y-%m-%d %H:%M:%S}", DIM),
        Cell(name),
        Cell(row["outcome"], _STYLES.get(row["outcome"])),
        Cell(row["cause"] or ""),
        Cell(f"{row.get('start') or ''}" + (f" ({why_cold})" if why_cold else "")),
        Cell(f"{row['took_ms']} ms" if row.get("took_ms") is not None else ""),
        Cell(_split(row)),
        Cell((row["exit"] or "").partition(" (")[0]),
        Cell(_files_or_error(row)),
    ]


def _split(row: Entry) -> str:
    """The parts of the time, such as `settled 3, spawned 2, imported 30, ready 5`."""
    parts = {key.removesuffix("_ms"): value for key, value in row.items() if key.endswith("_ms") and key != "took_ms"}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value)


def _files_or_error(row: Entry) -> str:
    if row["error"] is not None and row["outcome"] in {"abandoned", "held"}:
        place = f"{row['place']}: " if row.get("place") else ""
        return f"{place}{row['error']}"
    paths: list[Any] = row["paths"]
    shown = ", ".join(paths[:_MOST_PATHS])
    more = row["changes"] - _MOST_PATHS
    return f"{shown} and {more} more" if more > 0 else shown
