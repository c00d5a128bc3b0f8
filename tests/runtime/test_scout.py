"""A scout runs ahead into the app and parks before a module; what it does until then is not seen outside."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.runtime import wire
from tests.support.booting import BootedChild, Outcome, app, booted, clean_environ, module, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.parking import parked, until_parked
from tests.support.served import get

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.booting import Go

PYTHON = newest_interpreter().executable

SHOP = {
    "main.py": "import shop\n",
    "shop/__init__.py": "print('shop', flush=True)\nimport shop.models, shop.views, shop.urls\n",
    "shop/models.py": "import os\nprint('models', os.getpid() == os.getpgrp(), flush=True)\n",
    "shop/views.py": "print('views 1')\n",
    "shop/urls.py": "print('urls')\nraise SystemExit('so it is')\n",
}


def _run_ahead(child: BootedChild, go: Go, until: str) -> wire.Frame | None:
    until_parked(child)
    child.tell("ahead", **go, listeners=[], terminal=False, until=until)
    return child.next_word()


def _go(child: BootedChild, go: Go) -> None:
    child.tell("go", **go, listeners=[], terminal=False)
    assert child.next_word() == {"word": "started"}


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
@pytest.mark.parametrize("is_module", [False, True], ids=["script", "module"])
def test_scout_goes_on_from_where_it_parked(interpreter: Interpreter, is_module: bool, tmp_path: Path) -> None:  # noqa: FBT001 (a parameter of the test)
    """What it runs before, and what is saved meanwhile, add up to what a cold start gives."""
    write_files(tmp_path, SHOP)
    go = module("main") if is_module else script(tmp_path / "main.py")
    with parked(interpreter.executable, go, "colorsys", directory=tmp_path) as child:
        frame = _run_ahead(child, go, "shop.views")
        assert frame is not None
        assert (frame["word"], frame["before"]) == ("parked", "shop.views")
        assert child.process.stdout is not None
        assert [child.process.stdout.readline() for _ in range(2)] == [b"shop\n", b"models True\n"]
        write_files(tmp_path, {"shop/views.py": "import shop.new\n", "shop/new.py": "print('views 2')\n"})
        _go(child, go)
        warm = child.outcome()
    with booted(interpreter.executable, go, directory=tmp_path) as child:
        cold = child.outcome()

    assert warm == Outcome(b"views 2\nurls\n", b"so it is\n", 1)
    assert cold == Outcome(b"shop\nmodels True\n" + warm.stdout, warm.stderr, warm.status)


def test_scout_of_an_app_is_served(tmp_path: Path, http: socket.socket) -> None:
    """It becomes ready after `go`, with what was saved last."""
    write_files(
        tmp_path,
        {
            "shop.py": "import views\ndef app(environ, start):\n    start('200 OK', [])\n    return [views.TEXT]\n",
            "views.py": "TEXT = b'old'\n",
        },
    )
    go = app("shop:app", "wsgiref")
    with parked(PYTHON, go, directory=tmp_path, listeners={"http": http}) as child:
        frame = _run_ahead(child, go, "views")
        assert frame is not None
        assert frame["word"] == "parked"
        write_files(tmp_path, {"views.py": "TEXT = b'newer'\n"})
        _go(child, go)
        child.say("accept")
        child.until_ready()
        assert get(http) == "newer"


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_scout_raises_as_the_app_does(interpreter: Interpreter, tmp_path: Path) -> None:
    """A traceback through the place where it was parked is that of a cold start."""
    write_files(tmp_path, {**SHOP, "shop/views.py": "1 / 0\n"})
    go = script(tmp_path / "main.py")
    with booted(interpreter.executable, go, directory=tmp_path) as child:
        cold = child.outcome()
    with parked(interpreter.executable, go, directory=tmp_path) as child:
        _run_ahead(child, go, "shop.views")
        _go(child, go)
        warm = child.outcome()

    assert warm == cold


EFFECTS = {
    "a file": ("open('out', 'w')", "open"),
    "a directory": ("import os; os.mkdir('out')", "os.mkdir"),
    "a removed file": ("import os; os.remove('main.py')", "os.remove"),
    "a program": ("import subprocess; subprocess.run(['touch', 'out'])", "subprocess.Popen"),
    "a shell": ("import os; os.system('touch out')", "os.system"),
    "a copy": ("import os; os.fork() or open('out', 'w')", "os.fork"),
    "a connection": ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket.__new__"),
    "a database": ("import sqlite3; sqlite3.connect('out')", "sqlite3.connect"),
    "a signal": ("import os; os.kill(os.getpid(), 9)", "os.kill"),
    "an event loop": ("import asyncio; asyncio.new_event_loop()", "socket.__new__"),
}


@pytest.mark.parametrize(("statement", "event"), EFFECTS.values(), ids=EFFECTS.keys())
def test_scout_ends_before_it_does_what_shows_outside(statement: str, event: str, tmp_path: Path) -> None:
    """It tells where that would have been; nothing has happened."""
    files = {"main.py": "import shop.views\n", "shop/__init__.py": f"{statement}\n", "shop/views.py": ""}
    write_files(tmp_path, files)
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, directory=tmp_path) as child:
        frame = _run_ahead(child, go, "shop.views")
        outcome = child.outcome()

    assert frame is not None
    assert frame["word"] == "spoiled"
    assert frame["reason"].startswith(event)
    assert frame["by"] == f"{tmp_path / 'shop' / '__init__.py'}:1"
    assert outcome == Outcome(b"", b"", 0)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "main.py").exists()


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_scout_with_a_thread_is_spoiled(interpreter: Interpreter, tmp_path: Path) -> None:
    """A thread would go on while the scout is parked."""
    started = "import threading\nend = threading.Event()\nthreading.Thread(target=end.wait).start()\n"
    write_files(tmp_path, {"main.py": f"{started}import views\nend.set()\n", "views.py": ""})
    go = script(tmp_path / "main.py")
    with parked(interpreter.executable, go, "threading", directory=tmp_path) as child:
        frame = _run_ahead(child, go, "views")

    assert frame is not None
    assert frame["word"] == "spoiled"
    assert "thread" in frame["reason"]


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells of sockets")
def test_connection_that_nobody_tells_of_spoils_a_scout(tmp_path: Path) -> None:
    """Drivers that are written in C connect without an event of the interpreter's; the connection is found open."""
    in_c = "import ctypes\nctypes.CDLL(None).socket(1, 1, 0)\nimport views\n"
    write_files(tmp_path, {"main.py": in_c, "views.py": ""})
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, directory=tmp_path) as child:
        frame = _run_ahead(child, go, "views")

    assert frame is not None
    assert (frame["word"], frame["reason"]) == ("spoiled", "connection: one is open")


def test_scout_keeps_its_ledger_and_a_spare_does_not_name_the_script(tmp_path: Path) -> None:
    """What a scout has read is what its future depends on; a spare has not read the script yet."""
    write_files(tmp_path, {"main.py": "open('a.ini')\nimport views\n", "views.py": "", "a.ini": ""})
    go = script(tmp_path / "main.py")
    ahead = {"path": str(tmp_path / "ahead"), "audit": True}
    with parked(PYTHON, go, "colorsys", directory=tmp_path, ledger=tmp_path / "park") as child:
        _run_ahead(child, {**go, "ledger": ahead}, "views")
        before, after = (
            [
                line.get("name") or line.get("file")
                for line in wire.split_frames(path.read_bytes())[0]
                if "path" not in line
            ]
            for path in (tmp_path / "park", tmp_path / "ahead")
        )

    assert "colorsys" in before
    assert "__main__" not in before
    assert after[1] == "__main__"
    assert after[-2:] == [str(tmp_path / "a.ini"), "views"]


def test_scout_that_never_comes_to_its_module_serves_nobody(tmp_path: Path, http: socket.socket) -> None:
    """A module that is imported by a request is not reached; the listener is left alone."""
    write_files(
        tmp_path, {"shop.py": "def app(environ, start):\n    import views\n    start('200 OK', [])\n    return []\n"}
    )
    go = app("shop:app", "wsgiref")
    with parked(PYTHON, go, directory=tmp_path, listeners={"http": http}) as child:
        words = [_run_ahead(child, go, "views"), child.next_word()]

    assert [word and word["word"] for word in words] == ["imported", "spoiled"]


@pytest.mark.parametrize("how", ["exit", "hang up", "SIGTERM"])
def test_parked_scout_ends_when_it_is_not_wanted(how: str, tmp_path: Path) -> None:
    """What the app has registered for its end is not done: it was never told to go."""
    write_files(tmp_path, {"main.py": "import atexit\natexit.register(print, 'last')\nimport views\n", "views.py": ""})
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, directory=tmp_path) as child:
        _run_ahead(child, go, "views")
        if how == "exit":
            child.tell("exit")
        elif how == "hang up":
            child.hang_up()
        else:
            child.process.send_signal(signal.SIGTERM)
        outcome = child.outcome()

    assert outcome == Outcome(b"", b"", -signal.SIGTERM if how == "SIGTERM" else 0)


def test_bytecode_may_be_written_ahead(tmp_path: Path) -> None:
    """A scout that is the first to compile a library parks all the same."""
    write_files(
        tmp_path,
        {"main.py": "import library\nimport views\n", "views.py": "", "venv/site-packages/library.py": "V = 1\n"},
    )
    installed = tmp_path / "venv" / "site-packages"
    os.utime(installed / "library.py", (1e9, 1e9))
    go = script(tmp_path / "main.py")
    with parked(PYTHON, go, directory=tmp_path, environ=clean_environ(PYTHONPATH=str(installed))) as child:
        frame = _run_ahead(child, go, "views")

    assert frame is not None
    assert frame["word"] == "parked"
    assert list((installed / "__pycache__").iterdir()) != []
