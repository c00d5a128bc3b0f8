"""The commands: one small file for each verb, imported only when it is asked for, so that each starts fast."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from reloadd.cli.parser import CommandError
from reloadd.cli.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DONE, _INTERRUPTED = 0, 130
_STDOUT = 1
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks; returns the exit status.

    0: done, or stopped as asked. 1: the daemon failed. 2: a profile or an argument is wrong. 3: no daemon answers.

    Args:
        argv: the words after the program's name; this process's own by default.

    Raises:
        SystemExit: with status 0, after help or the version was printed.
    """
    words = sys.argv[1:] if argv is None else argv
    try:
        if words and (verb := VERBS.get(words[0])) is not None:
            module = import_module(f"reloadd.cli.{verb.module}")
            return _do(getattr(module, verb.function), words[1:])
        return _run(words)
    except CommandError as error:
        sys.stderr.write(f"error: {error.message}\n  = hint: {error.hint}\n")
        return error.status


def _do(verb: Callable[[Sequence[str]], int], words: Sequence[str]) -> int:
    """Do a verb; its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files need not be UTF-8.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            status = verb(words)
        finally:
            # What was done comes before the error that ended it.
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough, as with `| head`; what is left must not be written at the end either.
        _write_no_more()
        return _DONE
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _write_no_more()
        message = f"standard output cannot be written: {os.strerror(error.errno or 0).lower()}"
        raise CommandError(message, "make room, or write it elsewhere") from None
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _write_no_more() -> None:
    """Let nothing be written when the process ends that could not be written before."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)


def _run(words: Sequence[str]) -> int:
    from reloadd.cli.top import parse  # noqa: PLC0415 - other verbs do without it

    options = parse(words)
    from reloadd.cli.run import run  # noqa: PLC0415 - asyncio, watchdog and structlog take time to import

    return run(options)
