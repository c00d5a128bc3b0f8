"""An app that cannot be served says so in its user's terms: his frames, or one line and a hint; the exit code is 1."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import Outcome, app, booted, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.parking import go_now, parked, until_parked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WSGI = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n"
ASGI = "async def app(scope, receive, send): pass\n"


APPEARS = """
import importlib.util, os
importlib.util.find_spec("shop.nowhere")
before = os.stat(__path__[0])
open(os.path.join(__path__[0], "main.py"), "w").close()
os.utime(__path__[0], ns=(before.st_atime_ns, before.st_mtime_ns))
"""
"""Makes `shop.main`, which the import system, believing the directory unchanged, does not see."""


@dataclass(frozen=True)
class Case:
    """Files, a target, and all of standard error; `{directory}` and `{python}` stand for what they say."""

    files: Mapping[str, str]
    target: str
    stderr: str
    servers: tuple[str, ...] = ("wsgiref",)


CASES = {
    "no such module": Case(
        {"shop.py": ""},
        "shpo:app",
        "error: no module named `shpo` in `{directory}`\nhint: did you mean `shop:app`?\n",
    ),
    "no such module, and none like it": Case({}, "shop.main:app", "error: no module named `shop` in `{directory}`\n"),
    "no such module in a package": Case(
        {"shop/__init__.py": "", "shop/main.py": ""},
        "shop.mian:create()",
        "error: no module named `mian` in the package `shop`\nhint: did you mean `shop.main:create()`?\n",
    ),
    "no such package, but a module in one like it": Case(
        {"shop/__init__.py": "", "shop/main.py": ""},
        "shpo.main:app",
        "error: no module named `shpo` in `{directory}`\nhint: did you mean `shop.main:app`?\n",
    ),
    "a module for a package": Case(
        {"shop.py": ""}, "shop.main:app", "error: no module named `main` in `shop`, which is not a package\n"
    ),
    "a module that is there by now": Case(
        {"shop/__init__.py": APPEARS},
        "shop.main:app",
        "error: no module named `main` in the package `shop`\n",
    ),
    "missing import in the app": Case(
        {"shop.py": "import near\n", "near.py": "import nowhere\n"},
        "shop:app",
        "Traceback (most recent call last):\n"
        '  File "{directory}/shop.py", line 1, in <module>\n'
        "    import near\n"
        '  File "{directory}/near.py", line 1, in <module>\n'
        "    import nowhere\n"
        "ModuleNotFoundError: No module named 'nowhere'\n",
    ),
    "the app's own package misses a part": Case(
        {"shop/__init__.py": "import shop.nowhere\n", "shop/main.py": WSGI},
        "shop.main:app",
        "Traceback (most recent call last):\n"
        '  File "{directory}/shop/__init__.py", line 1, in <module>\n'
        "    import shop.nowhere\n"
        "ModuleNotFoundError: No module named 'shop.nowhere'\n",
    ),
    "exception in the app": Case(
        {"shop.py": "def f():\n    raise OSError('no')\nf()\n"},
        "shop:app",
        "Traceback (most recent call last):\n"
        '  File "{directory}/shop.py", line 3, in <module>\n'
        "    f()\n"
        '  File "{directory}/shop.py", line 2, in f\n'
        "    raise OSError('no')\n"
        "OSError: no\n",
    ),
    "no such attribute": Case(
        {"shop.py": WSGI},
        "shop:ap",
        "error: `shop` has no attribute `ap`\nhint: did you mean `shop:app`?\n",
    ),
    "no such attribute, but a usual name": Case(
        {"shop.py": "def create_app(): pass\n"},
        "shop:server",
        "error: `shop` has no attribute `server`\nhint: did you mean `shop:create_app`?\n",
    ),
    "no such attribute at all": Case({"shop.py": ""}, "shop:app", "error: `shop` has no attribute `app`\n"),
    "no such attribute, and a part of it all over": Case(
        {"ap/__init__.py": "", "ap/ap.py": "app = len\n"},
        "ap.ap:ap()",
        "error: `ap.ap` has no attribute `ap`\nhint: did you mean `ap.ap:app()`?\n",
    ),
    "no such attribute of an attribute": Case(
        {"shop.py": "class site:\n    application = len\n"},
        "shop:site.aplication",
        "error: `shop.site` has no attribute `aplication`\nhint: did you mean `shop:site.application`?\n",
    ),
    "not callable": Case(
        {"shop.py": "app = {}\n"},
        "shop:app",
        "error: `shop:app` is no app: expected something to call, found an object of type `dict`\n",
    ),
    "factory that cannot be called": Case(
        {"shop.py": "create = 3\n"},
        "shop:create()",
        "error: `shop:create()` cannot be called: found an object of type `int`\nhint: leave out the `()`\n",
    ),
    "factory that wants arguments": Case(
        {"shop.py": "def create(config): pass\n"},
        "shop:create()",
        "error: `shop:create()` cannot be called without arguments: "
        "create() missing 1 required positional argument: 'config'\n",
    ),
    "factory that raises": Case(
        {"shop.py": "def create():\n    raise TypeError('mine')\n"},
        "shop:create()",
        "Traceback (most recent call last):\n"
        '  File "{directory}/shop.py", line 2, in create\n'
        "    raise TypeError('mine')\n"
        "TypeError: mine\n",
    ),
    "factory that returns nothing": Case(
        {"shop.py": "def create(): pass\n"},
        "shop:create()",
        "error: `shop:create()` returned no app: expected something to call, found None\n",
    ),
    "factory that is not marked as one": Case(
        {"shop.py": "def create(): pass\n"},
        "shop:create",
        "error: `shop:create` takes no arguments, so it is not an app\nhint: if it makes one, write `shop:create()`\n",
    ),
    "server for the other interface": Case(
        {"shop.py": ASGI},
        "shop:app",
        "error: `shop:app` is an ASGI app, which `waitress` cannot serve\n"
        "hint: the profile names a server, or asks for what no other server does\n",
        servers=("waitress",),
    ),
    "no server installed": Case(
        {"shop.py": ASGI},
        "shop:app",
        "error: `shop:app` is an ASGI app, and `uvicorn` or `hypercorn` to serve it is not installed\n"
        "hint: {python} -m pip install uvicorn\n",
        servers=("uvicorn", "hypercorn", "werkzeug", "wsgiref"),
    ),
}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """What would be served on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_whole_message(interpreter: Interpreter, case: Case, listener: socket.socket, tmp_path: Path) -> None:
    """Standard error is exactly this."""
    write_files(tmp_path, case.files)
    go = app(case.target, *case.servers)
    with booted(interpreter.executable, go, directory=tmp_path, listeners={"http": listener}) as child:
        outcome = child.outcome()

    _check(outcome, case, interpreter, tmp_path)


def _check(outcome: Outcome, case: Case, interpreter: Interpreter, directory: Path) -> None:
    stderr = case.stderr.format(directory=directory, python=interpreter.executable)
    # From 3.11 on, interpreters underline a part of some lines.
    shown = [line for line in outcome.stderr.decode().splitlines(keepends=True) if line.strip(" ~^\n")]
    assert (outcome.stdout, "".join(shown), outcome.status) == (b"", stderr, 1)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_whole_message_after_a_warm_start(case: Case, listener: socket.socket, tmp_path: Path) -> None:
    """What was imported beforehand makes no difference to it."""
    write_files(tmp_path, case.files)
    interpreter = newest_interpreter()
    go = app(case.target, *case.servers)
    modules = ("_reloadd_runtime.app", "_reloadd_runtime.serving", "difflib", "pkgutil", "threading")
    with parked(interpreter.executable, go, *modules, directory=tmp_path, listeners={"http": listener}) as child:
        until_parked(child)
        go_now(child, go)
        outcome = child.outcome()

    _check(outcome, case, interpreter, tmp_path)


def test_directory_that_was_removed_is_said(listener: socket.socket, tmp_path: Path) -> None:
    """A process that was prepared in it outlives it, and shows no frames of ours."""
    directory = tmp_path / "shop"
    directory.mkdir()
    python, go = newest_interpreter().executable, app("shop:app")
    with parked(python, go, directory=directory, listeners={"http": listener}) as child:
        until_parked(child)
        directory.rmdir()
        go_now(child, go)
        outcome = child.outcome()

    assert outcome == Outcome(b"", b"error: the working directory was removed\n", 1)


def test_syntax_error_shows_the_place(listener: socket.socket, tmp_path: Path) -> None:
    """The interpreter's own picture of it, and no frame above it."""
    write_files(tmp_path, {"shop.py": "if x\n"})
    python = newest_interpreter().executable
    with booted(python, app("shop:app"), directory=tmp_path, listeners={"http": listener}) as child:
        outcome = child.outcome()

    assert outcome.status == 1
    assert outcome.stderr.startswith(f'  File "{tmp_path}/shop.py", line 1\n    if x\n'.encode())


def test_exit_of_the_app_is_its_own(listener: socket.socket, tmp_path: Path) -> None:
    """An app that ends the process while it is imported gives the status; it is not said to be wrong."""
    write_files(tmp_path, {"shop.py": "import sys\nsys.exit(3)\n"})
    python = newest_interpreter().executable
    with booted(python, app("shop:app"), directory=tmp_path, listeners={"http": listener}) as child:
        assert child.outcome() == Outcome(b"", b"", 3)


def test_error_that_is_not_the_apps_shows_where_it_is(listener: socket.socket, tmp_path: Path) -> None:
    """Where no frame of the app is in a traceback, the runtime's own are all that tells what went wrong."""
    shop = "import wsgiref.simple_server\nwsgiref.simple_server.WSGIServer.setup_environ = None\ndef app(e, s): ...\n"
    write_files(tmp_path, {"shop.py": shop})
    python = newest_interpreter().executable
    with booted(python, app("shop:app", "wsgiref"), directory=tmp_path, listeners={"http": listener}) as child:
        stderr = child.outcome().stderr.decode()

    assert "wsgiref_adapter.py" in stderr
    assert stderr.endswith("TypeError: 'NoneType' object is not callable\n")
