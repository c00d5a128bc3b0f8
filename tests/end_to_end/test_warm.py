"""Warm starts as users have them: a save is served by a process that was prepared, with the answers of a cold one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import frameworks
from tests.support.daemon import RunningDaemon, all_gone, marked_processes, save, wait_until, write_files
from tests.support.frameworks import NEWEST, OLDEST, OWN, Framework, cases, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.interpreters import Interpreter

pytestmark = [pytest.mark.slow]

COVERED = {
    frameworks.FLASK_APP: (OLDEST, NEWEST),
    frameworks.FASTAPI_APP: (OWN,),
    frameworks.DJANGO_APP: (OWN,),
    frameworks.DJANGO_RUNSERVER: (OWN,),
    frameworks.FLASK_COMMAND: (OWN,),
    frameworks.UVICORN_FD: (NEWEST,),
    frameworks.GUNICORN_FD: (OWN,),
    frameworks.WORKER: (NEWEST,),
}
"""What is run in which interpreter, unless RELOADD_TEST_ALL asks for all."""


@pytest.mark.parametrize(("framework", "interpreter"), cases(COVERED))
def test_a_save_is_served_warm(tmp_path: Path, framework: Framework, interpreter: Interpreter) -> None:
    """By the process that was parked, which the record names; the next one is prepared meanwhile."""
    with site(framework, tmp_path, interpreter) as app, app.run("-v") as daemon:
        daemon.wait_for("child.ready")
        app.assert_serves(daemon, "one")
        for count, greeting in enumerate(["two", "six"], 1):
            spare = daemon.wait_for_count("spare.parked", count, source="spare")[-1]
            app.save(greeting)
            restart = daemon.wait_for_count("restart.completed", count)[-1]
            app.assert_serves(daemon, greeting)

            assert (restart["start"], restart["source"], restart["why_cold"]) == ("warm", "spare", None), daemon.story
            assert restart["pid"] == spare["pid"]
            assert spare["modules"] > 0
            assert spare["memory_mb"] > 0


PLUG = "try:\n    import extra\nexcept ImportError:\n    extra = None\n"

WEB = """\
import colorsys
import os
import xml
import xml.etree.ElementTree
import plug

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    seen = ["v0", os.environ["GREETING"], colorsys.__file__.rpartition("/")[2], hasattr(xml, "etree"), bool(plug.extra)]
    return [" ".join(map(str, seen)).encode()]
"""


class Trapped:
    """An app in an environment of its own, so that packages can be installed into it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory / ".venv"], check=True)
        (self.packages,) = (directory / ".venv" / "lib").glob("python*/site-packages")
        write_files(self.packages, {"plug.py": PLUG})
        profile = '[target]\napp = "web:app"\nenv-file = ".env"\n[listen]\nhttp = "127.0.0.1:0"\n'
        write_files(directory, {"web.py": WEB, ".env": "GREETING=hello\n", "dev.toml": profile})
        self._text = WEB
        self._version = 0
        self._parked = 0
        self._restarts = 0

    def save(
        self, daemon: RunningDaemon, edit: tuple[str, str] | None = None, *, is_at_once: bool = False
    ) -> str | None:
        """Save a new version, once there is a spare, or at once; why its start was cold, if it was."""
        if not is_at_once:
            self.wait_prepared(daemon)
        before, self._version = self._version, self._version + 1
        self._text = self._text.replace(f'"v{before}"', f'"v{self._version}"')
        if edit is not None:
            self._replace(*edit)
        save(self.directory / "web.py", self._text)
        return self.wait_restarted(daemon)

    def edit(self, old: str, new: str) -> None:
        """Edit the app before it is started."""
        self._replace(old, new)
        (self.directory / "web.py").write_text(self._text)

    def _replace(self, old: str, new: str) -> None:
        assert old in self._text
        self._text = self._text.replace(old, new)

    def wait_prepared(self, daemon: RunningDaemon, source: str = "spare") -> None:
        """Return once there is a spare, or a zygote, for the child that serves now."""
        since = daemon.records.index(daemon.wait_for_any("child.ready", "restart.completed"))
        wait_until(
            lambda: any(
                (each["event"], each.get("source")) == ("spare.parked", source) for each in daemon.records[since:]
            ),
            f"a {source} in:\n{daemon.story}",
        )

    def wait_restarted(self, daemon: RunningDaemon) -> str | None:
        """Why the start of the next child was cold, if it was."""
        self._restarts += 1
        restart = daemon.wait_for_count("restart.completed", self._restarts)[-1]
        assert (restart["start"] == "warm") is (restart["why_cold"] is None)
        return None if restart["why_cold"] is None else str(restart["why_cold"])

    def serves(self, daemon: RunningDaemon) -> str:
        """What is answered, without the version, which is the newest."""
        version, _, rest = daemon.get().partition(" ")
        assert version == f"v{self._version}"
        return rest


def test_what_was_prepared_is_used_only_if_nothing_has_changed(tmp_path: Path) -> None:
    """Each change that a cold start would see and a prepared process would not makes the start cold, and is named."""
    app = Trapped(tmp_path)
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        assert app.save(daemon) is None
        assert app.serves(daemon) == "hello colorsys.py True False"

        # Another environment.
        app.wait_prepared(daemon)
        save(tmp_path / ".env", "GREETING=servus\n")
        assert app.wait_restarted(daemon) == "the environment has another `GREETING`"
        assert app.serves(daemon) == "servus colorsys.py True False"
        assert app.save(daemon) is None

        # A package is installed, another one is edited in place.
        app.wait_prepared(daemon)
        write_files(app.packages, {"new.py": ""})
        assert app.save(daemon) == f"packages were installed or removed in `{app.packages}`"
        app.wait_prepared(daemon)
        with (app.packages / "plug.py").open("a") as file:
            file.write("value = 1\n")
        assert app.save(daemon) == f"`{app.packages}/plug.py` has changed"

        # A module that a package looked for in vain.
        app.wait_prepared(daemon)
        save(tmp_path / "extra.py", "here = True\n")
        assert app.wait_restarted(daemon) == f"`{tmp_path}/extra.py` was looked for in vain and is there now"
        assert app.serves(daemon) == "servus colorsys.py True True"

        # A module of the user's that comes before one of the library's.
        app.wait_prepared(daemon)
        save(tmp_path / "colorsys.py", "x = 1\n")
        assert app.wait_restarted(daemon) == f"`{tmp_path}/colorsys.py` has the name of a module that was imported"
        assert app.serves(daemon) == "servus colorsys.py True True"
        assert app.save(daemon, ("import colorsys\n", "import colorsys\nassert colorsys.x\n")) is None

        # An import that is there no more.
        assert app.save(daemon, ("import xml.etree.ElementTree\n", "")) == "`xml.etree` is imported no more"
        assert app.serves(daemon) == "servus colorsys.py False True"
        assert app.save(daemon) is None
        assert app.serves(daemon) == "servus colorsys.py False True"


def test_what_depends_on_the_order_of_things_is_as_in_a_cold_start(tmp_path: Path) -> None:
    """A variable set before a package is imported; next to a package that patches others nothing is prepared."""
    app = Trapped(tmp_path)
    write_files(app.packages, {"plug.py": f"import os\nMODE = os.environ.get('PLUG_MODE')\n{PLUG}"})
    write_files(app.packages, {"gevent/__init__.py": "", "gevent/monkey.py": ""})
    app.edit("str, seen", "str, [*seen, plug.MODE]")
    app.edit("import plug\n", 'os.environ["PLUG_MODE"] = "a"\nimport plug\n')
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        assert app.save(daemon) is None
        assert app.serves(daemon) == "hello colorsys.py True False a"
        why = f"`{tmp_path}/web.py` sets the environment in another way"
        assert app.save(daemon, ('"PLUG_MODE"] = "a"', '"PLUG_MODE"] = "b"')) == why
        assert app.serves(daemon) == "hello colorsys.py True False b"
        app.wait_prepared(daemon, "zygote")
        assert app.save(daemon, ("import plug\n", "import plug\nimport gevent.monkey\n")) is None
        patches = "`gevent.monkey`: it patches what is imported before it"
        # It is learned a moment after the restart, and then the zygote is of no use any more.
        daemon.wait_for("spare.lost", why=patches)
        assert app.save(daemon, is_at_once=True) == patches


def test_saves_that_follow_each_other_are_served_by_copies(tmp_path: Path) -> None:
    """Until the next spare is built, which takes a second here, a zygote has forked one off: each is used once."""
    app = Trapped(tmp_path)
    write_files(app.packages, {"plug.py": f"import time\ntime.sleep(1)\n{PLUG}"})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("spare.parked", source="zygote", deadline=40)
        assert app.save(daemon) is None
        assert daemon.all("restart.completed")[-1]["source"] == "spare"
        for count in (2, 3, 4):
            copy = daemon.wait_for_count("spare.parked", count, source="zygote")[-1]
            assert app.save(daemon, is_at_once=True) is None
            restart = daemon.all("restart.completed")[-1]
            assert (restart["source"], restart["pid"]) == ("zygote", copy["pid"]), daemon.story
            assert app.serves(daemon) == "hello colorsys.py True False"
        exits = daemon.wait_for_count("child.exited", 4)
        assert {(each["exit_code"], each["asked"]) for each in exits} == {(0, True)}


def test_a_prepared_process_that_fails_is_replaced_in_the_same_restart(tmp_path: Path) -> None:
    """Killed or mute: the same generation starts cold, and says so; three in a row end the preparing."""
    app = Trapped(tmp_path)
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        for count in range(3):
            app.wait_prepared(daemon)
            os.kill(daemon.all("spare.parked", source="spare")[-1]["pid"], signal.SIGSTOP)
            assert app.save(daemon) == "the spare: it did not answer within 200 ms"
            assert [each["generation"] for each in daemon.all("restart.completed")] == list(range(2, count + 3))
        assert daemon.wait_for("spare.disabled")["why"] == "it did not answer within 200 ms"


def test_what_finishes_is_learned_from_as_it_ends(tmp_path: Path) -> None:
    """A migration, say, which is over before there is time to look at its ledger; it runs warm when it is edited."""
    profile = '[target]\nscript = "migrate.py"\n[ready]\nfinished = true\n'
    write_files(tmp_path, {"migrate.py": "import colorsys\n", "dev.toml": profile})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        assert daemon.wait_for("spare.parked")["modules"] > 0
        save(tmp_path / "migrate.py", "import colorsys\nprint('done')\n")
        assert daemon.wait_for("restart.completed")["source"] == "spare"
        daemon.wait_for_output("done")


def test_nothing_prepared_outlives_the_daemon(tmp_path: Path) -> None:
    """Not even if that is killed."""
    app = Trapped(tmp_path)
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        app.wait_prepared(daemon)
        family = daemon.processes()
        assert daemon.all("spare.parked")[-1]["pid"] in family
        daemon.process.kill()
        wait_until(lambda: all_gone(family), "the end of all")


def test_off_means_off(tmp_path: Path) -> None:
    """Nothing is prepared, and a cold start has no reason."""
    Trapped(tmp_path)
    with (tmp_path / "dev.toml").open("a") as file:
        file.write('[warm]\nmode = "off"\n')
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        mark = daemon.mark
        save(tmp_path / "web.py", WEB.replace("v0", "v1"))
        restart = daemon.wait_for("restart.completed")

        assert (restart["start"], restart["why_cold"]) == ("cold", None)
        assert daemon.all("spare.parked") == []
        daemon.wait_for("child.exited", generation=1)
        assert marked_processes(mark) == [restart["pid"]]


def test_a_budget_that_is_too_small_ends_the_preparing(tmp_path: Path) -> None:
    """It says how much would be needed."""
    Trapped(tmp_path)
    with (tmp_path / "dev.toml").open("a") as file:
        file.write("[warm]\nbudget-mb = 1\n")
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        why = daemon.wait_for("spare.disabled")["why"]
        save(tmp_path / "web.py", WEB.replace("v0", "v1"))
        restart = daemon.wait_for("restart.completed")

        assert re.fullmatch(r"it would make \d+ MB, and `warm.budget-mb` is 1", why)
        assert restart["why_cold"] == f"off, after 3 failures in a row: {why}"
