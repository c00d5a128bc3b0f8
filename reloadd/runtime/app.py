"""Become an `app` target: import it, say so, and have it served.

The user's code comes first, in a process that has loaded nothing of note; what serves it is imported after it.
"""

from __future__ import annotations

import os

from . import loading, program
from .deferred import load_deferred
from .reports import GivenUp, give_up

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
    try:
        _run(go, link, adopted)
    except GivenUp as end:
        link.say("failed", error=end.message, hopeless=end.is_hopeless)
        raise


def _run(go: Frame, link: Link, adopted: List[Listener]) -> None:
    target = loading.Target(go["name"], go["attribute"], go["factory"])
    try:
        directory = os.getcwd()
    except FileNotFoundError:
        # It may be there anew: a fresh process is started in that one.
        give_up("the working directory was removed", is_hopeless=False)
    arguments = [target.spelled, *go["argv"]]
    program.set_arguments(arguments, arguments)
    program.clear_main()
    program.put_first_on_path(directory)
    app = loading.load(target)
    load_deferred()
    link.say("imported")

    from . import serving  # noqa: PLC0415 - see above

    serving.serve(app, target.spelled, go, serving.Surroundings(link, adopted, directory))
