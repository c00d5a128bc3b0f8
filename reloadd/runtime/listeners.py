"""The sockets that the daemon owns, as a child expects to find them. Never binds one.

Two conventions at once: sd_listen_fds(3), which servers and languages of all kinds read, and the two variables by which
a script that ends in Werkzeug's `run_simple(..., use_reloader=True)` knows that it is the reloader's child.
"""

from __future__ import annotations

import os

from .link import move_above

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any, Dict, List, Sequence

    from .link import Link

FIRST = 3
"""SD_LISTEN_FDS_START of sd_listen_fds(3)."""

HTTP = "http"
"""The name of the listener that an `app` is served on."""


class Listener:
    """A listening socket, by its name and its descriptor in this process."""

    __slots__ = ("descriptor", "name")

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor

    def open(self) -> socket.socket:
        """A socket object with a descriptor of its own, so that closing it does not take the listener away."""
        import socket  # noqa: PLC0415 - only an `app` target comes here, after the app has been imported

        return socket.socket(fileno=os.dup(self.descriptor))


def adopt(handed_down: Sequence[Dict[str, Any]], link: Link, argv: Sequence[str]) -> List[Listener]:
    """Put the listeners at descriptors 3, 4, ... in their order, inheritable, and describe them in the environment.

    Args:
        handed_down: name and descriptor of each, as `go` has them; the descriptors are arbitrary.
        link: moved out of the way.
        argv: the target's arguments, which may say themselves which descriptors to use.
    """
    listeners = [Listener(each["name"], FIRST + index) for index, each in enumerate(handed_down)]
    if not listeners:
        return []
    end = FIRST + len(listeners)
    link.move_to(end)
    # First all of them away, then each to its place: a place may be taken by one that is yet to be moved.
    waiting = [move_above(each["fd"], end) for each in handed_down]
    for listener, descriptor in zip(listeners, waiting):
        os.dup2(descriptor, listener.descriptor, inheritable=True)
        os.close(descriptor)
    os.environ.update(_described_to_werkzeug(listeners))
    if not any("fd://%d" % listener.descriptor in word for listener in listeners for word in argv):
        # Told of one descriptor in both ways, gunicorn opens it twice, and the second time it is closed already.
        os.environ.update(_described(listeners))
    return listeners


def _described(listeners: Sequence[Listener]) -> Dict[str, str]:
    return {
        "LISTEN_FDS": str(len(listeners)),
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDNAMES": ":".join(listener.name for listener in listeners),
    }


def _described_to_werkzeug(listeners: Sequence[Listener]) -> Dict[str, str]:
    """Both or none: Werkzeug takes the second for granted where it finds the first."""
    return {
        name: value
        for listener in listeners
        if listener.name == HTTP
        for name, value in (("WERKZEUG_RUN_MAIN", "true"), ("WERKZEUG_SERVER_FD", str(listener.descriptor)))
    }
