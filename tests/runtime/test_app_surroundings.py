"""What an app finds when it is imported and served by the runtime."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import app, booted, clean_environ, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.served import get

if TYPE_CHECKING:
    import socket
    from pathlib import Path

WSGI = """\
def app(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps(found).encode()]
"""

MODULES = """\
import sys
print(sorted(name for name in sys.modules if not name.startswith("_reloadd_runtime")))
raise SystemExit
"""

PLACE = """\
import sys
found = [sys.argv, getattr(sys, "orig_argv", [None, None])[1:], sys.path[0], sorted(vars(sys.modules["__main__"]))]
import json
"""

REEXEC = """\
import json, multiprocessing, sys
found = "served"
def double(x):
    return 2 * x
def app(environ, start_response):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map(double, [21])
    start_response("200 OK", [])
    return [json.dumps(found).encode()]
"""

FLASK = """\
import os, threading
import flask
app = flask.Flask(__name__)
app.debug = True
print(os.getpid(), flush=True)

@app.route("/")
def index():
    return flask.jsonify(pid=os.getpid(), threads=[type(t).__name__ for t in threading.enumerate()])
"""


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_nothing_is_loaded_before_it(interpreter: Interpreter, http: socket.socket, tmp_path: Path) -> None:
    """It is imported into a process with the modules of a fresh interpreter, and two that nobody can shadow."""
    write_files(tmp_path, {"apps.py": MODULES})
    plain = subprocess.run(
        [interpreter.executable, "-c", "import apps"],
        cwd=tmp_path,
        env=clean_environ(),
        capture_output=True,
        check=True,
    )
    go = app("apps:app", "wsgiref")
    with booted(interpreter.executable, go, directory=tmp_path, listeners={"http": http}) as child:
        outcome = child.outcome()

    loaded = set(json.loads(outcome.stdout.replace(b"'", b'"')))
    assert loaded - set(json.loads(plain.stdout.replace(b"'", b'"'))) <= {"__future__", "_json"}


def test_json_is_not_loaded_to_serve_it(http: socket.socket, tmp_path: Path) -> None:
    """What the child says to the daemon is written without it: it would cost as much as all of the runtime."""
    source = 'import sys\nfound = []\nclass json:\n    dumps = lambda _: str("json" in sys.modules)\n'
    write_files(tmp_path, {"apps.py": source + WSGI})
    go = app("apps:app", "wsgiref")
    with booted(newest_interpreter().executable, go, directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()

        assert get(http) == "False"


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_arguments_path_and_main_are_in_order(interpreter: Interpreter, http: socket.socket, tmp_path: Path) -> None:
    """The target's name and the profile's arguments; the directory is first on the path; `__main__` is empty."""
    write_files(tmp_path, {"apps.py": PLACE + WSGI})
    go = app("apps:app", "wsgiref", argv=["--mode", "a b"])
    with booted(interpreter.executable, go, directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()
        argv, given, first, main = json.loads(get(http))

    assert argv == ["apps:app", "--mode", "a b"]
    assert given == (argv if interpreter.version >= (3, 10) else [None])
    assert first == str(tmp_path)
    assert all(name.startswith("__") for name in main)
    assert "__file__" not in main


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_processes_can_be_spawned(interpreter: Interpreter, http: socket.socket, tmp_path: Path) -> None:
    """A process that the app spawns by multiprocessing finds nothing of ours to run again."""
    write_files(tmp_path, {"apps.py": REEXEC})
    go = app("apps:app", "wsgiref")
    with booted(interpreter.executable, go, directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()

        assert get(http) == "[42]"
        assert child.stop().status == 0


@pytest.mark.parametrize("age", ["old", "new"])
def test_debugging_flask_starts_no_reloader(
    age: str, server_pythons: dict[str, Path], http: socket.socket, tmp_path: Path
) -> None:
    """One process imports the app, once, and answers; Werkzeug's variables do not make it watch files."""
    write_files(tmp_path, {"apps.py": FLASK})
    environ = clean_environ(FLASK_DEBUG="1")
    go = app("apps:app", "werkzeug")
    with booted(server_pythons[age], go, directory=tmp_path, listeners={"http": http}, environ=environ) as child:
        child.until_ready()
        told = json.loads(get(http))
        outcome = child.stop()

    assert (told["pid"], outcome.stdout.split()) == (child.process.pid, [b"%d" % child.process.pid])
    assert not any("Reloader" in name for name in told["threads"])
    assert b"Running on" not in outcome.stderr


def test_logging_of_uvicorn_is_the_apps_to_change(
    server_pythons: dict[str, Path], http: socket.socket, tmp_path: Path
) -> None:
    """A level that the app sets for uvicorn's loggers stays, as under uvicorn's own command."""
    quiet = "import logging\nlogging.getLogger('uvicorn.access').setLevel(logging.WARNING)\n"
    serve = "async def app(scope, receive, send):\n    await send({'type': 'http.response.start', 'status': 200})\n"
    answer = "    await send({'type': 'http.response.body', 'body': b'x'})\n"
    outcomes = []
    for before in ("", quiet):
        write_files(tmp_path, {"apps.py": before + serve + answer})
        go = app("apps:app", "uvicorn")
        with booted(server_pythons["new"], go, directory=tmp_path, listeners={"http": http}) as child:
            child.until_ready()
            assert get(http) == "x"
            outcomes.append(child.stop())

    assert [b"GET / HTTP" in outcome.stdout for outcome in outcomes] == [True, False]


def test_first_installed_server_is_taken(http: socket.socket, tmp_path: Path) -> None:
    """Those that are not installed, or that speak the other interface, are passed over without a word."""
    write_files(tmp_path, {"apps.py": "import json\nfound = 1\n" + WSGI})
    python = newest_interpreter().executable
    with booted(python, app("apps:app"), directory=tmp_path, listeners={"http": http}) as child:
        ready = child.until_ready()

        assert ready["server"] == f"wsgiref {newest_interpreter().full_version}"
        assert child.stop().stderr == b""
