"""The way from a fresh interpreter to the user's program: wait for `go`, set the scene, become what it names.

Everything on this way is paid for at each restart, so it imports what is needed and no more.
"""

from __future__ import annotations

import os
import sys

from . import bytecode, listeners, tracebacks
from .link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from .listeners import Listener
    from .wire import Frame


def main(descriptor: int) -> None:
    """Become the program that the next frame on the wire names; return when it has ended.

    Args:
        descriptor: the wire, as inherited.
    """
    if sys.dont_write_bytecode:
        from . import own_bytecode  # noqa: PLC0415 - others need not be helped

        own_bytecode.write_missing()
    link = Link(descriptor)
    try:
        go = link.receive()
    except EOFError:
        # Nobody is left who could want this process, or be told.
        sys.exit(1)
    adopted = listeners.adopt(go["listeners"], link, go["argv"])
    if go["word"] == "park":
        from . import parking  # noqa: PLC0415 - a cold start has no use for it

        go = parking.park(go, link)
    else:
        _see_to_imports(go)
    if go["terminal"]:
        _take_terminal()
    become = _TARGETS[go["target"]]
    try:
        become(go, link, adopted)
    except SystemExit:
        raise
    except BaseException:
        # It goes on to the interpreter's own top, which alone knows how each kind ends a process.
        tracebacks.hide_own_frames()
        raise


def _see_to_imports(go: Frame) -> None:
    if go.get("ledger") is None:
        bytecode.distrust_racy()
        return
    from .observer import Observer  # noqa: PLC0415 - where nobody asks for a ledger, it is not paid for

    Observer().begin(go)


def _app(go: Frame, link: Link, adopted: List[Listener]) -> None:
    from . import app  # noqa: PLC0415 - each target loads its own part only

    app.run(go, link, adopted)


def _module(go: Frame, link: Link, _: List[Listener]) -> None:
    from . import program  # noqa: PLC0415 - as above

    _hang_up(go, link)
    program.run_module(go["name"], go["argv"])


def _script(go: Frame, link: Link, _: List[Listener]) -> None:
    from . import program  # noqa: PLC0415 - as above

    _hang_up(go, link)
    program.run_script(go["name"], go["argv"])


def _hang_up(go: Frame, link: Link) -> None:
    """Only an app has more to say; but whoever runs ahead has to be told to `go` yet."""
    if go["word"] == "go":
        link.close()


def _command(go: Frame, link: Link, _: List[Listener]) -> None:
    from . import command  # noqa: PLC0415 - as above

    link.close()
    command.execute(go["argv"])


_TARGETS = {"app": _app, "module": _module, "script": _script, "command": _command}


def _take_terminal() -> None:
    """Make the terminal at standard input the controlling one, so that job control, `getpass` and Ctrl-C work.

    Opening it does that for the leader of a session without one (credentials(7)); `pty.fork` goes the same way.
    """
    try:
        os.close(os.open(os.ttyname(0), os.O_RDWR))
    except OSError:
        # The program runs all the same; only the keyboard's signals do not reach it.
        return
