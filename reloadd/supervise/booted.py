"""A process in which our runtime waits to be told what to become, and all that is open for it.

A cold start tells it at once; a process that is prepared is told to park, and handed on later. Never decides what it is
told: its holder does.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reloadd.profile.model import AppTarget, ReadyTold
from reloadd.supervise.launch import BOOT
from reloadd.supervise.notices import Notices
from reloadd.supervise.processes import exit_status, signal_group, watch_exit
from reloadd.supervise.wires import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reloadd.core.exits import ExitStatus
    from reloadd.profile.model import Profile
    from reloadd.runtime.wire import Frame
    from reloadd.supervise.console import Ends
    from reloadd.supervise.launch import Plan
    from reloadd.supervise.listeners import Listener
    from reloadd.supervise.output import Output
    from reloadd.supervise.processes import Process
    from reloadd.supervise.running import Surroundings


class Holder(Protocol):
    """Whom a process's words go to, on the event loop's thread."""

    def booted_said(self, frame: Frame, descriptor: int | None) -> None:
        """A frame came, and the descriptor with it is the callee's."""

    def booted_missed(self, descriptor: int) -> None:
        """A descriptor could not be given to the process any more, and is the callee's again."""

    def booted_ended(self) -> None:
        """The process is gone; others of its group may not be."""


class Booted:
    """A process that waits or was told; it leads a process group and a session of its own.

    Args:
        plan: how it was started.
        process: as the operating system has it.
        connection: our end of the wire to it.
        around: what is open for it.
        close: closes that.

    Attributes:
        plan: as above.
        around: as above.
        pid: of the process, and of its group and session.
        started_at: when, in seconds of the event loop's clock.
        wire: to it.
    """

    def __init__(
        self,
        plan: Plan,
        process: Process,
        connection: socket.socket,
        around: Around,
        close: Callable[[], object],
    ) -> None:
        self.plan = plan
        self.around = around
        self.pid = process.pid
        self.started_at = asyncio.get_running_loop().time()
        self.wire = Wire(connection, self._said, self._missed)
        self._process = process
        self._close = close
        self._holder: Holder | None = None
        self._is_gone = False
        self.wire.listen()
        watch_exit(process, self._ended)

    def hand_to(self, holder: Holder) -> None:
        """Tell this holder of all that comes from now on."""
        self._holder = holder

    def discard(self) -> None:
        """Kill it and all that it started, and close what is open for it. Nobody is told of it any more."""
        self._holder = None
        signal_group(self.pid, signal.SIGKILL)
        if self._is_gone:
            self.close()

    def close(self) -> None:
        """Close what was open for a process that is gone, after its last output was taken."""
        self._close()

    @property
    def status(self) -> ExitStatus:
        """How the process ended; only once that was told."""
        return exit_status(self._process.wait())

    def _said(self, frame: Frame, descriptor: int | None) -> None:
        if self._holder is not None:
            self._holder.booted_said(frame, descriptor)
        elif descriptor is not None:
            os.close(descriptor)

    def _missed(self, descriptor: int) -> None:
        if self._holder is not None:
            self._holder.booted_missed(descriptor)
        else:
            os.close(descriptor)

    def _ended(self) -> None:
        # Words may have come in the same turn of the loop as the end: they were said before it.
        while self.wire.receive():
            pass
        self.wire.close()
        self._process.wait()
        self._is_gone = True
        if self._holder is not None:
            self._holder.booted_ended()
        else:
            self.close()


@dataclass(frozen=True, slots=True)
class Around:
    """What is open for a process.

    Attributes:
        ends: the descriptors of its input and output.
        output: what it prints; kept until the process is a child.
        notices: where it says that it is ready, if that is by sd_notify.
    """

    ends: Ends
    output: Output
    notices: Notices | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open for a process that is about to be.

    Attributes:
        around: what is kept of it.
        ours: our end of its wire.
        theirs: its own.
        undo: closes `around`.
    """

    around: Around
    ours: socket.socket
    theirs: socket.socket
    undo: ExitStack


def open_around(profile: Profile, surroundings: Surroundings) -> Opened:
    """Open what a process needs.

    Raises:
        OSError: the system has no room. Nothing is left open.
    """
    console = surroundings.console
    is_told = isinstance(profile.ready, ReadyTold) and not isinstance(profile.launch.target, AppTarget)
    with ExitStack() as opened:
        notices = Notices() if is_told else None
        if notices is not None:
            opened.callback(notices.close)
        ends, output = console.prepare()
        opened.callback(output.close)
        opened.callback(console.forget, ends)
        try:
            ours, theirs = socket.socketpair()
        except OSError:
            ends.close_theirs()
            raise
        return Opened(Around(ends, output, notices), ours, theirs, opened.pop_all())


def boot(profile: Profile, plan: Plan, listeners: Sequence[Listener], surroundings: Surroundings) -> Booted:
    """Start a process, and open what it needs.

    Raises:
        OSError: the interpreter or the working directory is not there, or the system has no room. Nothing is left open.
    """
    opened = open_around(profile, surroundings)
    ends, notices = opened.around.ends, opened.around.notices
    try:
        process = subprocess.Popen(
            [*plan.interpreter, str(BOOT), str(opened.theirs.fileno()), profile.name],
            stdin=ends.stdin,
            stdout=ends.stdout,
            stderr=ends.stdout,
            cwd=plan.directory,
            env={**plan.environ, **(notices.environ if notices is not None else {})},
            pass_fds=[opened.theirs.fileno(), *(listener.socket.fileno() for listener in listeners)],
            start_new_session=True,
        )
    except BaseException:
        opened.ours.close()
        opened.undo.close()
        raise
    finally:
        opened.theirs.close()
        ends.close_theirs()
    return take_on(plan, process, opened, surroundings)


def take_on(plan: Plan, process: Process, opened: Opened, surroundings: Surroundings) -> Booted:
    """Have a process that was started for this plan, and let nothing of it outlive us."""
    surroundings.guard.add(process.pid)
    opened.undo.callback(surroundings.guard.remove, process.pid)
    return Booted(plan, process, opened.ours, opened.around, opened.undo.close)
