"""A process that has imported what the app will need, and waits to become it: in the same pid, for one time.

A signal ends it as it would end any process that has not come to its own code yet, so that whoever stops a whole
service stops it too. It leads a session of its own from its start, so what is sent to an app's group never reaches it.
"""

from __future__ import annotations

import os
import sys

from .observer import Observer
from .preload import preload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

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
        done = preload(frame, link, observer.see_imports(), _is_never_forked)
        if done.failures:
            link.say("unfit", failures=done.failures, took_ms=done.took_ms)
            leave()
        say_parked(link, imported=done.imported, left=done.left, took_ms=done.took_ms)
        go = wait(link)
        _take_part_again()
    except BaseException:  # noqa: BLE001 - nothing of the user's has run, so there is nobody to tell
        leave()
    observer.begin(go)
    forget_files()
    link.say("started")
    return go


def say_parked(link: Link, **fields: object) -> None:
    """Tell the daemon that it can have this process."""
    for stream in (sys.stdout, sys.stderr):
        # What was printed until now is told apart from what the app prints.
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
