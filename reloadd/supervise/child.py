"""One process of one generation: started, listened to, signalled, waited for.

Never decides anything: it tells its owner what the child said and how it ended.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Protocol

from reloadd.supervise.launch import BOOT, Plan, describe_listeners
from reloadd.supervise.processes import end_group, exit_status, signal_group, watch_exit
from reloadd.supervise.wires import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reloadd.core.exits import ExitStatus
    from reloadd.supervise.console import Ends
    from reloadd.supervise.listeners import Listener


class Owner(Protocol):
    """Whom a child's words go to, on the event loop's thread."""

    def child_said(self, child: Child, word: str) -> None:
        """The runtime in the child sent a word of the wire."""

    def child_handed_in(self, child: Child, descriptor: int) -> None:
        """The child gave up a connection, which is the callee's now."""

    def child_missed(self, child: Child, descriptor: int) -> None:
        """The child is gone and did not get a connection that it was given, which is the callee's again."""

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
        self._unconfirmed = 0
        self._can_pause = plan.go["target"] == "app"
        ours, theirs = socket.socketpair()
        self._wire = Wire(ours, self._said, self._missed)
        try:
            self._wire.send(
                "go", {**plan.go, "listeners": describe_listeners(listeners), "terminal": ends.has_keyboard}
            )
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
        self._wire.listen()
        watch_exit(self._process, self._ended)

    def admit(self) -> None:
        """Let it accept connections: now, or as soon as it serves. Any child but an `app` needs no leave."""
        if self._can_pause:
            self._wire.send("accept")

    def pause(self) -> None:
        """Let it accept no more; it confirms that with `paused`, after handing in the connections that are idle."""
        if self._can_pause:
            self._unconfirmed += 1
            self._wire.send("pause")

    def adopt(self, descriptor: int) -> None:
        """Give it a connection, which is ours no more, unless it is gone: then the owner gets it back."""
        self._wire.send("connection", descriptor=descriptor)

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

    def _said(self, word: str, descriptor: int | None) -> None:
        if descriptor is not None:
            self._owner.child_handed_in(self, descriptor)
            return
        if word == "paused":
            self._unconfirmed -= 1
            if self._unconfirmed > 0:
                # It answers to an earlier pause, and has been let in and paused again since.
                return
        self._owner.child_said(self, word)

    def _missed(self, descriptor: int) -> None:
        self._owner.child_missed(self, descriptor)

    def _ended(self) -> None:
        # Words may have come in the same turn of the loop as the end: they were said before it.
        while self._wire.receive():
            pass
        self._wire.close()
        self._process.wait()
        self._owner.child_ended(self)
