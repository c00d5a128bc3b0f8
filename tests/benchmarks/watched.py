"""A way to watch, in a process of its own that is measured from outside: what it takes, how soon it tells. Linux.

Knows nothing of which ways there are, nor of tables.
"""

from __future__ import annotations

import math
import os
import random
import select
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.environments import environment
from tests.support.interpreters import find_interpreters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PEERS = ("watchdog", "watchfiles", "werkzeug", "uvicorn", "Django", "hupper")

_START_DEADLINE = 120.0
_DEADLINE = 6.0
"""Seconds after which a save counts as missed."""

_MOST_MISSED = 3
"""Saves that a way may miss before it is given up."""


@dataclass(frozen=True, slots=True)
class Saves:
    """How soon saves were told, in milliseconds, in ascending order; and how many were not."""

    latencies: tuple[float, ...]
    missed: int

    def percentile(self, percent: int) -> float:
        """The latency that so many percent do not exceed (nearest rank); not a number if none was told."""
        if not self.latencies:
            return math.nan
        return self.latencies[math.ceil(len(self.latencies) * percent / 100) - 1]


@dataclass
class Running:
    """One way, watching."""

    process: subprocess.Popen[bytes]
    started_ms: float = 0.0
    start_cpu_ms: float = 0.0

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

    def next_line(self, deadline: float) -> bytes:
        """What it prints next."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], deadline)[0]:
            raise TimeoutError(f"{self.process.args!r} noticed nothing")
        printed = os.read(self.process.stdout.fileno(), 65536)
        if not printed:
            raise EOFError(f"{self.process.args!r} has ended")
        return printed

    def rest(self, longest: float) -> None:
        """Wait until it has done what it does once after its start: until it takes less than half of a core.

        Args:
            longest: seconds to wait for one that never does.
        """
        end = time.monotonic() + longest
        time.sleep(1)
        while self.share_of_core(1) > 50 and time.monotonic() < end:
            pass

    def share_of_core(self, seconds: float) -> float:
        """Percent of one core that it takes meanwhile, on its own account."""
        before, began = self.seconds_of_cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.seconds_of_cpu() - before) / (time.monotonic() - began) * 100

    def latency_ms(self, file: Path) -> float:
        """From the close of a save, which is like none before, to the change's being noticed.

        Raises:
            TimeoutError: it was not noticed.
        """
        with suppress(TimeoutError):  # what it says late of a save before is nothing of this one
            self.next_line(0)
        descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)
        os.write(descriptor, f"value = {time.time_ns()}\n".encode())
        closed_at = time.monotonic_ns()
        os.close(descriptor)
        return (int(self.next_line(_DEADLINE).split()[0]) - closed_at) / 1e6

    def saves(self, file: Path, number: int, pause: tuple[float, float]) -> Saves:
        """Save again and again, after pauses of random length between these."""
        latencies: list[float] = []
        missed = 0
        while len(latencies) + missed < number and missed < _MOST_MISSED:
            time.sleep(random.uniform(*pause))  # noqa: S311 - no secret
            try:
                latencies.append(self.latency_ms(file))
            except TimeoutError:
                missed += 1
        return Saves(tuple(sorted(latencies)), missed)

    def cost_of_saves_ms(self, file: Path, number: int) -> float:
        """Its CPU for one save, with what it does within 0.2 s on its own account; not a number if it tells of none."""
        before = self.seconds_of_cpu()
        told = self.saves(file, number, (0.2, 0.2))
        return (self.seconds_of_cpu() - before) / number * 1000 if not told.missed else math.nan

    def cost_of_reads_ms(self, files: Iterable[Path], number: int) -> float:
        """Its CPU for so many opens and reads of these files by somebody else."""
        paths = list(files)
        before = self.seconds_of_cpu()
        for count in range(number):
            with paths[count % len(paths)].open("rb") as file:
                file.read(1)
        time.sleep(2)  # those that were told of each have to catch up
        return (self.seconds_of_cpu() - before) * 1000


@contextmanager
def running(way: str, root: Path, profiles: int = 1) -> Iterator[Running]:
    """A way that watches the tree."""
    script = Path(__file__).with_name("watchers.py")
    is_ours = way.startswith("reloadd")
    # The peers' processes find nothing of this project, and ours is found where this one is.
    process = subprocess.Popen(
        [sys.executable if is_ours else _python_of_peers(), script, way, root, f"{profiles}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Observer says that its queue ran over, again and again.
        stderr=None if is_ours else subprocess.DEVNULL,
    )
    try:
        begun = Running(process)
        _, started_ms, start_cpu_ms = begun.next_line(_START_DEADLINE).split()
        begun.started_ms, begun.start_cpu_ms = float(started_ms), float(start_cpu_ms)
        yield begun
    finally:
        process.kill()
        process.communicate()


def _python_of_peers() -> Path:
    """Theirs is the version that ours is."""
    ours = next(each for each in find_interpreters() if each.version == sys.version_info[:2])
    return environment(ours, *PEERS)


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but keep the processors busy."""
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
