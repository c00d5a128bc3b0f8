"""What an app imports from outside of its roots, as a user sees it: which saves there restart it, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.daemon import RunningDaemon, write_files
from tests.support.repositories import git

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import beside

def app(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/late":
        import late
        return [late.TEXT]
    return [beside.TEXT]
"""

PROFILE = """
[target]
app = "main:app"
[listen]
http = "127.0.0.1:0"
"""


def test_what_a_start_failed_in_is_watched(tmp_path: Path) -> None:
    """At the first start, and where the import is new; the import path may lead up and down again"""
    write_files(tmp_path, {"app/main.py": MAIN, "app/dev.toml": PROFILE, "lib/beside.py": "TEXT = b'1\n"})
    with RunningDaemon(tmp_path / "app", "--profile", "dev.toml") as daemon:
        daemon.wait_for("supervisor.held")
        write_files(tmp_path / "lib", {"beside.py": "TEXT = b'2'\n"})
        daemon.wait_for("restart.completed", generation=2)
        assert daemon.get() == "2"

        write_files(tmp_path, {"lib/more.py": "TEXT = b'3\n", "app/main.py": MAIN + "import more as beside\n"})
        daemon.wait_for("restart.abandoned", generation=3, file=str(tmp_path / "lib/more.py"))
        write_files(tmp_path / "lib", {"more.py": "TEXT = b'4'\n"})
        daemon.wait_for("restart.completed", generation=4)
        assert daemon.get() == "4"


def test_what_a_request_imports_is_watched(tmp_path: Path) -> None:
    """Also if it is saved before that was seen; but not while the child of now has not imported it"""
    late = tmp_path / "lib/late.py"
    write_files(tmp_path, {"app/main.py": MAIN, "app/dev.toml": PROFILE, "lib/beside.py": "TEXT = b'1'\n"})
    late.write_text("TEXT = b'one'\n")
    lib = [str(tmp_path / "lib")]
    with RunningDaemon(tmp_path / "app", "--profile", "dev.toml") as daemon:
        daemon.wait_for("watch.started", roots=lib, files=1)
        assert daemon.get("/late") == "one"
        late.write_text("TEXT = b'second'\n")
        daemon.wait_for("restart.completed", generation=2, paths=[str(late)])
        daemon.wait_for_count("watch.started", 2, roots=lib, files=1)

        late.write_text("TEXT = b'the third'\n")
        assert daemon.get("/late") == "the third"
        daemon.wait_for_count("watch.started", 2, roots=lib, files=2)
        late.write_text("TEXT = b'and the fourth'\n")
        daemon.wait_for("restart.completed", generation=3, paths=[str(late)])
        assert daemon.get("/late") == "and the fourth"


def test_a_checkout_inside_and_outside_is_one_restart(tmp_path: Path) -> None:
    """Two watches tell of it, at two moments"""
    write_files(tmp_path, {".gitignore": "__pycache__\n", "app/main.py": MAIN, "app/dev.toml": PROFILE})
    write_files(tmp_path / "app", {f"part_{number}.py": "" for number in range(100)})
    write_files(tmp_path / "lib", {"beside.py": "TEXT = b'1'\n"})
    git(tmp_path, "init", "-q", "-b", "one")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "checkout", "-q", "-b", "two")
    write_files(tmp_path / "app", {f"part_{number}.py": "two = 2" for number in range(100)})
    write_files(tmp_path / "lib", {"beside.py": "TEXT = b'2'\n"})
    git(tmp_path, "commit", "-q", "-a", "-m", "two")
    with RunningDaemon(tmp_path / "app", "--profile", "dev.toml") as daemon:
        daemon.wait_for("watch.started", roots=[str(tmp_path / "lib")])
        for generation, branch in enumerate(("one", "two", "one"), start=2):
            git(tmp_path, "checkout", "-q", branch)
            done = daemon.wait_for("restart.completed", generation=generation)
            assert len(done["paths"]) == 101
            assert daemon.get() == ("1" if branch == "one" else "2")


def test_an_edited_profile_counts_for_what_was_imported(tmp_path: Path) -> None:
    """What lies in its new roots is told once, and with `imported = false` nothing is told that lies outside"""
    write_files(tmp_path, {"app/main.py": MAIN, "app/dev.toml": PROFILE, "lib/beside.py": "TEXT = b'1'\n"})
    beside = tmp_path / "lib/beside.py"
    with RunningDaemon(tmp_path / "app", "--profile", "dev.toml") as daemon:
        daemon.wait_for("watch.started", roots=[str(tmp_path / "lib")])

        write_files(tmp_path / "app", {"dev.toml": PROFILE + '[watch]\nroots = [".", "../lib"]\n'})
        daemon.wait_for("watch.started", roots=[str(tmp_path / "app"), str(tmp_path / "lib")])
        beside.write_text("TEXT = b'2'\n")
        daemon.wait_for("restart.completed", generation=2)

        write_files(tmp_path / "app", {"dev.toml": PROFILE + "[watch]\nimported = false\n"})
        daemon.wait_for_count("watch.started", 2, roots=[str(tmp_path / "app")])
        beside.write_text("TEXT = b'3'\n")
        (tmp_path / "app/main.py").write_text(MAIN + "\n")
        daemon.wait_for("restart.completed", generation=3, paths=["main.py"])
        assert daemon.get() == "3"

        beside.write_text("TEXT = b'4'\n")
        write_files(tmp_path / "app", {"dev.toml": PROFILE})
        daemon.wait_for("restart.completed", generation=4, paths=[str(beside)])
        assert daemon.get() == "4"
        assert len(daemon.all("change.settled")) == 3


OWN = """
import atexit, os, pathlib
STATE = pathlib.Path(__file__).parent.parent / "state"
BEGUN = [(STATE / name).read_text() for name in ("asked.ini", "ended.ini")]
atexit.register(lambda: (STATE / "ended.ini").write_text(str(os.getpid())))

def app(environ, start_response):
    (STATE / "asked.ini").write_text(str(os.getpid()))
    start_response("200 OK", [])
    return [b"written"]
"""


def test_what_the_app_writes_outside_restarts_it_no_more(tmp_path: Path) -> None:
    """It has read it there, so it was watched: neither what a request writes, nor what a child leaves at its end"""
    write_files(tmp_path, {"app/main.py": OWN, "app/dev.toml": PROFILE, "state/asked.ini": "", "state/ended.ini": ""})
    with RunningDaemon(tmp_path / "app", "--profile", "dev.toml") as daemon:
        daemon.wait_for("watch.started", roots=[str(tmp_path / "state")])
        for generation in (2, 3):
            assert daemon.get() == "written"
            (tmp_path / "app/main.py").write_text(f"{OWN}# {generation}\n")
            daemon.wait_for("restart.completed", generation=generation)
            daemon.wait_for("child.exited", generation=generation - 1)
        assert {tuple(each["paths"]) for each in daemon.all("change.settled")} == {("main.py",)}
