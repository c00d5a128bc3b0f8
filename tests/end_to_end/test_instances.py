"""A daemon needs one of the inotify instances that a user may have (128 by default), and none of its children any.

The limits are lowered in a user namespace (namespaces(7)), which has its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, save, wait_until, write_files

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify and namespaces are Linux's")

NAMESPACE = ("unshare", "--user", "--map-root-user")

TWICE_WITH_ONE = 'echo 1 > /proc/sys/user/max_inotify_instances; "$@"; exec "$@"'
"""Run a command, and once it has ended again, where there is one instance for both."""

ALL_TAKEN = """
import ctypes, os, sys
with open("/proc/sys/user/max_inotify_instances", "w") as limit:
    limit.write("1")
taken, take = os.pipe()
lives, live = os.pipe()
if os.fork() == 0:
    os.close(live)
    libc, close_on_exec = ctypes.CDLL(None), 0o2000000
    while libc.inotify_init1(close_on_exec) >= 0:
        pass
    os.write(take, b"all")
    os.read(lives, 1)  # until the daemon has ended, whoever ended it
    os._exit(0)
os.read(taken, 3)
os.close(lives)
os.set_inheritable(live, True)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Run a command where another process has taken the only instance: of 128, each would be one less for other tests."""

WEB = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"one"]
"""

PROFILE = '[target]\napp = "web:app"\nserver = "wsgiref"\n[listen]\nhttp = "127.0.0.1:0"\n'


@pytest.fixture(autouse=True)
def shop(tmp_path: Path) -> None:
    """An app."""
    write_files(tmp_path, {"web.py": WEB, "dev.toml": PROFILE})


def in_namespace(*command: str) -> Sequence[str]:
    """How to run Python by a command, where limits are one's own."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace to be had, in which to lower a limit")
    return (*NAMESPACE, *command, sys.executable)


def family(pid: int) -> list[int]:
    """A process and all that descend from it: proc_pid_stat(5)."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    found = [pid]
    for each in found:  # it grows meanwhile
        found += [child for child, parent in parents.items() if parent == each]
    return found


def instances(pid: int) -> int:
    """How many inotify descriptors a process has."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            links.append(str(entry.readlink()))
        except OSError:
            continue
    return links.count("anon_inode:inotify")


def test_only_the_daemon_has_one(tmp_path: Path) -> None:
    """Not the app, nor what is prepared or forked for its next start, nor what guards them"""
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("spare.parked", source="zygote")
        save(tmp_path / "web.py", WEB.replace("one", "two"))
        wait_until(lambda: daemon.get() == "two", "the new code")
        daemon.wait_for_count("spare.parked", 3)
        pid = daemon.process.pid

        def held() -> list[int]:
            """How many each has, the daemon's first; a child that has not been executed yet still has the parent's."""
            return [instances(each) for each in family(pid)]

        wait_until(lambda: held() == [1] + [0] * (len(family(pid)) - 1), "one instance, the daemon's")
        assert len(family(pid)) > len(("daemon", "guardian", "app", "spare"))


def test_a_daemon_that_is_started_again_finds_it_free(tmp_path: Path) -> None:
    """Even if the one before was killed: nobody who outlives it for a moment has kept it"""
    python = in_namespace("sh", "-c", TWICE_WITH_ONE, "sh")
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml", python=python) as daemon:
        daemon.wait_for("spare.parked", source="zygote")
        os.kill(daemon.wait_for("daemon.started")["pid"], signal.SIGKILL)
        daemon.wait_for_count("daemon.started", 2)
        again = daemon.wait_for_count("watch.started", 2, profile="dev")[1]
        assert again["backend"] == "events"
        assert daemon.all("watch.degraded") == []


def test_where_all_are_taken_the_daemon_polls(tmp_path: Path) -> None:
    """And says so, with the limit's name and how to raise it; a save restarts the app all the same"""
    python = in_namespace(sys.executable, "-c", ALL_TAKEN)
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml", python=python) as daemon:
        degraded = daemon.wait_for("watch.degraded", profile="dev")
        assert "fs.inotify.max_user_instances" in degraded["error"]
        assert "sudo sysctl fs.inotify.max_user_instances=" in degraded["hint"]
        assert daemon.wait_for("watch.started", profile="dev")["backend"] == "poll"
        daemon.wait_for("child.ready")
        for count, word in enumerate(("two", "six"), start=1):
            save(tmp_path / "web.py", WEB.replace("one", word))
            daemon.wait_for_count("restart.completed", count)
            assert daemon.get() == word
        assert len(daemon.all("restart.completed")) == 2
        assert len(daemon.all("watch.degraded", profile="dev")) == 1
