"""A parked process that runs ahead into the app, and parks again just before a module of the user's.

It is used once and is never forked. What shows outside must not happen before `go`, so a scout that is about to do such
a thing ends instead: the interpreter tells of it beforehand (`effects`).
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from .parking import forget_files, leave, say_parked, wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Set

    from .link import Link
    from .observer import Observer
    from .wire import Frame

_DESCRIPTORS = "/proc/self/fd"


class Scout:
    """One run ahead."""

    def __init__(self, frame: Frame, link: Link, observer: Observer) -> None:
        """Prepare it.

        Args:
            frame: `ahead`.
            link: kept for as long as the scout is not told to `go`.
            observer: tells where the program is.
        """
        self._until = frame["until"]
        self._needs_link = frame["target"] == "app"
        self._link = link
        self._ledger = observer.ledger
        self._finder = observer.see_imports()
        self._effects = observer.see_effects()
        self._thread = get_ident()
        self._threads = _count_threads()
        self._sockets = _open_sockets()

    def set_out(self) -> None:
        """From now on, park at the module, and let nothing out before."""
        self._finder.on_first = self._look
        self._effects.on_effect = self._spoil

    def _look(self, name: str) -> None:
        if name != self._until or get_ident() != self._thread:
            return
        if _count_threads() > self._threads:
            self._spoil("thread", "one is running", None)
        if _open_sockets() - self._sockets:
            # Drivers in C connect without telling the interpreter.
            self._spoil("connection", "one is open", None)
        self._finder.on_first = None
        self._effects.on_effect = None
        # So that whoever is told of it finds all that was read.
        self._ledger.write()
        try:
            say_parked(self._link, before=name)
            wait(self._link)
        except BaseException:  # noqa: BLE001 - also what a signal handler of the app's raises: it has not been told to go
            leave()
        forget_files()
        self._link.say("started")
        if not self._needs_link:
            self._link.close()

    def _spoil(self, event: str, detail: str, by: Optional[str]) -> None:
        self._link.say("spoiled", reason="%s: %s" % (event, detail), by=by)
        leave()


def _open_sockets() -> Set[str]:
    """The sockets of this process, where the system tells (proc_pid_fd(5))."""
    found = set()
    for descriptor in os.listdir(_DESCRIPTORS) if os.path.isdir(_DESCRIPTORS) else ():
        try:
            what = os.readlink("%s/%s" % (_DESCRIPTORS, descriptor))
        except OSError:
            # The one that the list itself was read by.
            continue
        if what.startswith("socket:"):
            found.add(what)
    return found


def _count_threads() -> int:
    threading = sys.modules.get("threading")
    return 1 if threading is None else int(threading.active_count())
