"""Which restarts real programs lead to, seen from the log: exactly one each, with events and with polling.

One daemon has two apps on the same tree, so that what is dear to do is done once. Each app prints what it runs, which
is all content of the tree, and its starts are counted.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, write_files
from tests.support.repositories import git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.daemon import Fields

BACKENDS = ("events", "poll")

APP = """
import hashlib, os, signal, sys
sys.path.insert(0, "src")
import part

def files(directory):
    for entry in sorted(os.scandir(os.fsencode(directory)), key=lambda each: each.name):
        if entry.is_dir():
            yield from files(entry.path)
        elif entry.name.endswith(b".py"):
            yield entry.path

digest = hashlib.sha256()
for path in files("src"):
    digest.update(path + b"=" + open(path, "rb").read())
print(sys.argv[1], "runs", part.VERSION, digest.hexdigest(), flush=True)
signal.pause()
"""

PROFILE = """
[target]
script = "work.py"
args = ["{backend}"]
[watch]
roots = ["src"]
backend = "{backend}"
poll-interval = 0.05
[ready]
started = 0.1
[warm]
mode = "off"
"""


class Shop:
    """The daemon, its two apps, and the tree that they run.

    Args:
        daemon: it.
        directory: where it was started.
    """

    def __init__(self, daemon: RunningDaemon, directory: Path) -> None:
        self.daemon = daemon
        self.tree = directory / "src"
        self._restarts = 0
        self._await_restarts()

    def restarted_once(self) -> list[list[str]]:
        """Each app runs what is there, after one start more than before; the files that it was restarted for.

        That there is no other start, the next call shows.
        """
        self._restarts += 1
        return [list(each["paths"]) for each in self._await_restarts()]

    def _await_restarts(self) -> list[Fields]:
        runs = f"runs {self._version()} {self._digest()}"
        last = []
        for backend in BACKENDS:
            self.daemon.wait_for_output(f"{backend} {runs}\n")
            self.daemon.wait_for("child.ready", profile=backend)
            last += self.daemon.wait_for_count("restart.completed", self._restarts, profile=backend)[-1:]
            starts = len(self.daemon.all("child.spawned", profile=backend))
            assert starts == self._restarts + 1, self.daemon.output
        return last

    def _version(self) -> str:
        return (self.tree / "part.py").read_text().partition("=")[2].strip()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in _files(os.fsencode(self.tree)):
            relative = os.path.relpath(path, os.fsencode(self.tree.parent))
            digest.update(relative + b"=" + Path(os.fsdecode(path)).read_bytes())
        return digest.hexdigest()


def _files(directory: bytes) -> Iterator[bytes]:
    for entry in sorted(os.scandir(directory), key=lambda each: each.name):
        if entry.is_dir():
            yield from _files(entry.path)
        elif entry.name.endswith(b".py"):
            yield entry.path


@contextmanager
def running(directory: Path) -> Iterator[Shop]:
    """Start a daemon on the tree that is there."""
    write_files(directory, {"work.py": APP} | {f"{each}.toml": PROFILE.format(backend=each) for each in BACKENDS})
    with RunningDaemon(directory, "-v", "--profile", "events.toml", "--profile", "poll.toml") as daemon:
        yield Shop(daemon, directory)


FILES = 500


def save_all(tree: Path, text: str) -> None:
    """Write the same to every file of a tree."""
    write_files(tree, {f"package{number % 10}/{number}.py": f"{text}\n" for number in range(FILES)})


@pytest.mark.slow
def test_what_git_does_to_many_files_is_one_restart(tmp_path: Path) -> None:
    """500 files at once, and the app finds the new content in each, since git's lock is gone when it starts"""
    tree = tmp_path / "src"
    write_files(tree, {"part.py": "VERSION = 1\n"})
    git(tree, "init", "--quiet", "--initial-branch", "one")
    for text in ("first", "second", "third", "fourth"):
        save_all(tree, text)
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--message", text)
    with running(tmp_path) as shop:
        for command in (
            "checkout --quiet one~2",
            "checkout --quiet one",
            "bisect start HEAD HEAD~3",
            "bisect bad",
            "bisect reset",
            "reset --quiet --hard HEAD~1",
            "merge --quiet ORIG_HEAD",
        ):
            git(tree, *command.split())
            assert [len(paths) for paths in shop.restarted_once()] == [FILES, FILES], command
        git(tree, "checkout", "--quiet", "one~1", ".")
        shop.restarted_once()
        for command in ("stash", "stash pop"):
            git(tree, *command.split())
            assert [len(paths) for paths in shop.restarted_once()] == [FILES, FILES], command
        (tree / "part.py").write_text("VERSION = 2\n")
        shop.restarted_once()


@pytest.mark.slow
def test_a_lock_that_was_left_behind_holds_up_one_restart(tmp_path: Path) -> None:
    """Git was killed, say: until its `index.lock` is ten seconds old it may be at work, and from then on it is not"""
    write_files(tmp_path, {"src/part.py": "VERSION = 1\n", "src/.git/index.lock": ""})
    with running(tmp_path) as shop:
        made = time.time() - 8
        os.utime(shop.tree / ".git/index.lock", (made, made))
        (shop.tree / "part.py").write_text("VERSION = 2\n")
        shop.restarted_once()
        for backend in BACKENDS:
            told = shop.daemon.wait_for("change.settled", profile=backend)["timestamp"]
            assert datetime.fromisoformat(told).timestamp() > made + 10
        (shop.tree / "part.py").write_text("VERSION = 3\n")
        shop.restarted_once()
        for backend in BACKENDS:
            again = shop.daemon.wait_for_count("change.settled", 2, profile=backend)[1]
            assert again["settled_ms"] < 10_000


@pytest.mark.slow
def test_a_daemon_that_was_stopped_makes_good_for_what_it_missed(tmp_path: Path) -> None:
    """20,000 files are made meanwhile, more than the kernel keeps events of: one restart, and one record says why"""
    write_files(tmp_path, {"src/part.py": "VERSION = 1\n"})
    with running(tmp_path) as shop:
        shop.daemon.process.send_signal(signal.SIGSTOP)
        for number in range(20_000):
            (shop.tree / f"{number}.txt").touch()
        (shop.tree / "part.py").write_text("VERSION = 2\n")
        shop.daemon.process.send_signal(signal.SIGCONT)
        assert shop.restarted_once() == [["src/part.py"]] * 2
        shop.daemon.wait_for("watch.overflowed", profile="events")
        assert not shop.daemon.all(""), "a line of the log that is no record"
        (shop.tree / "part.py").write_text("VERSION = 3\n")
        assert shop.restarted_once() == [["src/part.py"]] * 2


NAMES = ("line\nbreak.py", "two words.py", "caf\udce9.py", "[x].py", "!x.py", "#x.py", "-x.py", "x" * 252 + ".py")


def test_any_name_restarts(tmp_path: Path) -> None:
    """Whatever is in it, and though it need not be UTF-8: the log names it, and the app runs"""
    write_files(tmp_path, {"src/part.py": "VERSION = 1\n", "made/part.py": ""})
    for name in NAMES:
        (tmp_path / "made" / name).touch()
    with running(tmp_path) as shop:
        (tmp_path / "made").rename(shop.tree / "made")
        every = shop.restarted_once()[0]
        assert len(every) == len(NAMES) + 1
        told = []
        for name in NAMES:
            (shop.tree / "made" / name).write_text("edited = 1")
            events, poll = shop.restarted_once()
            assert events == poll
            told += events
        assert sorted([*told, "src/made/part.py"]) == sorted(every)


def test_a_clock_that_was_set_back_hides_nothing(tmp_path: Path) -> None:
    """Files and compiled files are from the future, and edits of the same size are older than they are"""
    write_files(tmp_path, {"src/part.py": "VERSION = 100\n"})
    part, ahead = tmp_path / "src/part.py", time.time() + 3600
    os.utime(part, (ahead, ahead))
    with running(tmp_path) as shop:
        part.write_text("VERSION = 101\n")
        shop.restarted_once()
        for version, when in ((102, ahead), (103, ahead), (104, ahead - 7200), (105, ahead)):
            beside = part.with_suffix(".tmp")
            beside.write_text(f"VERSION = {version}\n")
            os.utime(beside, (when, when))
            beside.replace(part)
            assert shop.restarted_once() == [["src/part.py"]] * 2
