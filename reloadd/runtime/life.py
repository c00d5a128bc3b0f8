"""What the process and its server have to tell each other: that it serves, and that it shall stop."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Life:
    """One for the process. A server says `ready` once and heeds a stop, which it can wait for like for a connection.

    The stop is a byte in a pipe that nobody ever reads: every selector and event loop, in any thread, sees it, and it
    can be written from within a signal handler.

    Attributes:
        ready: to be called when the server is about to accept: all that can fail has been done.
        is_stopping: whether a stop was asked for.
    """

    def __init__(self, ready: Callable[[], None]) -> None:
        self.ready = ready
        self.is_stopping = False
        self._process = os.getpid()
        self._readable, self._writable = os.pipe()

    def fileno(self) -> int:
        """A descriptor that is readable from the moment on at which a stop is asked for."""
        return self._readable

    def stop(self) -> None:
        """Ask the server to accept no more, to finish what is in flight, and to return. Safe to call again."""
        if not self.is_stopping:
            self.is_stopping = True
            os.write(self._writable, b"\0")

    def heed_signals(self) -> None:
        """Let SIGTERM and SIGINT ask for a stop, unless the app has handlers of its own for them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, self._handle)

    def _handle(self, number: int, _: object) -> None:
        if os.getpid() == self._process:
            self.stop()
        else:
            # A process that the app forked off inherits the handler; the signal is about that process alone.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
