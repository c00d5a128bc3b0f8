"""The commands: one small file for each verb, imported only when it is asked for, so that each starts fast."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from reloadd.cli.parser import CommandError
from reloadd.cli.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Sequence


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
            status: int = getattr(module, verb.function)(words[1:])
            return status
        return _run(words)
    except CommandError as error:
        sys.stderr.write(f"error: {error.message}\n  = hint: {error.hint}\n")
        return error.status


def _run(words: Sequence[str]) -> int:
    from reloadd.cli.top import parse  # noqa: PLC0415 - other verbs do without it

    options = parse(words)
    from reloadd.cli.run import run  # noqa: PLC0415 - asyncio, watchdog and structlog take time to import

    return run(options)
