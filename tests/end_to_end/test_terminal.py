"""One app in the foreground of a terminal: keys, colours, sizes and Ctrl-C."""

from __future__ import annotations

import termios
from typing import TYPE_CHECKING

from tests.support.daemon import write_files
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
