"""However a tree is edited, and whenever: in the end what is served is what is on the disk."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.chaos import chosen_seed
from tests.support.daemon import RunningDaemon, clean_environ, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

EDITS = int(os.environ.get("RELOADD_TEST_EDITS", "250"))
"""Edits for each backend; the full run takes 1,000."""

MODULES = [f"part{number}" for number in range(6)]

APP = """
import importlib, json, time

def version(name):
    try:
        return importlib.import_module(name).VERSION
    except ModuleNotFoundError:
        return None

time.sleep({pause})
VERSIONS = {{name: version(name) for name in {names!r}}}

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(VERSIONS).encode()]
"""

PROFILE = """
[target]
app = "web:app"
server = "wsgiref"
[listen]
http = "127.0.0.1:0"
[watch]
backend = "{backend}"
poll-interval = 0.05
"""


class Tree:
    """A small tree that is edited at random, with what should be served of it."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.chance = random.Random(seed)  # noqa: S311 (edits that can be made again)
        self.versions: dict[str, int | None] = dict.fromkeys(MODULES)
        self._count = 0
        for name in MODULES:
            self.save_in_place(name)
        self._git("init", "-q")
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "first")
        self._committed = dict(self.versions)

    def edit(self) -> None:
        """One edit of a random kind."""
        kinds = [self.save_in_place, self.save_by_rename] * 3 + [self.delete, self.touch, self.same, self.older]
        if self.chance.random() < 0.04:
            self.check_out()
        elif self.chance.random() < 0.1:
            for name in MODULES:
                self.save_in_place(name)
        else:
            self.chance.choice(kinds)(self.chance.choice(MODULES))

    def save_in_place(self, name: str) -> None:
        """Truncate and write; the size stays the same, so that only the content tells."""
        self._path(name).write_text(self._next(name))

    def save_by_rename(self, name: str) -> None:
        """Write beside it and rename over it, as many editors do."""
        beside = self.directory / f".{name}.tmp"
        beside.write_text(self._next(name))
        beside.rename(self._path(name))

    def older(self, name: str) -> None:
        """A file with a modification time of the past takes its place."""
        beside = self.directory / f".{name}.tmp"
        beside.write_text(self._next(name))
        os.utime(beside, (1_000_000_000, 1_000_000_000))
        beside.rename(self._path(name))

    def delete(self, name: str) -> None:
        """Remove the file."""
        self._path(name).unlink(missing_ok=True)
        self.versions[name] = None

    def touch(self, name: str) -> None:
        """Change nothing but times."""
        if self._path(name).exists():
            self._path(name).touch()

    def same(self, name: str) -> None:
        """Save what is there already."""
        if self._path(name).exists():
            self._path(name).write_text(self._path(name).read_text())

    def check_out(self) -> None:
        """Back to the first commit, all files at once."""
        self._git("checkout", "-q", "-f", ".")
        self.versions = dict(self._committed)

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.py"

    def _next(self, name: str) -> str:
        self._count += 1
        self.versions[name] = 100_000 + self._count
        return f"VERSION = {self.versions[name]}\n"

    def _git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=self.directory, check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("backend", ["events", "poll"])
def test_what_is_served_is_what_is_on_the_disk(tmp_path: Path, backend: str) -> None:
    """Edits at random moments, also while the child starts: no change is ever missed, none is served stale."""
    seed = chosen_seed()
    write_files(
        tmp_path,
        {"web.py": APP.format(pause=0.03, names=MODULES), "dev.toml": PROFILE.format(backend=backend)},
    )
    tree = Tree(tmp_path, seed)
    with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=clean_environ()) as daemon:
        daemon.wait_for("child.ready")
        done = 0
        while done < EDITS:
            # From edits that come while the child starts to edits that find it serving.
            for _ in range(tree.chance.randrange(1, 12)):
                tree.edit()
                done += 1
                time.sleep(tree.chance.choice([0.0, 0.001, 0.02, 0.15]))  # the moment of an edit is what is tried
            wait_until(
                lambda: json.loads(daemon.get()) == tree.versions,
                f"versions {tree.versions} served after {done} edits, seed {seed}",
            )
