"""A process that has imported what the app will need, and waits to become it: in the same pid, for one time.

A signal ends it as it would end any process that has not come to its own code yet, so that whoever stops a whole
service stops it too. It leads a session of its own from its start, so what is sent to an app's group never reaches it.
"""

from __future__ import annotations

import os
import sys

from .observer import Observer
from .preload import Preload, preload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, NoReturn, Optional

    from .link import Link
    from .wire import Frame


def park(frame: Frame, link: Link) -> Frame:
    """Import what `frame` says, and wait; give the `go` or `ahead` that was waited for.

    Args:
        frame: `park`.
        link: the wire, out of the listeners' way.
    """
    observer = Observer()
    observer.begin(frame)
    try:
        _yield_to_others()
        check = _checker(frame)
        done = preload(frame, link, observer.see_imports(), check)
        if done.failures:
            link.say("unfit", failures=done.failures, took_ms=done.took_ms)
            leave()
        say_parked(link, imported=done.imported, left=done.left, took_ms=done.took_ms)
        go = _wait(frame, link, done)
        _take_part_again()
        observer.begin(go)
        forget_files()
        if go["word"] == "ahead":
            from .scout import Scout  # noqa: PLC0415 - few run ahead

            Scout(go, link, observer).set_out()
        else:
            link.say("started")
    except (EOFError, KeyboardInterrupt):
        leave()
    except BaseException as error:  # noqa: BLE001 - nothing of the user's has run, so it is the daemon's to know
        reason = "%s: %s" % (type(error).__name__, error)
        link.say("unfit", failures=[{"module": "", "kind": "raised", "reason": reason}], took_ms=0)
        leave()
    return go


def _checker(frame: Frame) -> Callable[[], Optional[str]]:
    if not frame["zygote"]:
        return _is_never_forked
    from .fork_safety import ForkSafety  # noqa: PLC0415 - as above

    return ForkSafety().reason


def _wait(frame: Frame, link: Link, done: Preload) -> Frame:
    if not frame["zygote"]:
        return wait(link)
    from . import zygote  # noqa: PLC0415 - as above

    return zygote.wait(link, imported=done.imported)


def say_parked(link: Link, **fields: object) -> None:
    """Tell the daemon that it can have this process."""
    for stream in (sys.__stdout__, sys.__stderr__):
        # What was printed until now is told apart from what is printed later.
        if stream is not None:
            stream.flush()
    link.say("parked", pid=os.getpid(), parent=os.getppid(), **fields)


def wait(link: Link) -> Frame:
    """The next frame; does not return if that is the end.

    Raises:
        EOFError: the daemon is gone.
    """
    frame = link.receive()
    if frame["word"] == "exit":
        leave()
    return frame


def leave() -> NoReturn:
    """End at once: nothing of the user's has begun, so nothing of it is to be ended in order."""
    os._exit(0)


def forget_files() -> None:
    """Have files looked for and read anew: what is remembered may be older than what is there by now."""
    for entry, finder in [*sys.path_importer_cache.items()]:
        if finder is None:
            del sys.path_importer_cache[entry]
        elif hasattr(finder, "invalidate_caches"):
            finder.invalidate_caches()
    if "linecache" in sys.modules:
        sys.modules["linecache"].clearcache()


def _is_never_forked() -> Optional[str]:
    return None


def _yield_to_others() -> None:
    """Run in the background. Niceness would be for good: only privileged processes may lower it again (nice(2))."""
    if hasattr(os, "SCHED_BATCH"):
        _schedule(os.SCHED_BATCH)


def _take_part_again() -> None:
    if hasattr(os, "SCHED_BATCH"):
        _schedule(os.SCHED_OTHER)


def _schedule(policy: int) -> None:
    try:
        os.sched_setscheduler(0, policy, os.sched_param(0))
    except OSError:
        # Forbidden by a container; it only was to be polite.
        return
