"""Fork parked children off one that is never used itself, within milliseconds. Only where `fork_safety` allows it.

Each is forked twice, and whoever adopts orphans becomes its parent (PR_SET_CHILD_SUBREAPER, prctl(2)): so no app has
brothers for children, and the daemon gets every exit status.
"""

from __future__ import annotations

import gc
import os
import sys
from time import perf_counter, sleep

from . import environment
from .parking import leave, say_parked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    from .link import Link
    from .wire import Frame

_BROUGHT = 4
"""Descriptors that come with `fork`: a wire, standard input, output and error."""

_SIZE_OF_ONE = 4
"""Bytes of a descriptor in a message: an `int`."""

_CHUNK = 1 << 16
_ADOPTION_TIMEOUT = 1.0
"""Seconds; it takes microseconds."""


def wait(link: Link, *, imported: int) -> Frame:
    """Fork whenever that is asked for; give the frame that told this process, or a copy of it, to do something else.

    Args:
        link: the wire; a copy has one of its own afterwards.
        imported: how many modules are there.

    Raises:
        EOFError: the daemon is gone.
    """
    # What is there now is not looked at by the collector any more, which would copy every page that it is on.
    gc.freeze()
    is_copy = False
    while True:
        frame, descriptors = _receive(link)
        if frame["word"] == "exit":
            leave()
        if frame["word"] != "fork":
            break
        began = perf_counter()
        if _fork(link, descriptors):
            is_copy = True
            environment.change(frame["environ"])
            took_ms = round((perf_counter() - began) * 1e3, 1)
            say_parked(link, imported=imported, left=0, took_ms=took_ms)
    if is_copy:
        _draw_new_numbers()
    return frame


def _fork(link: Link, descriptors: List[int]) -> bool:
    """Whether this process is the copy."""
    try:
        middle = _fork_quietly()
    except OSError as error:
        _give_back(descriptors)
        link.say("unforked", reason=str(error))
        return False
    if middle:
        _give_back(descriptors)
        _, status = os.waitpid(middle, 0)
        if status:
            link.say("unforked", reason="the system has no room for another process")
        return False
    middle = os.getpid()
    try:
        if _fork_quietly():
            os._exit(0)
    except OSError:
        os._exit(1)
    _be_adopted(middle)
    os.setsid()
    link.replace(descriptors[0])
    for number, descriptor in enumerate(descriptors[1:]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if "LISTEN_PID" in os.environ:
        os.environ["LISTEN_PID"] = str(os.getpid())
    return True


def _fork_quietly() -> int:
    """Fork without the warning that there may be threads (3.12): which there are has been looked at."""
    warnings = sys.modules.get("warnings")
    if warnings is None:
        # Then there is no filter that would show it.
        return os.fork()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def _be_adopted(middle: int) -> None:
    """Wait until the parent is gone: who asks for the parent before would be told of one that is nobody's."""
    deadline = perf_counter() + _ADOPTION_TIMEOUT
    while os.getppid() == middle and perf_counter() < deadline:
        sleep(0.0001)


def _give_back(descriptors: List[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _draw_new_numbers() -> None:
    """Seed what does not do that itself in a copy; `random`, `uuid`, `ssl` and `tempfile` do."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _receive(link: Link) -> Tuple[Frame, List[int]]:
    import _socket  # noqa: PLC0415 - `socket` is this and enumerations, and may be a name of the app's

    connection = _socket.socket(fileno=link.fileno())
    descriptors: List[int] = []
    try:
        while not link.has_frame():
            room = _socket.CMSG_SPACE(_BROUGHT * _SIZE_OF_ONE)
            data, ancillary, _, _ = connection.recvmsg(_CHUNK, room, _socket.MSG_CMSG_CLOEXEC)
            link.feed(data)
            for _, _, content in ancillary:
                whole = range(0, len(content) - _SIZE_OF_ONE + 1, _SIZE_OF_ONE)
                descriptors += [int.from_bytes(content[at : at + _SIZE_OF_ONE], sys.byteorder) for at in whole]
    finally:
        connection.detach()
    return link.receive(), descriptors
