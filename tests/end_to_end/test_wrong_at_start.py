"""A daemon that is started while some of its profiles are wrong: the others run, and the wrong ones follow."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import wait_until, write_files
from tests.support.manager import ManagerSocket
from tests.support.talking import APP, TALKER, WEB, Home, script_profile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A user with an app that serves, one that comes after a wrong one, and one that is wrong."""
    home = Home(tmp_path)
    write_files(
        tmp_path,
        {
            "web.py": APP,
            "talker.py": TALKER,
            "web.toml": WEB,
            "late.toml": f'after = ["talker"]\n{script_profile("talker")}',
            "talker.toml": f"colour = 1\n{script_profile('talker')}",
        },
    )
    return home


def test_one_wrong_profile_keeps_no_other_down(home: Home) -> None:
    """It is drawn, `status` says where it is wrong, who comes after it waits, and it runs as soon as it is mended."""
    with ManagerSocket(str(home.directory / "notify")) as manager:
        home.environ = {**home.environ, **manager.environ}
        with home.daemon("--profile", "./") as daemon:
            daemon.wait_for("child.ready", profile="web")
            manager.wait_for("READY=1")
            assert "STATUS=rejected: talker" in "\n".join(manager.lines()).partition("READY=1")[0]
            drawing = daemon.wait_for("profile.rejected")["drawing"]
            text = home.reloadd("status").out.splitlines()
            (status,) = home.reloadd("status", "--output", "json").json["daemons"]
            start = home.reloadd("start", "talker")
            reload = home.reloadd("reload")

            assert drawing.startswith("error: unknown key `colour`\n --> talker.toml:1:1\n")
            assert drawing.endswith("\ntalker.toml: 1 problem, the other profiles are started")
            assert daemon.all("daemon.started")[0]["profiles"] == 2
            row = next(number for number, line in enumerate(text) if line.split() == ["talker", "rejected"])
            assert text[row + 1].startswith("  talker.toml:1: unknown key `colour`: expected `after`")
            assert [each["name"] for each in status["profiles"]] == ["late", "web"]
            (rejected,) = status["rejected"]
            assert (rejected["name"], rejected["file"]) == ("talker", str(home.directory / "talker.toml"))
            assert [(each["line"], each["code"]) for each in rejected["problems"]] == [(1, "unknown-key")]
            assert daemon.wait_for("start.postponed", level="warning")["why"] == "`talker` is rejected"
            assert (start.status, start.err) == (
                2,
                "error: `talker` does not run: its profile is wrong\n  = hint: see `reloadd status talker`\n",
            )
            assert (reload.status, "colour" in reload.err) == (2, True)

            write_files(home.directory, {"talker.toml": script_profile("talker")})
            daemon.wait_for("profile.added", profile="talker")
            daemon.wait_for("child.ready", profile="late")
            (status,) = home.reloadd("status", "--output", "json").json["daemons"]
            assert status["rejected"] == []
            assert len(daemon.all("child.ready", profile="web")) == 1

            write_files(home.directory, {"talker.toml": "x"})
            wait_until(lambda: "rejected as saved: talker.toml:1: " in home.reloadd("status", "talker").out, "told")
            assert daemon.close() == 0


def test_a_taken_port_keeps_no_other_down_and_is_had_once_it_is_free(home: Home) -> None:
    """Nobody has to ask for it; while it is taken, that is said once."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        write_files(
            home.directory, {"web.toml": WEB.replace(":0", f":{port}"), "talker.toml": script_profile("talker")}
        )
        with home.daemon("--profile", "./") as daemon:
            daemon.wait_for("child.ready", profile="late")
            drawing = daemon.wait_for("profile.rejected")["drawing"]
            assert "it is tried again by itself" in drawing
            assert daemon.all("socket.bound", profile="web") == []

            holder.close()
            daemon.wait_for("child.ready", profile="web")
            assert daemon.get(profile="web") == "hello"
            assert len(daemon.all("profile.rejected")) == 1


def test_a_daemon_without_a_profile_that_can_run_ends(home: Home) -> None:
    """All that is wrong is drawn; where an address is taken, the exit status is that of a daemon to try again."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        write_files(home.directory, {"web.toml": WEB.replace(":0", f":{port}")})
        taken = home.reloadd("--profile", "web.toml", "--profile", "talker.toml")
        wrong = home.reloadd("--profile", "talker.toml")

    assert (taken.status, wrong.status) == (1, 2)
    assert taken.err.startswith("error: unknown key `colour`\n --> talker.toml:1:1\n")
    assert f"error: cannot listen on `127.0.0.1:{port}`\n --> web.toml:4:8\n" in taken.err
    assert taken.err.endswith("talker.toml, web.toml: 2 problems, nothing was started\n")
