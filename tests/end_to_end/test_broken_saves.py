"""Syntax errors, saved into apps of each kind: told with their place, waited out, and gone with the next good save."""

from __future__ import annotations

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


def assert_told(daemon: RunningDaemon, framework: Framework, line: int) -> None:
    """The daemon has said which line of which file is the reason that the child ended."""
    told = daemon.all("child.exited", asked=False)[-1]

    assert (told["file"], told["line"], told["asked"]) == (framework.edited, line, False), daemon.story
    assert told["error"].startswith("SyntaxError")


@pytest.mark.parametrize(("framework", "interpreter"), cases(COVERED))
def test_broken_save_is_told_and_the_fix_is_served(
    tmp_path: Path, framework: Framework, interpreter: Interpreter
) -> None:
    """A save with a syntax error in it, then one without: nothing else has to be done, and what can serve on does."""
    with site(framework, tmp_path, interpreter) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        line = app.save_broken()
        if framework.is_handed_over:
            daemon.wait_for("restart.abandoned", file=framework.edited, line=line)
            app.assert_serves(daemon, "one")
        else:
            daemon.wait_for("supervisor.held", until="a file changes")
        assert_told(daemon, framework, line)
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
            daemon.wait_for("supervisor.held", until="a file changes")
            assert_told(daemon, framework, line)
            app.save("two")
            daemon.wait_for("restart.completed", cause="change")

            app.assert_serves(daemon, "two")
