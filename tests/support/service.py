"""reloadd as its users install it, a wheel in an environment with an awkward name, and the manager of a box's user."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.box import HOME, Box, Shared
from tests.support.daemon import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
PROFILES = Path(".config/reloadd")
UNITS = Path(".config/systemd/user")
AWKWARD = "my 100% $env"
"""What a path may be called: each of these characters means something in a unit file."""

IN_THE_WHEEL = ("reloadd", "systemd", "pyproject.toml", "README.md", "LICENSE")

WEB = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{greeting}"]
"""


def wait(condition: Callable[[], object], what: str) -> None:
    """As `wait_until`, with more patience: each step here is several processes, one after the other."""
    wait_until(condition, what, deadline=60.0)


def page_commands() -> list[str]:
    """What README.md tells its readers to type for the service."""
    (block,) = re.findall(r"(?ms)^## For the whole login\n+```sh\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"))
    return str(block).splitlines()


def make_wheel(directory: Path, version: str) -> Path:
    """A wheel of this checkout that calls itself `version`."""
    tree = directory / f"tree-{version}"
    tree.mkdir()
    for name in IN_THE_WHEEL:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    (tree / "reloadd" / "__init__.py").write_text(f'"""reloadd."""\n\n__version__ = "{version}"\n')
    _uv("build", "--quiet", "--wheel", "--out-dir", str(directory), str(tree))
    (wheel,) = directory.glob(f"reloadd-{version}-*.whl")
    return wheel


def make_environment(directory: Path, wheel: Path) -> Path:
    """The `python` of an environment in which a wheel is installed."""
    home = directory / AWKWARD
    _uv("venv", "--quiet", "--python", sys.executable, str(home))
    python = home / "bin" / "python"
    install(python, wheel)
    return python


def install(python: Path, wheel: Path) -> None:
    """Install a wheel, in place of another version of it."""
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), str(wheel))


def shared_with_box(directory: Path) -> Sequence[Shared]:
    """What a box has to see of the host to run what is installed in a directory."""
    return (Shared(directory), Shared(Path(sys.base_prefix).resolve()))


class Service:
    """reloadd as a service of the box's user.

    Args:
        box: where.
        python: of the environment that it is installed in.
    """

    def __init__(self, box: Box, python: Path) -> None:
        self.box = box
        self.python = python
        self._since = 0.0

    def reloadd(self, *arguments: str, path: str = "/usr/bin:/bin") -> str:
        """What the command `reloadd` prints, in a login session; it must succeed."""
        return self.box.login(str(self.python), "-P", "-m", "reloadd", *arguments, environ={"PATH": path})

    def systemctl(self, *arguments: str) -> str:
        """What `systemctl --user` prints; it must succeed."""
        return self.box.user("systemctl", "--user", *arguments)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.systemctl("show", unit, f"--property={name}", "--value").strip()

    def journal(self, *matches: str, unit: str = "reloadd") -> list[dict[str, Any]]:
        """The journal's entries of a unit since the test began."""
        options = ("--user", f"--unit={unit}", "--output=json", "--all", f"--since=@{self._since:.6f}")
        printed = self.box.user("journalctl", *options, *matches)
        return [json.loads(line) for line in printed.splitlines()]

    def wait_for_entry(self, *matches: str, unit: str = "reloadd", count: int = 1) -> list[dict[str, Any]]:
        """The same, once there are so many."""
        wait(lambda: len(self.journal(*matches, unit=unit)) >= count, f"{count} x {matches} in the journal")
        return self.journal(*matches, unit=unit)

    def pids(self, app: str | None = None) -> list[int]:
        """The processes of the service, or of one app's generations, in the box's numbers."""
        found = []
        group = self.show("reloadd", "ControlGroup")
        below = self.box.path(f"/sys/fs/cgroup{group}") if group else None
        where = "**/cgroup.procs" if app is None else f"app-{app}/part-[0-9]*/cgroup.procs"
        for file in below.glob(where) if below is not None else ():
            try:
                found += [int(line) for line in file.read_text("ascii").split()]
            except OSError:
                # It is removed just now.
                continue
        return found

    def write(self, files: Mapping[str, str]) -> None:
        """Write files below the user's home."""
        self.box.write({Path(name): text for name, text in files.items()})

    def write_program(self, name: str) -> None:
        """What an installation leaves on a user's `PATH`."""
        self.write({f"bin/{name}": f'#!/bin/sh\nexec "{self.python}" -P -m {name} "$@"\n'.replace("$env", "\\$env")})
        self.box.path(HOME / "bin" / name).chmod(0o755)

    @property
    def environ(self) -> dict[str, str]:
        """Of a login that finds such programs."""
        return {"PATH": f"{HOME}/bin:/usr/bin:/bin"}

    def write_profile(self, name: str, target: str, more: str = "") -> None:
        """A profile of the user's, for an app in the directory of that name."""
        lines = [f"[target]\n{target}", f'python = "{self.python}"', f'directory = "{HOME / name}"', more]
        self.write({f"{PROFILES}/{name}.toml": "\n".join(lines)})

    def write_web(self, name: str, address: str, greeting: str = "one") -> None:
        """A profile of a WSGI app of the user's, at an address."""
        self.write({f"{name}/{name}_web.py": WEB.format(greeting=greeting)})
        self.write_profile(name, f'app = "{name}_web:app"', f'[listen]\nhttp = "{address}"\n')

    def write_script(self, name: str, source: str, more: str) -> None:
        """A profile of a script of the user's."""
        self.write({f"{name}/{name}.py": source})
        self.write_profile(name, f'script = "{HOME / name / name}.py"', more)

    def clear(self) -> None:
        """Stop it, and leave nothing of a test but the units and the journal, which is read from here on."""
        units = self.box.path(HOME / UNITS)
        self.systemctl("stop", "reloadd*.service", "reloadd*.socket")
        for place in (self.box.path(HOME / PROFILES).glob("*.toml"), units.glob("*.d"), units.glob("*.wants")):
            for each in place:
                each.unlink() if each.is_file() else shutil.rmtree(each)
        (units / "reloadd.socket").unlink(missing_ok=True)
        if not (units / "reloadd.service").exists():
            self.reloadd("service", "install")
        self.systemctl("daemon-reload")
        self.systemctl("reset-failed")
        self._since = time.time()


def _uv(*arguments: str) -> None:
    result = subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
