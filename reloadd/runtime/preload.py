"""Import what an app will need, before it is there: none of the user's code, and in the scene that it would find.

A process in which anything went wrong on the way is of no use: what failed may have left half of itself behind.
"""

from __future__ import annotations

import gc
import os
import sys
from time import perf_counter

from . import environment, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional

    from .imports import Finder
    from .link import Link
    from .wire import Frame

_LONGEST_REASON = 300


class UsersCodeError(ImportError):
    """A module of the user's was about to be run."""


class Preload:
    """What came of it.

    Attributes:
        imported: how many modules of the list are there.
        left: how many were left to the app, which was told to `go` meanwhile.
        failures: see `unfit` on the wire.
        took_ms: milliseconds.
    """

    def __init__(self) -> None:
        self.imported = 0
        self.left = 0
        self.failures: List[Dict[str, str]] = []
        self.took_ms = 0.0

    def fail(self, module: str, kind: str, reason: str) -> None:
        """Note a failure."""
        self.failures.append({"module": module, "kind": kind, "reason": reason[:_LONGEST_REASON]})


def preload(frame: Frame, link: Link, finder: Finder, check: Callable[[], Optional[str]]) -> Preload:
    """Import the modules that `frame` lists.

    Args:
        frame: `park`.
        link: looked at between modules; when something has come, the rest is left.
        finder: sees what is imported.
        check: called after each module; why the process is unsafe since, if it is.

    Raises:
        EOFError: the daemon is gone.
    """
    began = perf_counter()
    done = Preload()
    touched: List[str] = []

    def refuse(name: str, path: str) -> None:
        touched.append(path)
        raise UsersCodeError("`%s` is the user's own: %s" % (name, path))

    directory = os.getcwd()
    first = _set_scene(frame)
    environ = environment.change(frame["environ"])
    finder.on_users = refuse
    # Nothing that is imported goes away again; looking for garbage in between only takes time.
    gc.disable()
    try:
        _import_all(frame, link, check, done, touched)
    finally:
        gc.collect()
        gc.enable()
        finder.on_users = None
        environment.change(environ)
        if first is not None and first in sys.path:
            sys.path.remove(first)
        os.chdir(directory)
    done.took_ms = round((perf_counter() - began) * 1e3, 1)
    return done


def _import_all(
    frame: Frame, link: Link, check: Callable[[], Optional[str]], done: Preload, touched: List[str]
) -> None:
    names = [name for name in frame["modules"] if not _is_run_by_app(name, frame)]
    for index, name in enumerate(names):
        if link.has_come():
            done.left = len(names) - index
            return
        del touched[:]
        try:
            __import__(name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is not an end of this process
            kind = "missing" if isinstance(error, ModuleNotFoundError) else "raised"
            done.fail(name, kind, "%s: %s" % (type(error).__name__, error))
        else:
            done.imported += 1
        if touched:
            # Also where the module has come to terms with it.
            done.failures = [each for each in done.failures if each["module"] != name]
            done.fail(name, "touched", "it runs %s" % touched[0])
        reason = check()
        if reason is not None:
            done.fail(name, "unsafe", reason)


def _is_run_by_app(name: str, frame: Frame) -> bool:
    """Whether it is not imported but run: `import flask.__main__` would run Flask's command."""
    return name == "__main__" or name.endswith(".__main__") or (frame["target"] == "module" and name == frame["name"])


def _set_scene(frame: Frame) -> Optional[str]:
    """Have arguments, `__main__` and import path as the app will; the entry of the path that was added, if one was."""
    name, argv = frame["name"], frame["argv"]
    program.set_arguments([name, *argv], [name, *argv])
    namespace = program.clear_main()
    directory = os.getcwd()
    if frame["target"] == "script":
        namespace["__file__"] = name
        if program.can_hold_modules(name):
            sys.path.insert(0, name)
            return str(name)
        directory = os.path.dirname(os.path.realpath(name))
    before = len(sys.path)
    program.put_first_on_path(directory)
    return directory if len(sys.path) > before else None
