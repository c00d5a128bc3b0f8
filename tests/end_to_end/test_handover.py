"""Reloads under load: no request is lost, and none is answered by code that was saved over."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.clients import Clients
from tests.support.daemon import RunningDaemon, ask, wait_until, write_files
from tests.support.environments import environment
from tests.support.interpreters import newest_interpreter
from tests.support.talking import Home

if TYPE_CHECKING:
    from pathlib import Path

RELOADS = int(os.environ.get("RELOADD_TEST_RELOADS", "50"))
STOPS = max(RELOADS // 15, 1)

WSGI = """
import time
VERSION = {version}

def app(environ, start_response):
    time.sleep(2 if environ["PATH_INFO"] == "/slow" else 0.03)
    body = str(VERSION).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""

ASGI = """
import asyncio
VERSION = {version}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
    await asyncio.sleep(2 if scope["path"] == "/slow" else 0.03)
    body = str(VERSION).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": body}})
"""

SERVERS = {
    "werkzeug": (WSGI, ["werkzeug"]),
    "waitress": (WSGI, ["waitress"]),
    "wsgiref": (WSGI, []),
    "uvicorn": (ASGI, ["uvicorn"]),
    "uvicorn-httptools": (ASGI, ["uvicorn", "httptools", "uvloop"]),
    "hypercorn": (ASGI, ["hypercorn"]),
}

PROFILE = """
[target]
app = "web:app"
python = "{python}"
server = "{server}"
[listen]
http = "{address}"
[restart]
while-reloading = "{meanwhile}"
"""


def write_app(directory: Path, name: str, address: str, meanwhile: str) -> str:
    """A profile of an app on this server; its source with the version left open."""
    source, requirements = SERVERS[name]
    python = environment(newest_interpreter(), *requirements)
    server = name.partition("-")[0]
    write_files(
        directory,
        {
            "web.py": source.format(version=1),
            "dev.toml": PROFILE.format(python=python, server=server, address=address, meanwhile=meanwhile),
        },
    )
    return source


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("meanwhile", ["hold", "serve-old"])
@pytest.mark.parametrize("name", SERVERS)
def test_no_request_is_lost_by_tcp(tmp_path: Path, name: str, meanwhile: str) -> None:
    """Fifty reloads, a broken save in the middle, a slow request in flight at a switch: nothing fails."""
    reload_under_load(tmp_path, name, "127.0.0.1:0", meanwhile, RELOADS if meanwhile == "hold" else RELOADS // 5)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SERVERS)
def test_no_request_is_lost_by_unix_socket(tmp_path: Path, name: str) -> None:
    """The same over a socket in the file system."""
    reload_under_load(tmp_path, name, "unix:web.sock", "hold", RELOADS // 5)


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVERS)
def test_no_request_is_lost_by_a_stop(tmp_path: Path, name: str) -> None:
    """What a stopped app had accepted and not read waits with what comes after it, until the app is started again."""
    home = Home(tmp_path)
    write_app(tmp_path, name, "127.0.0.1:0", "hold")
    with home.daemon("--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        with Clients(daemon.address(), keeping=4, closing=8) as clients:
            for number in range(1, STOPS + 1):
                home.reloadd("stop", "dev", "--wait")
                daemon.wait_for_count("child.exited", number)
                goal = len(clients.answers) + 12
                home.reloadd("start", "dev", "--wait")
                wait_until(partial(has_answers, clients, goal), "all clients are answered")

    assert clients.failures == []


def has_answers(clients: Clients, count: int) -> bool:
    """Whether so many requests have had an answer, or failed."""
    return len(clients.answers) >= count


COMMANDS = {
    "uvicorn": (ASGI, '["uvicorn", "--fd", "3", "--no-access-log", "web:app"]'),
    "gunicorn": (WSGI, '["gunicorn", "--bind", "fd://3", "web:app"]'),
}

REPLACED = """
[target]
command = {command}
python = "{python}"
[listen]
http = "127.0.0.1:0"
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", COMMANDS)
def test_no_connection_is_refused_while_a_command_is_replaced(tmp_path: Path, program: str) -> None:
    """The old child ends first; what connects meanwhile waits, and is answered by the new one."""
    source, command = COMMANDS[program]
    python = environment(newest_interpreter(), program)
    write_files(
        tmp_path,
        {"web.py": source.format(version=1), "dev.toml": REPLACED.format(command=command, python=python)},
    )
    with RunningDaemon(tmp_path, "--profile", "dev.toml") as daemon:
        daemon.wait_for("child.ready")
        with Clients(daemon.address(), keeping=0, closing=4) as clients:
            for version in range(2, RELOADS // 5 + 2):
                (tmp_path / "web.py").write_text(source.format(version=version))
                daemon.wait_for("restart.completed", generation=version)
        last = ask(daemon.address())

    assert last == (200, str(RELOADS // 5 + 1))
    assert [answer.error for answer in clients.failures if "Refused" in answer.error] == []
    assert len(clients.answers) > RELOADS // 5


def reload_under_load(directory: Path, name: str, address: str, meanwhile: str, reloads: int) -> None:
    """Save new versions while clients ask, and hold every answer to what had been saved when it was asked for."""
    source = write_app(directory, name, address, meanwhile)
    served = {1: 1}
    with RunningDaemon(directory, "-v", "--profile", "dev.toml") as daemon, ThreadPoolExecutor() as pool:
        daemon.wait_for("child.ready")
        where = daemon.address()
        with Clients(where) as clients:
            generation = 1
            for version in range(2, reloads + 2):
                slow = pool.submit(ask, where, "/slow") if version == reloads // 3 else None
                if slow is not None:
                    threading.Event().wait(0.2)  # it is to be in flight when the save comes
                if version == reloads // 2:
                    generation += 1
                    (directory / "web.py").write_text("def broken(:\n")
                    daemon.wait_for("restart.abandoned", generation=generation)
                generation += 1
                (directory / "web.py").write_text(source.format(version=version))
                daemon.wait_for("restart.completed", generation=generation)
                served[generation] = version
                if slow is not None:
                    assert slow.result() == (200, str(version - 1))
        last = ask(where)

    assert last == (200, str(reloads + 1))
    assert clients.failures == []
    assert len(clients.answers) > reloads
    assert len(pauses_that_led_to_new_code(daemon, served)) == reloads
    assert stale_answers(clients, daemon, served) == []


def stale_answers(clients: Clients, daemon: RunningDaemon, served: dict[int, int]) -> list[tuple[float, str, int]]:
    """Answers by code that was saved over, to requests that were sent once the old generation had paused."""
    switches = pauses_that_led_to_new_code(daemon, served)
    stale = []
    for answer in clients.answers:
        gone = max((version for moment, version in switches if answer.sent > moment), default=0)
        if answer.body is not None and int(answer.body) <= gone:
            stale.append((answer.sent, answer.body, gone))
    return stale


def pauses_that_led_to_new_code(daemon: RunningDaemon, served: dict[int, int]) -> list[tuple[float, int]]:
    """When each old generation had paused, on the monotonic clock, and its version; not for the broken save."""
    to_monotonic = time.monotonic() - time.time()
    switches, paused = [], []
    for each in daemon.records:
        match each["event"]:
            case "child.paused":
                moment = datetime.fromisoformat(each["timestamp"]).timestamp() + to_monotonic
                paused = [(moment, served[each["generation"]])]
            case "restart.completed":
                switches += paused
            case "restart.abandoned":
                paused = []
    return switches
