"""One process of one generation: started, listened to, signalled, waited for.

Never decides anything: it tells its owner what the child said and how it ended.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from reloadd.runtime import wire
from reloadd.supervise.launch import BOOT, Plan, describe_listeners
from reloadd.supervise.processes import end_group, exit_status, signal_group, watch_exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.core.exits import ExitStatus
    from reloadd.supervise.console import Ends
    from reloadd.supervise.listeners import Listener

_CHUNK = 1 << 16


class Owner(Protocol):
    """Whom a child's words go to, on the event loop's thread."""

    def child_said(self, child: Child, word: str) -> None:
        """The runtime in the child sent a word of the wire."""

    def child_ended(self, child: Child) -> None:
        """The child's process is gone; others of its group may not be."""


class Child:
    """A started process and its process group, which has the same number.

    Attributes:
        generation: which attempt to run the app it is.
        pid: of the process, and of its group and session.
        started_at: when, in seconds of the event loop's clock.
        asked: whether it was told to end.
    """

    def __init__(
        self,
        generation: int,
        plan: Plan,
        listeners: Sequence[Listener],
        *,
        owner: Owner,
        ends: Ends,
    ) -> None:
        """Start the process; the caller keeps, and closes, the ends.

        Raises:
            OSError: the interpreter or the working directory is not there, or the system has no room.
        """
        loop = asyncio.get_running_loop()
        self.generation = generation
        self.asked = False
        self._owner = owner
        self._received = b""
        self._wire, theirs = socket.socketpair()
        try:
            frame = wire.encode("go", **plan.go, listeners=describe_listeners(listeners), terminal=ends.has_keyboard)
            self._wire.settimeout(0)
            # The frame is smaller than any socket buffer, and nobody has to read it for it to be taken.
            self._wire.sendall(frame)
            self.started_at = loop.time()
            self._process = subprocess.Popen(
                [*plan.interpreter, str(BOOT), str(theirs.fileno())],
                stdin=ends.stdin,
                stdout=ends.stdout,
                stderr=ends.stdout,
                cwd=plan.directory,
                env=plan.environ,
                pass_fds=[theirs.fileno(), *(listener.socket.fileno() for listener in listeners)],
                start_new_session=True,
            )
        except BaseException:
            self._wire.close()
            raise
        finally:
            theirs.close()
        self.pid = self._process.pid
        loop.add_reader(self._wire, self._receive)
        watch_exit(self._process, self._ended)

    def terminate(self, number: int) -> None:
        """Send the stop signal to the whole group."""
        self.asked = True
        signal_group(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL to the whole group."""
        self.asked = True
        signal_group(self.pid, signal.SIGKILL)

    async def wait_group_gone(self, *, grace: float) -> None:
        """End what the process left behind in its group, after `grace` seconds by force."""
        await end_group(self.pid, grace=grace)

    @property
    def status(self) -> ExitStatus:
        """How the process ended; only once `child_ended` was told."""
        return exit_status(self._process.wait())

    def _receive(self) -> None:
        try:
            data = self._wire.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return
        try:
            frames, self._received = wire.split_frames(self._received + data)
            words = [str(frame["word"]) for frame in frames]
        except (ValueError, RecursionError):
            # What is not ours was written by the app into a descriptor that it guessed: it says nothing.
            self._hang_up()
            return
        for word in words:
            self._owner.child_said(self, word)

    def _hang_up(self) -> None:
        if self._wire.fileno() != -1:
            asyncio.get_running_loop().remove_reader(self._wire)
            self._wire.close()

    def _ended(self) -> None:
        # Words may have come in the same turn of the loop as the end: they were said before it.
        while self._wire.fileno() != -1 and _has_data(self._wire):
            self._receive()
        self._hang_up()
        self._process.wait()
        self._owner.child_ended(self)


def _has_data(connection: socket.socket) -> bool:
    with suppress(OSError):
        return bool(connection.recv(1, socket.MSG_PEEK))
    return False
