"""One app in the foreground of a terminal: keys, colours, sizes and Ctrl-C."""

from __future__ import annotations

import termios
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import ask, clean_environ, save, write_files
from tests.support.screen import COLUMNS, ROWS, Screen

if TYPE_CHECKING:
    from pathlib import Path


def write_script(directory: Path, source: str) -> None:
    """A profile that runs a script."""
    write_files(directory, {"work.py": source, "dev.toml": '[target]\nscript = "work.py"\n'})


def test_breakpoint_works(tmp_path: Path) -> None:
    """The debugger's prompt is seen, answers what is typed, and the app goes on."""
    write_script(tmp_path, "answer = 6 * 7\nbreakpoint()\nprint('went on')\nimport signal; signal.pause()\n")
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for("(Pdb) ")
        screen.type("p answer * 100\n")
        screen.wait_for("4200")
        screen.wait_for("(Pdb) ")
        screen.type("c\n")
        screen.wait_for("went on")


WEB = """
VERSION = {version}
def app(environ, start_response):
    if environ["PATH_INFO"] == "/stop":
        breakpoint()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"version %d" % VERSION]
"""


@pytest.mark.skipif(find_spec("readline") is None, reason="this Python has no readline, by which a prompt is seen")
def test_a_save_does_not_take_a_debugger_away(tmp_path: Path) -> None:
    """It waits until the app goes on, however long the debugger is used; then the new code serves, once."""
    profile = '[target]\napp = "web:app"\nserver = "wsgiref"\n[listen]\nhttp = "127.0.0.1:0"\n'
    write_files(tmp_path, {"web.py": WEB.format(version=1), "dev.toml": profile})
    plain = clean_environ(TERM="xterm", NO_COLOR="1", PYTHONSAFEPATH="")
    with Screen(tmp_path, "--profile", "dev.toml", environ=plain) as screen, ThreadPoolExecutor() as pool:
        screen.wait_for("address=")
        address = screen.wait_for("\r\n").strip()
        screen.wait_for("child.ready")
        stopped = pool.submit(ask, address, "/stop")
        screen.wait_for("(Pdb) ")
        save(tmp_path / "web.py", WEB.format(version=2))
        screen.wait_for("change.postponed")
        for answer in ("4200", "8400"):
            screen.type(f"p {int(answer) // 100} * 100\n")
            screen.wait_for(answer)
            screen.wait_for("(Pdb) ")
        save(tmp_path / "web.py", WEB.format(version=3))
        screen.type("c\n")

        before = screen.wait_for("restart.completed")
        assert stopped.result() == (200, "version 1")
        assert ask(address) == (200, "version 3")
        assert before.count("change.postponed") == 0
        assert "child.killed" not in before


@pytest.mark.skipif(find_spec("readline") is None, reason="as above")
def test_a_start_that_is_debugged_is_not_late(tmp_path: Path) -> None:
    """However long somebody is at a prompt in it; `ready-timeout` counts again once it goes on."""
    profile = (
        '[target]\napp = "web:app"\nserver = "wsgiref"\n[listen]\nhttp = "127.0.0.1:0"\n[restart]\nready-timeout = 4\n'
    )
    write_files(tmp_path, {"web.py": f"breakpoint()\n{WEB.format(version=1)}", "dev.toml": profile})
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for("(Pdb) ")
        until = time.monotonic() + 5.5
        said = ""
        while time.monotonic() < until:
            screen.type("p 42 * 100\n")
            said += screen.wait_for("4200")
            said += screen.wait_for("(Pdb) ")
        screen.type("c\n")
        said += screen.wait_for("child.ready")

        assert "child.late" not in said


def test_typed_line_is_seen_once(tmp_path: Path) -> None:
    """Echo is the app's terminal's business, not twice ours."""
    write_script(tmp_path, "name = input('name? ')\nprint('hello', name.upper())\n")
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for("name? ")
        screen.type("ada\n")
        screen.wait_for("hello ADA")

        assert screen.text.count("ada") == 0


def test_password_is_not_seen(tmp_path: Path) -> None:
    """An app that turns echo off has a terminal of its own to do it on."""
    write_script(tmp_path, "import getpass\nprint(len(getpass.getpass('secret? ')), 'letters')\n")
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for("secret? ")
        screen.type("hunter2\n")
        screen.wait_for("7 letters")

        assert "hunter2" not in screen.text


def test_keyboard_goes_to_the_newest_child(tmp_path: Path) -> None:
    """After a restart it is the new child that is typed to."""
    source = "while True:\n    print('{version} heard', input())\n"
    write_script(tmp_path, source.format(version="first"))
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for("child.ready")
        screen.type("a\n")
        screen.wait_for("first heard a")
        (tmp_path / "work.py").write_text(source.format(version="second"))
        screen.wait_for("restart.completed")
        screen.type("b\n")
        screen.wait_for("second heard b")


def test_app_sees_a_terminal_of_the_right_size(tmp_path: Path) -> None:
    """Colours and columns are as they would be without us, also after the window changed."""
    write_script(
        tmp_path,
        "import os, signal, sys\n"
        "signal.signal(signal.SIGWINCH, lambda *_: print('now', os.get_terminal_size()))\n"
        "print('tty', sys.stdout.isatty(), sys.stderr.isatty(), os.get_terminal_size())\n"
        "while True:\n    signal.pause()\n",
    )
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for(f"tty True True os.terminal_size(columns={COLUMNS}, lines={ROWS})")
        screen.resize(20, 60)
        screen.wait_for("now os.terminal_size(columns=60, lines=20)")


def test_ctrl_c_stops_everything_and_gives_the_terminal_back(tmp_path: Path) -> None:
    """The exit status is success, and the shell finds the terminal as it left it."""
    write_script(tmp_path, "print('up')\nimport signal; signal.pause()\n")
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        before = screen.modes() | termios.ECHO | termios.ICANON
        screen.wait_for("up")
        assert not screen.modes() & termios.ICANON
        screen.type("\x03")

        assert screen.wait_ended() == 0
        assert before == screen.modes()
        assert "daemon.stopped" in screen.text


def test_closed_window_stops_everything(tmp_path: Path) -> None:
    """SIGHUP of a terminal that is gone is no request to read the profiles again."""
    write_script(tmp_path, "print('up')\nimport signal; signal.pause()\n")
    with Screen(tmp_path, "--profile", "dev.toml") as screen:
        screen.wait_for("up")
        screen.hang_up()

        assert screen.wait_ended() == 0


def test_several_apps_are_told_apart(tmp_path: Path) -> None:
    """With several, lines carry their profile in a colour of its own, and no app has the keyboard."""
    write_files(
        tmp_path,
        {
            "work.py": "import sys\nprint('keys', sys.stdin.isatty(), 'colours', sys.stdout.isatty())\n",
            "one.toml": '[target]\nscript = "work.py"\n',
            "two.toml": '[target]\nscript = "work.py"\n',
        },
    )
    with Screen(tmp_path, "--profile", ".") as screen:
        screen.wait_for("keys False colours True")
        screen.wait_for("keys False colours True")
        screen.type("\x03")

        assert screen.wait_ended() == 0
