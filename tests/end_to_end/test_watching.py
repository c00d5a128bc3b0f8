"""What is saved while apps run, as a user sees it: which restarts it leads to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.daemon import RunningDaemon, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path


def wait_for_output(daemon: RunningDaemon, words: str) -> None:
    """Return once an app has printed these words."""
    wait_until(lambda: words in daemon.output, f"`{words}`")


IMPORTING = """
import os, pathlib, signal, sys, time
sys.path.insert(0, os.environ["SHARED"])
import shared
print("shared", shared.VERSION, flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
with __import__("socket").socket(__import__("socket").AF_UNIX, __import__("socket").SOCK_DGRAM) as notify:
    notify.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
    notify.send(b"READY=1")
signal.pause()
"""

OUTSIDE = """
[target]
script = "work.py"
env = {{ SHARED = "{shared}" }}
[watch]
imported = {imported}
[ready]
told = true
[warm]
mode = "off"
"""


def test_what_is_imported_from_elsewhere_is_watched(tmp_path: Path) -> None:
    """A package outside of the roots restarts the app too, also if it was saved after it was imported, before ready"""
    app, shared = tmp_path / "app", tmp_path / "shared"
    write_files(shared, {"shared.py": "VERSION = 1\n", "other.py": ""})
    write_files(app, {"work.py": IMPORTING, "dev.toml": OUTSIDE.format(shared=shared, imported="true")})
    with RunningDaemon(app, "--profile", "dev.toml") as daemon:
        wait_for_output(daemon, "shared 1")
        (shared / "shared.py").write_text("VERSION = 22\n")
        (app / "go").touch()
        wait_for_output(daemon, "shared 22")
        daemon.wait_for("restart.completed", generation=2)
        (shared / "other.py").write_text("nobody = 'imports it'")
        daemon.wait_for("watch.started", roots=[str(shared)])
        (shared / "shared.py").write_text("VERSION = 333\n")
        wait_for_output(daemon, "shared 333")
        assert len(daemon.all("child.exited")) == 2


BOOTING = """
import signal
import part
print("runs", part.VERSION, flush=True)
signal.pause()
"""

BOOTED = '[target]\nscript = "work.py"\n[ready]\nstarted = 0.3\n'


def test_what_is_saved_while_an_app_starts_is_run(tmp_path: Path) -> None:
    """At whatever moment after its import, with the same size in the same second: the last version runs in the end"""
    write_files(tmp_path, {"work.py": BOOTING, "part.py": "VERSION = 100\n", "dev.toml": BOOTED})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        for number, offset_ms in enumerate((0, 1, 5, 20, 50, 100, 200, 350, 500), start=100):
            wait_for_output(daemon, f"runs {number}")
            time.sleep(offset_ms / 1000)  # the moment is what is tried
            (tmp_path / "part.py").write_text(f"VERSION = {number + 1}\n")
        wait_for_output(daemon, "runs 109")


def test_a_formatter_after_a_save_costs_one_start_more(tmp_path: Path) -> None:
    """At the most, however long after the save it writes; what it wrote is what runs"""
    write_files(tmp_path, {"work.py": BOOTING, "part.py": "VERSION = 0\n", "dev.toml": BOOTED})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        for number, after_ms in enumerate((5, 20, 200, 500), start=1):
            before = len(daemon.all("child.spawned"))
            (tmp_path / "part.py").write_text(f"VERSION='{number} as saved'\n")
            time.sleep(after_ms / 1000)  # the moment is what is tried
            (tmp_path / "part.py").write_text(f'VERSION = "{number} as formatted"\n')
            wait_for_output(daemon, f"runs {number} as formatted")
            daemon.wait_for_count("restart.completed", number)
            assert len(daemon.all("child.spawned")) - before <= 2
