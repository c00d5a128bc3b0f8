"""Targets that bring a reloader of their own: they work all the same, and the daemon says what to drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import frameworks
from tests.support.frameworks import NEWEST, OLDEST, Framework, cases, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.interpreters import Interpreter

pytestmark = [pytest.mark.slow]

COVERED = {
    frameworks.FLASK_RUN_DEBUG: (OLDEST, NEWEST),
    frameworks.FLASK_SCRIPT: (OLDEST,),
    frameworks.WERKZEUG_STAT: (NEWEST,),
    frameworks.UVICORN_RELOAD: (OLDEST, NEWEST),
    frameworks.DJANGO_AUTORELOAD: (OLDEST, NEWEST),
}
"""What is run in which interpreter, unless RELOADD_TEST_ALL asks for all."""

DROP = {
    frameworks.FLASK_RUN_DEBUG: "add `--no-reload` to its arguments",
    frameworks.FLASK_SCRIPT: "pass `use_reloader=False`",
    frameworks.WERKZEUG_STAT: "drop `use_reloader=True`",
    frameworks.UVICORN_RELOAD: "drop `--reload` from its arguments",
    frameworks.DJANGO_AUTORELOAD: "add `--noreload` to its arguments",
}


@pytest.mark.parametrize(("framework", "interpreter"), cases(COVERED))
def test_saves_are_served_and_the_double_is_told(
    tmp_path: Path, framework: Framework, interpreter: Interpreter
) -> None:
    """Each save is served after one restart; one record for the whole run says what to drop."""
    with site(framework, tmp_path, interpreter) as app, app.run() as daemon:
        daemon.wait_for("child.ready")
        app.assert_serves(daemon, "one")
        for generation, greeting in enumerate(["two", "six"], 2):
            app.save(greeting)
            daemon.wait_for("restart.completed", generation=generation)
            app.assert_serves(daemon, greeting)

        assert [each["hint"] for each in daemon.all("profile.doubled")] == [DROP[framework]]
        assert len(daemon.all("restart.completed")) == len(daemon.all("child.exited")) == 2
