"""What happens to tens of thousands of files is told where they matter, and costs nothing where they do not.

Counted and never timed: how often threads were woken, which directories were entered, how often a file was told.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.core import rounds
from tests.support.watching import Both, digested, save, wait_until, watch_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.watching import Stage

PACKAGES, DIRECTORIES, FILES = 300, 10, 10
"""30,000 files in 3,301 directories."""

INSTALL = f"""
import os, sys
for package in range({PACKAGES}):
    for part in range({DIRECTORIES}):
        directory = f"{{sys.argv[1]}}/package{{package}}/part{{part}}"
        os.makedirs(directory)
        for file in range({FILES}):
            open(f"{{directory}}/{{file}}.js", "w").close()
"""

INSTALLED = [
    f"node_modules/package{package}/part{part}/{file}.js"
    for package in range(PACKAGES)
    for part in range(DIRECTORIES)
    for file in range(FILES)
]

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there has a name of its own

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")


def times_woken() -> dict[str, int]:
    """How often each thread of the watching has gone to sleep, and so was woken: proc_pid_status(5)."""
    woken = {}
    for thread in threading.enumerate():
        if thread.name.startswith(("reloadd", "stage")):
            status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("voluntary_ctxt"))
            woken[thread.name] = int(line.split()[1])
    return woken


def times_woken_at_rest() -> dict[str, int]:
    """The same, once all of them sleep: a thread goes on for a moment after what it has told."""
    before = times_woken()
    while True:
        time.sleep(0.05)  # nothing tells that a thread is about to sleep
        if (now := times_woken()) == before:
            return now
        before = now


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """An empty directory in memory, where that is to be had: a disk takes seconds for so many files."""
    if not os.access(IN_MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="reloadd-tests-", dir=IN_MEMORY) as directory:
        yield Path(directory)


@pytest.mark.slow
def test_an_installation_of_many_packages(stage: Stage, memory: Path) -> None:
    """30,000 files come and go: each is told once where it matters; where it does not, no directory is entered"""
    whole = Both(stage, memory, include=("*.js",), exclude=(), poll_interval=0.25)
    pruned = Both(stage, memory, include=("*.js",), poll_interval=0.25)
    subprocess.run([sys.executable, "-c", INSTALL, memory / "node_modules"], check=True)
    whole.tell_each_once(dict.fromkeys(INSTALLED, "created"))
    for shop in whole.shops.values():
        assert shop.watch.statistics().directories == 2 + PACKAGES * (1 + DIRECTORIES)
    subprocess.run(["rm", "-rf", memory / "node_modules"], check=True)
    whole.tell_each_once(dict.fromkeys(INSTALLED, "deleted"))
    for shop in pruned.shops.values():
        assert shop.watch.statistics().directories == 1
    save(memory / "last.js", "one")
    for both in (whole, pruned):
        both.tell({"last.js": "created"})


READ = """
import os, sys
files = [f"{sys.argv[1]}/{number}.py" for number in range(800)]
for _ in range(100):
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.read(descriptor, 100)
        os.close(descriptor)
    os.listdir(sys.argv[1])
"""


@linux_only
def test_what_others_read_wakes_nobody(stage: Stage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """80,000 files are opened and read by another program, and their directory is listed, without an event"""
    monkeypatch.setattr(rounds, "SWEEP_TIME", 3600)  # the slow round wakes by itself
    for number in range(800):
        save(root / f"{number}.py", "one")
    shop = digested(stage.begin(watch_set(root)))
    shop.has_told_nothing()
    digested(shop)
    before = times_woken_at_rest()
    subprocess.run([sys.executable, "-c", READ, root], check=True)
    assert times_woken() == before
    shop.has_told_nothing()
    wait_until(lambda: times_woken() != before)  # who has told goes on for a moment before it sleeps
