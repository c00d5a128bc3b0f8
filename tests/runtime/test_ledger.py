"""The ledger tells what a program imported, read and did, in its order; and the program cannot tell that it is kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.runtime import wire
from tests.support.booting import Outcome, app, booted, module, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter
from tests.support.parking import looked_up
from tests.support.served import get

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.booting import Go

each_interpreter = pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)

PROGRAM = {
    "main.py": """\
import os, sys
os.environ["COLOUR"] = "red"
import shop.cart, colorsys
try:
    import nowhere
except ImportError:
    pass
import nowhere_either
""",
    "nowhere_either.py": """\
import os, subprocess, threading, _json
open("settings.ini").close()
try:
    open("local.ini").close()
except FileNotFoundError:
    pass
os.listdir("templates")
import importlib.metadata
[*importlib.metadata.distributions(name="mine")]
open("out.txt", "w").close()
subprocess.run(["true"])
thread = threading.Thread(target=str)
thread.start()
thread.join()
""",
    "shop/__init__.py": "import sys\nsys.path.append('/somewhere/else')\n",
    "shop/cart.py": "import shop.price\n",
    "shop/price.py": "",
    "settings.ini": "",
    "templates/page.html": "",
    "Mine-1.dist-info/METADATA": "Name: mine\nVersion: 1\n",
}


def _kept(ledger: Path) -> list[wire.Frame]:
    frames, rest = wire.split_frames(ledger.read_bytes())
    assert rest == b""
    return list(frames)


def _run(interpreter: Interpreter, go: Go, directory: Path, *, audit: bool) -> tuple[Outcome, list[wire.Frame]]:
    ledger = directory / "ledger"
    with booted(
        interpreter.executable, {**go, "ledger": {"path": str(ledger), "audit": audit}}, directory=directory
    ) as child:
        return child.outcome(), _kept(ledger)


def _names(lines: list[wire.Frame], word: str) -> list[str]:
    """Those that a `word` names, without our own modules, which are preloaded like others."""
    return [line["name"] for line in lines if line["word"] == word and not line["name"].startswith("_reloadd_runtime")]


@each_interpreter
def test_imports_are_told_in_the_order_of_their_first_look_up(interpreter: Interpreter, tmp_path: Path) -> None:
    """Names as they were asked for, where each was found, what nobody had, and when the user's modules ran."""
    write_files(tmp_path, PROGRAM)
    outcome, lines = _run(interpreter, script(tmp_path / "main.py"), tmp_path, audit=False)

    assert (outcome.status, outcome.stderr) == (0, b"")
    assert lines[0]["word"] == "begun"
    names = looked_up(lines)
    assert names[names.index("shop") :][:4] == ["shop", "shop.cart", "shop.price", "colorsys"]
    for word in ("sought", "found"):
        assert len(_names(lines, word)) == len(set(_names(lines, word)))
    assert _names(lines, "missed")[0] == "nowhere"
    users = {line["name"]: line for line in lines if line["word"] == "found" and line["user"]}
    assert list(users) == ["__main__", "shop", "shop.cart", "shop.price", "nowhere_either"]
    status = (tmp_path / "shop" / "price.py").stat()
    assert users["shop.price"]["file"] == str(tmp_path / "shop" / "price.py")
    assert users["shop.price"]["signature"] == [status.st_mtime_ns, status.st_size, status.st_ino]
    installed = {line["name"]: line["file"] for line in lines if line["word"] == "found" and not line["user"]}
    assert installed["colorsys"].endswith("/colorsys.py")
    assert [(line["name"], line["word"]) for line in lines if line["word"] in {"entered", "left"}] == [
        ("shop", "entered"),
        ("shop", "left"),
        ("shop.cart", "entered"),
        ("shop.price", "entered"),
        ("shop.price", "left"),
        ("shop.cart", "left"),
        ("nowhere_either", "entered"),
        ("nowhere_either", "left"),
    ]
    paths = [line["path"] for line in lines if line["word"] == "path"]
    assert paths[-1][0] == str(tmp_path)
    assert paths[-1][-1] == "/somewhere/else"
    assert {line["word"] for line in lines} <= {"begun", "path", "sought", "found", "missed", "entered", "left"}


@each_interpreter
def test_what_else_is_read_and_done_is_told_where_it_is_asked_for(interpreter: Interpreter, tmp_path: Path) -> None:
    """Files and directories that were read, those that were not there, the environment, and what shows outside."""
    write_files(tmp_path, PROGRAM)
    outcome, lines = _run(interpreter, script(tmp_path / "main.py"), tmp_path, audit=True)

    assert (outcome.status, outcome.stderr) == (0, b"")
    opened = {line["file"]: line["signature"] for line in lines if line["word"] == "opened"}
    assert opened[str(tmp_path / "settings.ini")] is not None
    assert opened[str(tmp_path / "local.ini")] is None
    listed = [line for line in lines if line["word"] == "listed"]
    assert {line["file"]: line["names"] for line in listed if not line["endings"]} == {
        str(tmp_path / "templates"): ["page.html"]
    }
    for_packages = {line["file"]: line["names"] for line in listed if "dist-info" in line["endings"]}
    assert for_packages[str(tmp_path)] == ["Mine-1.dist-info"]
    assert for_packages["/somewhere/else"] is None
    changed = [(line["name"], line["value"], line["by"]) for line in lines if line["word"] == "set"]
    assert changed == [("COLOUR", "red", f"{tmp_path / 'main.py'}:2")]
    effects = [(line["event"], line["by"]) for line in lines if line["word"] == "effect"]
    module_file = tmp_path / "nowhere_either.py"
    assert effects[:2] == [("open", f"{module_file}:10"), ("subprocess.Popen", f"{module_file}:11")]
    threads = [by for event, by in effects if event.startswith("_thread.start_")]
    assert threads == ([f"{module_file}:13"] if interpreter.version >= (3, 12) else [])
    assert len(effects) == 2 + len(threads)


@each_interpreter
def test_each_file_that_is_written_is_told_once(interpreter: Interpreter, tmp_path: Path) -> None:
    """Also by one line for many, and by another one that puts it in place."""
    write_files(
        tmp_path,
        {
            "main.py": "import os, pathlib\n"
            "for name in 'a', 'b', 'a':\n    open(name, 'w').close()\n"
            "pathlib.Path('a').replace('c')\nos.rename('b', 'c')\n"
        },
    )
    _, lines = _run(interpreter, script(tmp_path / "main.py"), tmp_path, audit=True)

    effects = [(line["event"], line["detail"]) for line in lines if line["word"] == "effect"]
    assert effects == [
        ("open", str(tmp_path / "a")),
        ("open", str(tmp_path / "b")),
        ("os.rename", str(tmp_path / "c")),
    ]


@each_interpreter
def test_program_with_a_ledger_prints_and_ends_as_without(interpreter: Interpreter, tmp_path: Path) -> None:
    """No frame of ours in a traceback, no descriptor among the low ones, no module of the standard library loaded."""
    write_files(
        tmp_path,
        {
            "main.py": "import os, sys\n"
            "print([fd for fd in range(64) if os.path.exists('/dev/fd/%d' % fd)], 'json' in sys.modules)\n"
            "import traceback\n"
            "try:\n    import shop.nowhere\nexcept ImportError:\n    traceback.print_exc()\n"
            "import broken\n",
            "shop/__init__.py": "",
            "broken.py": "import broken_too\n",
            "broken_too.py": "def f():\n    raise ValueError('no')\nf()\n",
        },
    )
    with booted(interpreter.executable, script(tmp_path / "main.py"), directory=tmp_path) as child:
        without = child.outcome()
    for audit in (False, True):
        outcome, lines = _run(interpreter, script(tmp_path / "main.py"), tmp_path, audit=audit)
        assert outcome == without
        assert {line["name"]: line["raised"] for line in lines if line["word"] == "left"}["broken"] is True


@each_interpreter
def test_forked_processes_tell_their_imports(interpreter: Interpreter, tmp_path: Path) -> None:
    """Servers that import the app in workers are learned from as well; what the workers do otherwise is not told."""
    write_files(
        tmp_path,
        {
            "main.py": "import os\n"
            "if os.fork() == 0:\n    import colorsys\n    open('inside', 'w').close()\n    os._exit(0)\n"
            "os.wait()\n"
        },
    )
    _, lines = _run(interpreter, module("main"), tmp_path, audit=True)

    begun = [line for line in lines if line["word"] == "begun"]
    assert begun[1]["parent"] == begun[0]["pid"]
    assert [line["name"] for line in lines if line.get("pid") == begun[1]["pid"] and line["word"] == "sought"] == [
        "colorsys"
    ]
    assert [line["event"] for line in lines if line["word"] == "effect"] == ["os.fork"]


@each_interpreter
def test_imports_of_an_installed_module_are_told_once_it_is_there(interpreter: Interpreter, tmp_path: Path) -> None:
    """All of them, in order, and none twice, also where it has forked on the way."""
    write_files(
        tmp_path,
        {
            "main.py": "import sys\nsys.path.append('site-packages')\n"
            "import outer\nprint(open('ledger').read().count('\\n'), end='')\n",
            "site-packages/outer.py": "import os, colorsys, inner\nos._exit(0) if os.fork() == 0 else os.wait()\n",
            "site-packages/inner.py": "try:\n    import nowhere\nexcept ImportError:\n    pass\n",
        },
    )
    outcome, lines = _run(interpreter, script(tmp_path / "main.py"), tmp_path, audit=False)

    names = [(line["word"], line["name"]) for line in lines if "name" in line]
    assert names[names.index(("found", "outer")) :][:5] == [
        ("found", "outer"),
        ("found", "colorsys"),
        ("found", "inner"),
        ("sought", "nowhere"),
        ("missed", "nowhere"),
    ]
    assert len(names) == len(set(names))
    assert int(outcome.stdout) == len(lines)


def test_foreign_finder_is_told(tmp_path: Path) -> None:
    """Whoever changes how modules are found changes what may be imported beforehand."""
    write_files(
        tmp_path,
        {
            "main.py": "import sys\n"
            "class Hook:\n    find_spec = lambda *_: None\n"
            "sys.meta_path.insert(0, Hook())\n"
            "import colorsys\n"
        },
    )
    _, lines = _run(newest_interpreter(), script(tmp_path / "main.py"), tmp_path, audit=False)

    assert [line["by"] for line in lines if line["word"] == "hooked"] == [["__main__.Hook"]]


@pytest.mark.parametrize("where", ["nowhere/ledger", "taken"])
def test_ledger_that_cannot_be_kept_is_nobodys_trouble(where: str, tmp_path: Path) -> None:
    """The program runs as ever."""
    write_files(tmp_path, {"main.py": "import colorsys\nprint('fine')\n"})
    (tmp_path / "taken").mkdir()
    go = {**script(tmp_path / "main.py"), "ledger": {"path": str(tmp_path / where), "audit": True}}
    with booted(newest_interpreter().executable, go, directory=tmp_path) as child:
        assert child.outcome() == Outcome(b"fine\n", b"", 0)


def test_closed_descriptor_is_not_written_to(tmp_path: Path) -> None:
    """A program that closes all descriptors, as daemons do, may have a file of its own under any number after that."""
    write_files(
        tmp_path,
        {
            "main.py": "import os\n"
            "kept = [fd for fd in range(3, 5000) if os.path.exists('/dev/fd/%d' % fd)]\n"
            "mine = os.open('mine', os.O_WRONLY | os.O_CREAT)\n"
            "for fd in kept:\n    os.dup2(mine, fd)\n"
            "import colorsys\n"
        },
    )
    outcome, lines = _run(newest_interpreter(), script(tmp_path / "main.py"), tmp_path, audit=False)

    assert outcome == Outcome(b"", b"", 0)
    assert (tmp_path / "mine").read_bytes() == b""
    assert "colorsys" not in looked_up(lines)


@pytest.mark.skipif(sys.platform != "linux", reason="no other system has a device that is always full")
def test_full_disk_is_nobodys_trouble(tmp_path: Path) -> None:
    """A ledger that cannot be written to ends."""
    write_files(tmp_path, {"main.py": "import colorsys\nprint('fine')\n"})
    go = {**script(tmp_path / "main.py"), "ledger": {"path": "/dev/full", "audit": False}}
    with booted(newest_interpreter().executable, go, directory=tmp_path) as child:
        assert child.outcome() == Outcome(b"fine\n", b"", 0)


def test_modules_of_the_first_request_are_told(tmp_path: Path, http: socket.socket) -> None:
    """What the app imports late is imported beforehand at the next start as well."""
    write_files(
        tmp_path,
        {
            "shop.py": "def app(environ, start_response):\n"
            "    import colorsys\n"
            "    start_response('200 OK', [])\n"
            "    return [colorsys.__name__.encode()]\n"
        },
    )
    ledger = tmp_path / "ledger"
    go = {**app("shop:app", "wsgiref"), "ledger": {"path": str(ledger), "audit": False}}
    with booted(newest_interpreter().executable, go, directory=tmp_path, listeners={"http": http}) as child:
        child.until_ready()
        before = looked_up(_kept(ledger))
        assert get(http) == "colorsys"
        after = looked_up(_kept(ledger))

    assert "shop" in before
    assert "colorsys" not in before
    assert "colorsys" in after
