"""A new generation that fails: the last good one serves on, and the log tells the story in a few lines."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, ask, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
VERSION = {version!r}

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [VERSION.encode()]
"""

IMPORTING = """
import part
TEXT = part.TEXT

def app(environ, start_response):
    start_response("200 OK", [])
    return [TEXT]
"""

PROFILE = """
[target]
app = "web:app"
server = "wsgiref"
[listen]
http = "127.0.0.1:0"
[restart]
while-reloading = "{meanwhile}"
stop-timeout = 1
backoff = {{ first = 0.01, attempts = 2 }}
"""

HANGS = "hang during start"
SHORT = "ready-timeout = 3\n"
"""For what never gets ready; what is to does so in time on a busy machine too."""

WELL_BELOW_THE_BOUND = 8.0
"""Seconds; requests are held for ten at the most."""

CRASH_WHEN_TOLD = """
import os, threading, time

def crash():
    while not os.path.exists("crash"):
        time.sleep(0.005)
    os._exit(9)

threading.Thread(target=crash, daemon=True).start()
"""

BROKEN = {
    "syntax error": ("def broken(:\n", "SyntaxError", 1),
    "crash on import": ("import os\n\nos.nonsense\n", "AttributeError", 3),
    "exit during start": ("raise SystemExit(5)\n", "it did not get to serve", None),
    HANGS: ("import time\ntime.sleep(600)\n", "it did not get to serve", None),
    "killed during start": ("import os\nos.kill(os.getpid(), 9)\n", "it did not get to serve", None),
    "no app": ("VERSION = 'none'\n", "`web` has no attribute `app`", None),
}


@pytest.mark.parametrize("meanwhile", ["hold", "serve-old"])
@pytest.mark.parametrize("case", BROKEN)
def test_last_good_generation_serves_on(tmp_path: Path, case: str, meanwhile: str) -> None:
    """It answers after the failure, `restart.abandoned` says why, and the next save is served."""
    source, error, line = BROKEN[case]
    profile = PROFILE.format(meanwhile=meanwhile) + (SHORT if case == HANGS else "")
    write_files(tmp_path, {"web.py": GOOD.format(version="good"), "dev.toml": profile})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        first = daemon.wait_for("child.ready")
        before = len(daemon.records)
        (tmp_path / "web.py").write_text(source)
        abandoned = daemon.wait_for("restart.abandoned")
        daemon.wait_for("child.exited", generation=2)
        assert daemon.get() == "good"

        assert abandoned["error"].startswith(error)
        assert (abandoned["file"], abandoned["line"]) == ("web.py" if line else None, line)
        story = {"change.settled", "child.exited", "restart.abandoned", *(["child.late"] if case == HANGS else [])}
        assert sorted(each["event"] for each in daemon.records[before:]) == sorted(story)

        (tmp_path / "web.py").write_text(GOOD.format(version="better"))
        daemon.wait_for("restart.completed", generation=3)
        assert daemon.get() == "better"
        assert daemon.wait_for("child.exited", pid=first["pid"])["asked"]


def test_crash_right_after_ready_is_tried_again(tmp_path: Path) -> None:
    """The old one has been told to go by then: the policy's table applies, and an edit brings it back."""
    write_files(tmp_path, {"web.py": GOOD.format(version="good"), "dev.toml": PROFILE.format(meanwhile="hold")})
    crash = GOOD.format(version="bad") + CRASH_WHEN_TOLD
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        (tmp_path / "web.py").write_text(crash)
        daemon.wait_for("restart.completed", generation=2)
        (tmp_path / "crash").touch()
        daemon.wait_for("supervisor.held")

        assert [each["exit_code"] for each in daemon.all("child.exited", asked=False)] == [9, 9]
        (tmp_path / "web.py").write_text(GOOD.format(version="mended"))
        daemon.wait_for("restart.completed", generation=4)
        assert daemon.get() == "mended"


def test_save_while_the_new_one_starts_supersedes_it(tmp_path: Path) -> None:
    """Only the newest code is worth waiting for, and the old one serves until that is ready."""
    write_files(tmp_path, {"web.py": GOOD.format(version="old"), "dev.toml": PROFILE.format(meanwhile="serve-old")})
    slow = "import time\nprint('importing', flush=True)\ntime.sleep(30)\n" + GOOD.format(version="slow")
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        (tmp_path / "web.py").write_text(slow)
        # Else it could read what is saved next.
        wait_until(lambda: "importing" in daemon.output, "the slow import")
        assert daemon.get() == "old"
        (tmp_path / "web.py").write_text(GOOD.format(version="new"))
        daemon.wait_for("restart.completed", generation=3)

        assert daemon.get() == "new"
        assert daemon.all("restart.completed", generation=2) == []


def test_held_requests_are_answered_by_the_new_code(tmp_path: Path) -> None:
    """What is asked after a save waits for it, also for a second."""
    write_files(tmp_path, {"web.py": GOOD.format(version="old"), "dev.toml": PROFILE.format(meanwhile="hold")})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        (tmp_path / "web.py").write_text("import time\ntime.sleep(0.7)\n" + GOOD.format(version="new"))
        daemon.wait_for("child.paused", generation=1)

        assert ask(daemon.address()) == (200, "new")


def test_requests_wait_from_the_first_sight_of_a_change(tmp_path: Path) -> None:
    """What is asked while git still writes waits for all of it; a save of what is there already is over at once."""
    write_files(tmp_path, {"web.py": GOOD.format(version="old"), "dev.toml": PROFILE.format(meanwhile="hold")})
    (tmp_path / ".git").mkdir()
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        host, _, port = daemon.address().rpartition(":")
        (tmp_path / "web.py").write_text(GOOD.format(version="old"))
        daemon.wait_for("child.paused")
        assert ask(daemon.address(), timeout=WELL_BELOW_THE_BOUND) == (200, "old")

        paused = len(daemon.all("child.paused"))
        (tmp_path / ".git/index.lock").touch()
        (tmp_path / "web.py").write_text(GOOD.format(version="new"))
        daemon.wait_for_count("child.paused", paused + 1)
        with closing(HTTPConnection(host, int(port), timeout=WELL_BELOW_THE_BOUND)) as client:
            client.request("GET", "/")
            settled = daemon.all("change.settled", paths=["web.py"])
            (tmp_path / ".git/index.lock").unlink()
            answer = client.getresponse().read()

    assert (answer, settled) == (b"new", [])


def test_stop_while_replacing_leaves_nobody(tmp_path: Path) -> None:
    """Both generations end with the daemon; nothing is prepared beside them."""
    profile = PROFILE.format(meanwhile="hold") + '[warm]\nmode = "off"\n'
    write_files(tmp_path, {"web.py": GOOD.format(version="old"), "dev.toml": profile})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        (tmp_path / "web.py").write_text("import time\ntime.sleep(30)\n")
        daemon.wait_for("child.spawned", generation=2)
        wait_until(lambda: len(daemon.processes()) == 2, "two generations")

        assert daemon.close() == 0
        assert len(daemon.all("child.exited")) == 2


def test_a_broken_env_file_is_named(tmp_path: Path) -> None:
    """What keeps the new generation from being started at all is the reason that it is given up for."""
    profile = PROFILE.format(meanwhile="hold").replace("[listen]", 'env-file = ".env"\n[listen]')
    write_files(tmp_path, {"web.py": GOOD.format(version="good"), ".env": "A=1\n", "dev.toml": profile})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        (tmp_path / ".env").write_text("A=1\nno assignment\n")
        abandoned = daemon.wait_for("restart.abandoned")

        assert abandoned["error"] == daemon.wait_for("child.unstartable")["error"]
        assert daemon.get() == "good"


def test_a_start_that_read_a_half_written_file_is_made_again(tmp_path: Path) -> None:
    """Also if the file is in the end what it was: its save alone would restart nothing"""
    profile = PROFILE.format(meanwhile="hold")
    write_files(tmp_path, {"web.py": IMPORTING, "part.py": "TEXT = b'one'\n", "dev.toml": profile})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("spare.parked")
        with (tmp_path / "part.py").open("w", encoding="utf-8") as part:
            (tmp_path / "web.py").write_text(IMPORTING + "# again\n", encoding="utf-8")
            daemon.wait_for("restart.abandoned", generation=2)
            part.write("TEXT = b'one'\n")

        assert daemon.wait_for("restart.completed", generation=3)["paths"] == ["part.py"]
        assert daemon.get() == "one"
