"""What watching costs, beside the peers: `python -m tests.benchmarks.watching [SAVES]`, and `... curve`. Linux.

Every way watches the same tree in a process of its own, one after the other: 10,000 files in 1,100 directories, and a
`node_modules` of 30,000 files in 5,500 directories beside them.
"""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Series, circumstances, table
from tests.support.environments import environment
from tests.support.interpreters import find_interpreters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PEERS = ("watchdog", "watchfiles", "werkzeug", "uvicorn", "Django", "hupper")
TOLD = ("reloadd", "watchdog Observer", "watchfiles")
POLLING = (
    "reloadd, polling",
    "watchdog PollingObserver",
    "watchfiles, polling",
    "uvicorn StatReload",
    "Django StatReloader",
    "werkzeug stat",
    "hupper polling",
)

IDLE_TIME = 10.0
"""Seconds over which the processor's time is taken while nothing happens."""

SLOW_SAVES = 12
"""Saves for ways that look once in a while, each at a moment of its own."""

READS = 80_000
PROFILES = 50
STARTS = 3
_DEADLINE, _START_DEADLINE = 15.0, 120.0

MOST_MISSED = 5
"""Saves that a way may miss before it is given up."""

HEAD = (
    *("way", "start ms", "start CPU ms", "watches", "threads", "MB"),
    *("p50 ms", "p99 ms", "missed", "idle %", f"{READS:,} reads, ms"),
)


def make_tree(top: Path, files: int, *, with_packages: bool) -> None:
    """Nine files to a directory, ten directories to one, as in a large project; and its packages."""
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


@dataclass
class Running:
    """One way, watching."""

    process: subprocess.Popen[bytes]
    started_ms: float
    start_cpu_ms: float

    def seconds_of_cpu(self) -> float:
        """What all its threads have taken so far: proc_pid_schedstat(5)."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def threads(self) -> int:
        """How many it has."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def watches(self) -> int:
        """How many directories it has the kernel watch."""
        total = 0
        for each in Path(f"/proc/{self.process.pid}/fdinfo").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                total += each.read_text().count("inotify wd:")
        return total

    def resident_mb(self) -> float:
        """Memory, as resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def next_line(self, deadline: float = _DEADLINE) -> bytes:
        """What it prints next."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], deadline)[0]:
            raise TimeoutError(f"{self.process.args!r} noticed nothing")
        return os.read(self.process.stdout.fileno(), 65536)

    def latency_ms(self, file: Path) -> float:
        """From the close of a save, which is like none before, to the change's being noticed."""
        descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)
        os.write(descriptor, f"value = {time.time_ns()}\n".encode())
        closed_at = time.monotonic_ns()
        os.close(descriptor)
        return (int(self.next_line().split()[0]) - closed_at) / 1e6

    def idle_share(self, seconds: float = IDLE_TIME) -> float:
        """Percent of one core while nothing happens."""
        before, began = self.seconds_of_cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.seconds_of_cpu() - before) / (time.monotonic() - began) * 100


@contextmanager
def running(way: str, root: Path, profiles: int = 1) -> Iterator[Running]:
    """A way that watches the tree."""
    script = Path(__file__).with_name("watchers.py")
    python = Path(sys.executable) if way.startswith("reloadd") else _python_of_peers()
    # The peers' processes find nothing of this project, and ours is found where this one is.
    process = subprocess.Popen(
        [python, script, way, root, f"{profiles}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        way_running = Running(process, 0.0, 0.0)
        _, started_ms, start_cpu_ms = way_running.next_line(_START_DEADLINE).split()
        way_running.started_ms, way_running.start_cpu_ms = float(started_ms), float(start_cpu_ms)
        yield way_running
    finally:
        process.kill()
        process.wait()


def _python_of_peers() -> Path:
    """Theirs is the version that ours is."""
    ours = next(each for each in find_interpreters() if each.version == sys.version_info[:2])
    return environment(ours, *PEERS)


def measure(way: str, root: Path, saves: int) -> list[str]:
    """One row of the first table."""
    starts = []
    for _ in range(STARTS - 1):
        with running(way, root) as begun:
            starts.append(begun)
    is_told = way in TOLD
    with running(way, root) as begun:
        starts.append(begun)
        time.sleep(5)  # what is done once after the start is no part of idling
        idle = begun.idle_share()
        latencies, missed = [], 0
        for _ in range(saves if is_told else SLOW_SAVES):
            time.sleep(random.uniform(0.15, 0.25) if is_told else random.uniform(1.1, 2.1))  # noqa: S311 - no secret
            try:
                latencies.append(begun.latency_ms(root / "src/0/0/0/module0.py"))
            except TimeoutError:
                missed += 1
                if missed == MOST_MISSED:
                    break
        spread = sorted(latencies) or [float("nan")]
        time.sleep(0.5)
        read = cost_of_reads(begun, root) if is_told else None
        return [
            way,
            f"{Series(tuple(each.started_ms for each in starts)).median:.0f}",
            f"{Series(tuple(each.start_cpu_ms for each in starts)).median:.0f}",
            f"{begun.watches()}",
            f"{begun.threads()}",
            f"{begun.resident_mb():.0f}",
            f"{spread[len(spread) // 2]:.2f}",
            f"{spread[int(len(spread) * 0.99)]:.2f}",
            f"{missed}",
            f"{idle:.2f}",
            "" if read is None else f"{read:.0f}",
        ]


def cost_of_reads(begun: Running, root: Path) -> float:
    """Milliseconds of its CPU for so many files that somebody else opens and reads."""
    files = list((root / "src").rglob("*.py"))
    before = begun.seconds_of_cpu()
    for number in range(READS):
        with files[number % len(files)].open("rb") as file:
            file.read(1)
    time.sleep(2)  # those that were told of each have to catch up
    return (begun.seconds_of_cpu() - before) * 1000


def many_profiles(way: str, root: Path) -> list[str]:
    """One row of the second table."""
    with running(way, root) as one:
        save_of_one = cost_of_saves(one, root)
    with running(way, root, PROFILES) as many:
        return [
            way,
            f"{one.started_ms:.0f}",
            f"{many.started_ms:.0f}",
            f"{one.start_cpu_ms:.0f}",
            f"{many.start_cpu_ms:.0f}",
            save_of_one,
            cost_of_saves(many, root),
            f"{many.threads()}",
            f"{many.watches()}",
            f"{many.resident_mb():.0f}",
        ]


def cost_of_saves(begun: Running, root: Path) -> str:
    """Milliseconds of its CPU for one save; what it does meanwhile on its own account is part of that."""
    time.sleep(5)  # what is done once after the start is no part of it
    before = begun.seconds_of_cpu()
    try:
        for _ in range(SLOW_SAVES):
            begun.latency_ms(root / "src/0/0/0/module0.py")
            time.sleep(0.2)
    except TimeoutError:
        return "none told"
    return f"{(begun.seconds_of_cpu() - before) / SLOW_SAVES * 1000:.2f}"


def curve(files: int) -> Iterator[list[str]]:
    """Rows of the third table: a tree of so many files, by events and by polling."""
    with tempfile.TemporaryDirectory() as home:
        make_tree(Path(home), files, with_packages=False)
        for way in ("reloadd", "reloadd, polling"):
            with running(way, Path(home)) as begun:
                time.sleep(2 + files / 20_000)
                idle = begun.idle_share()
                latency = begun.latency_ms(Path(home) / "src/0/0/0/module0.py")
                yield [
                    f"{files:,}",
                    way,
                    f"{begun.started_ms:.0f}",
                    f"{begun.start_cpu_ms:.0f}",
                    f"{begun.watches()}",
                    f"{begun.resident_mb():.0f}",
                    f"{idle:.2f}",
                    f"{latency:.1f}",
                ]


def show(title: str, head: Iterable[str], rows: Iterable[list[str]]) -> None:
    """Print a table row by row, since each takes a while."""
    print(f"\n{title}\n\n{table(tuple(head), [])}", flush=True)  # noqa: T201 - its purpose
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)  # noqa: T201 - its purpose


def main(saves: int) -> None:
    """Measure and print tables."""
    print(f"{circumstances(sys.version.split()[0])}; {saves} saves")  # noqa: T201 - its purpose
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        make_tree(root, 10_000, with_packages=True)
        show("One profile", HEAD, (measure(way, root, saves) for way in (*TOLD, *POLLING)))
        ways = ("reloadd", "reloadd, each its own globs", "watchdog Observer")
        many = (
            *("way", "start ms of 1", f"of {PROFILES}", "start CPU ms of 1", f"of {PROFILES}"),
            *("CPU ms per save of 1", f"of {PROFILES}", "threads", "watches", "MB"),
        )
        show("Many profiles on one root", many, (many_profiles(way, root) for way in ways))


if __name__ == "__main__":
    if sys.argv[1:] == ["curve"]:
        print(circumstances(sys.version.split()[0]))  # noqa: T201 - its purpose
        head = ("files", "way", "start ms", "start CPU ms", "watches", "MB", "idle %", "save ms")
        show("Larger trees", head, (row for files in (10_000, 100_000, 300_000) for row in curve(files)))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 200)
