"""More processes that serve the same app on the same listener, each a child as the daemon would have started it.

Servers have pools of workers of their own. They are not used, because they do not tell enough: not when the last worker
serves, and with some not even that none ever will. A sibling goes through the same start as the first process, so it
gives the same errors, knows stale bytecode, and says the same words.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading

from . import wire
from .reports import give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence

    from .life import Gate, Life
    from .listeners import Listener

_BOOT = os.path.join(os.path.dirname(__file__), "boot.py")

_AS_ASKED = (0, -signal.SIGTERM, -signal.SIGINT)
"""How a process ends that was told to; whoever told this one may have told the whole group."""

_CHUNK = 1 << 12


class Siblings:
    """The other processes. All end together: a stop goes to each of them, and one that ends unasked stops all."""

    def __init__(self, go: wire.Frame, adopted: Sequence[Listener], directory: str) -> None:
        """Start none yet.

        Args:
            go: the frame that each is sent, but for its listeners.
            adopted: this process's listeners, which they share.
            directory: where they run; the app may have left it.
        """
        listeners = [{"name": listener.name, "fd": listener.descriptor} for listener in adopted]
        self._go = wire.encode(**{**go, "listeners": listeners, "terminal": False})
        self._inherited = [listener.descriptor for listener in adopted]
        self._directory = directory
        self._processes: List[subprocess.Popen[bytes]] = []
        self._failed: Optional[subprocess.Popen[bytes]] = None

    def start(self, count: int, gate: Gate, life: Life) -> None:
        """Start so many. Each arrives at the gate when it serves, and asks for a stop of this process when it ends."""
        for _ in range(count):
            ours, theirs = socket.socketpair()
            ours.sendall(self._go)
            process = subprocess.Popen(
                [sys.executable, _BOOT, str(theirs.fileno())],
                pass_fds=[theirs.fileno(), *self._inherited],
                cwd=self._directory,
            )
            theirs.close()
            self._processes.append(process)
            threading.Thread(target=self._follow, args=(process, ours, gate, life), daemon=True).start()

    def terminate(self) -> None:
        """Ask each of them to stop. Safe to call again."""
        for process in self._processes:
            process.terminate()

    def end(self) -> None:
        """Tell all of them to stop, and wait until they have."""
        self.terminate()
        for process in self._processes:
            process.wait()

    def check(self) -> None:
        """See how they ended.

        Raises:
            SystemExit: one ended unasked (1; which and how has been said).
        """
        if self._failed is not None:
            give_up("process %d of the app ended with status %d" % (self._failed.pid, self._failed.returncode))

    def _follow(self, process: subprocess.Popen[bytes], connection: socket.socket, gate: Gate, life: Life) -> None:
        # One that ends before it has read `go` resets the connection.
        with connection, contextlib.suppress(ConnectionResetError):
            received = b""
            while True:
                chunk = connection.recv(_CHUNK)
                if not chunk:
                    break
                frames, received = wire.split_frames(received + chunk)
                for frame in frames:
                    if frame["word"] == "ready":
                        gate.arrive()
        if process.wait() not in _AS_ASKED and self._failed is None:
            self._failed = process
        life.stop()
