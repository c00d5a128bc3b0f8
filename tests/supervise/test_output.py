"""What children print, from a descriptor to the writer."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from reloadd.supervise.output import Output
from reloadd.terminal import ROOM
from tests.support.processes import open_descriptors, until
from tests.support.terminals import Paper, window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PREFIX = b"shop | "
MEGABYTE = 1 << 20


class Child:
    """The writing end of an output under test."""

    def __init__(self, paper: Paper, prefix: bytes) -> None:
        self.ours, self.end = os.pipe()
        self.paper = paper
        self.output = Output(self.ours, paper.writer, prefix)

    def print(self, data: bytes) -> None:
        """Write some bytes, few enough for a pipe."""
        os.write(self.end, data)

    def print_from_thread(self, data: bytes) -> threading.Thread:
        """Write many bytes, as fast as they are taken, then close."""

        def write() -> None:
            view = memoryview(data)
            with suppress(BrokenPipeError):
                while view:
                    view = view[os.write(self.end, view) :]
            os.close(self.end)

        thread = threading.Thread(target=write)
        thread.start()
        return thread


def printed(scenario: Callable[[Child], Awaitable[None]], prefix: bytes = b"", *, reads: bool = True) -> bytes:
    """All that is written in a scenario; its end of the pipe is the scenario's to close."""
    paper = Paper()
    if reads:
        paper.read()

    async def run() -> None:
        child = Child(paper, prefix)
        await scenario(child)
        child.output.close()

    asyncio.run(run())
    return paper.close()


async def ended(child: Child) -> None:
    """Wait until the end of the input was seen: nothing is read any more."""
    os.close(child.end)
    await until(lambda: not asyncio.get_running_loop().remove_reader(child.ours), "the end")


def test_lines_carry_their_prefix() -> None:
    """Each line has it once, however it came in pieces; colours are left as they are."""

    async def scenario(child: Child) -> None:
        for piece in (b"fir", b"st\nsecond\n\n\x1b[31mth", b"ird\x1b[0m\n"):
            child.print(piece)
            await asyncio.sleep(0)
        await ended(child)

    assert printed(scenario, PREFIX) == b"shop | first\nshop | second\nshop | \nshop | \x1b[31mthird\x1b[0m\n"


@pytest.mark.parametrize(("prefix", "expected"), [(PREFIX, b"shop | a\nshop | b\n"), (b"", b"a\nb\n")])
def test_unfinished_last_line_is_finished(prefix: bytes, expected: bytes) -> None:
    """What comes after a child that ended in the middle of a line stands on a line of its own."""

    async def scenario(child: Child) -> None:
        child.print(b"a\nb")
        os.close(child.end)

    assert printed(scenario, prefix) == expected


def test_prompt_is_shown_at_once() -> None:
    """Without a prefix a question appears before its line has an end."""

    async def scenario(child: Child) -> None:
        child.print(b"Name? ")
        await until(lambda: child.paper.text == b"Name? ", "the prompt")
        child.print(b"\n")
        await ended(child)

    assert printed(scenario) == b"Name? \n"


def test_long_line_is_handed_on_as_it_is() -> None:
    """10 MB without a newline pass unchanged where there is no prefix, and next to nothing of them is kept."""
    data = bytes(range(1, 10)) * (10 * MEGABYTE // 9) + b"\n"

    async def scenario(child: Child) -> None:
        thread = child.print_from_thread(data)
        kept = 0
        while thread.is_alive():
            kept = max(kept, len(child.output._begun) + sum(map(len, child.output._tail)))
            await asyncio.sleep(0)
        assert 0 < kept < 2 * MEGABYTE

    assert printed(scenario) == data


def test_long_line_is_broken_where_lines_have_a_prefix() -> None:
    """Nothing of 10 MB is lost, and the pieces are lines."""
    data = b"x" * (10 * MEGABYTE)

    async def scenario(child: Child) -> None:
        thread = child.print_from_thread(data)
        await until(lambda: not thread.is_alive(), "the end of the writing")

    lines = printed(scenario, PREFIX).splitlines()
    assert all(line.startswith(PREFIX + b"x") and len(line) < 200_000 for line in lines)
    assert sum(len(line) - len(PREFIX) for line in lines) == len(data)


def test_slow_reader_makes_the_child_wait() -> None:
    """While nobody reads our output no more than some room is taken from the child; then all of it arrives."""
    data = b"y" * 63 + b"\n"
    count = 8 * MEGABYTE // len(data)

    async def scenario(child: Child) -> None:
        thread = child.print_from_thread(data * count)
        writer = child.paper.writer
        await until(lambda: writer._on_room, "somebody who waits for room")
        for _ in range(200):
            await asyncio.sleep(0.001)
            assert writer._waiting < 2 * ROOM
        assert thread.is_alive()
        child.paper.read()
        await until(lambda: not thread.is_alive(), "the end of the writing")
        await until(lambda: not asyncio.get_running_loop().remove_reader(child.ours), "the end")

    assert printed(scenario, reads=False) == data * count


def test_close_while_waiting_for_room() -> None:
    """An output that is closed while it does not read is not read again when there is room."""
    complaints: list[object] = []

    async def scenario(child: Child) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        thread = child.print_from_thread(b"z" * (8 * MEGABYTE) + b"\n")
        await until(lambda: child.paper.writer._on_room, "somebody who waits for room")
        child.output.close()
        child.paper.read()
        await until(lambda: child.paper.writer._waiting == 0 and not thread.is_alive(), "an empty writer")
        await asyncio.sleep(0)

    printed(scenario, reads=False)
    assert complaints == []


def test_last_words_are_taken_at_close() -> None:
    """What a child printed just before its end is not lost, and a process that holds its pipe delays nothing."""

    async def scenario(child: Child) -> None:
        child.print(b"Traceback\nValueError: no\n")
        child.output.close()
        child.output.close()
        assert child.output.tail == ["Traceback", "ValueError: no"]
        os.close(child.end)

    assert printed(scenario) == b"Traceback\nValueError: no\n"


def test_tail_is_the_last_lines() -> None:
    """So many lines are remembered, cut to a length, and text that is not UTF-8 does no harm."""

    async def scenario(child: Child) -> None:
        thread = child.print_from_thread(
            b"".join(b"%d\n" % number for number in range(1000)) + b"w" * 50_000 + b"\n\xff"
        )
        await until(lambda: not thread.is_alive(), "the end of the writing")
        child.output.close()
        *numbers, long, last = child.output.tail
        assert numbers == [str(number) for number in range(802, 1000)]
        assert set(long) == {"w"}
        assert len(long) < 5000
        assert last == "\ufffd"

    printed(scenario, PREFIX)


def test_closed_terminal_is_the_end() -> None:
    """A pseudo terminal that nobody has open any more says EIO: it is read no further, and the loop rests."""

    async def scenario() -> None:
        paper = Paper()
        paper.read()
        with window() as terminal:
            output = Output(os.dup(terminal.person), paper.writer, b"")
            os.write(terminal.terminal, b"bye\n")
            os.close(terminal.terminal)
            await until(lambda: not asyncio.get_running_loop().remove_reader(output._descriptor), "the end")
            output.close()
        assert paper.close() == b"bye\r\n"

    asyncio.run(scenario())


def test_nothing_is_left_open() -> None:
    """Closing gives the descriptor back."""

    async def scenario(child: Child) -> None:
        before = open_descriptors()
        child.output.close()
        assert before - open_descriptors() == {str(child.ours)}
        os.close(child.end)

    printed(scenario)
