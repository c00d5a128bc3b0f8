"""A directory with profiles in it, for the tests of what reading them says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.profile.load import Source, load_profiles
from reloadd.profile.problems import draw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.profile.accept import Loaded
    from reloadd.profile.model import Profile

HERE = "/home/me/shop"
"""Stands in expected texts for the directory of the test."""


class ProfileDirectory:
    """Files under a real directory, and what loading profiles from there says.

    Args:
        path: an empty directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = path / "home"
        self.environ: dict[str, str] = {"HOME": str(self.home), "PATH": "/usr/bin:/bin"}

    def write(self, files: Mapping[str, str | bytes]) -> ProfileDirectory:
        """Make the files, with the directories that they need; a name that ends in a slash is a directory."""
        for name, content in files.items():
            path = self.path / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def environment(self, name: str) -> Path:
        """Make what a virtual environment is recognized by, around this interpreter; returns its python."""
        self.write({f"{name}/pyvenv.cfg": "", f"{name}/bin/": ""})
        python = self.path / name / "bin" / "python"
        python.symlink_to(sys.executable)
        return python

    def load(self, *arguments: str) -> Loaded:
        """Load as the command line would, with this directory as the current one."""
        return load_profiles(arguments, environ=self.environ, directory=self.path, interpreter=Path(sys.executable))

    def profile(self, text: str, file: str = "dev.toml") -> Profile:
        """The profile that `text` is, in the file of that name; fails with the drawing if it is wrong."""
        self.write({file: text})
        loaded = self.load(f"./{file}")
        assert not loaded.problems, draw(loaded.problems, directory=self.path)
        (profile,) = loaded.profiles
        return profile

    def read_alone(self, text: str, file: str = "dev.toml") -> Profile:
        """The same, whoever else it names."""
        self.write({file: text})
        source = Source((f"./{file}",), self.environ, self.path, Path(sys.executable))
        return source.read().right[self.path / file].profile

    def drawn(self, *arguments: str) -> str:
        """The drawing of all problems, in which this directory is called `HERE`."""
        return draw(self.load(*arguments).problems, directory=self.path).replace(str(self.path), HERE)
