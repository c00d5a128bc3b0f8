"""How much memory the daemon and its guardian take: `python -m tests.benchmarks.memory [ROUNDS]`. Linux.

The apps are left out: they are the user's, and as large as they are without reloadd.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import psutil

from tests.benchmarks.figures import Series, circumstances, table
from tests.support.daemon import RunningDaemon, write_files

ROUNDS = 5
COUNTS = (1, 20)
_RESIDENT, _PROPORTIONAL = "Rss", "Pss"
_HEAD = ("profiles", "process", "resident", "middle half", "proportional", "middle half")

_SCRIPT = "import signal\nsignal.pause()\n"
_PROFILE = """\
[target]
script = "{name}/work.py"

[watch]
roots = ["{name}"]

[listen]
http = "127.0.0.1:0"

[ready]
started = 0.1
"""


def main(rounds: int) -> None:
    """Measure and print a table."""
    print(f"{circumstances(sys.version.split()[0])}, {rounds} rounds; KiB\n")  # noqa: T201 - its purpose
    print(table(_HEAD, [row for count in COUNTS for row in _rows(count, rounds)]))  # noqa: T201 - its purpose


def _rows(count: int, rounds: int) -> list[list[str]]:
    sampled = [_sample(count) for _ in range(rounds)]
    rows = []
    for process in ("daemon", "guardian"):
        cells = [str(count), process]
        for kind in (_RESIDENT, _PROPORTIONAL):
            series = Series(tuple(sample[process, kind] for sample in sampled))
            cells += [f"{series.median:.0f}", series.quartiles]
        rows.append(cells)
    return rows


def _sample(count: int) -> dict[tuple[str, str], float]:
    """A daemon of so many apps, each with a socket, once all of them serve."""
    with tempfile.TemporaryDirectory() as home:
        for number in range(count):
            profile = _PROFILE.format(name=f"app{number}")
            write_files(Path(home), {f"app{number}.toml": profile, f"app{number}/work.py": _SCRIPT})
        with RunningDaemon(Path(home), "--profile", "./") as daemon:
            daemon.wait_for_count("child.ready", count)
            processes = {"daemon": daemon.process.pid, "guardian": _guardian_of(daemon.process.pid)}
            return {
                (name, kind): kibibytes for name, pid in processes.items() for kind, kibibytes in _memory(pid).items()
            }


def _guardian_of(pid: int) -> int:
    for child in psutil.Process(pid).children():
        if any(word.endswith("guardian.py") for word in child.cmdline()):
            return child.pid
    raise LookupError(f"no guardian among the children of {pid}")


def _memory(pid: int) -> dict[str, float]:
    """KiB of a process; shared pages count whole as resident, and by their share as proportional (proc(5))."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    return {kind: float(re.findall(rf"(?m)^{kind}:\s+(\d+) kB$", rollup)[0]) for kind in (_RESIDENT, _PROPORTIONAL)}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
