"""Become an `app` target: import it, find out what it is, and serve it on the `http` listener until told to stop.

The order matters: the user's code first, in a process that has loaded nothing of note; then the server.
"""

from __future__ import annotations

import os

from . import loading, program
from .life import Life
from .listeners import HTTP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from .link import Link
    from .listeners import Listener
    from .wire import Frame


def run(go: Frame, link: Link, adopted: List[Listener]) -> None:
    """Serve the app that `go` describes; return when a stop was asked for and nothing is in flight any more.

    Raises:
        SystemExit: the app cannot be served (1; the reason has been said), or it ended the process itself.
    """
    target = loading.Target(go["name"], go["attribute"], go["factory"])
    directory = os.getcwd()
    program.set_arguments([target.spelled, *go["argv"]], [target.spelled, *go["argv"]])
    program.clear_main()
    program.put_first_on_path(directory)
    app = loading.load(target)
    link.say("imported")

    from . import interfaces, servers  # noqa: PLC0415 - loads `inspect`, which is the app's to load first
    from .siblings import Gate, Siblings  # noqa: PLC0415 - the same, for `subprocess`

    interface = interfaces.detect(app, target.spelled)
    chosen = servers.choose(go["servers"], interface, target.spelled)
    options = servers.Options(threads=go["threads"], processes=go["processes"] or 1, tls=go["tls"])
    listener = next(listener for listener in adopted if listener.name == HTTP)
    server = chosen.make_adapter(app, listener, options)
    others = 0 if chosen.forks_by_itself else options.processes - 1
    gate = Gate(others + 1, lambda: link.say("ready", server=chosen.label))
    life = Life(gate.arrive)
    life.heed_signals()
    alone = {**go, "servers": [chosen.candidate], "processes": None}
    siblings = Siblings(alone, adopted, directory=directory, gate=gate, life=life)
    try:
        siblings.start(others)
        server.serve(life)
    finally:
        siblings.end()
