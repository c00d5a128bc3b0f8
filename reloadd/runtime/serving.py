"""Serve an app that has been imported: with which server, in how many processes, and until when."""

from __future__ import annotations

from . import interfaces, servers
from .life import Gate, Life
from .listeners import HTTP
from .wire_end import WireEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from .link import Link
    from .listeners import Listener
    from .siblings import Siblings
    from .wire import Frame


class Surroundings:
    """What a process had before the app came, and still has.

    Attributes:
        link: the wire.
        adopted: the listeners.
        directory: where it was started; the app may have left it.
    """

    __slots__ = ("adopted", "directory", "link")

    def __init__(self, link: Link, adopted: List[Listener], directory: str) -> None:
        self.link = link
        self.adopted = adopted
        self.directory = directory


def serve(app: Callable[..., Any], spelled: str, go: Frame, around: Surroundings) -> None:
    """Serve until a stop is asked for and nothing is in flight any more.

    Args:
        app: speaks WSGI or ASGI.
        spelled: what the profile calls it.
        go: what was asked for.
        around: the process.

    Raises:
        SystemExit: it cannot be served (1; the reason has been said).
    """
    interface = interfaces.detect(app, spelled)
    chosen = servers.choose(go["servers"], interface, spelled)
    options = servers.Options(threads=go["threads"], processes=go["processes"] or 1, tls=go["tls"], drain=go["drain"])
    listener = next(listener for listener in around.adopted if listener.name == HTTP)
    adapter = chosen.make_adapter(app, listener, options)

    orders = WireEnd(*around.link.detach())

    def say_ready() -> None:
        orders.say("ready", server=chosen.label)

    if options.processes == 1 or chosen.forks_by_itself:
        life = Life(ready=say_ready, stopping=lambda: None, drain=options.drain)
        life.heed_signals()
        adapter.serve(life, orders)
        return
    from .siblings import Siblings  # noqa: PLC0415 - loads `subprocess`, which one process alone does not need

    alike = {**go, "servers": [chosen.candidate], "processes": None, "ledger": None}
    siblings = Siblings(alike, around.adopted, around.directory, orders)
    _serve_together(adapter, say_ready, siblings, options)


def _serve_together(
    adapter: servers.Adapter, say_ready: Callable[[], None], siblings: Siblings, options: servers.Options
) -> None:
    gate = Gate(options.processes, say_ready)
    life = Life(ready=gate.arrive, stopping=siblings.terminate, drain=options.drain)
    life.heed_signals()
    try:
        siblings.start(options.processes - 1, gate, life)
        adapter.serve(life, siblings)
    finally:
        siblings.end()
    siblings.check()
