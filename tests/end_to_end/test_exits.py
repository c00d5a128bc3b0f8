"""Exits of every kind, as the log tells them and as the policy answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import RunningDaemon, all_gone, wait_until, write_files

if TYPE_CHECKING:
    from pathlib import Path

QUICK = "[restart]\nbackoff = { first = 0.01, most = 0.05, attempts = 3 }\n"


def script_profile(directory: Path, source: str, more: str = QUICK) -> None:
    """A profile that runs one script."""
    write_files(directory, {"work.py": source, "dev.toml": f'[target]\nscript = "work.py"\n{more}'})


@pytest.mark.parametrize(
    ("ending", "code", "signal"),
    [
        ("raise SystemExit(7)", 7, None),
        ("os._exit(200)", 200, None),
        ("os.kill(os.getpid(), signal.SIGKILL)", None, "SIGKILL"),
        ("os.abort()", None, "SIGABRT"),
        ("raise ValueError('no')", 1, None),
    ],
)
def test_failures_are_tried_again_then_held(tmp_path: Path, ending: str, code: int | None, signal: str | None) -> None:
    """Each exit is told with its code or signal; after the last attempt the app is held."""
    script_profile(tmp_path, f"import os, signal\n{ending}\n")
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        held = daemon.wait_for("supervisor.held")

        exits = daemon.all("child.exited")
        assert [(each["exit_code"], each["signal"], each["asked"]) for each in exits] == [(code, signal, False)] * 3
        assert [each["attempt"] for each in daemon.all("restart.scheduled")] == [2, 3]
        assert (held["attempts"], held["until"]) == (3, "a file changes")


def test_held_app_comes_back_with_an_edit(tmp_path: Path) -> None:
    """Nothing but the edit is needed."""
    script_profile(tmp_path, "raise SystemExit(7)\n")
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("supervisor.held")
        (tmp_path / "work.py").write_text("import signal\nsignal.pause()\n")

        assert daemon.wait_for("restart.completed")["cause"] == "change"


def test_error_is_named_with_its_place(tmp_path: Path) -> None:
    """The record of the exit says what went wrong, in which file and line."""
    script_profile(tmp_path, "import helper\n", "[restart]\non-exit = 'never'\n")
    (tmp_path / "helper.py").write_text("\n\nraise LookupError('nothing there')\n")
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        ended = daemon.wait_for("child.exited")

        assert (ended["error"], ended["file"], ended["line"]) == ("LookupError: nothing there", "helper.py", 3)


def test_wrong_app_is_held_at_once_with_its_reason(tmp_path: Path) -> None:
    """No second try finds what is not there; the record of the exit has the words that the terminal has."""
    write_files(tmp_path, {"dev.toml": '[target]\napp = "nowhere:app"\n[listen]\nhttp = "127.0.0.1:0"\n'})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        held = daemon.wait_for("supervisor.held")
        (ended,) = daemon.all("child.exited")

        assert (held["attempts"], held["why"]) == (1, "only an edit can help")
        assert ended["error"] == f"no module named `nowhere` in `{tmp_path}`"


def test_success_finishes(tmp_path: Path) -> None:
    """A script that is done is done; an edit runs it again."""
    script_profile(tmp_path, "print('done')\n")
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("supervisor.finished")
        (tmp_path / "work.py").write_text("print('done again')\n")
        daemon.wait_for("child.exited", generation=2, exit_code=0)

        assert daemon.all("supervisor.held") == []


def test_code_3_starts_again_at_once(tmp_path: Path) -> None:
    """A child that serves and asks for it is started again as often as it likes."""
    script_profile(
        tmp_path,
        """
import pathlib, sys, time
count = pathlib.Path("count")
seen = int(count.read_text()) if count.exists() else 0
count.write_text(str(seen + 1))
time.sleep(0.15)
sys.exit(3 if seen < 6 else 0)
""",
        "[ready]\nstarted = 0.05\n" + QUICK,
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("supervisor.finished")

        assert [each["exit_code"] for each in daemon.all("child.exited")] == [3] * 6 + [0]
        assert [each["cause"] for each in daemon.all("restart.completed")] == ["exit"] * 6
        assert daemon.all("restart.scheduled") == []


def test_child_that_ignores_the_stop_signal_is_killed(tmp_path: Path) -> None:
    """The deadline of the profile ends what does not end by itself, and the group with it."""
    script_profile(
        tmp_path,
        """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN); signal.pause()"])
print("up", flush=True)
while True:
    signal.pause()
""",
        '[restart]\nstop-timeout = 0.3\n[warm]\nmode = "off"\n',
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        wait_until(lambda: len(daemon.processes()) == 2 and "up" in daemon.output, "the script and its child")
        children = daemon.processes()
        assert daemon.close() == 0

        assert daemon.wait_for("child.killed")["after_s"] == 0.3
        assert daemon.wait_for("child.exited")["signal"] == "SIGKILL"
        assert all_gone(children)


def test_never_ready_is_a_failure(tmp_path: Path) -> None:
    """A child that does not come to serve is ended, told so, and counted."""
    write_files(
        tmp_path,
        {
            "app.py": "import signal\nsignal.pause()\n",
            "dev.toml": '[target]\napp = "app:app"\n[listen]\nhttp = "127.0.0.1:0"\n[restart]\nready-timeout = 0.3\n'
            "backoff = { first = 0.01, attempts = 2 }\n",
        },
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("supervisor.held")

        assert len(daemon.all("child.late")) == 2
        assert [each["asked"] for each in daemon.all("child.exited")] == [True, True]


def test_command_that_vanished_is_told_and_comes_back(tmp_path: Path) -> None:
    """A program that cannot be started any more is a failure like another, in words."""
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\nexit 5\n")
    tool.chmod(0o755)
    write_files(tmp_path, {"dev.toml": f'[target]\ncommand = ["./tool"]\n[watch]\ninclude = ["tool"]\n{QUICK}'})
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("supervisor.held")
        tool.unlink()
        daemon.wait_for("child.exited", exit_code=127)
        tool.write_text("#!/bin/sh\nexec sleep 60\n")
        tool.chmod(0o755)

        assert daemon.wait_for("restart.completed", deadline=10)["cause"] in {"change", "exit"}
