"""More processes that serve the same app on the same listener, each a child as the daemon would have started it.

Servers have pools of workers of their own. They are not used, because they do not tell enough: not when the last worker
serves, and with some not even that none ever will. A sibling goes through the same start as the first process, so it
gives the same errors, knows stale bytecode, and says the same words.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading

from . import wire
from .reports import give_up
from .wire_end import WireEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Sequence, Tuple

    from .life import Gate, Life
    from .listeners import Listener

_BOOT = os.path.join(os.path.dirname(__file__), "boot.py")

_AS_ASKED = (0, -signal.SIGTERM, -signal.SIGINT)
"""How a process ends that was told to; whoever told this one may have told the whole group."""


class Sibling:
    """One of the other processes.

    Attributes:
        process: it.
        end: this process's end of the wire between them.
        pauses: how many it has confirmed.
    """

    __slots__ = ("end", "pauses", "process")

    def __init__(self, process: subprocess.Popen[bytes], end: WireEnd) -> None:
        self.process = process
        self.end = end
        self.pauses = 0


class Siblings:
    """The other processes. All end together: a stop goes to each of them, and one that ends unasked stops all.

    To the first process's door this is the daemon: what the daemon orders goes to all, and it is told that they have
    paused when all of them have.
    """

    def __init__(self, go: wire.Frame, adopted: Sequence[Listener], directory: str, orders: WireEnd) -> None:
        """Start none yet.

        Args:
            go: the frame that each is sent, but for its listeners.
            adopted: this process's listeners, which they share.
            directory: where they run; the app may have left it.
            orders: the daemon's.
        """
        listeners = [{"name": listener.name, "fd": listener.descriptor} for listener in adopted]
        self._go = wire.encode(**{**go, "listeners": listeners, "terminal": False})
        self._inherited = [listener.descriptor for listener in adopted]
        self._directory = directory
        self._orders = orders
        self._siblings: List[Sibling] = []
        self._failed: Optional[subprocess.Popen[bytes]] = None
        self._counting = threading.Lock()
        self._own_pauses = 0
        self._told_pauses = 0

    def start(self, count: int, gate: Gate, life: Life) -> None:
        """Start so many. Each arrives at the gate when it is ready, and asks for a stop of this one when it ends."""
        for _ in range(count):
            ours, theirs = socket.socketpair()
            ours.sendall(self._go)
            process = subprocess.Popen(
                [sys.executable, _BOOT, str(theirs.fileno())],
                pass_fds=[theirs.fileno(), *self._inherited],
                cwd=self._directory,
            )
            theirs.close()
            self._siblings.append(Sibling(process, WireEnd(ours.detach())))
        for sibling in self._siblings:
            threading.Thread(target=self._follow, args=(sibling, gate, life), daemon=True).start()

    def terminate(self) -> None:
        """Ask each of them to stop. Safe to call again."""
        for sibling in self._siblings:
            sibling.process.terminate()

    def end(self) -> None:
        """Tell all of them to stop, and wait until they have."""
        self.terminate()
        for sibling in self._siblings:
            sibling.process.wait()

    def check(self) -> None:
        """See how they ended.

        Raises:
            SystemExit: one ended unasked (1; which and how has been said).
        """
        if self._failed is not None:
            give_up("process %d of the app ended with status %d" % (self._failed.pid, self._failed.returncode))

    def fileno(self) -> int:
        """See the door."""
        return self._orders.fileno()

    def take(self) -> Iterator[Tuple[str, Optional[socket.socket]]]:
        """See the door; a connection is for this process, all else for all of them."""
        for word, connection in self._orders.take():
            if connection is None:
                for sibling in self._siblings:
                    sibling.end.say(word)
            yield word, connection

    def say(self, _: str) -> None:
        """See the door, which has nothing to say but that it has paused."""
        self._own_pauses += 1
        self._tell_pauses()

    def hand_in(self, descriptor: int) -> None:
        """See the door."""
        self._orders.hand_in(descriptor)

    def close(self) -> None:
        """See the door."""
        self._orders.close()

    def _tell_pauses(self) -> None:
        with self._counting:
            confirmed = min(self._own_pauses, *(sibling.pauses for sibling in self._siblings))
            while self._told_pauses < confirmed:
                self._told_pauses += 1
                self._orders.say("paused")

    def _follow(self, sibling: Sibling, gate: Gate, life: Life) -> None:
        try:
            while True:
                select.select([sibling.end], [], [])
                for word, connection in sibling.end.take():
                    if connection is not None:
                        with connection:
                            self._orders.hand_in(connection.fileno())
                    elif word == "ready":
                        gate.arrive()
                    elif word == "paused":
                        sibling.pauses += 1
                        self._tell_pauses()
        except EOFError:
            sibling.end.close()
        if sibling.process.wait() not in _AS_ASKED and self._failed is None:
            self._failed = sibling.process
        life.stop()
