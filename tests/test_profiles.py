"""The example profiles: each is right, and each really runs, is edited, and runs again."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, clean_environ, wait_until
from tests.support.environments import environment
from tests.support.interpreters import newest_interpreter
from tests.support.programs import needs_node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _pytest.mark import ParameterSet

pytestmark = [pytest.mark.slow]

PROFILES = Path(__file__).parents[1] / "profiles"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of an example, and how it shows.

    Attributes:
        file: which file, below `profiles`.
        old: what stands in it.
        new: what takes its place.
        path: where the app shows it; None for one that prints.
    """

    file: str
    old: str
    new: str
    path: str | None = "/"


SERVING = {
    "hello": Edit("hello/hello.py", "Hello from reloadd", "Good morning"),
    "flask": Edit("flask/templates/index.html", "Guest book", "Book of guests"),
    "fastapi": Edit("fastapi/prices.py", '"apple": 30', '"apple": 35', "/prices/apple"),
    "django": Edit("django/notes/views.py", "buy milk", "buy oat milk"),
    "node": Edit("node/server.js", "Hello from Node", "Good morning from Node"),
    "worker": Edit("worker/worker.py", "resize picture", "send picture", None),
}
SHOWN = {"fastapi": ("30", "35")}
"""What an edit shows, where it is not what was written."""


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """A copy of all of them, which may be edited, on ports of its own."""
    copy = tmp_path / "profiles"
    shutil.copytree(PROFILES, copy, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    for profile in copy.glob("*.toml"):
        profile.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", profile.read_text()))
    return copy


def make_environment(profiles: Path, name: str) -> None:
    """What the comment at the top of a profile says to do once."""
    requirements = profiles / name / "requirements.txt"
    if requirements.exists():
        python = environment(newest_interpreter(), *requirements.read_text().split())
        (profiles / name / ".venv").symlink_to(python.parents[1])


def each_of(names: Iterable[str]) -> list[ParameterSet]:
    """A parameter for each profile."""
    return [pytest.param(name, marks=needs_node if name == "node" else ()) for name in sorted(names)]


@pytest.mark.parametrize("name", each_of(path.stem for path in PROFILES.glob("*.toml")))
def test_profile_is_right(profiles: Path, name: str) -> None:
    """`reloadd check` has nothing to say but what it is."""
    make_environment(profiles, name)
    result = subprocess.run(
        [sys.executable, "-m", "reloadd", "check", f"{name}.toml"],
        cwd=profiles,
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{name}.toml: {name}, ")


def test_no_two_examples_are_in_each_others_way() -> None:
    """They have addresses of their own, so that one daemon can run all of them."""
    addresses = [address for path in PROFILES.glob("*.toml") for address in re.findall(r"[\d.]+:\d+", path.read_text())]

    assert len(set(addresses)) == len(addresses) == 5


@pytest.mark.parametrize("name", each_of(SERVING))
def test_profile_runs_and_shows_an_edit(profiles: Path, name: str) -> None:
    """Started as it is written, it shows what was edited after one restart."""
    make_environment(profiles, name)
    edit = SERVING[name]
    old, new = SHOWN.get(name, (edit.old, edit.new))
    with RunningDaemon(profiles, "--profile", f"{name}.toml") as daemon:
        daemon.wait_for("child.ready")
        assert_shown(daemon, edit, old)
        file = profiles / edit.file
        text = file.read_text()
        assert edit.old in text
        file.write_text(text.replace(edit.old, edit.new))
        restart = daemon.wait_for("restart.completed")
        daemon.wait_for("child.exited", generation=1, exit_code=0, asked=True)

        assert restart["paths"] == [edit.file]
        assert_shown(daemon, edit, new)


def assert_shown(daemon: RunningDaemon, edit: Edit, text: str) -> None:
    """The app says it."""
    if edit.path is None:
        wait_until(lambda: text in daemon.output, f"`{text}` in the output")
    else:
        assert text in daemon.get(edit.path)


def test_unittest_profile_runs_the_tests_after_each_save(profiles: Path) -> None:
    """They pass, they fail once and are not tried again, and the next save makes them pass."""
    cart = profiles / "unittest" / "cart.py"
    good = cart.read_text()
    with RunningDaemon(profiles, "--profile", "unittest.toml") as daemon:
        daemon.wait_for("supervisor.finished")
        cart.write_text(good.replace("sum(prices)", "len(prices)"))
        daemon.wait_for("supervisor.held", attempts=1)
        cart.write_text(good)
        daemon.wait_for_count("supervisor.finished", 2)

        assert [each["exit_code"] for each in daemon.all("child.exited")] == [0, 1, 0]
        assert "AssertionError: 2 != 75" in daemon.output


def test_reference_lists_every_example() -> None:
    """Each once."""
    listed = re.findall(r"(?m)^- \[(\w+)\.toml\]\(\1\.toml\):", (PROFILES / "README.md").read_text())

    assert sorted(listed) == sorted(path.stem for path in PROFILES.glob("*.toml"))
