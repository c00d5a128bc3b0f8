"""However a package is edited, what a warm start serves is what a cold interpreter makes of the files."""

from __future__ import annotations

import json
import os
import random
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support.chaos import chosen_seed
from tests.support.daemon import RunningDaemon, clean_environ, wait_until, write_files
from tests.support.interpreters import newest_interpreter

if TYPE_CHECKING:
    from pathlib import Path

EDITS = int(os.environ.get("RELOADD_TEST_WARM_EDITS", "25"))
"""Edits; the full run takes 500."""

SIZE = 40
SLOW = 8
"""The module whose import takes so long that it is worth running ahead of what comes after it."""

LATE = 30
"""A module that is imported after it, unless edits have it otherwise."""

LIBRARY = ("one", "two", "three")

WEB = """\
import json, sys
import shop.m0
import library

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(state()).encode()]

def state():
    values = {name: module.VALUE for name, module in sorted(sys.modules.items()) if name.startswith("shop.m")}
    return {**values, "library": sorted(name for name in vars(library) if not name.startswith("_"))}
"""

PROFILE = """\
[target]
app = "web:app"
server = "wsgiref"
python = {python}
env = {{ PYTHONPATH = {packages} }}
[listen]
http = "127.0.0.1:0"
[restart]
backoff = {{ first = 0.01, most = 0.05 }}
[watch]
exclude = ["venv/**"]
"""


@dataclass
class Part:
    """One module of the package: what it imports, and what is wrong with it."""

    value: int = 0
    imports: set[int] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    fault: str = ""

    def text(self, number: int) -> str:
        """Its source."""
        lines = ["import time; time.sleep(0.2)"] if number == SLOW else []
        lines += [f"import shop.m{other}" for other in sorted(self.imports)]
        lines += [f"import library.{name}" for name in sorted(self.libraries)]
        values = ["", *(f" + shop.m{other}.VALUE" for other in sorted(self.imports))]
        return "\n".join([*lines, self.fault, f"VALUE = {self.value}{''.join(values)}", ""])


class Package:
    """Forty modules, each of which may import those after it, edited at random."""

    def __init__(self, directory: Path, chance: random.Random) -> None:
        self.directory = directory
        self.chance = chance
        self._count = 0
        self.parts: dict[int, Part] = {number: Part(number) for number in range(SIZE)}
        for number in range(SIZE - 1):
            self.parts[number].imports.add(number + 1)
        write_files(directory, {"web.py": WEB, "shop/__init__.py": ""})
        for number in self.parts:
            self._save(number)
        installed = directory / "venv" / "site-packages" / "library"
        write_files(installed, {"__init__.py": "", **{f"{name}.py": "" for name in LIBRARY}})

    def edit(self) -> str:
        """One edit of a random kind, perhaps of several files at once; what was done."""
        broken = [number for number, part in self.parts.items() if part.fault]
        if broken:
            for number in broken:
                self.parts[number].fault = ""
                self._edit(number)
            return f"mended {broken}"
        numbers = self.chance.sample(range(SIZE), self.chance.choice([1, 1, 1, 1, 3, 8]))
        if self.chance.random() < 0.5:
            # As people do: the same place again.
            numbers = [LATE]
        kind = self.chance.choice([self._revalue, self._revalue, self._import, self._import_library, self._break])
        for number in numbers:
            kind(number)
            self._edit(number)
        return f"{kind.__name__} {numbers}"

    def is_late(self) -> bool:
        """Whether the late module is still imported after the slow one."""
        order: list[int] = []

        def go_through(number: int) -> None:
            if number not in order:
                order.append(number)
                for other in sorted(self.parts[number].imports):
                    go_through(other)

        go_through(0)
        return SLOW in order and LATE in order and order.index(SLOW) < order.index(LATE)

    def truth(self, python: Path, environ: dict[str, str]) -> object:
        """What an interpreter that knows nothing makes of the files; None if it cannot."""
        ask = "import json, web; print(json.dumps(web.state()))"
        command = [str(python), "-X", "pycache_prefix=/nowhere", "-B", "-c", ask]
        ran = subprocess.run(command, cwd=self.directory, env=environ, capture_output=True, text=True, check=False)
        return json.loads(ran.stdout) if ran.returncode == 0 else None

    def _revalue(self, number: int) -> None:
        pass

    def _import(self, number: int) -> None:
        others = [other for other in range(number + 1, SIZE) if other != SLOW]
        if others:
            self.parts[number].imports ^= {self.chance.choice(others)}

    def _import_library(self, number: int) -> None:
        self.parts[number].libraries ^= {self.chance.choice(LIBRARY)}

    def _break(self, number: int) -> None:
        self.parts[number].fault = self.chance.choice(["1 / 0", "def f(:", "import nowhere", "raise SystemExit(4)"])

    def _edit(self, number: int) -> None:
        self._count += 1
        self.parts[number].value = self._count * 1000 + number
        self._save(number)

    def _save(self, number: int) -> None:
        (self.directory / "shop" / f"m{number}.py").write_text(self.parts[number].text(number))


@pytest.mark.slow
@pytest.mark.timeout(60 + 5 * EDITS)
def test_warm_starts_serve_what_is_on_the_disk(tmp_path: Path) -> None:
    """Values, imports added and removed, several files at once, broken and mended: always the cold one's answer."""
    seed = chosen_seed()
    package = Package(tmp_path, random.Random(seed))  # noqa: S311 (edits that can be made again)
    packages = tmp_path / "venv" / "site-packages"
    python = newest_interpreter().executable
    write_files(
        tmp_path, {"dev.toml": PROFILE.format(python=json.dumps(str(python)), packages=json.dumps(str(packages)))}
    )
    environ = clean_environ(PYTHONPATH=str(packages))
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml", environ=clean_environ()) as daemon:
        daemon.wait_for("child.ready")
        for number in range(EDITS):
            if package.chance.random() < 0.8:
                wait_until(lambda: _is_prepared(daemon, package), f"a prepared process, seed {seed}:\n{daemon.story}")
            failed = len(daemon.all("child.exited", asked=False))
            done = package.edit()
            truth = package.truth(python, environ)
            if truth is None:
                wait_until(
                    lambda: len(daemon.all("child.exited", asked=False)) > failed,  # noqa: B023 (called before it changes)
                    f"a child that fails after edit {number}, {done}, seed {seed}:\n{daemon.story}",
                )
            else:
                wait_until(
                    lambda: json.loads(daemon.get()) == truth,  # noqa: B023 (as above)
                    f"{truth} after edit {number}, {done}, seed {seed}:\n{daemon.story}",
                )
        starts = [each.get("source") or each["start"] for each in daemon.all("restart.completed")]

    print({kind: starts.count(kind) for kind in sorted(set(starts))})  # noqa: T201 (how much of it was warm)
    assert starts.count("cold") < len(starts) * 2 / 3


def _is_prepared(daemon: RunningDaemon, package: Package) -> bool:
    """Whether what is to be prepared is there: a spare, and where much can be run ahead of, a scout."""
    ended = [
        each for each in daemon.records if each["event"] in {"child.ready", "restart.completed", "restart.abandoned"}
    ]
    newest = ended[-1]
    if newest["event"] == "restart.abandoned":
        # What has to be learned anew is learned from the next one that serves.
        return True
    is_late = newest.get("start") == "warm" and newest["paths"] == [f"shop/m{LATE}.py"] and package.is_late()
    return bool(({"scout"} if is_late else {"spare", "scout"}) & _prepared(daemon))


def _prepared(daemon: RunningDaemon) -> set[str]:
    """What is there for the next child, by the records."""
    kinds: dict[int, str] = {}
    for record in [*daemon.records]:
        if record["event"] == "spare.parked":
            kinds[record["pid"]] = record["source"]
        elif record["event"] in {"child.spawned", "spare.lost"}:
            kinds.pop(record["pid"], None)
    return {*kinds.values()}
