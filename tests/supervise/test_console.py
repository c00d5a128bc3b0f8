"""The ends of children, on real pseudo terminals."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import stat
import termios
from array import array
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.prompts import GONE_ON
from reloadd.profile.model import Listen, TcpAddress
from reloadd.supervise.console import Console, Ends
from reloadd.supervise.prompts import is_at_prompt, is_debugged
from reloadd.terminal import keys_at_once
from tests.support.daemon import wait_until
from tests.support.processes import open_descriptors, until
from tests.support.terminals import Paper, Window, window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reloadd.supervise.output import Output
    from tests.support.launching import MakeProfile


class Children:
    """A console under test and the children that it was opened for."""

    def __init__(self, console: Console, paper: Paper) -> None:
        self.console = console
        self.paper = paper
        self._open: list[tuple[Ends, Output]] = []

    def begin(self, name: str = "shop") -> Ends:
        """The ends of a new child, as it has them."""
        ends, output = self.console.prepare()
        self.console.bring_forward(name, ends, output)
        self._open.append((ends, output))
        return ends

    def end(self, ends: Ends) -> None:
        """The child is gone."""
        (found,) = (each for each in self._open if each[0] is ends)
        self._open.remove(found)
        self.console.forget(ends)
        ends.close_theirs()
        found[1].close()

    def end_all(self) -> None:
        """No child is left."""
        for ends, _ in list(self._open):
            self.end(ends)


@contextmanager
def children(
    *names: str, screen: Window | None = None, keyboard: Window | None = None, colour: bool = False
) -> Iterator[Children]:
    """A console for these profiles."""
    paper = Paper()
    paper.read()
    console = Console(
        paper.writer,
        screen=screen.terminal if screen else None,
        keyboard=keyboard.terminal if keyboard else None,
        colour=colour,
    )
    console.name_all(names)
    made = Children(console, paper)
    try:
        yield made
    finally:
        made.end_all()
        console.close()
        paper.close()


def is_null(descriptor: int) -> bool:
    """Whether it is /dev/null."""
    status = os.fstat(descriptor)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev


async def typed_at(ends: Ends, expected: bytes) -> bytes:
    """What a child reads, once it is as long as what is expected."""
    os.set_blocking(ends.stdin, False)
    found = b""

    def read() -> bool:
        nonlocal found
        try:
            found += os.read(ends.stdin, 100)
        except BlockingIOError:
            return False
        return len(found) >= len(expected)

    await until(read, f"{expected!r} at the child")
    return found


def test_without_a_screen_there_are_pipes() -> None:
    """A child of a daemon whose output is no terminal sees none either, and reads nothing."""

    async def scenario() -> None:
        with children("shop") as some:
            ends = some.begin()
            assert stat.S_ISFIFO(os.fstat(ends.stdout).st_mode)
            assert is_null(ends.stdin)
            assert not ends.has_keyboard

    asyncio.run(scenario())


def test_screen_is_passed_on() -> None:
    """On a terminal a child has a terminal of the same size, follows its changes, and writes lines as they are."""

    async def scenario() -> None:
        with window() as screen, children("shop", "api", screen=screen) as some:
            screen.resize(117, 33)
            first, second = some.begin("shop"), some.begin("api")
            assert os.isatty(first.stdout)
            assert os.get_terminal_size(first.stdout) == (117, 33)
            screen.resize(90, 20)
            some.console.resize()
            assert [os.get_terminal_size(each.stdout) for each in (first, second)] == [(90, 20)] * 2
            os.write(first.stdout, b"one\ntwo\n")
            await until(lambda: some.paper.text.count(b"\n") == 2, "the lines")
            assert some.paper.text == b"shop | one\nshop | two\n"

    asyncio.run(scenario())


def test_prefixes_are_of_one_width() -> None:
    """Where there are several apps the names are padded, and told apart by colour where that is wanted."""

    async def scenario() -> None:
        with children("shop", "accounts", colour=True) as some:
            for name in ("shop", "accounts"):
                os.write(some.begin(name).stdout, b"hi\n")
            await until(lambda: some.paper.text.count(b"\n") == 2, "the lines")
            assert sorted(some.paper.text.splitlines()) == [
                b"\x1b[35maccounts | \x1b[0mhi",
                b"\x1b[36mshop     | \x1b[0mhi",
            ]

    asyncio.run(scenario())


def test_keyboard_is_the_one_apps() -> None:
    """Each key arrives at the child as it is typed, and the child's own terminal echoes it."""

    async def scenario() -> None:
        with (
            window() as person,
            keys_at_once(person.terminal),
            children("shop", screen=person, keyboard=person) as some,
        ):
            ends = some.begin()
            assert ends.has_keyboard
            assert ends.stdin == ends.stdout
            person.type(b"n")
            await until(lambda: some.paper.text == b"n", "the echo")
            person.type(b"ext\n")
            assert await typed_at(ends, b"next\n") == b"next\n"

    asyncio.run(scenario())


def test_a_step_of_a_debugger_is_known_by_what_was_typed_at_its_prompt(make_profile: MakeProfile) -> None:
    """While it runs there is no prompt, and yet somebody is busy there; lines typed to other programs do not count."""
    profile = replace(make_profile(), listen=(Listen("http", TcpAddress("127.0.0.1", 0)),))

    async def scenario() -> None:
        with window() as person, children("shop", screen=person, keyboard=person) as some:
            ends = some.begin()
            person.type(b"a line\n")
            assert await typed_at(ends, b"a line\n") == b"a line\n"
            begun = asyncio.get_running_loop().time()
            assert some.console.typed_at_prompt < begun - GONE_ON
            with keys_at_once(ends.stdin):
                person.type(b"n\n")
                assert await typed_at(ends, b"n\n") == b"n\n"
                assert is_at_prompt(profile, some.console)
                assert some.console.typed_at_prompt >= begun
            assert not is_at_prompt(profile, some.console)
            some.console.typed_at_prompt = asyncio.get_running_loop().time() - GONE_ON / 2
            assert is_debugged(profile, some.console)
            assert not is_debugged(make_profile(), some.console)
            some.console.typed_at_prompt -= GONE_ON
            assert not is_debugged(profile, some.console)

    asyncio.run(scenario())


def test_several_apps_share_no_keyboard() -> None:
    """Nobody could tell whom a key is for."""

    async def scenario() -> None:
        with window() as person, children("shop", "api", screen=person, keyboard=person) as some:
            ends = some.begin("shop")
            assert is_null(ends.stdin)
            assert not ends.has_keyboard

    asyncio.run(scenario())


def test_keyboard_follows_the_newest_child() -> None:
    """During a handover the new child has the keys; if it does not come to serve, the old one has them again."""

    async def scenario() -> None:
        with window() as person, children("shop", screen=person, keyboard=person) as some:
            old = some.begin()
            new = some.begin()
            person.type(b"for the new\n")
            assert await typed_at(new, b"for the new\n") == b"for the new\n"
            some.end(new)
            person.type(b"for the old\n")
            assert await typed_at(old, b"for the old\n") == b"for the old\n"

    asyncio.run(scenario())


def test_keys_are_nobodys_without_a_child() -> None:
    """What is typed between two children is gone, and does not reach the next one."""

    async def scenario() -> None:
        with window() as person, children("shop", screen=person, keyboard=person) as some:
            some.end(some.begin())
            person.type(b"lost\n")
            # The loop stands still until the kernel has passed it on; then it reads.
            wait_until(lambda: waiting_at(person.terminal) > 0, "the typing")
            await until(lambda: waiting_at(person.terminal) == 0, "the reading")
            person.type(b"found\n")
            ends = some.begin()
            assert await typed_at(ends, b"found\n") == b"found\n"

    asyncio.run(scenario())


def waiting_at(terminal: int) -> int:
    """Bytes that nobody has read yet (ioctl_tty(2), FIONREAD)."""
    count = array("i", [0])
    fcntl.ioctl(terminal, termios.FIONREAD, count)
    return count[0]


def test_closed_window_is_noticed() -> None:
    """The keyboard's end does not make the loop spin, and is known as a hang-up."""

    async def scenario() -> None:
        with window() as person, children("shop", screen=person, keyboard=person) as some:
            some.begin()
            assert not some.console.is_hung_up()
            os.close(person.person)
            await until(some.console.is_hung_up, "the hang-up")
            await until(lambda: not asyncio.get_running_loop().remove_reader(person.terminal), "the keyboard's end")
            some.console.resize()

    asyncio.run(scenario())


def open_with_few_descriptors(console: Console, check: Callable[[], None]) -> None:
    """Open ends under every limit on descriptors that is too low, then under one that is not."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in range(3, 200):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
        try:
            ends, output = console.prepare()
        except OSError:
            ends = None
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        if ends is not None:
            ends.close_theirs()
            output.close()
            return
        check()


def test_failure_leaves_nothing_open() -> None:
    """Where the descriptors run out half way, those that were opened are closed again."""

    async def scenario() -> None:
        with window() as screen, ExitStack() as stack:
            for shown in (None, screen):
                some = stack.enter_context(children("shop", "api", screen=shown))
                descriptors = open_descriptors()

                def check(expected: set[str] = descriptors) -> None:
                    assert open_descriptors() == expected

                open_with_few_descriptors(some.console, check)
                check()

    asyncio.run(scenario())
