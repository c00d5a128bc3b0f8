"""`reloadd check`, as it is run: a process of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.colour import wants_colour
from tests.support.profiles import ProfileDirectory

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT = Path(__file__).parents[2]
GOOD = {
    "shop.toml": '[target]\napp = "shop.main:make()"\n\n[listen]\nhttp = "127.0.0.1:8000"\nadmin = "unix:a.sock"\n',
    "worker.toml": '[target]\nmodule = "shop.worker"\n',
    "run.toml": '[target]\nscript = "run.py"\n',
    "sleep.toml": 'name = "wait"\n[target]\ncommand = ["sleep", "60"]\n',
    "run.py": "",
}
WRONG = "[target]\ncommand = ['sleep', '1']\n\n[watch]\nsettle = -1\n"
DRAWN = """\
error: `watch.settle` is out of range
 --> wrong.toml:5:10
  |
5 | settle = -1
  |          ^^ expected 0 or more
  = hint: write `settle = 0.05`

wrong.toml: 1 problem, nothing was started
"""


def run(words: Sequence[str], directory: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """`reloadd check` with these words in this directory."""
    return subprocess.run(
        [sys.executable, "-m", "reloadd", "check", *words],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONPATH": str(CHECKOUT), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_good_profiles_are_named_on_stdout(tmp_path: Path) -> None:
    """One line each says what would run and where; the status is 0."""
    ProfileDirectory(tmp_path).write(GOOD)

    done = run(["./"], tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"run.toml: run, script {tmp_path}/run.py\n"
        f"shop.toml: shop, app shop.main:make(), http 127.0.0.1:8000, admin unix:{tmp_path}/a.sock\n"
        "sleep.toml: wait, command sleep 60\n"
        "worker.toml: worker, module shop.worker\n"
    )


def test_problems_are_drawn_on_stderr(tmp_path: Path) -> None:
    """The good profiles are still named; the status is 2."""
    ProfileDirectory(tmp_path).write({"good.toml": GOOD["worker.toml"], "wrong.toml": WRONG})

    done = run(["good.toml", "wrong.toml"], tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (2, "good.toml: good, module shop.worker\n", DRAWN)


def test_json_has_profiles_and_problems(tmp_path: Path) -> None:
    """A program reads both from stdout, and nothing is drawn."""
    ProfileDirectory(tmp_path).write({"shop.toml": GOOD["shop.toml"], "wrong.toml": WRONG})

    done = run(["shop.toml", "wrong.toml", "gone.toml", "--output", "json"], tmp_path)

    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout) == {
        "profiles": [
            {
                "file": f"{tmp_path}/shop.toml",
                "name": "shop",
                "target": {"app": "shop.main:make()"},
                "listen": {"http": "127.0.0.1:8000", "admin": f"unix:{tmp_path}/a.sock"},
            }
        ],
        "problems": [
            {
                "file": f"{tmp_path}/gone.toml",
                "line": None,
                "column": None,
                "code": "not-found",
                "message": "there is no file `gone.toml`",
                "label": "",
                "hint": "a path is relative to the current directory",
            },
            {
                "file": f"{tmp_path}/wrong.toml",
                "line": 5,
                "column": 10,
                "code": "out-of-range",
                "message": "`watch.settle` is out of range",
                "label": "expected 0 or more",
                "hint": "write `settle = 0.05`",
            },
        ],
    }


def test_the_users_own_profiles_are_checked_by_default(tmp_path: Path) -> None:
    """Without words, all profiles of the configuration directory."""
    ProfileDirectory(tmp_path).write({".config/reloadd/worker.toml": GOOD["worker.toml"]})

    done = run([], tmp_path)

    assert (done.returncode, done.stdout) == (0, ".config/reloadd/worker.toml: worker, module shop.worker\n")


def test_check_starts_without_what_only_the_daemon_needs(tmp_path: Path) -> None:
    """Neither asyncio nor watchdog nor structlog is imported to read a profile."""
    ProfileDirectory(tmp_path).write({"wrong.toml": WRONG})
    program = (
        "import sys; from reloadd.cli import main; status = main(['check', 'wrong.toml']); "
        "print(status, sorted({'asyncio', 'watchdog', 'structlog', 'reloadd.daemon'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "2 []\n"


@pytest.mark.parametrize(
    ("environ", "on_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"NO_COLOR": "", "FORCE_COLOR": ""}, True, False),
    ],
)
def test_colour_is_for_terminals(environ: dict[str, str], on_terminal: bool, elsewhere: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table's columns
    """A terminal has colour and a file has none, unless the environment says otherwise."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, (tmp_path / "file").open("w") as file:
        assert wants_colour(terminal, environ) is on_terminal
        assert wants_colour(file, environ) is elsewhere
    os.close(ours)


def test_check_colours_when_it_is_asked_to(tmp_path: Path) -> None:
    """FORCE_COLOR reaches the drawing, whose words stay the same."""
    ProfileDirectory(tmp_path).write({"wrong.toml": WRONG})

    done = run(["wrong.toml"], tmp_path, FORCE_COLOR="1")

    assert done.stderr.startswith("\x1b[1;31merror\x1b[0m")
