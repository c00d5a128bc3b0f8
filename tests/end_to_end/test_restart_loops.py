"""Apps that write what is watched, and people who save as often: which of them a daemon stops."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reloadd.core.loops import CLOSELY_SOON, MOST_BY_APP, MOST_WHILE_STARTING
from tests.support.daemon import RunningDaemon, ask, save, wait_until, write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.slow]

APP = '[target]\napp = "app:app"\n[listen]\nhttp = "127.0.0.1:0"\n'
SCRIPT = '[target]\nscript = "work.py"\n[ready]\nstarted = 0.3\n[warm]\nmode = "off"\n'
SHELL = '[target]\ncommand = ["sh", "work.sh"]\n[ready]\nstarted = 0.1\n'

SERVES = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
"""
STAMP = 'f"STAMP = {time.time_ns()}"'

AT_IMPORT = f"import pathlib, time\npathlib.Path('data/state.py').write_text({STAMP})\n{SERVES}"
PUT_IN_PLACE = f"""
import os, pathlib, time
pathlib.Path("data/state.new").write_text({STAMP})
os.replace("data/state.new", "data/state.py")
{SERVES}"""
PER_REQUEST = f"""
import pathlib, time
def app(environ, start_response):
    pathlib.Path('data/state.py').write_text({STAMP})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
"""
BY_TIMER = f"""
import pathlib, threading, time
def tick():
    time.sleep(0.1)
    pathlib.Path("data/state.py").write_text({STAMP})
threading.Thread(target=tick, daemon=True).start()
{SERVES}"""
OTHER_NAMES = f"""
import pathlib, time
pathlib.Path(f"data/{{time.time_ns()}}.py").write_text({STAMP})
{SERVES}"""
BY_A_CHILD = f"""
import subprocess
subprocess.run(["sh", "-c", "date +STAMP=%N > data/state.py"], check=True)
{SERVES}"""
BUILD_STEP = "date +STAMP=%N > data/state.py\nexec sleep 600\n"
LATER = "(while sleep 0.3; do date +STAMP=%N > data/state.py; done) &\nexec sleep 600\n"


def knock(daemon: RunningDaemon) -> None:
    """Ask once, whoever answers; nobody may do so in time."""
    with suppress(OSError):
        ask(daemon.address(), timeout=1.0)


BY_LEDGER = range(MOST_BY_APP + 1, MOST_BY_APP + 2)
BY_LEASE = range(CLOSELY_SOON + 2, MOST_WHILE_STARTING)
"""After how many restarts. There is no lease while somebody has the file open: then the next time tells."""


@dataclass(frozen=True)
class Writing:
    """An app that writes what is watched.

    Attributes:
        file: its program.
        text: of that.
        profile: how it is run.
        restarts: after how many it may be stopped.
        is_asked: whether it writes at each request.
    """

    file: str
    text: str
    profile: str
    restarts: range
    is_asked: bool = False

    def provoke(self, daemon: RunningDaemon) -> None:
        """Have it write, if it does not by itself."""
        if self.is_asked:
            knock(daemon)


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(Writing("app.py", AT_IMPORT, APP, BY_LEDGER), id="import"),
        pytest.param(Writing("app.py", PUT_IN_PLACE, APP, BY_LEDGER), id="renamed"),
        pytest.param(Writing("app.py", PER_REQUEST, APP, BY_LEDGER, is_asked=True), id="request"),
        pytest.param(Writing("app.py", BY_TIMER, APP, BY_LEDGER), id="timer"),
        pytest.param(Writing("app.py", BY_A_CHILD, APP, BY_LEASE), id="child"),
        pytest.param(Writing("work.py", f"{AT_IMPORT}import signal\nsignal.pause()\n", SCRIPT, BY_LEDGER), id="script"),
        pytest.param(Writing("work.sh", BUILD_STEP, SHELL, BY_LEASE), id="build"),
        pytest.param(Writing("work.sh", LATER, SHELL, BY_LEASE), id="later"),
    ],
)
def test_an_app_that_is_seen_to_write_what_is_watched_is_stopped(tmp_path: Path, app: Writing) -> None:
    """After a few restarts: its ledger shows what it writes itself, a lease on the file what its processes do.

    The record names the file and the line that ends it; other files restart it as before, and that leads to no other.
    """
    write_files(tmp_path, {app.file: app.text, "other.py": "", "data/state.py": "", "dev.toml": app.profile})

    def is_stopped(daemon: RunningDaemon) -> bool:
        app.provoke(daemon)
        return bool(daemon.all("change.looping"))

    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        wait_until(lambda: is_stopped(daemon), "a loop")
        loop = daemon.wait_for("change.looping")
        assert loop["path"] == "data/state.py"
        assert loop["hint"] == "add '/data/state.py' to `exclude` in `[watch]`"
        assert loop["restarts"] in app.restarts
        daemon.wait_for("restart.completed", generation=loop["restarts"])
        ignored = len(daemon.all("change.ignored"))
        (tmp_path / "other.py").write_text("edited = True")
        completed = daemon.wait_for("restart.completed", generation=loop["restarts"] + 1)
        assert "other.py" in completed["paths"]
        app.provoke(daemon)
        daemon.wait_for_count("change.ignored", ignored + 1)

        assert daemon.close() == 0
        assert len(daemon.all("restart.requested")) == loop["restarts"]
        assert len(daemon.all("change.looping")) == 1


def test_an_app_that_gives_what_it_writes_another_name_each_time_is_stopped(tmp_path: Path) -> None:
    """The record names the kind of files; one that somebody else puts among them restarts the app."""
    write_files(tmp_path, {"app.py": OTHER_NAMES, "data/mine.py": "", "dev.toml": APP})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        loop = daemon.wait_for("change.looping")
        assert loop["path"] == "data/*.py"
        assert loop["hint"] == (
            "have it write elsewhere, or add '/data/*.py' to `exclude` in `[watch]` if nothing of yours is among them"
        )
        last = daemon.all("restart.requested")[-1]["generation"]
        daemon.wait_for("restart.completed", generation=last)
        ignored = len(daemon.all("change.ignored"))
        save(tmp_path / "data" / "mine.py", "edited = True")
        daemon.wait_for("restart.completed", generation=last + 1, paths=["data/mine.py"])
        daemon.wait_for_count("change.ignored", ignored + 1)

        assert daemon.close() == 0
        assert len(daemon.all("restart.requested")) == last


def test_an_edit_of_what_the_app_writes_itself_restarts_it_where_it_is_seen_to_be_one(tmp_path: Path) -> None:
    """One that is renamed into place is not: that restarts nothing, and is told as a warning, once."""
    write_files(
        tmp_path, {"work.py": f"{AT_IMPORT}import signal\nsignal.pause()\n", "data/state.py": "", "dev.toml": SCRIPT}
    )
    state = tmp_path / "data" / "state.py"
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("change.looping")
        daemon.wait_for("restart.completed", generation=4)
        ignored = len(daemon.wait_for_count("change.ignored", 1, level="debug", path="data/state.py"))
        put(state, "edited = 1")
        edited_at = time.monotonic()
        daemon.wait_for("restart.completed", generation=5, paths=["data/state.py"])
        daemon.wait_for_count("change.ignored", ignored + 1, level="debug", path="data/state.py")
        wait_until(lambda: time.monotonic() - edited_at > 3, "what is written later than a second after it serves")
        save(state, "edited = 2")
        daemon.wait_for("change.ignored", level="warning", path="data/state.py")
        save(state, "edited = 3")
        daemon.wait_for_count("change.ignored", ignored + 2, level="debug", path="data/state.py")

        assert daemon.close() == 0
        assert len(daemon.all("change.ignored", level="warning")) == 1
        assert len(daemon.all("restart.completed")) == 2


@pytest.mark.parametrize(
    ("writes", "path"),
    [
        ("date +STAMP=%N > data/state.new\nmv data/state.new data/state.py\n", "data/state.py"),
        ("date +STAMP=%N > data/$(date +%N).py\n", "data/*.py"),
    ],
    ids=["renamed", "other-names"],
)
def test_a_loop_in_which_nobody_is_seen_is_stopped_by_its_rate(tmp_path: Path, writes: str, path: str) -> None:
    """What no lease can show of a program that is not Python: tried three times, then said, and slowed down."""
    work = f"{writes}exec sleep 600\n"
    write_files(tmp_path, {"work.sh": work, "data/state.py": "", "dev.toml": SHELL.replace("0.1", "3")})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        loop = daemon.wait_for("change.looping")
        assert (loop["path"], loop["restarts"]) == (path, 14)

        waits = [str(each["why"]).partition("waits for ")[2] for each in daemon.wait_for_count("change.ignored", 4)]
        assert waits == [f"{pause} s without a change" for pause in ("0.25", "0.5", "1", "5")]
        assert len(daemon.all("restart.requested")) == 13


def put(path: Path, text: str) -> None:
    """Save in place."""
    path.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "profile", "write"),
    [
        pytest.param("app.py", SERVES, APP, save, id="app-renamed"),
        pytest.param("work.sh", "exec sleep 600\n", SHELL, put, id="shell-in-place"),
    ],
)
def test_a_script_that_saves_a_hundred_times_as_soon_as_it_is_answered_is_not_stopped(
    tmp_path: Path, name: str, text: str, profile: str, write: Callable[[Path, str], None]
) -> None:
    """Each of its saves is one restart, at once: it keeps the same time as a loop, and is none."""
    write_files(tmp_path, {name: text, "dev.toml": profile.replace("0.1", "0.01")})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        for number in range(1, 101):
            write(tmp_path / name, f"# {number}\n{text}")
            daemon.wait_for("restart.completed", generation=number + 1)

        assert daemon.all("change.looping") == daemon.all("change.ignored") == []


GATED = """
import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""


@pytest.mark.parametrize("write", [put, save])
def test_many_saves_before_a_slow_app_serves_are_served_by_one_start(
    tmp_path: Path, write: Callable[[Path, str], None]
) -> None:
    """However many: the last one begins at once, and nobody is told of a loop."""
    write_files(tmp_path, {"app.py": SERVES, "dev.toml": APP})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        for number in range(1, 31):
            write(tmp_path / "app.py", f"print({number}, 'begun', flush=True)\n{GATED}{SERVES}")
            daemon.wait_for_output(f"{number} begun\n")
        (tmp_path / "go").touch()
        daemon.wait_for("restart.completed", generation=31)

        assert len(daemon.all("restart.completed")) == 1
        assert daemon.all("change.looping") == daemon.all("change.ignored") == []
