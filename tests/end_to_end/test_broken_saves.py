"""Syntax errors, saved into apps of each kind: told with their place, waited out, and gone with the next good save."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support import frameworks
from tests.support.frameworks import NEWEST, OLDEST, Framework, cases, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.daemon import RunningDaemon
    from tests.support.interpreters import Interpreter

pytestmark = [pytest.mark.slow]

COVERED = {
    frameworks.FLASK_APP: (OLDEST,),
    frameworks.WERKZEUG_STAT: (NEWEST,),
    frameworks.WERKZEUG_WATCHDOG: (OLDEST,),
    frameworks.FASTAPI_APP: (NEWEST,),
    frameworks.DJANGO_APP: (OLDEST,),
    frameworks.DJANGO_RUNSERVER: (NEWEST,),
    frameworks.UVICORN_FD: (OLDEST,),
    frameworks.GUNICORN_FD: (NEWEST,),
    frameworks.NODE_FD: (NEWEST,),
    frameworks.WORKER: (OLDEST,),
}
"""What is run in which interpreter, unless RELOADD_TEST_ALL asks for all: how an error is worded depends on the one,
and how it gets to be told on the other."""


def assert_held_for(daemon: RunningDaemon, framework: Framework, line: int) -> None:
    """The daemon has given up for now, and has said which line of which file is the reason."""
    daemon.wait_for("supervisor.held", until="a file changes")
    told = daemon.all("child.exited")[-1]

    assert (told["file"], told["line"], told["asked"]) == (framework.edited, line, False), daemon.story
    assert told["error"].startswith("SyntaxError")


@pytest.mark.parametrize(("framework", "interpreter"), cases(COVERED))
def test_broken_save_is_told_and_the_fix_is_served(
    tmp_path: Path, framework: Framework, interpreter: Interpreter
) -> None:
    """A save with a syntax error in it, then one without: nothing else has to be done."""
    with site(framework, tmp_path, interpreter) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        assert_held_for(daemon, framework, app.save_broken())
        app.save("two")
        daemon.wait_for("restart.completed", cause="change")

        app.assert_serves(daemon, "two")


@pytest.mark.parametrize(("framework", "interpreter"), cases(COVERED))
def test_broken_first_start_is_told_and_the_fix_is_served(
    tmp_path: Path, framework: Framework, interpreter: Interpreter
) -> None:
    """The daemon does not end with an app that has never been able to start."""
    with site(framework, tmp_path, interpreter) as app:
        line = app.save_broken()
        with app.run() as daemon:
            assert_held_for(daemon, framework, line)
            app.save("two")
            daemon.wait_for("restart.completed", cause="change")

            app.assert_serves(daemon, "two")


def test_broken_save_takes_nothing_down_with_overlap(tmp_path: Path) -> None:
    """The last good version serves until there is a better one, and what is wrong with the new one is told."""
    more = f'{frameworks.LISTEN}[restart]\nhandover = "overlap"\n'
    framework = replace(frameworks.FASTAPI_APP, more=more)
    with site(framework, tmp_path, NEWEST) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        line = app.save_broken()
        abandoned = daemon.wait_for("restart.abandoned")
        assert (abandoned["file"], abandoned["line"]) == (framework.edited, line)
        app.assert_serves(daemon, "one")
        app.save("two")
        daemon.wait_for("restart.completed")
        daemon.wait_for("child.exited", generation=1)

        app.assert_serves(daemon, "two")
