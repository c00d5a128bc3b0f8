"""Whether a process can be forked and its copies be used: told by what it has besides memory.

A fork copies one thread and no lock's owner, and shares descriptors. What counts is who is left after a fork: libraries
that know about forks stop their threads before one (pthread_atfork(3)), and others do not. So a fork is tried first.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # as in `command`
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import FrozenSet, Iterable, List, Optional, Set

_HARMLESS = frozenset({"jemalloc_bg_thd"})
"""Native threads that a copy does without: it frees memory a little later."""

_TASKS = "/proc/self/task"
_DESCRIPTORS = "/proc/self/fd"


class ForkSafety:
    """Compares with what there was at first, which is known to be harmless."""

    def __init__(self) -> None:
        self._told: Set[str] = set()
        self._accepted: Set[str] = set()
        self._descriptors: FrozenSet[str] = frozenset()
        if _is_linux():
            self._descriptors = _open_descriptors()

    def reason(self) -> Optional[str]:
        """Why a fork is not safe since the last time that this was asked; None if nothing has come to it."""
        reason = _never() or self._threads() or _children() or self._opened() or _loop() or _timer()
        if reason is None or reason in self._told:
            return None
        # What is there now is not to be blamed on whoever comes next.
        self._told.add(reason)
        self._accepted.update(os.listdir(_TASKS) if _is_linux() else ())
        self._descriptors = _open_descriptors() if _is_linux() else frozenset()
        return reason

    def _threads(self) -> Optional[str]:
        threading = sys.modules.get("threading")
        if threading is not None and threading.active_count() > 1:
            return "it runs the thread %s" % _listed(each.name for each in threading.enumerate()[1:])
        if not self._foreign_tasks():
            return None
        _try_fork()
        left = self._foreign_tasks()
        if left:
            return "it keeps the native thread %s" % _listed(left)
        return None

    def _foreign_tasks(self) -> List[str]:
        """Names of native threads that are not known to be harmless."""
        found = []
        for task in os.listdir(_TASKS):
            if task == str(os.getpid()) or task in self._accepted:
                continue
            name = _read("%s/%s/comm" % (_TASKS, task)).strip()
            if name in _HARMLESS:
                self._accepted.add(task)
            elif name:
                found.append(name)
        return found

    def _opened(self) -> Optional[str]:
        for descriptor in _open_descriptors() - self._descriptors:
            what = os.readlink("%s/%s" % (_DESCRIPTORS, descriptor))
            if not _is_log(descriptor, what):
                return "it keeps %s open" % what
        return None


def _is_linux() -> bool:
    return os.path.isdir(_TASKS) and os.path.isdir(_DESCRIPTORS)


def _never() -> Optional[str]:
    if not _is_linux():
        return "this system does not tell which threads a process has"
    if sys.version_info < (3, 9) and sys.flags.dev_mode:
        return "Python 3.8 in development mode crashes in copies of copies"
    return None


def _open_descriptors() -> FrozenSet[str]:
    # Without the one that the list itself was read by.
    return frozenset(each for each in os.listdir(_DESCRIPTORS) if os.path.lexists("%s/%s" % (_DESCRIPTORS, each)))


def _is_log(descriptor: str, what: str) -> bool:
    """Whether it is a file that is only appended to: several can do that."""
    flags = _read("/proc/self/fdinfo/%s" % descriptor).partition("flags:")[2].split()
    if not what.startswith("/") or not flags:
        return False
    number = int(flags[0], 8)
    return number & os.O_ACCMODE == os.O_WRONLY and bool(number & os.O_APPEND)


def _children() -> Optional[str]:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return "it has started another process"


def _loop() -> Optional[str]:
    events = sys.modules.get("asyncio.events")
    return "it runs an event loop" if events is not None and events._get_running_loop() is not None else None  # noqa: SLF001 - documented as such


def _timer() -> Optional[str]:
    return "it has set a timer" if _signal.getitimer(_signal.ITIMER_REAL)[0] else None


def _try_fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _listed(names: Iterable[str]) -> str:
    return ", ".join("`%s`" % name for name in sorted(set(names)))


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
