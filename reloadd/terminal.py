"""What leaves the daemon for people: one thread that writes, and the terminal's modes.

Never decides what is written. It exists because a terminal can stop (Ctrl-S) and a pipe can fill up, and neither may
stop the event loop; standard output cannot be made non-blocking, since the shell shares its file description.
"""

from __future__ import annotations

import fcntl
import os
import queue
import select
import struct
import termios
import threading
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

ROOM = 1 << 20
"""Bytes that may wait to be written before the apps' output is no longer read."""

_CLOSE_TIMEOUT = 2.0


class Writer:
    """Writes to two descriptors from a thread of its own, in the order in which it is told.

    Args:
        output: the descriptor for what the apps print.
        log: the descriptor for records.
    """

    def __init__(self, output: int, log: int) -> None:
        self._output = output
        self._log = log
        self._queue: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._on_room: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._run, name="reloadd-writer", daemon=True)
        self._thread.start()

    def write_output(self, data: bytes) -> None:
        """Print what an app printed."""
        self._put(self._output, data)

    def write_log(self, text: str) -> None:
        """Print one finished line of the log."""
        self._put(self._log, text.encode("utf-8", "backslashreplace"))

    def call_when_roomy(self, callback: Callable[[], None]) -> bool:
        """Whether there is room now; if not, `callback` is called once there is, on the writer's thread."""
        with self._lock:
            if self._waiting < ROOM:
                return True
            self._on_room.append(callback)
            return False

    def close(self) -> None:
        """Write what waits, but not for longer than two seconds, and end the thread."""
        self._queue.put(None)
        self._thread.join(_CLOSE_TIMEOUT)

    def _put(self, descriptor: int, data: bytes) -> None:
        with self._lock:
            self._waiting += len(data)
        self._queue.put((descriptor, data))

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            descriptor, data = job
            with suppress(OSError):  # the reader of our output is gone: the apps matter more than what they print
                _write_all(descriptor, data)
            with self._lock:
                self._waiting -= len(data)
                callbacks = self._on_room if self._waiting < ROOM // 2 else []
                if callbacks:
                    self._on_room = []
            for callback in callbacks:
                callback()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # Another program that has the same terminal or pipe open has made it non-blocking, as Node.js does.
            select.select((), (descriptor,), ())


def is_foreground(descriptor: int) -> bool:
    """Whether `descriptor` is the terminal that this process may read from (tcgetpgrp(3))."""
    try:
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


def is_background(descriptor: int) -> bool:
    """Whether `descriptor` is our terminal but another job's now: to read it, or to set its modes, would stop us."""
    try:
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:
        return False


def is_gone(terminal: int) -> bool:
    """Whether a descriptor that was a terminal is none any more, because it was hung up."""
    try:
        termios.tcgetattr(terminal)
    except termios.error:
        return True
    return False


def takes_keys(terminal: int) -> bool:
    """Whether whoever reads a terminal wants each key as it is typed, and no whole lines (termios(3), ICANON)."""
    try:
        return not termios.tcgetattr(terminal)[3] & termios.ICANON
    except termios.error:
        return False


@contextmanager
def keys_at_once(descriptor: int) -> Iterator[Callable[[], None]]:
    """Let the terminal hand over each key as it is typed, unechoed, Ctrl-C excepted; yields a call that sets it again.

    The terminal of the app (a pseudo terminal) does echo and line editing itself, as the app wants it.
    """
    before = termios.tcgetattr(descriptor)
    during = termios.tcgetattr(descriptor)
    during[3] &= ~(termios.ICANON | termios.ECHO)

    def apply(modes: list[Any]) -> None:
        if is_background(descriptor):
            # The terminal is the shell's now, with the shell's modes; to set them would stop us (SIGTTOU).
            return
        with suppress(termios.error):  # hung up meanwhile
            # At once: to wait for the output (TCSADRAIN) could take for ever, since Ctrl-S stops it.
            termios.tcsetattr(descriptor, termios.TCSANOW, modes)

    apply(during)
    try:
        yield partial(apply, during)
    finally:
        apply(before)


def open_terminal(like: int) -> tuple[int, int]:
    """A pseudo terminal (ours, the app's) of the size of `like`, whose output is not rewritten.

    Raises:
        OSError: the system has none left.
    """
    ours, theirs = os.openpty()
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    copy_size(like, ours)
    return ours, theirs


def copy_size(source: int, target: int) -> None:
    """Give one terminal the size of another; programs in it are told by SIGWINCH (ioctl_tty(2))."""
    try:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:
        # One of the two is no terminal any more: the size does not matter then.
        return
