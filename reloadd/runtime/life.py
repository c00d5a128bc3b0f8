"""What the process and its server have to tell each other: that it serves, and that it shall stop."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # all of it but its enumerations, at a tenth of the load time
import atexit
import contextlib
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_CHUNK = 1 << 12

_LAST_RESORT = 2.0
"""Seconds for a process to end in an orderly way after requests were given up."""


class Life:
    """One for the process. A server says `ready` once and asks `must_stop` whenever the descriptor is readable.

    The descriptor is a pipe's, and the interpreter's own signal handler writes to it (`signal.set_wakeup_fd`). Without
    that, a signal that comes just before the main thread begins to wait for connections would be noticed after the next
    one only.

    Attributes:
        ready: to be called when all that can fail has been done.
        drain: seconds for which a stop waits for what is in flight.
    """

    GRACE = 0.5
    """Seconds for what is left after that, when it has been told to end."""

    def __init__(self, *, ready: Callable[[], None], stopping: Callable[[], None], drain: float) -> None:
        """Make one.

        Args:
            ready: called when the server says so.
            stopping: called on the main thread, once, when the server notices that it must stop.
            drain: see above.
        """
        self.ready = ready
        self.drain = drain
        self._stopping = stopping
        self._is_asked = False
        self._is_noticed = False
        self._process = os.getpid()
        self._readable, self._writable = os.pipe()
        for descriptor in (self._readable, self._writable):
            os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        """A descriptor that is readable when there is a reason to ask `must_stop`."""
        return self._readable

    def must_stop(self) -> bool:
        """Whether the server has to accept no more, finish what is in flight, and return. For the main thread."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._readable, _CHUNK)
        if self._is_asked and not self._is_noticed:
            self._is_noticed = True
            self._stopping()
        return self._is_asked

    def stop(self) -> None:
        """Ask for a stop, from any thread or signal handler. Safe to call again."""
        self._is_asked = True
        # A pipe that is full wakes the server as well.
        with contextlib.suppress(BlockingIOError):
            os.write(self._writable, b"\0")

    def leave_soon(self) -> None:
        """End the process in a moment whatever happens, with exit code 0: something in the app does not come back.

        A thread that is blocked cannot be ended, and an interpreter, or an event loop, may wait for it for ever.
        """
        is_leaving = threading.Event()
        atexit.register(is_leaving.set)
        last_resort = threading.Timer(_LAST_RESORT, _leave, (is_leaving,))
        last_resort.daemon = True
        last_resort.start()

    def heed_signals(self) -> None:
        """Let SIGTERM and SIGINT ask for a stop, unless the app has handlers of its own for them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, self._handle)
        of_the_app = signal.set_wakeup_fd(self._writable, warn_on_full_buffer=False)
        if of_the_app >= 0:
            signal.set_wakeup_fd(of_the_app)

    def _handle(self, number: int, _: object) -> None:
        if os.getpid() == self._process:
            self.stop()
        else:
            # A process that the app forked off inherits the handler; the signal is about that process alone.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def _leave(is_leaving: threading.Event) -> None:
    """End the process; what is registered for its end is done, unless the interpreter has begun with that."""
    if not is_leaving.is_set():
        # What is done at the end of an interpreter, and cannot be asked for otherwise; it may wait for threads too.
        rest = threading.Thread(target=atexit._run_exitfuncs, daemon=True)  # noqa: SLF001 - as above
        rest.start()
        rest.join(Life.GRACE)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(0)


class Gate:
    """Opens once, when as many as were expected have come. For any thread."""

    def __init__(self, expected: int, on_open: Callable[[], None]) -> None:
        self._missing = expected
        self._on_open = on_open
        self._lock = threading.Lock()

    def arrive(self) -> None:
        """One of them has come."""
        with self._lock:
            self._missing -= 1
            is_last = self._missing == 0
        if is_last:
            self._on_open()
