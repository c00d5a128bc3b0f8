"""The daemon's own beginning and end: signals, sockets, profiles read again, and death without warning."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.daemon import RunningDaemon, all_gone, ask, clean_environ, marked_processes, wait_until, write_files
from tests.support.programs import needs_bindfs

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{greeting}"]
"""

PROFILE = """
[target]
app = "web:app"
[listen]
http = "{address}"
"""

FAMILY = """
import os, signal, subprocess, sys
code = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
subprocess.Popen([sys.executable, "-c", code])
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", code])
    os._exit(0)
print("up", flush=True)
signal.pause()
"""


def write_web(directory: Path, address: str = "127.0.0.1:0", greeting: str = "one") -> None:
    """A profile of a WSGI app."""
    write_files(directory, {"web.py": APP.format(greeting=greeting), "dev.toml": PROFILE.format(address=address)})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_everything(tmp_path: Path, number: int) -> None:
    """Ctrl-C and SIGTERM end the apps, then the daemon, with success."""
    write_web(tmp_path)
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        pids = daemon.processes()
        daemon.process.send_signal(number)

        assert daemon.wait_ended() == 0
        assert all_gone(pids)
        assert [each["event"] for each in daemon.records[-3:]] == ["daemon.stopping", "child.exited", "daemon.stopped"]


def test_second_signal_kills(tmp_path: Path) -> None:
    """Who presses Ctrl-C twice does not want to wait for the deadline."""
    write_files(
        tmp_path,
        {
            "stubborn.py": "import signal\nsignal.signal(15, signal.SIG_IGN)\nprint('up')\n"
            "while True:\n    signal.pause()\n",
            "dev.toml": '[target]\nscript = "stubborn.py"\n[restart]\nstop-timeout = 600\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        wait_until(lambda: "up" in daemon.output, "the script's first line")
        daemon.process.send_signal(signal.SIGINT)
        daemon.wait_for("daemon.stopping")
        time.sleep(0.15)  # nobody presses it twice sooner
        daemon.process.send_signal(signal.SIGINT)

        assert daemon.wait_ended() == 0
        assert [each["signal"] for each in daemon.all("child.killed")] == ["SIGKILL"]
        assert daemon.all("child.exited")[0]["exit"] == "SIGKILL (killed by reloadd)"


def test_signal_that_is_passed_on_too_is_no_second_one(tmp_path: Path) -> None:
    """What we run under, such as timeout(1), signals its child and then its group: the app has its time to stop."""
    write_files(
        tmp_path,
        {
            "slow.py": "import signal, sys, time\nsignal.signal(15, lambda *_: (time.sleep(0.5), sys.exit()))\n"
            "print('up')\nwhile True:\n    signal.pause()\n",
            "dev.toml": '[target]\nscript = "slow.py"\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        wait_until(lambda: "up" in daemon.output, "the script's first line")
        # Two of the same number might be taken for one by the kernel: signal(7).
        daemon.process.send_signal(signal.SIGINT)
        daemon.process.send_signal(signal.SIGTERM)

        assert daemon.wait_ended() == 0
        assert daemon.all("child.killed") == []
        assert daemon.all("child.exited")[0]["exit"] == "code 0 (success)"


def test_nothing_outlives_a_killed_daemon(tmp_path: Path) -> None:
    """After `kill -9` no process of any profile is left, and the port is free."""
    write_web(tmp_path)
    write_files(
        tmp_path,
        {
            "family.py": FAMILY,
            "family.toml": f'[target]\ncommand = ["{sys.executable}", "family.py"]\n[ready]\nstarted = 0.01\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml", "--profile", "family.toml") as daemon:
        daemon.wait_for("child.ready", profile="dev")
        daemon.wait_for("spare.parked", profile="dev")
        what = "the app, the command with its three descendants, and a process prepared for the next start of each"
        wait_until(lambda: len(daemon.processes()) >= 7, what)
        address, mark = daemon.address("dev"), daemon.mark
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.wait_ended()

        wait_until(lambda: not marked_processes(mark), "every process gone")
        host, _, port = address.rpartition(":")
        with socket.create_server((host, int(port))):
            pass


def test_stop_ends_what_left_its_group(tmp_path: Path) -> None:
    """An orderly end leaves nothing behind either."""
    write_files(
        tmp_path,
        {
            "family.py": FAMILY,
            "dev.toml": '[target]\nscript = "family.py"\n[restart]\nstop-timeout = 0.5\n[warm]\nmode = "off"\n',
        },
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        wait_until(lambda: len(daemon.processes()) == 4, "the script with its three descendants")
        pids = daemon.processes()

        assert daemon.close() == 0
        wait_until(lambda: all_gone(pids), "every process gone")


def test_guardian_is_replaced(tmp_path: Path) -> None:
    """If the process that ends all apps is killed, another one takes its place and knows them."""
    write_web(tmp_path)
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        pids = daemon.processes()
        os.kill(guardian_of(daemon), signal.SIGKILL)
        daemon.wait_for("guardian.lost")
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.wait_ended()

        wait_until(lambda: all_gone(pids), "every process gone")


def guardian_of(daemon: RunningDaemon) -> int:
    """The guardian's pid: the child of the daemon that does not carry the mark."""
    from pathlib import Path  # noqa: PLC0415 (only a type for the other tests)

    pid = daemon.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (guardian,) = [int(child) for child in children if b"guardian.py" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return guardian


def test_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    """It is drawn in the profile, names who holds the port, and nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        write_web(tmp_path, f"127.0.0.1:{port}")
        with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
            status = daemon.wait_ended()

    text = "".join(str(each.get("text", "")) for each in daemon.records)
    assert status == 1
    assert text.startswith(
        f"error: cannot listen on `127.0.0.1:{port}`\n"
        " --> dev.toml:5:8\n"
        "  |\n"
        f'5 | http = "127.0.0.1:{port}"\n'
        f"  |        {'^' * (len(str(port)) + 12)} it is taken by process {os.getpid()} (`"
    )
    assert f"= hint: stop it with `kill {os.getpid()}`, or choose another address" in text
    assert not [each for each in daemon.records if each["event"].startswith("child.")]


@needs_bindfs
def test_a_file_system_that_does_not_answer_keeps_no_daemon_from_ending(tmp_path: Path) -> None:
    """Once the apps have ended: a thread that looks there cannot be ended, and the interpreter would wait for it."""
    write_web(tmp_path)
    write_files(tmp_path, {"behind/part.py": "", "mounted/.keep": ""})
    with (tmp_path / "dev.toml").open("a") as profile:
        profile.write('[watch]\nroots = ["mounted"]\nbackend = "poll"\npoll-interval = 0.05\n')
    behind, mounted = tmp_path / "behind", tmp_path / "mounted"
    program = subprocess.Popen(["bindfs", "-f", "-o", "nonempty", behind, mounted])
    try:
        wait_until(mounted.is_mount, "the mount")
        with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
            daemon.wait_for("child.ready")
            program.send_signal(signal.SIGSTOP)
            wait_until(lambda: _waits_for_fuse(daemon.process.pid), "a look that does not come back")
            assert daemon.close() == 0
            assert daemon.all("daemon.stopped")
    finally:
        program.send_signal(signal.SIGCONT)
        program.terminate()
        program.wait()


def _waits_for_fuse(pid: int) -> bool:
    """Whether a thread of a process waits for an answer (proc(5))."""
    return any(path.read_text() == "request_wait_answer" for path in Path(f"/proc/{pid}/task").glob("*/wchan"))


def test_port_of_ones_own_other_daemon_is_told_as_such(tmp_path: Path) -> None:
    """To kill a daemon ends all its apps; the profile that has the address is named, for a stopped app keeps it too.

    If that is this very profile, it runs already.
    """
    (tmp_path / "run").mkdir(mode=0o700)
    environ = clean_environ(XDG_RUNTIME_DIR=str(tmp_path / "run"))
    write_files(tmp_path, {"apps/api.toml": '[target]\ncommand = ["sleep", "600"]\n', "other/web.py": ""})
    write_web(tmp_path / "apps")
    with RunningDaemon(tmp_path, "--profile", "apps/", environ=environ) as daemon:
        daemon.wait_for("child.ready", profile="dev")
        address = str(daemon.wait_for("socket.bound")["address"])
        write_files(tmp_path, {"other/dev.toml": PROFILE.format(address=address)})
        with RunningDaemon(tmp_path, "--profile", "other/dev.toml", environ=environ) as late:
            status = late.wait_ended()
        file = tmp_path / "apps" / "dev.toml"
        file.write_text(PROFILE.format(address=address))
        daemon.wait_for("profile.reloaded")
        with RunningDaemon(tmp_path, "--profile", "apps/dev.toml", environ=environ) as again:
            again.wait_ended()
        pid = daemon.process.pid

    text = "".join(str(each.get("text", "")) for each in late.records)
    twice = "".join(str(each.get("text", "")) for each in again.records)
    assert f"^ daemon {pid} runs this profile already" in twice
    assert f"hint: see `reloadd status dev`, or `kill {pid}`, which ends `api` and `dev`" in twice
    assert status == 1
    assert f"^ daemon {pid} listens there" in text
    assert (
        f"choose another address, change the address in `{file}`, or `kill {pid}`, which ends `api` and `dev`" in text
    )


def test_port_0_keeps_its_number(tmp_path: Path) -> None:
    """The kernel chooses once; connections made during a restart are answered after it."""
    write_web(tmp_path)
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        address = daemon.address()
        for number in range(2, 6):
            (tmp_path / "web.py").write_text(APP.format(greeting=f"version {number}"))
            daemon.wait_for("child.exited", generation=number - 1)
            assert ask(address) == (200, f"version {number}")

        assert len(daemon.all("socket.bound")) == 1


def test_unix_socket_is_served_and_removed(tmp_path: Path) -> None:
    """A socket in the file system works as a port does, and is gone with the daemon."""
    write_web(tmp_path, "unix:web.sock")
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")

        assert daemon.get() == "one"
        assert daemon.close() == 0
        assert not (tmp_path / "web.sock").exists()


# SIGHUP.


def test_profiles_are_read_again(tmp_path: Path) -> None:
    """A changed profile restarts its app, a new one starts, a removed one stops; the socket stays."""
    write_web(tmp_path)
    with RunningDaemon(tmp_path, "--profile", ".") as daemon:
        daemon.wait_for("child.ready", profile="dev")
        address = daemon.address("dev")
        write_files(
            tmp_path,
            {
                "dev.toml": (tmp_path / "dev.toml").read_text().replace("[listen]", 'env = { A = "1" }\n[listen]'),
                "other.toml": '[target]\ncommand = ["sleep", "600"]\n',
            },
        )
        daemon.process.send_signal(signal.SIGHUP)
        restarted = daemon.wait_for("restart.completed", profile="dev")
        daemon.wait_for("child.ready", profile="other")

        assert (restarted["cause"], restarted["generation"]) == ("profile", 2)
        assert ask(address) == (200, "one")
        assert len(daemon.all("socket.bound", profile="dev")) == 1

        (tmp_path / "dev.toml").unlink()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("profile.removed", profile="dev")
        daemon.wait_for("socket.closed")
        with pytest.raises(ConnectionRefusedError):
            ask(address)
        assert daemon.all("child.exited", profile="other") == []


def test_wrong_profile_never_stops_an_app(tmp_path: Path) -> None:
    """What is wrong is drawn, and what ran before runs on."""
    write_web(tmp_path)
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        write_files(tmp_path, {"dev.toml": PROFILE.format(address="nowhere")})
        daemon.process.send_signal(signal.SIGHUP)
        rejected = daemon.wait_for("profile.rejected")

        assert "--> dev.toml:5:8" in rejected["drawing"]
        assert rejected["drawing"].endswith("1 problem, what ran before runs on")
        assert daemon.get() == "one"
        assert daemon.all("child.exited") == []


def test_new_address_that_is_taken_is_rejected(tmp_path: Path) -> None:
    """The old socket is only closed once the new one is there."""
    write_web(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as holder, RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        write_files(tmp_path, {"dev.toml": PROFILE.format(address=f"127.0.0.1:{holder.getsockname()[1]}")})
        daemon.process.send_signal(signal.SIGHUP)

        drawing = daemon.wait_for("profile.rejected")["drawing"]
        assert "it is taken by process" in drawing
        assert "; it is tried again by itself" in drawing
        assert daemon.get() == "one"

        holder.close()
        assert daemon.wait_for("profile.reloaded")["changed"] == ["listen.http"]


def test_sockets_of_an_outer_manager_are_not_inherited(tmp_path: Path) -> None:
    """What describes the daemon's own surroundings would mislead a child."""
    write_files(
        tmp_path,
        {
            "show.py": "import os\nprint(sorted(n for n in os.environ if n.startswith(('LISTEN', 'NOTIFY', 'WATCHDOG', "
            "'WERKZEUG'))))\n",
            "dev.toml": '[target]\nscript = "show.py"\n',
        },
    )
    outer = {"LISTEN_FDS": "1", "LISTEN_PID": "1", "NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1"}
    environ = clean_environ(**outer, WERKZEUG_RUN_MAIN="true")
    with RunningDaemon(tmp_path, "--profile", "dev.toml", environ=environ) as daemon:
        daemon.wait_for("child.exited")
        wait_until(lambda: daemon.output, "the script's line")

        assert daemon.output == "[]\n"
