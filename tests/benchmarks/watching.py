"""What watching costs, beside the peers: `python -m tests.benchmarks.watching [PART ...] [--saves N] [--idle SECONDS]`.

Every way watches the same tree in a process of its own, one after the other: 10,000 files in 1,100 directories, and a
`node_modules` of 30,000 files in 5,500 directories beside them. All parts take a quarter of an hour. Linux.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Column, Series, circumstances, line, over_best, table
from tests.benchmarks.watched import Running, busy, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.benchmarks.figures import Row

TOLD = ("reloadd", "watchdog Observer", "watchfiles")
POLLING = (
    "reloadd, polling each 0.5 s",
    "reloadd, polling each 1 s",
    "watchdog PollingObserver",
    "watchfiles, polling",
    "uvicorn StatReload",
    "Django StatReloader",
    "Werkzeug stat",
    "hupper polling",
)
SHARING = ("reloadd", "reloadd, own globs", "reloadd, own exclude", "reloadd, overlapping roots", "watchdog Observer")
FILES = (10_000, 100_000, 300_000)

IDLE_TIME = 10.0
"""Seconds over which the time of a way is taken while nothing happens: each does all that it does within 5. Only ours
that is told needs longer, for two whole rounds over everything, of which the first one takes a third more."""

REST, LONG_REST = 10.0, 60.0
"""Seconds that a way is given to do what it does once after its start, such as reading files; longer in large trees."""

PAUSES, SLOW_PAUSES = (0.11, 0.17), (0.2, 1.2)
"""Seconds between two saves; longer for ways that look once in a while, so that each save has a moment of its own."""

SLOW_SAVES = 10
"""Saves for those ways, and for what a save costs where many profiles watch."""

READS = 80_000
PROFILES = 50
BUSY = 4
STARTS, STARTS_TIME = 3, 3.0
"""How often a way is started, but for one whose starts have taken so many seconds."""

_COSTS = (Column("start ms"), Column("start CPU ms"), Column("watches"), Column("threads"), Column("MB"))
_PROMPTNESS = (Column("p50 ms", 2), Column("p99 ms", 2), Column("missed", is_compared=False))
WAYS = (*_COSTS, *_PROMPTNESS, Column("idle %", 2), Column(f"{READS:,} reads, CPU ms"))
WAYS_BUSY = (Column("p50 ms", 2), Column("p90 ms", 2), Column("p99 ms", 2), Column("missed", is_compared=False))
PROFILES_COLUMNS = (Column("profiles"), *_COSTS, Column("save CPU ms", 2))
CURVE = (Column("files"), *_COSTS, Column("idle %", 2), Column("first save ms", 1))


def make_tree(top: Path, files: int, *, with_packages: bool) -> None:
    """Ten files to a directory, ten directories to one, as in a large project; and its packages."""
    for number in range(files // 10):
        directory = top / "src" / f"{number // 100}" / f"{number // 10 % 10}" / f"{number % 10}"
        directory.mkdir(parents=True)
        for name in range(10):
            (directory / f"module{name}.py").write_text(f"value = {name}\n")
    if with_packages:
        for number in range(5_400):
            directory = top / "node_modules" / f"package{number // 54}" / f"part{number % 54}"
            directory.mkdir(parents=True)
            for name in range(6 if number % 9 < 5 else 5):
                (directory / f"module{name}.js").write_text(f"export default {name}\n")


@dataclass(frozen=True, slots=True)
class Bench:
    """How all is measured.

    Attributes:
        root: what is watched.
        saves: for those that are told.
        sweep_time: seconds over which the time of our way that is told is taken while nothing happens.
    """

    root: Path
    saves: int
    sweep_time: float

    @property
    def file(self) -> Path:
        """The one that is saved."""
        return self.root / "src/0/0/0/module0.py"

    def one_profile(self, way: str) -> Row:
        """What a way costs, and how soon it tells."""
        is_told = way in TOLD
        starts = list(self._starts(way))
        with running(way, self.root) as begun:
            starts.append(begun)
            begun.rest(REST)
            idle = self._idle(way, begun)
            pauses, number = (PAUSES, self.saves) if is_told else (SLOW_PAUSES, SLOW_SAVES)
            told = begun.saves(self.file, number, pauses)
            time.sleep(0.5)
            row = _costs(begun) | {
                "start ms": Series(tuple(each.started_ms for each in starts)).median,
                "start CPU ms": Series(tuple(each.start_cpu_ms for each in starts)).median,
                "p50 ms": told.percentile(50),
                "p99 ms": told.percentile(99),
                "missed": told.missed,
                "idle %": idle,
            }
            if is_told:
                reads = begun.cost_of_reads_ms((self.root / "src").rglob("*.py"), READS)
                row[f"{READS:,} reads, CPU ms"] = reads
            return row

    def _idle(self, way: str, begun: Running) -> float:
        """Percent of one core while nothing happens."""
        return begun.share_of_core(self.sweep_time if way == "reloadd" else IDLE_TIME)

    def _starts(self, way: str) -> Iterator[Running]:
        """All starts but the last, as far as there is time."""
        end = time.monotonic() + STARTS_TIME
        for _ in range(STARTS - 1):
            with running(way, self.root) as begun:
                yield begun
            if time.monotonic() > end:
                return

    def when_busy(self, way: str) -> Row:
        """How soon a way tells where others keep the processors busy."""
        with running(way, self.root) as begun:
            begun.rest(REST)
            with busy(BUSY):
                told = begun.saves(self.file, self.saves, PAUSES)
            return {f"p{each} ms": told.percentile(each) for each in (50, 90, 99)} | {"missed": told.missed}

    def many_profiles(self, way: str, profiles: int) -> Row:
        """What so many profiles cost."""
        with running(way, self.root, profiles) as begun:
            begun.rest(REST)
            save = begun.cost_of_saves_ms(self.file, SLOW_SAVES)
            return _costs(begun) | {"profiles": profiles, "save CPU ms": save}

    def large_tree(self, way: str) -> Row:
        """What a tree costs of which no file was saved yet."""
        with running(way, self.root) as begun:
            begun.rest(LONG_REST)
            idle = self._idle(way, begun)
            first = begun.saves(self.file, 1, PAUSES)
            return _costs(begun) | {"idle %": idle, "first save ms": first.percentile(50)}


def _costs(begun: Running) -> Row:
    return {
        "start ms": begun.started_ms,
        "start CPU ms": begun.start_cpu_ms,
        "watches": begun.watches(),
        "threads": begun.threads(),
        "MB": begun.resident_mb(),
    }


def show(title: str, columns: Sequence[Column], rows: Iterable[tuple[str, Row]]) -> dict[str, Row]:
    """Print a table row by row, since each takes a while; its rows, by way."""
    say(f"\n{title}\n\n{table(('way', *(each.name for each in columns)), [])}")
    shown = {}
    for way, row in rows:
        say(line((way, *(column.text(row.get(column.name)) for column in columns))))
        shown[way] = row
    return shown


def show_ratios(columns: Sequence[Column], rows: Mapping[str, Row]) -> None:
    """Print how our ways stand against the best peer of each column."""
    ours = [way for way in rows if way.startswith("reloadd")]
    peers = {way: row for way, row in rows.items() if way not in ours}
    head = ("over the best peer", *(each.name for each in columns))
    say("\n" + table(head, ([way, *over_best(columns, rows[way], peers)] for way in ours)))


def say(text: str) -> None:
    """Print, for those who wait for it."""
    print(text, flush=True)  # noqa: T201 - its purpose


def told(bench: Bench) -> None:
    """Those whom the kernel tells."""
    show_ratios(WAYS, show("Told by the kernel", WAYS, ((way, bench.one_profile(way)) for way in TOLD)))
    rows = show(f"The same beside {BUSY} busy processes", WAYS_BUSY, ((way, bench.when_busy(way)) for way in TOLD))
    show_ratios(WAYS_BUSY, rows)


def polling(bench: Bench) -> None:
    """Those that look again and again."""
    columns = WAYS[:-1]
    show_ratios(columns, show("Polling", columns, ((way, bench.one_profile(way)) for way in POLLING)))


def profiles(bench: Bench) -> None:
    """Many that watch the same."""
    runs = (("reloadd", 1), ("watchdog Observer", 1), *((way, PROFILES) for way in SHARING))
    rows = ((f"{way}, {number}", bench.many_profiles(way, number)) for way, number in runs)
    show("Many profiles on one root", PROFILES_COLUMNS, rows)


def curve(bench: Bench) -> None:
    """Trees of other sizes, by events and by polling, without `node_modules`."""

    def rows() -> Iterator[tuple[str, Row]]:
        for files in FILES:
            here = replace(bench, root=bench.root.with_name(f"{files}"), sweep_time=bench.sweep_time / 2)
            make_tree(here.root, files, with_packages=False)
            for way in ("reloadd", "reloadd, polling each 0.5 s"):
                yield f"{way}, {files:,}", here.large_tree(way) | {"files": files}

    show("Larger trees", CURVE, rows())


PARTS: dict[str, Callable[[Bench], None]] = {"told": told, "polling": polling, "profiles": profiles, "curve": curve}


_NAMES = ", ".join(PARTS)


def part_called(name: str) -> Callable[[Bench], None]:
    """The part of this name. With `choices`, argparse takes no parts at all for one that is not among them."""
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"`{name}` is none of {_NAMES}")
    return PARTS[name]


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.watching")
    parser.add_argument("parts", nargs="*", type=part_called, metavar="PART", help=f"{_NAMES}; all by default")
    parser.add_argument("--saves", type=int, default=200, help="for those that are told")
    parser.add_argument("--idle", type=float, default=80.0, metavar="SECONDS", help="for what sweeps, see IDLE_TIME")
    options = parser.parse_args()
    begun = time.monotonic()
    say(f"{circumstances(sys.version.split()[0])}; {options.saves} saves")
    # All trees are removed at the end: ext4 is slow to make files for minutes after as many were deleted.
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home, "project"), options.saves, options.idle)
        make_tree(bench.root, 10_000, with_packages=True)
        for part in options.parts or PARTS.values():
            part(bench)
    say(f"\nIt took {(time.monotonic() - begun) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
