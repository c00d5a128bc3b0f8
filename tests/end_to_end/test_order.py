"""Apps that come after others and restart with them, in a real daemon."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, ask, clean_environ, save, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow]

GATED = """
import os, signal, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
import socket
sys.path.insert(0, ".")
print("up", sys.argv[1], flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = socket.socket(fileno=3)
while True:
    server.accept()[0].close()
"""
"""Serves once a file is there."""

MIGRATION = """
import os, time
while not os.path.exists("go"):
    time.sleep(0.01)
raise SystemExit(os.path.exists("bad"))
"""
"""Ends once a file is there; well, unless another one is."""

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"web"]
"""


def gated(name: str, *, after: str = "", extra: str = "") -> str:
    """A profile of a program that serves once the file of its name is there."""
    first = f"after = [{after}]\n" if after else ""
    return f"""{extra}{first}
[target]
script = "gated.py"
args = ["{name}.go"]
[listen]
socket = "127.0.0.1:0"
[watch]
include = ["{name}.txt"]
"""


def write(directory: Path, profiles: dict[str, str], *ready: str) -> None:
    """Profiles, the program, and the files that let some of them serve."""
    files = {f"{name}.toml": text for name, text in profiles.items()}
    write_files(directory, {"gated.py": GATED, **files, **{f"{name}.go": "" for name in ready}})


def order_of(daemon: RunningDaemon, event: str) -> list[str]:
    """The profiles of which this was said, in order."""
    return [str(each["profile"]) for each in daemon.all(event)]


def test_an_app_starts_once_those_before_it_are_ready(tmp_path: Path) -> None:
    """It says what it waits for; one that nobody holds up starts at once; the stop goes the other way round."""
    write(
        tmp_path,
        {
            "web": gated("web", after='"api", "db"'),
            "api": gated("api", after='"db"'),
            "db": gated("db"),
            "free": gated("free"),
        },
        "web",
        "api",
        "free",
    )
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        waiting = {each["profile"]: each for each in daemon.wait_for_count("start.postponed", 2)}
        daemon.wait_for("child.ready", profile="free")
        assert order_of(daemon, "child.ready") == ["free"]
        (tmp_path / "db.go").touch()
        daemon.wait_for("child.ready", profile="web")

        assert waiting["web"]["after"] == ["api", "db"]
        assert waiting["web"]["why"] == "`api` is not ready yet, `db` is not ready yet"
        assert (waiting["api"]["after"], waiting["api"]["level"]) == (["db"], "info")
        assert order_of(daemon, "child.ready") == ["free", "db", "api", "web"]
        assert daemon.close() == 0
        ended = [name for name in order_of(daemon, "child.exited") if name != "free"]
        assert ended == ["web", "api", "db"]


def test_an_app_whose_leader_is_held_waits_and_says_so(tmp_path: Path) -> None:
    """A command starts it all the same. Once the other has done its work and ended, all start that waited."""
    profiles = {name: gated(name, after='"migrate"') for name in ("web", "hasty")}
    write(tmp_path, profiles, "web", "hasty")
    write_files(
        tmp_path,
        {
            "migrate.py": "raise SystemExit(1)\n",
            "migrate.toml": '[target]\nscript = "migrate.py"\n[restart]\nbackoff = { attempts = 1 }\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", ".", "-v") as daemon:
        daemon.wait_for("control.opened")
        held = daemon.wait_for("start.postponed", why="`migrate` is held", profile="web")
        assert held["level"] == "warning"
        command = [sys.executable, "-m", "reloadd", "start", "hasty", "--wait", "--daemon", str(daemon.process.pid)]
        assert subprocess.run(command, env=clean_environ(), check=False, capture_output=True).returncode == 0
        # The command may have its answer before we have read the record.
        daemon.wait_for("child.ready", profile="hasty")
        assert order_of(daemon, "child.ready") == ["hasty"]
        (tmp_path / "migrate.py").write_text("print('migrated')\n")
        daemon.wait_for("child.ready", profile="web")

        assert daemon.all("supervisor.finished", profile="migrate")


def test_a_migration_is_waited_for_until_it_has_finished(tmp_path: Path) -> None:
    """One that fails lets nobody start; each one that ends well is followed."""
    write(tmp_path, {"web": gated("web", after='"migrate"', extra='restart-with = ["migrate"]\n')}, "web")
    write_files(
        tmp_path,
        {
            "bad": "",
            "migrate.py": MIGRATION,
            "migrate.toml": '[target]\nscript = "migrate.py"\n[ready]\nfinished = true\n'
            "[restart]\nbackoff = { attempts = 1 }\n",
        },
    )
    with RunningDaemon(tmp_path, "--profile", ".", "-v") as daemon:
        daemon.wait_for("start.postponed", why="`migrate` is not ready yet", profile="web")
        (tmp_path / "go").touch()
        daemon.wait_for("start.postponed", why="`migrate` is held", profile="web", level="warning")
        assert daemon.all("child.ready") == []
        (tmp_path / "bad").unlink()
        (tmp_path / "migrate.py").write_text(f"{MIGRATION}# again\n")
        daemon.wait_for("supervisor.finished", profile="migrate")
        daemon.wait_for("child.ready", profile="web")
        postponed = len(daemon.all("start.postponed", why="`migrate` is held"))
        (tmp_path / "migrate.py").write_text(f"{MIGRATION}# and again\n")
        daemon.wait_for("restart.completed", profile="web")

        assert (postponed, len(daemon.all("restart.followed"))) == (1, 1)
        assert daemon.all("supervisor.moved", profile="migrate")[-1]["after"] == "finished"


def test_followers_restart_once_and_in_order(tmp_path: Path) -> None:
    """A chain with a shortcut: each restarts after all those that it follows; one that follows nobody runs on."""
    follows = 'restart-with = ["{}"]\n'
    write(
        tmp_path,
        {
            "api": gated("api"),
            "web": gated("web", extra=follows.format("api")),
            "proxy": gated("proxy", extra='restart-with = ["api", "web"]\n'),
            "free": gated("free"),
        },
        "api",
        "web",
        "proxy",
        "free",
    )
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", 4)
        (tmp_path / "api.txt").touch()
        daemon.wait_for("restart.completed", profile="proxy")

        completed = daemon.all("restart.completed")
        assert [(each["profile"], each["cause"]) for each in completed] == [
            ("api", "change"),
            ("web", "restart-with"),
            ("proxy", "restart-with"),
        ]
        assert [(each["profile"], each["leader"]) for each in daemon.all("restart.followed")] == [
            ("web", "api"),
            ("proxy", "web"),
        ]
        (tmp_path / "web.txt").touch()
        daemon.wait_for("restart.completed", profile="proxy", generation=3)

        assert daemon.all("restart.completed", profile="free") == []
        assert len(daemon.all("restart.completed", profile="api")) == 1


OVERLAPPING = """{extra}
[target]
app = "app:app"
[listen]
http = "127.0.0.1:0"
[watch]
roots = [{roots}]
"""


@pytest.mark.parametrize("backend", ["events", "poll"])
def test_one_save_of_all_restarts_each_once_and_in_order(tmp_path: Path, backend: str) -> None:
    """Each starts after those that it follows, though it was told of the save itself, by a watch of its own.

    A save of one of them alone restarts that and its followers; no request gets old code meanwhile.
    """
    polled = f'backend = "{backend}"\npoll-interval = 0.1\n'
    profiles = {
        "api.toml": OVERLAPPING.format(extra="", roots='"shared", "api"') + polled,
        "web.toml": OVERLAPPING.format(extra='restart-with = ["api"]', roots='"shared", "web"') + polled,
        "proxy.toml": OVERLAPPING.format(extra='restart-with = ["web"]', roots='"shared", "proxy"') + polled,
    }
    app = "import sys\nsys.path.insert(0, 'shared')\nimport shared\n" + APP.replace('b"web"', "shared.TEXT")
    names = ["api", "web", "proxy"]
    own = {f"{name}/own.py": "" for name in names}
    write_files(tmp_path, {**profiles, **own, "app.py": app, "shared/shared.py": "TEXT = b'0'\n"})
    with RunningDaemon(tmp_path, "--profile", ".", "-v") as daemon:
        daemon.wait_for_count("child.ready", 3)
        for number in range(1, 4):
            save(tmp_path / "shared" / "shared.py", f"TEXT = b'{number}'\n")
            daemon.wait_for_count("change.settled", 3 * number)
            assert daemon.get(profile="proxy") == str(number)
            daemon.wait_for_count("restart.completed", number, profile="proxy")

        completed = daemon.all("restart.completed")
        assert [each["profile"] for each in completed] == names * 3
        assert [each["cause"] for each in completed] == ["change", "restart-with", "restart-with"] * 3
        assert {tuple(each["paths"]) for each in completed} == {("shared/shared.py",)}
        assert {each["profile"] for each in daemon.all("change.postponed")} <= {"web", "proxy"}
        postponed = len(daemon.all("change.postponed"))
        save(tmp_path / "web" / "own.py", "again = True\n")
        daemon.wait_for("restart.completed", profile="proxy", generation=5)
        save(tmp_path / "proxy" / "own.py", "again = True\n")
        daemon.wait_for("restart.completed", profile="proxy", generation=6)

        assert daemon.close() == 0
        assert order_of(daemon, "restart.completed") == [*names * 3, "web", "proxy", "proxy"]
        assert order_of(daemon, "restart.requested") == order_of(daemon, "restart.completed")
        assert len(daemon.all("change.postponed")) == postponed


def test_what_was_held_back_for_a_leader_that_is_stopped_is_acted_on(tmp_path: Path) -> None:
    """All of it, in one restart: what was saved first, and what was saved while that waited."""
    waiting = "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.01)\n"
    profiles = {
        "api.toml": OVERLAPPING.format(extra="", roots='"shared"'),
        "web.toml": OVERLAPPING.format(extra='restart-with = ["api"]', roots='"shared", "web"').replace(
            "app:", "web.web:"
        ),
    }
    app = "import sys\nsys.path.insert(0, 'shared')\nimport shared\n" + APP
    write_files(tmp_path, {**profiles, "app.py": app, "shared/shared.py": "", "web/web.py": APP})
    with RunningDaemon(tmp_path, "--profile", ".", "-v") as daemon:
        daemon.wait_for_count("child.ready", 2)
        save(tmp_path / "shared" / "shared.py", waiting)
        assert daemon.wait_for("change.postponed", profile="web")["leaders"] == ["api"]
        save(tmp_path / "web" / "web.py", APP.replace('b"web"', 'b"new"'))
        daemon.wait_for("change.settled", profile="web", paths=["web/web.py"])
        daemon.wait_for("child.spawned", profile="api", generation=2)
        command = [sys.executable, "-m", "reloadd", "stop", "api", "--daemon", str(daemon.process.pid)]
        assert subprocess.run(command, env=clean_environ(), check=False, capture_output=True).returncode == 0
        completed = daemon.wait_for("restart.completed", profile="web")

        assert completed["cause"] == "change"
        assert completed["paths"] == ["shared/shared.py", "web/web.py"]
        assert daemon.get(profile="web") == "new"
        assert len(daemon.all("restart.requested", profile="web")) == 1
        assert len(daemon.all("change.postponed")) == 1


def test_a_follower_waits_for_no_leader_that_fails(tmp_path: Path) -> None:
    """Its own part of a save is served when it is known that the leader's is not, and again once that is mended."""
    profiles = {
        "api.toml": OVERLAPPING.format(extra="", roots='"."').replace("app:app", "api:app"),
        "web.toml": OVERLAPPING.format(extra='restart-with = ["api"]', roots='"."'),
    }
    write_files(tmp_path, {**profiles, "api.py": APP, "app.py": APP})
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", 2)
        save(tmp_path / "api.py", "def (:\n")
        daemon.wait_for("restart.completed", profile="web")

        assert daemon.wait_for("restart.completed", profile="web")["cause"] == "change"
        assert len(daemon.all("restart.abandoned", profile="api")) == 1
        save(tmp_path / "api.py", APP)
        daemon.wait_for("restart.completed", profile="web", generation=3)

        assert order_of(daemon, "restart.completed") == ["web", "api", "web"]


def test_a_restart_that_fails_is_not_followed(tmp_path: Path) -> None:
    """The leader's old code serves on, and so does the follower; the next good save restarts both."""
    write(tmp_path, {"web": gated("web", extra='restart-with = ["api"]\n')}, "web")
    write_files(
        tmp_path,
        {
            "api.py": APP,
            "api.toml": '[target]\napp = "api:app"\n[listen]\nhttp = "127.0.0.1:0"\n[watch]\ninclude = ["api.py"]\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", 2)
        (tmp_path / "api.py").write_text("def (:\n")
        daemon.wait_for("restart.abandoned", profile="api")
        (tmp_path / "api.py").write_text(APP + "\n")
        daemon.wait_for("restart.completed", profile="web")

        assert len(daemon.all("restart.followed")) == 1
        assert ask(daemon.address("api"))[1] == "web"


def test_an_app_that_waits_can_be_added_and_taken_away(tmp_path: Path) -> None:
    """A new profile waits for those that run already only as long as they are not ready; one that waits can go."""
    write(tmp_path, {"db": gated("db")})
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for("watch.started", profile="db")
        write_files(tmp_path, {"web.toml": gated("web", after='"db"'), "web.go": ""})
        daemon.wait_for("start.postponed", profile="web")
        (tmp_path / "web.toml").unlink()
        daemon.wait_for("profile.removed", profile="web")
        (tmp_path / "db.go").touch()
        daemon.wait_for("child.ready", profile="db")
        write_files(tmp_path, {"late.toml": gated("late", after='"db"'), "late.go": ""})
        daemon.wait_for("child.ready", profile="late")

        assert daemon.all("child.ready", profile="web") == []
        assert daemon.all("start.postponed", profile="late") == []


def test_a_stop_does_not_wait_longer_than_the_deadlines(tmp_path: Path) -> None:
    """An app that will not go is killed after its own time, and the one before it is then stopped."""
    write(tmp_path, {"db": gated("db")}, "db")
    write_files(
        tmp_path,
        {
            "stubborn.py": "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print('deaf', flush=True)\ntime.sleep(600)\n",
            "stubborn.toml": 'after = ["db"]\n[target]\nscript = "stubborn.py"\n[restart]\nstop-timeout = 0.5\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for("child.ready", profile="stubborn")
        wait_until(lambda: "deaf" in daemon.output, "the script runs")

        assert daemon.close() == 0
        assert order_of(daemon, "child.exited") == ["stubborn", "db"]
        assert daemon.all("child.killed", profile="stubborn")
        assert daemon.all("child.exited", profile="db")[0]["exit_code"] == 0
