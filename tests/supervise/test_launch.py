"""What a child is started with."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.core.servers import Server
from reloadd.profile.environment import EnvFileError
from reloadd.profile.model import (
    AppTarget,
    CommandTarget,
    Launch,
    ModuleTarget,
    ScriptTarget,
    Target,
    TlsAdhoc,
    TlsFiles,
)
from reloadd.runtime import wire
from reloadd.supervise.launch import BOOT, describe_listeners, plan_launch
from reloadd.supervise.listeners import bind
from tests.support.sockets import listen_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reloadd.profile.model import Profile, Tls
    from tests.support.launching import MakeProfile

MARK = {"RELOADD_MARK": "0123"}


def environment(profile: Profile, inherited: Mapping[str, str] | None = None, **launch: object) -> Mapping[str, str]:
    """The child's variables where the daemon has `inherited`."""
    changed: Launch = replace(profile.launch, **launch)  # type: ignore[arg-type]  # any of its fields
    return plan_launch(replace(profile, launch=changed), inherited or {}, MARK).environ


def test_environment_is_the_daemons_own(make_profile: MakeProfile) -> None:
    """A child sees what its user exported, and the guardian's mark."""
    assert environment(make_profile(), {"HOME": "/home/me", "RELOADD_MARK": "of an outer daemon"}) == {
        "HOME": "/home/me",
        "PYTHONUNBUFFERED": "1",
        "RELOADD_MARK": "0123",
    }


@pytest.mark.parametrize(
    "name",
    [
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_FDNAMES",
        "NOTIFY_SOCKET",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "WERKZEUG_RUN_MAIN",
        "WERKZEUG_SERVER_FD",
        "FDSTORE",
    ],
)
def test_what_is_about_the_daemon_is_not_passed_on(make_profile: MakeProfile, name: str) -> None:
    """A child would take the daemon's own sockets and service manager for its own; unless the profile says so."""
    assert name not in environment(make_profile(), {name: "1"})
    assert environment(make_profile(), {name: "1"}, env={name: "2"})[name] == "2"


def test_profile_wins_over_file_wins_over_daemon(make_profile: MakeProfile, tmp_path: Path) -> None:
    """The nearer to the profile, the stronger; the mark is stronger than all."""
    (tmp_path / "dev.env").write_text("A=file\nB=file\nRELOADD_MARK=file\nPYTHONUNBUFFERED=\n")
    found = environment(
        make_profile(), {"A": "daemon", "B": "daemon", "C": "daemon"}, env={"A": "env"}, env_file=tmp_path / "dev.env"
    )

    assert found == {"A": "env", "B": "file", "C": "daemon", "PYTHONUNBUFFERED": "", "RELOADD_MARK": "0123"}


def test_env_file_is_read_at_each_start(make_profile: MakeProfile, tmp_path: Path) -> None:
    """An edit of it counts from the next start on; without it there is no start."""
    file = tmp_path / "dev.env"
    file.write_text("A=1\n")
    assert environment(make_profile(), env_file=file)["A"] == "1"
    file.write_text("A=2\n")
    assert environment(make_profile(), env_file=file)["A"] == "2"
    file.unlink()
    with pytest.raises(EnvFileError):
        environment(make_profile(), env_file=file)


@pytest.mark.parametrize(
    ("inherited", "expected"),
    [
        ({"PATH": "/usr/bin:/bin"}, "/app/.venv/bin:/usr/bin:/bin"),
        ({"PATH": "/usr/bin:"}, "/app/.venv/bin:/usr/bin:"),
        # What execvp(3) searches where PATH is not set must not be lost by setting it.
        ({}, f"/app/.venv/bin:{os.defpath}"),
    ],
)
def test_virtual_environment_is_active(make_profile: MakeProfile, inherited: dict[str, str], expected: str) -> None:
    """The environment's programs come first, as after its `activate`."""
    found = environment(make_profile(), {**inherited, "VIRTUAL_ENV": "/other"}, venv=Path("/app/.venv"))

    assert (found["PATH"], found["VIRTUAL_ENV"]) == (expected, "/app/.venv")


@pytest.mark.parametrize(
    ("target", "go"),
    [
        (ModuleTarget("http.server"), {"target": "module", "name": "http.server", "argv": ["-v"]}),
        (ScriptTarget(Path("/app/run.py")), {"target": "script", "name": "/app/run.py", "argv": ["-v"]}),
        (CommandTarget(("node", "app.js")), {"target": "command", "argv": ["node", "app.js", "-v"]}),
    ],
)
def test_frame_of_a_program(make_profile: MakeProfile, target: Target, go: dict[str, object]) -> None:
    """What to become, and its arguments."""
    profile = make_profile(target=target)
    plan = plan_launch(replace(profile, launch=replace(profile.launch, args=("-v",))), {}, MARK)

    assert plan.go == go
    assert plan.directory == profile.launch.directory


@pytest.mark.parametrize(
    ("target", "tls", "servers", "spoken"),
    [
        (
            AppTarget("shop.main", "app"),
            None,
            ["uvicorn", "hypercorn", "werkzeug", "waitress", "wsgiref"],
            None,
        ),
        (AppTarget("shop.main", "app", threads=4), None, ["waitress", "wsgiref"], None),
        (AppTarget("shop.main", "app", server=Server.WAITRESS), None, ["waitress"], None),
        (AppTarget("shop.main", "app"), TlsAdhoc(), ["werkzeug"], "adhoc"),
        (
            AppTarget("shop.main", "app"),
            TlsFiles(Path("/c.pem"), Path("/k.pem")),
            ["uvicorn", "hypercorn", "werkzeug"],
            {"cert": "/c.pem", "key": "/k.pem"},
        ),
    ],
)
def test_frame_of_an_app(
    make_profile: MakeProfile, target: AppTarget, tls: Tls | None, servers: list[str], spoken: object
) -> None:
    """Only servers that can do all that is asked are named, best first, each with the interface that it speaks."""
    go = plan_launch(replace(make_profile(target=target), tls=tls), {}, MARK).go
    named = go["servers"]

    assert isinstance(named, list)
    assert [each["name"] for each in named] == servers
    assert {each["interface"] for each in named} <= {"asgi", "wsgi"}
    assert {key: value for key, value in go.items() if key != "servers"} == {
        "target": "app",
        "name": "shop.main",
        "attribute": "app",
        "factory": False,
        "threads": target.threads,
        "processes": None,
        "tls": spoken,
        "drain": 4.0,
        "argv": [],
    }


def test_interpreter(make_profile: MakeProfile) -> None:
    """Python targets run in the profile's interpreter; a command needs ours, and none of the user's settings for it."""
    python = make_profile(target=ModuleTarget("this"))
    python = replace(python, launch=replace(python.launch, python=Path("/app/.venv/bin/python")))

    assert plan_launch(python, {}, MARK).interpreter == ("/app/.venv/bin/python",)
    assert plan_launch(make_profile(target=CommandTarget(("node",))), {}, MARK).interpreter == (
        sys.executable,
        "-I",
        "-S",
    )
    assert BOOT.is_file()


def test_frame_can_be_sent(make_profile: MakeProfile) -> None:
    """Listeners are named by their descriptors, and names that are no text travel unharmed."""
    target = ScriptTarget(Path("/app/caf\udce9.py"))
    listener = bind(listen_on())
    try:
        described = describe_listeners([listener])
        assert described == [{"name": "http", "fd": listener.socket.fileno()}]
        sent = wire.encode("go", **plan_launch(make_profile(target=target), {}, MARK).go, listeners=described)
    finally:
        listener.close()

    assert json.loads(sent)["name"] == "/app/caf\udce9.py"
