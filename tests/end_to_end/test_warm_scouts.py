"""Scouts as users have them: what the app imports before the module that is worked on has been imported already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, save, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow]

FILES = {
    "dev.toml": '[target]\napp = "web:app"\n[listen]\nhttp = "127.0.0.1:0"\n[watch]\nexclude = ["quiet.py"]\n',
    "quiet.py": 'VALUE = "a"\n',
    "slow.py": "import time\nimport quiet\nprint('slow is imported', flush=True)\ntime.sleep(0.3)\n",
    "views.py": 'TEXT = "v0"\n',
    "web.py": "import slow\nimport views\n\ndef app(environ, start_response):\n"
    '    start_response("200 OK", [("Content-Type", "text/plain")])\n'
    '    return [f"{views.TEXT} {slow.quiet.VALUE}".encode()]\n',
}


def wait_parked(daemon: RunningDaemon, *sources: str) -> None:
    """Return once there are such processes for the child that serves now."""
    since = daemon.records.index(daemon.wait_for_any("child.ready", "restart.completed"))

    def parked() -> list[str]:
        return [each["source"] for each in daemon.records[since:] if each["event"] == "spare.parked"]

    wait_until(lambda: set(sources) <= set(parked()), f"{sources} in:\n{daemon.story}")


def test_a_scout_serves_the_module_that_is_edited_again(tmp_path: Path) -> None:
    """It is used only if nothing that it has read has changed, event or not; what it printed is told once it serves."""
    write_files(tmp_path, FILES)
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:

        def edit(number: int) -> str:
            save(tmp_path / "views.py", f'TEXT = "v{number}"\n')
            restart = daemon.wait_for_count("restart.completed", number)[-1]
            assert restart["start"] == "warm", daemon.story
            return str(restart["source"])

        wait_parked(daemon, "spare")
        assert edit(1) == "spare"
        wait_parked(daemon, "spare", "scout")
        assert daemon.output.count("slow is imported") == 2
        assert edit(2) == "scout"
        assert daemon.get() == "v2 a"
        wait_until(lambda: daemon.output.count("slow is imported") == 3, "what the scout printed")

        # A file that it has read is edited, and nobody tells: the spare, which has not read it, serves.
        wait_parked(daemon, "scout")
        save(tmp_path / "quiet.py", 'VALUE = "b"\n')
        assert edit(3) != "scout"
        assert daemon.get() == "v3 b"

        # Put back without an event, with the same size: it is another file all the same.
        wait_parked(daemon, "scout")
        save(tmp_path / "quiet.py", 'VALUE = "c"\n')
        save(tmp_path / "quiet.py", 'VALUE = "b"\n')
        assert edit(4) != "scout"
        wait_parked(daemon, "scout")
        assert edit(5) == "scout"
        assert daemon.get() == "v5 b"


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("open('made.txt', 'w').close()", "open"),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess"),
        ("import socket\nsocket.socket().bind(('127.0.0.1', 0))", "socket"),
    ],
)
def test_what_shows_outside_is_not_done_ahead(tmp_path: Path, before: str, why: str) -> None:
    """The scout is given up before that, and not tried again; spares serve."""
    write_files(tmp_path, {**FILES, "slow.py": f"{FILES['slow.py']}{before}\n"})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        for number in (1, 2, 3):
            wait_parked(daemon, "spare")
            if number == 2:
                wait_until(lambda: any(why in each["why"] for each in daemon.all("spare.lost")), "the scout's end")
                wait_parked(daemon, "spare")
            save(tmp_path / "views.py", f'TEXT = "v{number}"\n')
            assert daemon.wait_for_count("restart.completed", number)[-1]["source"] == "spare"
        assert len([each for each in daemon.all("spare.lost") if why in each["why"]]) == 1
        assert daemon.all("spare.parked", source="scout") == []


def test_run_ahead_may_be_off(tmp_path: Path) -> None:
    """Then there are spares only."""
    write_files(tmp_path, {**FILES, "dev.toml": f'{FILES["dev.toml"]}[warm]\nrun-ahead = "off"\n'})
    with RunningDaemon(tmp_path, "-v", "--profile", "dev.toml") as daemon:
        for number in (1, 2):
            wait_parked(daemon, "spare")
            save(tmp_path / "views.py", f'TEXT = "v{number}"\n')
            assert daemon.wait_for_count("restart.completed", number)[-1]["source"] == "spare"
