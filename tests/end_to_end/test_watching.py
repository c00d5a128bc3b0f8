"""What is saved while apps run, as a user sees it: which restarts it leads to."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.support.daemon import RunningDaemon, wait_until, write_files

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
        daemon.wait_for_output("shared 1")
        (shared / "shared.py").write_text("VERSION = 22\n")
        (app / "go").touch()
        daemon.wait_for_output("shared 22")
        daemon.wait_for("restart.completed", generation=2)
        (shared / "other.py").write_text("nobody = 'imports it'")
        daemon.wait_for("watch.started", roots=[str(shared)])
        (shared / "shared.py").write_text("VERSION = 333\n")
        daemon.wait_for_output("shared 333")
        assert len(daemon.all("child.exited")) == 2


def test_a_save_of_nothing_new_is_said_and_no_more(tmp_path: Path) -> None:
    """By the path that is in the record of a change too; and of roots in each other the outermost is named alone"""
    text = "import signal\nsignal.pause()\n"
    write_files(tmp_path, {"src/work.py": text, "dev.toml": '[target]\nscript = "src/work.py"\n'})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        assert daemon.wait_for("watch.started", profile="dev")["roots"] == [str(tmp_path)]

        def is_ignored() -> bool:
            (tmp_path / "src/work.py").write_text(text)
            return bool(daemon.all("change.ignored"))

        wait_until(is_ignored, "the file is read")  # until then any save may be one of something new
        assert daemon.all("change.ignored")[0]["path"] == "src/work.py"
        (tmp_path / "src/work.py").write_text(f"{text}# edited\n")
        daemon.wait_for("change.settled", paths=["src/work.py"])


BOOTING = """
import signal, sys
import part
print(sys.argv[1], "runs", part.VERSION, flush=True)
signal.pause()
"""

BOOTED = """
[target]
script = "work.py"
args = ["{backend}"]
[watch]
backend = "{backend}"
poll-interval = 0.05
[ready]
started = 0.3
"""

BOTH = {f"{backend}.toml": BOOTED.format(backend=backend) for backend in ("events", "poll")}


def test_what_is_saved_while_an_app_starts_is_run(tmp_path: Path) -> None:
    """At whatever moment after its import, with the same size in the same second: the last version runs in the end"""
    write_files(tmp_path, BOTH | {"work.py": BOOTING, "part.py": "VERSION = 100\n"})
    with RunningDaemon(tmp_path, "--profile", "events.toml", "--profile", "poll.toml") as daemon:
        for number, offset_ms in enumerate((0, 1, 2, 5, 10, 20, 50, 100, 200, 350, 500), start=100):
            for backend in ("events", "poll") if number % 2 else ("poll", "events"):
                daemon.wait_for_output(f"{backend} runs {number}\n")
            time.sleep(offset_ms / 1000)  # the moment is what is tried
            (tmp_path / "part.py").write_text(f"VERSION = {number + 1}\n")
        for backend in ("events", "poll"):
            daemon.wait_for_output(f"{backend} runs 111\n")


SAVED = """{blank}import sys
VERSION = '{number}' , sys._getframe().f_lineno
"""


def test_a_formatter_after_a_save_costs_one_start_more(tmp_path: Path) -> None:
    """At the most, however long after the save ruff writes; what it wrote is what runs, as the line number shows"""
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--quiet", "--isolated", "--no-cache", "part.py"]
    write_files(tmp_path, BOTH | {"work.py": BOOTING, "part.py": "VERSION = 0\n"})
    with RunningDaemon(tmp_path, "-v", "--profile", "events.toml", "--profile", "poll.toml") as daemon:
        for backend in ("events", "poll"):
            daemon.wait_for("child.ready", profile=backend)
        for number, after_ms in enumerate((5, 20, 200, 700), start=1):
            before = len(daemon.all("child.spawned"))
            (tmp_path / "part.py").write_text(SAVED.format(blank="\n" * 9, number=number))
            time.sleep(after_ms / 1000)  # the moment is what is tried
            subprocess.run(ruff, cwd=tmp_path, check=True)
            for backend in ("events", "poll"):
                daemon.wait_for_output(f"{backend} runs ('{number}', 3)\n")
                daemon.wait_for_count("restart.completed", number, profile=backend)
            assert len(daemon.all("child.spawned")) - before <= 4
