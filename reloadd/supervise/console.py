"""Where the children's output goes and their input comes from: pipes, or pseudo terminals where a person looks on.

A program on a terminal prints in colour and line by line; on a pipe it does neither. So where the daemon's own output
is a terminal, each child gets one too. With one app in the foreground, the keyboard is the app's as well, so that
`breakpoint()` works. Never looks at what is printed.
"""

from __future__ import annotations

import asyncio
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadd.supervise.output import Output
from reloadd.terminal import copy_size, is_background, is_gone, open_terminal, takes_keys

if TYPE_CHECKING:
    from reloadd.terminal import Writer

_CHUNK = 4096
_BACKGROUND_PAUSE = 0.5
"""Seconds after which it is looked again whether the keyboard is ours."""

_COLOURS = (36, 35, 34, 33, 32, 31)
"""The terminal's colours that profiles are told apart by (ECMA-48, SGR 30 to 37, without black and white)."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The descriptors of one child's input and output.

    Attributes:
        stdin: for the child to read; the caller closes it once the child has it.
        stdout: for the child to write; the same.
        ours: where its output arrives.
        has_keyboard: whether `stdin` is a terminal that the child may have for its own.
    """

    stdin: int
    stdout: int
    ours: int
    has_keyboard: bool

    def close_theirs(self) -> None:
        """Close the child's ends, which it has inherited by now."""
        for descriptor in {self.stdin, self.stdout}:
            os.close(descriptor)


class Console:
    """Gives each child its ends.

    Args:
        writer: where all output goes.
        screen: the terminal that people look at; None if the output is not a terminal.
        keyboard: the terminal that the one app may read from; None if there is none, or several apps.
        colour: whether prefixes are coloured.

    Attributes:
        typed_at_prompt: when somebody last typed at a prompt of a child's, in seconds of the event loop's clock.
    """

    def __init__(self, writer: Writer, *, screen: int | None, keyboard: int | None, colour: bool) -> None:
        self._writer = writer
        self._screen = screen
        self._keyboard = keyboard
        self._colour = colour
        self._names: tuple[str, ...] = ()
        self._open: list[Ends] = []
        self._looks_again: asyncio.TimerHandle | None = None
        self.typed_at_prompt = -math.inf
        if keyboard is not None:
            self._listen(keyboard)

    def name_all(self, names: tuple[str, ...]) -> None:
        """Know which profiles there are: lines are prefixed where there are several."""
        self._names = names

    def prepare(self) -> tuple[Ends, Output]:
        """The ends of a process that is to be a child, and what reads them: until then what it prints is kept.

        Raises:
            OSError: the system has no terminals or pipes left.
        """
        ends = self._make_ends()
        output = Output(ends.ours, self._writer, b"")
        output.hold()
        return ends, output

    def suits(self, ends: Ends) -> bool:
        """Whether a child that is begun now would be given such ends."""
        return ends.has_keyboard == self._gives_keyboard()

    def bring_forward(self, name: str, ends: Ends, output: Output) -> None:
        """A process is a child of this profile now: what it prints is shown, and what is typed may be for it."""
        self._open.append(ends)
        if self._screen is not None:
            copy_size(self._screen, ends.ours)
        output.release(self._prefix(name))

    def forget(self, ends: Ends) -> None:
        """The process is gone: type no more into its terminal, nor give it another size."""
        with suppress(ValueError):  # it was only prepared
            self._open.remove(ends)

    def has_prompt(self) -> bool:
        """Whether a child that has the keyboard takes each key by itself, as for a line that is edited at a prompt."""
        return any(ends.has_keyboard and takes_keys(ends.ours) for ends in self._open)

    def resize(self) -> None:
        """The screen has another size now."""
        if self._screen is not None:
            for ends in self._open:
                copy_size(self._screen, ends.ours)

    def is_hung_up(self) -> bool:
        """Whether the terminal that we were started on is gone."""
        return any(is_gone(terminal) for terminal in (self._screen, self._keyboard) if terminal is not None)

    def close(self) -> None:
        """Read the keyboard no more."""
        if self._keyboard is not None:
            asyncio.get_running_loop().remove_reader(self._keyboard)
        if self._looks_again is not None:
            self._looks_again.cancel()

    def _make_ends(self) -> Ends:
        if self._screen is None:
            ours, theirs = os.pipe()
        else:
            ours, theirs = open_terminal(self._screen)
            if self._gives_keyboard():
                return Ends(theirs, theirs, ours, has_keyboard=True)
        try:
            return Ends(os.open(os.devnull, os.O_RDONLY), theirs, ours, has_keyboard=False)
        except OSError:
            os.close(ours)
            os.close(theirs)
            raise

    def _gives_keyboard(self) -> bool:
        return self._screen is not None and self._keyboard is not None and len(self._names) == 1

    def _prefix(self, name: str) -> bytes:
        if len(self._names) <= 1:
            return b""
        width = max(map(len, self._names))
        text = f"{name.ljust(width)} | "
        if self._colour and name in self._names:
            text = f"\x1b[{_COLOURS[self._names.index(name) % len(_COLOURS)]}m{text}\x1b[0m"
        return text.encode()

    def _listen(self, keyboard: int) -> None:
        asyncio.get_running_loop().add_reader(keyboard, self._forward, keyboard)

    def _forward(self, keyboard: int) -> None:
        """Hand what was typed to the newest child that has a keyboard."""
        loop = asyncio.get_running_loop()
        if is_background(keyboard):
            # We were put into the background. What is typed is the shell's, and to read it would stop us (SIGTTIN).
            loop.remove_reader(keyboard)
            self._looks_again = loop.call_later(_BACKGROUND_PAUSE, self._listen, keyboard)
            return
        try:
            typed = os.read(keyboard, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            typed = b""
        listening = [ends.ours for ends in self._open if ends.has_keyboard]
        if not typed:
            # The terminal was hung up; SIGHUP tells the daemon what that means.
            loop.remove_reader(keyboard)
        elif listening:
            if takes_keys(listening[-1]):
                self.typed_at_prompt = loop.time()
            with suppress(OSError):  # nobody reads there, and its buffer is full: a real terminal drops keys as well
                os.write(listening[-1], typed)
