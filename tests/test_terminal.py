"""The thread that writes, and the terminal's modes."""

from __future__ import annotations

import os
import termios
import threading
import time

import pytest

from reloadd.terminal import ROOM, Writer, copy_size, is_foreground, is_gone, keys_at_once, open_terminal
from tests.support.daemon import wait_until
from tests.support.processes import running
from tests.support.terminals import Paper, window


def test_order_is_kept() -> None:
    """Output and log come out in the order in which they were written, whatever the two descriptors are."""
    paper = Paper()
    for number in range(1000):
        paper.writer.write_output(b"output %d\n" % number)
        paper.writer.write_log(f"log {number}\n")

    assert paper.close() == b"".join(b"output %d\nlog %d\n" % (number, number) for number in range(1000))


def test_text_that_is_no_text_is_shown() -> None:
    """A path that is not UTF-8 does not end the log."""
    paper = Paper()
    paper.writer.write_log("caf\udce9\n")

    assert paper.close() == b"caf\\udce9\n"


def test_writing_never_waits() -> None:
    """With a reader that does not read, all can be written at once; it arrives when it does."""
    paper = Paper()
    data = b"x" * (4 * ROOM)
    paper.writer.write_output(data)
    paper.read()

    assert paper.close() == data


def test_close_does_not_wait_for_ever() -> None:
    """A reader that never reads holds up the end of the daemon by two seconds, not more."""
    readable, writable = os.pipe()
    writer = Writer(writable, writable)
    writer.write_output(b"x" * ROOM)
    begun = time.monotonic()
    writer.close()
    took = time.monotonic() - begun
    assert 1.5 < took < 15
    os.close(readable)
    writer._thread.join(10)
    assert not writer._thread.is_alive()
    os.close(writable)


def test_reader_that_has_gone() -> None:
    """`reloadd | head` goes on: what cannot be printed is dropped, and the other descriptor is not affected."""
    readable, writable = os.pipe()
    os.close(readable)
    paper = Paper()
    writer = Writer(output=writable, log=paper._writable)
    writer.write_output(b"for nobody\n")
    writer.write_log("for somebody\n")
    writer.close()
    os.close(writable)

    assert paper.close() == b"for somebody\n"


def test_non_blocking_descriptor_loses_nothing() -> None:
    """Another program may have made the pipe that we share with it non-blocking."""
    paper = Paper()
    os.set_blocking(paper._writable, False)
    data = bytes(range(256)) * (2 * ROOM // 256)
    paper.writer.write_output(data)
    paper.read()

    assert paper.close() == data


def test_room() -> None:
    """There is room until so much waits; whoever asked meanwhile is called once when half of it is written."""
    paper = Paper()
    called: list[int] = []
    assert paper.writer.call_when_roomy(lambda: called.append(0))
    for _ in range(2 * ROOM // 4096):
        paper.writer.write_output(b"x" * 4096)
    assert not paper.writer.call_when_roomy(lambda: called.append(threading.get_ident()))
    assert called == []
    paper.read()
    wait_until(lambda: called, "the call")
    assert paper.writer.call_when_roomy(lambda: called.append(0))
    paper.close()

    assert called == [paper.writer._thread.ident]


def test_keys_at_once() -> None:
    """A key is read as it is typed and not echoed; Ctrl-C is still a signal; the modes come back afterwards."""
    with window() as person:
        before = termios.tcgetattr(person.terminal)
        with keys_at_once(person.terminal) as set_again:
            during = termios.tcgetattr(person.terminal)
            person.type(b"q")
            assert os.read(person.terminal, 10) == b"q"
            termios.tcsetattr(person.terminal, termios.TCSANOW, before)
            set_again()
            assert termios.tcgetattr(person.terminal) == during
        assert not during[3] & (termios.ECHO | termios.ICANON)
        assert during[3] & termios.ISIG
        assert termios.tcgetattr(person.terminal) == before
        os.set_blocking(person.person, False)
        with pytest.raises(BlockingIOError):
            os.read(person.person, 10)


def test_modes_come_back_after_an_error() -> None:
    """Also where the daemon fails."""
    with window() as person:
        before = termios.tcgetattr(person.terminal)
        with pytest.raises(KeyError), keys_at_once(person.terminal):
            raise KeyError
        assert termios.tcgetattr(person.terminal) == before


def test_hung_up_terminal() -> None:
    """A closed window is seen, and nothing that is done to it fails."""
    with window() as person, window() as other:
        with keys_at_once(person.terminal):
            assert not is_gone(person.terminal)
            os.close(person.person)
            assert is_gone(person.terminal)
        copy_size(person.terminal, other.terminal)
        assert os.get_terminal_size(other.terminal) == (80, 24)


def test_made_terminal() -> None:
    """It has the size of the other one, and passes on a newline as a newline."""
    with window() as person:
        person.resize(101, 41)
        ours, theirs = open_terminal(person.terminal)
        try:
            assert os.get_terminal_size(theirs) == (101, 41)
            os.write(theirs, b"a\nb\n")
            assert os.read(ours, 100) == b"a\nb\n"
        finally:
            os.close(ours)
            os.close(theirs)


def test_size_of_what_is_no_terminal() -> None:
    """A pipe has no size: the terminal is made all the same."""
    readable, writable = os.pipe()
    ours, theirs = open_terminal(writable)
    for descriptor in (readable, writable, ours, theirs):
        os.close(descriptor)


def test_terminal_that_is_not_ours() -> None:
    """A terminal that does not control us is none to read from; a pipe even less."""
    with window() as person:
        assert not is_foreground(person.terminal)
    readable, writable = os.pipe()
    assert not is_foreground(readable)
    os.close(readable)
    os.close(writable)


JOBS = """
import os, pty, sys, termios
from reloadd.terminal import is_background, is_foreground, keys_at_once

shell, person = pty.fork()
if shell == 0:
    before = termios.tcgetattr(0)
    job = os.fork()
    if job == 0:
        if sys.argv[1] == "background":
            os.setpgid(0, 0)
        assert (is_background(0), is_foreground(0)) == (sys.argv[1] == "background", sys.argv[1] == "foreground")
        with keys_at_once(0) as set_again:
            set_again()
            os._exit(10 if termios.tcgetattr(0) == before else 11)
    _, status = os.waitpid(job, os.WUNTRACED)
    os._exit(20 if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status))
_, status = os.waitpid(shell, 0)
print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.mark.parametrize(("where", "status"), [("foreground", "11"), ("background", "10")])
def test_modes_are_left_to_the_shell_in_the_background(where: str, status: str) -> None:
    """A background job that sets the modes would be stopped (SIGTTOU), and would take them from the shell."""
    with running(JOBS, where) as program:
        assert program.said.strip() == status
