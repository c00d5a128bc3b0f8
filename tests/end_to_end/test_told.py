"""Programs that are no `app` and say by sd_notify that they are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.daemon import RunningDaemon, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import os, pathlib, signal, socket, time
print("importing", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
    notify.send(b"STATUS=serving\\nREADY=1")
signal.pause()
"""


def test_ready_when_it_says_so(tmp_path: Path) -> None:
    """Not when it was started, and not before it sent READY=1."""
    write_files(tmp_path, {"work.py": SCRIPT, "dev.toml": '[target]\nscript = "work.py"\n[ready]\ntold = true\n'})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        wait_until(lambda: "importing" in daemon.output, "a script that runs")
        assert daemon.all("child.ready") == []
        (tmp_path / "go").touch()

        daemon.wait_for("child.ready")
