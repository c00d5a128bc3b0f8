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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence

    from .life import Life
    from .listeners import Listener

_BOOT = os.path.join(os.path.dirname(__file__), "boot.py")

_AS_ASKED = (0, -signal.SIGTERM, -signal.SIGINT)
"""How a process ends that was told to; whoever told this one may have told the whole group."""

_CHUNK = 1 << 12


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


class Siblings:
    """The other processes, for as long as this one serves: `with Siblings(...): serve`.

    All end together: a stop goes to each of them, and one that ends unasked stops all.
    """

    def __init__(self, go: wire.Frame, adopted: Sequence[Listener], *, directory: str, gate: Gate, life: Life) -> None:
        listeners = [{"name": listener.name, "fd": listener.descriptor} for listener in adopted]
        self._go = wire.encode(**{**go, "listeners": listeners, "terminal": False})
        self._inherited = [listener.descriptor for listener in adopted]
        self._directory = directory
        self._gate = gate
        self._life = life
        self._processes: List[subprocess.Popen[bytes]] = []
        self._failed: Optional[subprocess.Popen[bytes]] = None

    def start(self, count: int) -> None:
        """Start so many, and follow each from a thread."""
        threads = [threading.Thread(target=self._pass_stop_on, daemon=True)]
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
            threads.append(threading.Thread(target=self._follow, args=(process, ours), daemon=True))
        for thread in threads:
            thread.start()

    def end(self) -> None:
        """Tell all of them to stop, and wait until they have.

        Raises:
            SystemExit: one had ended unasked (1; which and how has been said).
        """
        self._terminate()
        for process in self._processes:
            process.wait()
        if self._failed is not None:
            give_up("process %d of the app ended with status %d" % (self._failed.pid, self._failed.returncode))

    def _pass_stop_on(self) -> None:
        select.select([self._life], [], [])
        self._terminate()

    def _terminate(self) -> None:
        for process in self._processes:
            process.terminate()

    def _follow(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        with connection:
            received = b""
            while True:
                chunk = connection.recv(_CHUNK)
                if not chunk:
                    break
                frames, received = wire.split_frames(received + chunk)
                for frame in frames:
                    if frame["word"] == "ready":
                        self._gate.arrive()
        if process.wait() not in _AS_ASKED and self._failed is None:
            self._failed = process
        self._life.stop()
