"""Several profiles in one daemon: what goes wrong for one is nothing to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.daemon import RunningDaemon, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

APP = """
GREETING = {greeting!r}

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [GREETING.encode()]
"""

PROFILE = """
[target]
app = "{name}:app"
[listen]
http = "127.0.0.1:0"
[watch]
include = ["{name}.py"]
"""

CRASHING = """
[target]
script = "crash.py"
[restart]
backoff = { first = 0.01, most = 0.02, attempts = 1000 }
"""


def write_two_apps_and_a_crash(directory: Path) -> None:
    """Two apps that serve, and one that ends with code 1 again and again."""
    write_files(
        directory,
        {
            "one.py": APP.format(greeting="one"),
            "two.py": APP.format(greeting="two"),
            "crash.py": "import sys\nprint('about to fail')\nsys.exit(1)\n",
            "one.toml": PROFILE.format(name="one"),
            "two.toml": PROFILE.format(name="two"),
            "crash.toml": CRASHING,
        },
    )


def test_a_crash_loop_is_nothing_to_the_others(tmp_path: Path) -> None:
    """Two apps serve and restart as ever while the third fails twenty times."""
    write_two_apps_and_a_crash(tmp_path)
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for("child.ready", profile="one")
        daemon.wait_for("child.ready", profile="two")
        (tmp_path / "one.py").write_text(APP.format(greeting="one, again"))
        daemon.wait_for("restart.completed", profile="one", generation=2)
        daemon.wait_for_count("child.exited", 20, profile="crash", exit_code=1, asked=False)

        assert (daemon.get(profile="one"), daemon.get(profile="two")) == ("one, again", "two")
        assert [each["exit_code"] for each in daemon.all("child.exited", profile="one")] == [0]
        assert daemon.all("child.exited", profile="two") == []


def test_output_is_prefixed_by_the_profile(tmp_path: Path) -> None:
    """Line by line, it can be seen who printed what."""
    write_two_apps_and_a_crash(tmp_path)
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        wait_until(lambda: "about to fail" in daemon.output, "output of the crashing app")

        lines = daemon.output.splitlines()
        assert "crash | about to fail" in lines
        assert all(line.startswith(("crash | ", "one   | ", "two   | ")) for line in lines)


def test_all_stop_in_parallel(tmp_path: Path) -> None:
    """Three apps of which none ends before all have been told to: each does, by itself."""
    slow = """
import glob, os, signal, sys, time
def stop(*_):
    open("told-%d" % os.getpid(), "w").close()
    while len(glob.glob("told-*")) < 3:
        time.sleep(0.01)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
while True:
    signal.pause()
"""
    write_files(
        tmp_path,
        {"slow.py": slow} | {f"{name}.toml": '[target]\nscript = "slow.py"\n' for name in ("a", "b", "c")},
    )
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for_count("child.ready", 3)
        wait_until(lambda: daemon.output.count("up") == 3, "three scripts that run")

        assert daemon.close() == 0
        assert [each["exit_code"] for each in daemon.all("child.exited")] == [0, 0, 0]
