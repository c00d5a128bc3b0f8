"""With a terminal at standard input, a child has it for its own: questions, debuggers and Ctrl-C work."""

from __future__ import annotations

import os
import pty
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import booted, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASK = """\
import getpass, os
print(os.tcgetpgrp(0) == os.getpgrp(), os.ttyname(os.open("/dev/tty", os.O_RDWR)) is not None, flush=True)
print(getpass.getpass("secret: "), flush=True)
"""


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo-terminal: the user's, and the program's."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_program_can_ask_at_its_terminal(interpreter: Interpreter, terminal: tuple[int, int], tmp_path: Path) -> None:
    """It is in the foreground of a terminal that it controls, where getpass asks."""
    write_files(tmp_path, {"main.py": ASK})
    user, program = terminal
    go = script(tmp_path / "main.py")
    with booted(interpreter.executable, go, directory=tmp_path, stdin=program, terminal=True) as child:
        seen = b""
        while b"secret: " not in seen:
            seen += os.read(user, 1024)
        os.write(user, b"sesame\n")
        outcome = child.outcome()

    assert outcome.stdout == b"True True\nsesame\n"
    assert outcome.status == 0


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_keyboard_interrupts_it(interpreter: Interpreter, terminal: tuple[int, int], tmp_path: Path) -> None:
    """Ctrl-C at the terminal is a SIGINT to the child's group."""
    write_files(tmp_path, {"main.py": "print('here', flush=True)\nimport signal\nsignal.pause()\n"})
    user, program = terminal
    go = script(tmp_path / "main.py")
    with booted(interpreter.executable, go, directory=tmp_path, stdin=program, terminal=True) as child:
        assert child.process.stdout is not None
        child.process.stdout.readline()
        os.write(user, b"\x03")
        outcome = child.outcome()

    assert outcome.status == -signal.SIGINT
    assert outcome.stderr.endswith(b"KeyboardInterrupt\n")
