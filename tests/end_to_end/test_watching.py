"""What is saved while apps run, as a user sees it: which restarts it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.daemon import RunningDaemon, write_files

if TYPE_CHECKING:
    from pathlib import Path

LOOPING = """
import pathlib, signal, time
pathlib.Path("data").mkdir(exist_ok=True)
pathlib.Path("data/state.py").write_text(f"started = {time.time_ns()}")
signal.pause()
"""


def test_an_app_that_writes_what_is_watched_is_stopped(tmp_path: Path) -> None:
    """After some restarts the record names the file and the line that ends it; other files restart it as before"""
    write_files(
        tmp_path,
        {
            "work.py": LOOPING,
            "other.py": "",
            "dev.toml": '[target]\ncommand = ["python3", "work.py"]\n[ready]\nstarted = 3\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        loop = daemon.wait_for("change.looping")
        assert loop["path"] == "data/state.py"
        assert loop["hint"] == "add '/data/state.py' to `exclude` in `[watch]`"
        daemon.wait_for("restart.completed")
        restarts = len(daemon.all("change.settled"))
        (tmp_path / "other.py").write_text("edited = True")
        daemon.wait_for("restart.completed", paths=["other.py"])
        assert len(daemon.all("change.settled")) == restarts + 1
        assert len(daemon.all("change.looping")) == 1
