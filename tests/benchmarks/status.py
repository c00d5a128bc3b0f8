"""How long `reloadd status` takes beside `python -c pass`: `python -m tests.benchmarks.status [ROUNDS]`.

With one daemon of 20 apps that does nothing meanwhile. The commands take turns, so that other work on the machine meets
all alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Series, circumstances, table
from tests.support.daemon import RunningDaemon, clean_environ, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUNDS = 30
APPS = 20
_HEAD = ("command", "median", "least", "middle half", "most", "median over `python -c pass`")
_SCRIPT = "import signal\nsignal.pause()\n"
_PROFILE = '[target]\nscript = "work.py"\n[ready]\nstarted = 0.1\n'
_COMMANDS = {
    "`python -c pass`": ("-c", "pass"),
    "`reloadd --version`": ("-m", "reloadd", "--version"),
    "`reloadd status`": ("-m", "reloadd", "status"),
    "`reloadd status --output json`": ("-m", "reloadd", "status", "--output", "json"),
    "`reloadd history`": ("-m", "reloadd", "history"),
}


def main(rounds: int) -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as home:
        environ = clean_environ(XDG_RUNTIME_DIR=home, XDG_STATE_HOME=home, XDG_CACHE_HOME=home)
        write_files(Path(home), {"work.py": _SCRIPT, **{f"app{number}.toml": _PROFILE for number in range(APPS)}})
        with RunningDaemon(Path(home), "--profile", "./", environ=environ) as daemon:
            daemon.wait_for_count("child.ready", APPS)
            taken: dict[str, list[float]] = {name: [] for name in _COMMANDS}
            for _ in range(rounds):
                for name, words in _COMMANDS.items():
                    taken[name].append(_milliseconds(words, environ))
    series = {name: Series(tuple(values)) for name, values in taken.items()}
    floor = next(iter(series.values())).median
    rows = [
        [
            name,
            f"{each.median:.0f}",
            f"{each.least:.0f}",
            each.quartiles,
            f"{each.most:.0f}",
            f"{each.median / floor:.1f}",
        ]
        for name, each in series.items()
    ]
    print(f"{circumstances(sys.version.split()[0])}, {rounds} rounds, {APPS} apps; milliseconds\n")  # noqa: T201 - its purpose
    print(table(_HEAD, rows))  # noqa: T201 - its purpose


def _milliseconds(words: tuple[str, ...], environ: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *words], env=environ, stdout=subprocess.DEVNULL, check=True, cwd=os.sep)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
