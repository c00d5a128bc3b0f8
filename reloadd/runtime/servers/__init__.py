"""The servers of the app's own environment, each behind the same small class, and the choice of one.

An adapter is made with all that can fail and then serves:

    adapter = Adapter(app, listener, options)   # may raise or give up
    adapter.serve(life, orders)                 # says ready, accepts when told to, returns when stopped and done

It accepts through a `door.Door`, on the loop that its server runs, and gives the server each connection that speaks.
It does so from a socket object of its own: when it lets go of that, the process still has the listener.
`FORKS_BY_ITSELF` says that it takes `options.processes` into account.
"""

from __future__ import annotations

import os
import sys

from ..reports import give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, NoReturn, Optional, Protocol, Sequence, Union

    from ..door import Orders
    from ..life import Life
    from ..listeners import Listener

    Candidate = Dict[str, str]
    """`name` and `interface` of a server, as `go` has them."""

    class Adapter(Protocol):
        """One server, made for one app and one listener."""

        def serve(self, life: Life, orders: Orders) -> None:
            """Serve until a stop; return when nothing is in flight, or was given up. On the main thread."""

    MakeAdapter = Callable[[Callable[..., Any], Listener, "Options"], Adapter]


class Options:
    """What the profile asks of the server; None is the server's own default.

    Attributes:
        threads: how many requests are worked on at once.
        processes: how many processes serve.
        tls: the files of the certificate and its key, or `adhoc` for one that is made up.
        drain: seconds for which a stop waits for what is in flight.
    """

    __slots__ = ("drain", "processes", "threads", "tls")

    def __init__(
        self, *, threads: Optional[int], processes: int, tls: Union[Dict[str, str], str, None], drain: float
    ) -> None:
        self.drain = drain
        self.threads = threads
        self.processes = processes
        self.tls = tls


class Choice:
    """A server that is there and speaks the app's interface.

    Attributes:
        candidate: as `go` has it.
        label: its name and version, for people.
        make_adapter: the adapter's class.
        forks_by_itself: whether the adapter sees to `options.processes`.
    """

    __slots__ = ("candidate", "forks_by_itself", "label", "make_adapter")

    def __init__(self, candidate: Candidate) -> None:
        name = candidate["name"]
        __import__("%s.%s_adapter" % (__name__, name))
        module = sys.modules["%s.%s_adapter" % (__name__, name)]
        self.candidate = candidate
        self.make_adapter: MakeAdapter = module.Adapter
        self.forks_by_itself: bool = module.FORKS_BY_ITSELF
        self.label = "%s %s" % (name, _version(name))


_IN_WORDS = {"asgi": "an ASGI app", "wsgi": "a WSGI app"}


def choose(candidates: Sequence[Candidate], interface: str, spelled: str) -> Choice:
    """The first of the candidates, best first, that is installed and speaks `interface`.

    Raises:
        SystemExit: there is none (1; which would do has been said).
    """
    speaking = [candidate for candidate in candidates if candidate["interface"] == interface]
    for candidate in speaking:
        try:
            return Choice(candidate)
        except ModuleNotFoundError as error:  # noqa: PERF203 - five at most, and the first is there as a rule
            # What an installed server lacks is for its own traceback to tell.
            if error.name != candidate["name"]:
                raise
    return _refuse(candidates, speaking, "`%s` is %s" % (spelled, _IN_WORDS[interface]))


def _refuse(candidates: Sequence[Candidate], speaking: Sequence[Candidate], what: str) -> NoReturn:
    if speaking:
        give_up(
            "%s, and %s to serve it is not installed" % (what, _any_of(speaking)),
            "%s -m pip install %s" % (sys.executable, speaking[0]["name"]),
        )
    give_up(
        "%s, which %s cannot serve" % (what, _any_of(candidates)),
        "the profile names a server, or asks for what no other server does",
    )


def _any_of(candidates: Sequence[Candidate]) -> str:
    return " or ".join("`%s`" % candidate["name"] for candidate in candidates)


def _version(name: str) -> str:
    """The version, from the name of the directory that tells of it; the interpreter's for a module of its own.

    `importlib.metadata` would know as well, and takes longer to load than the directory to list.
    """
    directory = os.path.dirname(os.path.dirname(str(sys.modules[name].__file__)))
    for entry in os.listdir(directory):
        if entry.lower().startswith(name + "-") and entry.endswith(".dist-info"):
            return entry[len(name) + 1 : -len(".dist-info")]
    return sys.version.split()[0]
