"""The verb `stats`: how long saves took to be served, by profile and by the kind of start.

Never needs a daemon, and never changes a file.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING

from reloadd.cli.kept import Asked, add_asked
from reloadd.cli.parser import OutputFormat, make_parser, parse_all
from reloadd.cli.printing import Cell, Column, draw_table, has_colour, terminal_width
from reloadd.history.figures import Figures, figures
from reloadd.history.reader import ambiguous_names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reloadd.history.entries import Entry

_RIGHT = 0

_EPILOG = """\
examples:
  reloadd stats                              every app
  reloadd stats shop --since 2026-11-22      one app, from that day on

exit status:
  0  done                              2  nothing was kept of that name
  1  what was kept cannot be read
"""


def make() -> argparse.ArgumentParser:
    """The parser of the words after the verb."""
    parser = make_parser(
        "reloadd stats",
        usage="reloadd stats [NAME]... [options]",
        description="Show how long saves took to be served: median, 95th percentile, spread.",
        epilog=_EPILOG,
    )
    add_asked(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Do what the words after the verb ask; returns the exit status."""
    asked = Asked.of(parse_all(make(), arguments))
    rows = asked.restarts(is_meant=_is_reload)
    found = _figures(rows)
    if asked.output is OutputFormat.JSON:
        shown = [
            {"profile": name, "file": file, "start": start, **asdict(each)}
            for (name, file, start), each in found.items()
        ]
        sys.stdout.write(json.dumps({"unit": "ms", "stats": shown}, indent=2) + "\n")
    elif not found:
        sys.stderr.write("no save was served anew yet\n")
    else:
        ambiguous = ambiguous_names(rows)
        cells = [
            _row(f"{name} ({file})" if name in ambiguous else name, start, each)
            for (name, file, start), each in found.items()
        ]
        sys.stdout.write("\n".join(draw_table(_COLUMNS, cells, width=terminal_width(), colour=has_colour())) + "\n")
    return _RIGHT


def _is_reload(row: Entry) -> bool:
    return row["outcome"] == "completed" and row["cause"] == "change" and row.get("took_ms") is not None


def _figures(rows: Sequence[Entry]) -> dict[tuple[str, str, str], Figures]:
    """By profile, its file and the kind of start."""
    taken: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        taken[row["profile"], row["file"], str(row["start"])].append(float(row["took_ms"]))
    return {key: figures(values) for key, values in sorted(taken.items())}


_COLUMNS = (
    Column("NAME"),
    Column("START", rank=1),
    Column("RELOADS", rank=2, is_number=True),
    Column("MEDIAN", is_number=True),
    Column("P95", is_number=True),
    Column("LEAST", rank=3, is_number=True),
    Column("MOST", rank=3, is_number=True),
    Column("SPREAD", rank=4),
)
_HEIGHTS = " ▁▂▃▄▅▆▇█"


def _row(name: str, start: str, found: Figures) -> list[Cell]:
    return [
        Cell(name),
        Cell(start),
        Cell(str(found.count)),
        Cell(f"{found.median:.0f} ms"),
        Cell(f"{found.p95:.0f} ms"),
        Cell(f"{found.least:.0f} ms"),
        Cell(f"{found.most:.0f} ms"),
        Cell(_histogram(found)),
    ]


def _histogram(found: Figures) -> str:
    """Bars between their bounds, such as `25 ▂█▃ ▁ 158`: a bar for each fifth of a power of ten."""
    highest = max(bar.count for bar in found.bars)
    steps = len(_HEIGHTS) - 1
    # Whatever there is shows, however little it is beside the rest.
    heights = [-(-bar.count * steps // highest) for bar in found.bars]
    drawn = "".join(_HEIGHTS[height] for height in heights)
    return f"{found.bars[0].low:.0f} {drawn} {found.bars[-1].high:.0f} ms"
