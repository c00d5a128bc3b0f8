"""Signals while an app is imported or served: who heeds them, and what they do to processes that the app forked off."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import BOOT, DEADLINE, BootedChild, app, booted, clean_environ, write_files
from tests.support.interpreters import Interpreter, find_interpreters
from tests.support.served import get

if TYPE_CHECKING:
    from pathlib import Path

WSGI = """\
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"answer"]
"""

SLOW_IMPORT = """\
import time
print("importing", flush=True)
time.sleep(60)
"""

OWN_HANDLER = """\
import os, signal, sys
def handle(number, frame):
    print("mine", flush=True)
    sys.exit(5)
signal.signal(signal.SIGTERM, handle)
"""

FORKING = """\
import os, signal, time

def app(environ, start_response):
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(tell, b"I am")
        while True:
            time.sleep(1)
    os.read(told, 4)
    os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    start_response("200 OK", [])
    return [b"%d" % os.WTERMSIG(status)]
"""


def _read_line(child: BootedChild) -> bytes:
    assert child.process.stdout is not None
    return child.process.stdout.readline()


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_import_is_not_waited_for(interpreter: Interpreter, http: socket.socket, tmp_path: Path) -> None:
    """SIGTERM ends a child that is still importing, at once and by the signal."""
    write_files(tmp_path, {"apps.py": SLOW_IMPORT})
    go = app("apps:app", "wsgiref")
    with booted(interpreter.executable, go, directory=tmp_path, listeners={"http": http}) as child:
        assert _read_line(child) == b"importing\n"
        begun = time.monotonic()
        outcome = child.stop()

    assert outcome.status == -signal.SIGTERM
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("age", ["old", "new"])
@pytest.mark.parametrize("server", ["werkzeug", "wsgiref"])
def test_handler_of_the_app_is_kept(
    age: str, server: str, server_pythons: dict[str, Path], http: socket.socket, tmp_path: Path
) -> None:
    """An app that takes SIGTERM for itself gets it, and ends as it likes."""
    write_files(tmp_path, {"apps.py": OWN_HANDLER + WSGI})
    go = app("apps:app", server)
    with booted(server_pythons[age], go, directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()
        outcome = child.stop()

    assert (outcome.stdout, outcome.status) == (b"mine\n", 5)


@pytest.mark.parametrize("server", ["werkzeug", "waitress", "wsgiref"])
def test_signal_to_a_forked_process_is_not_ours(
    server: str, server_pythons: dict[str, Path], http: socket.socket, tmp_path: Path
) -> None:
    """What an app forks off dies by SIGTERM as it always did, and the app serves on."""
    write_files(tmp_path, {"apps.py": FORKING})
    go = app("apps:app", server)
    with booted(server_pythons["old"], go, directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()

        assert [get(http), get(http)] == [str(signal.SIGTERM.value)] * 2
        assert child.stop().status == 0


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_child_of_a_daemon_that_is_gone_ends(interpreter: Interpreter) -> None:
    """One that is never told to go ends by itself, without a word."""
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        outcome = subprocess.run(
            [interpreter.executable, BOOT, str(theirs.fileno())],
            env=clean_environ(),
            pass_fds=[theirs.fileno()],
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )

    assert (outcome.stdout, outcome.stderr, outcome.returncode) == (b"", b"", 1)
