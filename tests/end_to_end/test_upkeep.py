"""What a daemon costs over time: nothing is left behind by restarts, nothing is done while nothing happens."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.clients import Clients
from tests.support.daemon import RunningDaemon, marked_processes, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

APP = """
VERSION = {version}

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(VERSION).encode()]
"""

PROFILE = """
[target]
app = "{name}:app"
server = "wsgiref"
[listen]
http = "127.0.0.1:0"
[watch]
include = ["{name}.py"]
"""

RESTARTS = 500
WARM_UP = 20
"""Restarts after which the daemon has made what it keeps."""

GROWTH = 3 << 20
"""Bytes of resident memory that 480 restarts may add: an allocator's rounding, not a leak of each."""

THREADS = 8
"""The event loop's, the terminal's, the history's, the one that looks at files, and four that read."""


AT_REST, GUARDIAN = 3, 1
"""Processes of an app that serves: its own, a spare for the next start, and a zygote that forks others; and one of the
daemon's."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_restarts_leave_nothing_behind(tmp_path: Path) -> None:
    """500 restarts, most of them under load: no descriptor, process, thread or zombie more, and memory stays flat."""
    write_files(tmp_path, {"web.py": APP.format(version=0), "dev.toml": PROFILE.format(name="web")})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        process, mark = psutil.Process(daemon.process.pid), daemon.mark

        def restart(versions: range) -> None:
            for version in versions:
                (tmp_path / "web.py").write_text(APP.format(version=version))
                daemon.wait_for("restart.completed", generation=version + 1)

        restart(range(1, WARM_UP + 1))
        daemon.wait_for("child.exited", generation=WARM_UP)
        wait_until(lambda: is_at_rest(process, mark), "what is prepared")
        before = usage(process)
        with Clients(daemon.address(), keeping=1, closing=1) as clients:
            restart(range(WARM_UP + 1, RESTARTS + 1))
        daemon.wait_for("child.exited", generation=RESTARTS)
        wait_until(lambda: is_at_rest(process, mark), "what is prepared, and nothing of what was")
        after = usage(process)

        assert daemon.get() == str(RESTARTS)
        assert clients.failures == []
        assert after.descriptors == before.descriptors
        assert after.zombies == before.zombies
        assert before.threads == after.threads == THREADS
        assert after.resident - before.resident < GROWTH
        assert len(daemon.all("restart.completed")) == RESTARTS
        assert len(daemon.all("child.exited")) == RESTARTS


def is_at_rest(process: psutil.Process, mark: bytes) -> bool:
    """Whether all that is prepared is there, and all that has ended has been waited for."""
    children = process.children(recursive=True)
    return len(marked_processes(mark)) == AT_REST and len(children) == AT_REST + GUARDIAN


@dataclass(frozen=True, slots=True)
class Usage:
    """What a daemon has.

    Attributes:
        descriptors: how many are open.
        threads: how many run.
        zombies: of each child and each of theirs, whether it is one.
        resident: bytes of memory.
    """

    descriptors: int
    threads: int
    zombies: tuple[bool, ...]
    resident: int


def usage(process: psutil.Process) -> Usage:
    """What the daemon has now."""
    zombies = sorted(child.status() == psutil.STATUS_ZOMBIE for child in process.children(recursive=True))
    return Usage(process.num_fds(), process.num_threads(), tuple(zombies), process.memory_info().rss)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_idle_daemon_uses_no_processor(tmp_path: Path) -> None:
    """Ten event-watched profiles in peace: the daemon is not even woken, but for its sweep."""
    files = {f"web{n}.py": APP.format(version=n) for n in range(10)}
    files |= {f"web{n}.toml": '[target]\ncommand = ["sleep", "600"]\n' for n in range(10)}
    write_files(tmp_path, files)
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", 10)
        process = psutil.Process(daemon.process.pid)
        wait_until(lambda: rested(process), "a daemon that has come to rest")
        begun, start = cpu(process), time.monotonic()
        threading.Event().wait(OBSERVED)  # what is measured is what happens while nothing does
        spent = (cpu(process) - begun) * 60 / (time.monotonic() - start)

        assert spent < 0.05, f"{spent:.3f} s of processor time a minute"


OBSERVED = 20.0
"""Seconds of peace that are looked at."""


def cpu(process: psutil.Process) -> float:
    """Seconds of processor time of the daemon and its guardian so far."""
    guardian = [child for child in process.children() if "guardian.py" in " ".join(child.cmdline())]
    return sum(times.user + times.system for times in (each.cpu_times() for each in [process, *guardian]))


def rested(process: psutil.Process) -> bool:
    """Whether nothing was done for a moment."""
    before = cpu(process)
    threading.Event().wait(0.3)
    return cpu(process) == before
