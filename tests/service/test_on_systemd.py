"""The service under a real manager: its start and end, what is refused, what outlives it, what the journal has."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.box import HOME, UID
from tests.support.daemon import wait_until
from tests.support.knocking import knocking
from tests.support.service import AWKWARD, PROFILES, UNITS, install, make_wheel, page_commands, wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.service import Service

pytestmark = [pytest.mark.xdist_group("systemd"), pytest.mark.slow, pytest.mark.timeout(180)]

ROUNDS = int(os.environ.get("RELOADD_TEST_DAEMON_RESTARTS", "3"))
"""How often the daemon is ended in each way, under load."""

LONGEST_DATAGRAM = 2 * int(Path("/proc/sys/net/core/wmem_default").read_text("ascii"))
"""Bytes; what is longer goes to the journal by another way (socket(7))."""

ADDRESS = "127.0.0.1:8000"

SLOW = """
import pathlib, socket, time
while not pathlib.Path("go").exists():
    time.sleep(0.01)
listener = socket.socket(fileno=3)
while True:
    listener.accept()
"""

FAMILY = """
import os, signal, subprocess, sys
code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        # Neither its group nor its session nor its environment shows whose it is.
        os.execve(sys.executable, [sys.executable, "-c", code], {})
    os._exit(0)
print("up", flush=True)
signal.pause()
"""
FAMILY_MORE = "[restart]\nstop-timeout = 0.3\n[ready]\nstarted = 0.1\n"

HANGING = """
import signal, sys, time
def get_stuck(*_):
    time.sleep(600)
signal.signal(signal.SIGUSR2, get_stuck)
from reloadd.cli import main
sys.exit(main(["--profile", "shop"]))
"""


def is_active(service: Service, unit: str = "reloadd") -> bool:
    """Whether a unit is up, which a notifying service is once it has said so."""
    return service.show(unit, "ActiveState") == "active"


def are_gone(service: Service, pids: Iterable[int]) -> bool:
    """Whether none of these processes of the box is left."""
    return not any(service.box.path(f"/proc/{pid}").exists() for pid in pids)


def test_it_is_active_once_its_apps_serve(service: Service) -> None:
    """Until then it is `activating` and says what it waits for; then it is active and says what it serves."""
    service.write_web("shop", ADDRESS)
    service.write_script("slow", SLOW, '[listen]\nhttp = "127.0.0.1:8001"\n')
    service.systemctl("start", "--no-block", "reloadd")
    wait(lambda: "serving shop" in service.show("reloadd", "StatusText"), "the first app")

    assert service.show("reloadd", "ActiveState") == "activating"
    assert service.show("reloadd", "StatusText") == "serving shop; starting slow"
    service.write({"slow/go": ""})
    wait(lambda: is_active(service), "active")
    assert 'Status: "serving shop, slow"' in service.systemctl("status", "reloadd")


def test_the_commands_of_the_page(service: Service) -> None:
    """Typed one after the other, in a login session, they do what the page says."""
    service.write_web("shop", ADDRESS)
    service.write_program("reloadd")
    printed = [service.box.login("sh", "-c", command, environ=service.environ) for command in page_commands()]

    assert "unchanged" in printed[0]
    assert 'Status: "serving shop"' in printed[2]
    assert "shop#1: child.ready" in printed[4]
    assert service.show("reloadd", "UnitFileState") == "enabled"


def test_a_wrong_profile_is_no_loop(service: Service) -> None:
    """Alone it ends the service, with the drawing in the journal; trying again would not mend it. It stops no other."""
    service.write({f"{PROFILES}/shop.toml": "[target]\nsrcipt = 1\n"})
    started = service.box.try_user("systemctl", "--user", "start", "reloadd")

    assert started.returncode == 1
    assert (service.show("reloadd", "ExecMainStatus"), service.show("reloadd", "NRestarts")) == ("2", "0")
    assert any("unknown key `srcipt` in `[target]`" in str(entry["MESSAGE"]) for entry in service.journal())

    service.write_web("api", ADDRESS)
    service.systemctl("start", "reloadd")
    assert service.show("reloadd", "ActiveState") == "active"
    assert service.show("reloadd", "StatusText") == "rejected: shop; serving api"


def test_a_held_app_keeps_nobody_waiting(service: Service) -> None:
    """An app that cannot start is said to be held, with its error, and the service is active all the same."""
    service.write_web("shop", ADDRESS, greeting='"')
    service.systemctl("start", "reloadd")

    assert service.show("reloadd", "StatusText").startswith("holding shop (SyntaxError: ")


def test_installing(service: Service) -> None:
    """Each file that is written is named; a second time nothing is; systemd has no complaint; all of it goes again."""
    service.write_web("shop", ADDRESS)
    service.reloadd("service", "uninstall")
    words, path = ("service", "install", "--hardened", "--socket"), "/opt/my tools/bin:/usr/bin:/bin"
    first, again = service.reloadd(*words, path=path), service.reloadd(*words, path=path)
    units = ("reloadd.service", "reloadd@shop.service", "reloadd.socket")
    verified = service.box.try_user("systemd-analyze", "--user", "verify", "--man=no", *units)

    names = ["reloadd.service", "reloadd@.service", "reloadd.socket"]
    names += [f"{name}.d/hardened.conf" for name in names[:2]]
    expected = [f"{HOME / UNITS / name}" for name in names] + [f"{HOME / PROFILES}/service.env"]
    assert re.findall(r"(?m)^wrote (.*)$", first) == expected
    assert re.findall(r"(?m)^unchanged (.*)$", again) == expected
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    assert AWKWARD.replace("%", "%%") in service.box.path(HOME / UNITS / "reloadd.service").read_text()
    assert service.box.path(HOME / PROFILES / "service.env").read_text() == f'PATH="{path}"\n'
    service.systemctl("enable", "--now", "reloadd.socket")
    assert service.reloadd("service", "install").count("removed") == 3
    assert service.show("reloadd.socket", "ActiveState") == "inactive"
    service.reloadd(*words, path=path)
    service.systemctl("enable", "reloadd.socket")
    service.systemctl("enable", "--now", "reloadd@shop")
    gone = service.reloadd("service", "uninstall")
    links = [
        HOME / UNITS / "default.target.wants/reloadd@shop.service",
        HOME / UNITS / "sockets.target.wants/reloadd.socket",
    ]
    assert sorted(re.findall(r"(?m)^removed (.*)$", gone)) == sorted([*expected, *map(str, links)])
    assert not is_active(service, "reloadd@shop")
    assert service.reloadd("service", "uninstall") == "nothing was installed\n"


def test_stop_leaves_nothing(service: Service) -> None:
    """Within a second no process is left, not even one that left its session and shows no trace of whose it is."""
    service.reloadd("service", "install", "--hardened")
    service.write_script("family", FAMILY, FAMILY_MORE)
    service.systemctl("start", "reloadd")
    wait(lambda: len(service.pids("family")) == 3, "the app and its two descendants")
    pids = service.pids()
    service.systemctl("stop", "reloadd")

    wait_until(lambda: are_gone(service, pids), "all gone", deadline=1.0)


def test_reloading(service: Service) -> None:
    """`systemctl reload` returns when it is done; a wrong profile makes it fail, with the reason, and all runs on."""
    service.write_web("shop", ADDRESS)
    service.systemctl("start", "reloadd")
    service.write_web("api", "127.0.0.1:8001")
    service.systemctl("reload", "reloadd")
    wait(lambda: service.show("reloadd", "StatusText") == "serving api, shop", "the other app")
    wait(lambda: service.pids("api"), "its process")
    pids = service.pids("api"), service.pids("shop")
    service.write({f"{PROFILES}/api.toml": "[target]\nsrcipt = 1\n"})
    refused = service.box.try_user("systemctl", "--user", "reload", "reloadd")

    assert refused.returncode == 1
    assert is_active(service)
    assert (service.pids("api"), service.pids("shop")) == pids
    said = [str(entry["MESSAGE"]) for entry in service.journal()]
    assert any("unknown key `srcipt` in `[target]`" in message for message in said)
    assert service.show("reloadd", "StatusText") == "rejected: api; serving api, shop"


def test_status_counts_what_left_its_session(service: Service) -> None:
    """`reloadd status` has CPU and memory of all that an app started, by its control group; the journal its output."""
    service.write_script("family", FAMILY, FAMILY_MORE)
    service.systemctl("start", "reloadd")
    wait(lambda: len(service.pids("family")) == 3, "the app and its two descendants")
    assert [entry["SYSLOG_IDENTIFIER"] for entry in service.journal() if entry["MESSAGE"] == "up"] == ["reloadd"]
    (family,) = json.loads(service.reloadd("status", "--output", "json"))["daemons"][0]["profiles"]

    assert family["usage"]["processes"] == 3
    assert family["usage"]["cpu_s"] > 0
    assert family["usage"]["memory_bytes"] > 1_000_000


def test_a_restart_of_an_app_ends_all_of_it(service: Service) -> None:
    """What a generation started, double-forked or not, ends with it; another app is left alone."""
    service.write_web("shop", ADDRESS)
    service.write_script("family", FAMILY, FAMILY_MORE)
    service.systemctl("start", "reloadd")
    wait(lambda: len(service.pids("family")) == 3, "the app and its two descendants")
    shop, family = service.pids("shop"), service.pids("family")
    service.write({"family/family.py": f"{FAMILY}\n# edited\n"})
    service.wait_for_entry("RELOADD_EVENT=restart.completed", "RELOADD_PROFILE=family")

    wait(lambda: are_gone(service, family), "the old ones gone")
    wait(lambda: len(service.pids("family")) == 3, "the new ones")
    assert service.pids("shop") == shop


@pytest.mark.parametrize(("how", "options"), [("kill", ()), ("restart", ("--hardened",))])
def test_no_connection_is_refused(service: Service, how: str, options: tuple[str, ...]) -> None:
    """While the daemon is killed or restarted under load, connections wait; the apps serve again; no child is left."""
    service.reloadd("service", "install", *options)
    service.write_web("shop", ADDRESS)
    service.systemctl("start", "reloadd")
    with knocking(service.box.network, ADDRESS) as outcomes:
        for _ in range(ROUNDS):
            end_daemon(service, how)
    bound = service.journal("RELOADD_EVENT=socket.bound")

    assert outcomes["answered"] > 10 * ROUNDS
    assert "ConnectionRefusedError" not in outcomes, outcomes
    if how == "restart":
        assert set(outcomes) == {"answered"}
    assert [each.get("RELOADD_ORIGIN") for each in bound[-ROUNDS:]] == ["kept"] * ROUNDS


def end_daemon(service: Service, how: str) -> None:
    """Kill or restart the daemon, and wait for the next one, and for the end of all that belonged to the last."""
    pid, all_pids = service.show("reloadd", "MainPID"), service.pids()
    # Or it would be started so often that the manager gives up.
    service.systemctl("reset-failed", "reloadd")
    if how == "kill":
        service.systemctl("kill", "--kill-whom=main", "--signal=KILL", "reloadd")
    else:
        service.systemctl("restart", "reloadd")
    wait(lambda: service.show("reloadd", "MainPID") not in {"0", pid} and is_active(service), "another daemon")
    wait(lambda: are_gone(service, all_pids), "the old ones gone")


def test_an_upgrade_refuses_nobody(service: Service, tmp_path: Path) -> None:
    """A newer version is installed over the one that runs, and takes its place and its sockets."""
    service.write_web("shop", ADDRESS)
    service.systemctl("start", "reloadd")
    newer = make_wheel(tmp_path, "1.0.1")
    with knocking(service.box.network, ADDRESS) as outcomes:
        install(service.python, newer)
        end_daemon(service, "restart")

    assert "ConnectionRefusedError" not in outcomes, outcomes
    started = service.journal("RELOADD_EVENT=daemon.started")
    assert [each["RELOADD_VERSION"] for each in started] == ["1.0.0", "1.0.1"]


def test_a_hung_daemon_comes_back(service: Service) -> None:
    """The manager kills it, the journal has where it hung, and the next one serves."""
    service.write_web("shop", ADDRESS)
    python = str(service.python).replace("%", "%%")
    drop_in = f'[Service]\nWatchdogSec=3\nExecStart=\nExecStart="{python}" {HOME}/hanging.py\n'
    service.write({"hanging.py": HANGING, f"{UNITS}/reloadd.service.d/hanging.conf": drop_in})
    service.systemctl("daemon-reload")
    service.systemctl("start", "reloadd")
    pid = service.show("reloadd", "MainPID")
    service.systemctl("kill", "--kill-whom=main", "--signal=USR2", "reloadd")
    wait(lambda: service.show("reloadd", "MainPID") not in {"0", pid} and is_active(service), "another daemon")

    assert int(service.show("reloadd", "NRestarts")) >= 1
    said = "\n".join(str(entry["MESSAGE"]) for entry in service.journal(f"_PID={pid}"))
    assert "Fatal Python error: Aborted" in said
    assert "in get_stuck" in said


def test_records_are_journal_entries(service: Service) -> None:
    """Each is found by its name, with its facts as fields; a long one arrives whole."""
    service.write_web("shop", ADDRESS)
    service.systemctl("start", "reloadd")
    deep = "/".join(["d" * 200] * 5)
    service.write({f"kept/{deep}/{n:04}.py": "" for n in range(600)})
    # All at once: of files that are written one by one the first may be told alone.
    service.box.path(HOME / "kept").rename(service.box.path(HOME / "shop/kept"))
    (entry, *_) = service.wait_for_entry("RELOADD_EVENT=restart.completed")

    assert entry["RELOADD_PROFILE"] == "shop"
    assert entry["RELOADD_CAUSE"] == "change"
    assert entry["PRIORITY"] == "6"
    assert entry["_SYSTEMD_USER_UNIT"] == "reloadd.service"
    assert int(entry["RELOADD_TOOK_MS"]) > 0
    assert re.fullmatch(r"[0-9a-f]{32}", entry["MESSAGE_ID"])
    (settled,) = service.journal("RELOADD_EVENT=change.settled")
    assert int(settled["RELOADD_CHANGES"]) == 600
    assert sum(map(len, settled["RELOADD_PATHS"])) > LONGEST_DATAGRAM


def test_an_instance_runs_one_profile(service: Service) -> None:
    """`reloadd@shop` runs that profile and no other; enabled and lingering, it starts without a login."""
    service.write_web("shop", ADDRESS)
    service.write_web("other", "127.0.0.1:8001")
    service.systemctl("enable", "reloadd@shop")
    service.box.root("systemctl", "restart", f"user@{UID}.service")
    wait(service.box.manager_is_up, "the user's manager")
    wait(lambda: is_active(service, "reloadd@shop"), "active")

    assert service.show("reloadd@shop", "StatusText") == "serving shop"
    assert "reloadd@shop.service: active, pid" in service.reloadd("service", "status")


def test_systemd_listens_for_it(service: Service) -> None:
    """The first connection starts it; what the socket unit listens at is the profile's socket."""
    service.write_web("shop", ADDRESS)
    service.reloadd("service", "install", "--socket")
    service.systemctl("start", "reloadd.socket")
    assert service.show("reloadd", "ActiveState") == "inactive"
    with knocking(service.box.network, ADDRESS) as outcomes:
        wait(lambda: is_active(service), "active")

    assert set(outcomes) == {"answered"}
    (bound,) = service.journal("RELOADD_EVENT=socket.bound")
    assert bound["RELOADD_ORIGIN"] == "unit"
    assert service.show("reloadd", "NFileDescriptorStore") == "0"
