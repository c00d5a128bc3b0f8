"""Frameworks as their users have them: each, in an environment of its own, serves what was saved, and says so once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import frameworks
from tests.support.frameworks import NEWEST, OLDEST, OWN, Ending, Framework, cases, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.interpreters import Interpreter

pytestmark = [pytest.mark.slow]

COVERED = {
    frameworks.FLASK_APP: (OLDEST, OWN, NEWEST),
    frameworks.FLASK_SCRIPT: (OWN,),
    frameworks.WERKZEUG_STAT: (OLDEST, OWN, NEWEST),
    frameworks.WERKZEUG_WATCHDOG: (OLDEST, OWN, NEWEST),
    frameworks.FASTAPI_APP: (OLDEST, OWN, NEWEST),
    frameworks.DJANGO_APP: (OLDEST, OWN, NEWEST),
    frameworks.DJANGO_RUNSERVER: (OLDEST, OWN, NEWEST),
    frameworks.UVICORN_FD: (OLDEST, NEWEST),
    frameworks.GUNICORN_FD: (OLDEST, NEWEST),
    frameworks.NODE_FD: (NEWEST,),
    frameworks.WORKER: (OLDEST, NEWEST),
}
"""What is run in which interpreter, unless RELOADD_TEST_ALL asks for all."""


@pytest.mark.parametrize(("framework", "interpreter"), cases(COVERED))
def test_each_save_is_served_after_one_restart(tmp_path: Path, framework: Framework, interpreter: Interpreter) -> None:
    """Two saves: each is served as soon as its restart is told, by one new child, and the old one ends as it should."""
    with site(framework, tmp_path, interpreter) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        app.assert_serves(daemon, "one")
        address = app.address(daemon)
        for generation, greeting in enumerate(["two", "six"], 2):
            app.save(greeting)
            daemon.wait_for("restart.completed", generation=generation)
            daemon.wait_for("child.exited", generation=generation - 1)
            app.assert_serves(daemon, greeting)

        restarts, endings = daemon.all("restart.completed"), daemon.all("child.exited")
        assert [(each["generation"], each["cause"], each["paths"]) for each in restarts] == [
            (2, "change", [framework.edited]),
            (3, "change", [framework.edited]),
        ]
        assert [(each["generation"], Ending.of(each)) for each in endings] == [
            (1, framework.ending),
            (2, framework.ending),
        ]
        assert app.address(daemon) == address


def test_port_in_a_script_does_not_matter(tmp_path: Path) -> None:
    """A script that asks Werkzeug for port 0 serves on the daemon's socket too, and keeps to it over its restarts."""
    script = tmp_path / "serve.py"
    with site(frameworks.WERKZEUG_STAT, tmp_path, NEWEST) as app:
        source = script.read_text().replace("4000", "0")
        script.write_text(source)
        with app.run() as daemon:
            daemon.wait_for("child.ready")
            app.assert_serves(daemon, "one")
            script.write_text(source.replace('"one"', '"two"'))
            daemon.wait_for("restart.completed", paths=["serve.py"])
            app.assert_serves(daemon, "two")

            assert [Ending.of(each) for each in daemon.all("child.exited")] == [frameworks.BY_ITSELF]
            assert len(daemon.all("socket.bound")) == 1
