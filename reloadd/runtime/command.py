"""Become a program that need not be Python: nothing of this interpreter may be left in it."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` is this and enumerations, at ten times the load time
import os

from .reports import give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional, Sequence

_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
"""The exit codes by which POSIX shells tell the two apart."""

_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")
"""Signals that an interpreter ignores from its start on, and that an exec would leave ignored."""


def execute(argv: Sequence[str]) -> NoReturn:
    """Replace this process by the program, looked up on PATH, in the same pid.

    Args:
        argv: the program and its arguments; never empty.

    Raises:
        SystemExit: it cannot be run; the reason has been said.
    """
    for name in _IGNORED_BY_PYTHON:
        number = getattr(_signal, name, None)
        if number is not None:
            _signal.signal(number, _signal.SIG_DFL)
    _undo_locale_coercion()
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606 - no shell is what is promised
    except OSError as error:
        _refuse(argv[0], error)


def _undo_locale_coercion() -> None:
    """Take LC_CTYPE out of the environment if the interpreter put it there.

    In the C locale an interpreter sets it for itself and its children (PEP 538), and `-I` does not keep it from that.
    What the process was started with is known on Linux only (proc(5)).
    """
    try:
        with open("/proc/self/environ", "rb") as block:
            given = block.read().split(b"\0")
    except OSError:
        return
    if not any(entry.startswith(b"LC_CTYPE=") for entry in given):
        os.environ.pop("LC_CTYPE", None)


def _refuse(program: str, error: OSError) -> NoReturn:
    path = _find(program)
    if path is None:
        where = "there is no such file" if "/" in program else "it is in none of the directories of PATH"
        give_up("command not found: `%s`" % program, where, code=_NOT_FOUND)
    if isinstance(error, FileNotFoundError):
        reason = "the interpreter that its first line names does not exist"
    elif isinstance(error, PermissionError):
        reason = "it may not be executed"
    else:
        reason = str(error.strerror).lower()
    give_up("cannot run `%s`: %s" % (program, reason), "the file is %s" % path, code=_NOT_EXECUTABLE)


def _find(program: str) -> Optional[str]:
    directories = [""] if "/" in program else os.get_exec_path()
    for directory in directories:
        path = os.path.join(directory, program)
        if os.path.exists(path):
            return path
    return None
