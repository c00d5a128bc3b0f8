"""The commands: one small file for each verb, imported only when it is asked for, so that each starts fast."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reloadd.cli.parser import CheckOptions, RunOptions, UsageError, parse_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRONG = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks; returns the exit status.

    0: done, or stopped as asked. 1: the daemon failed. 2: a profile or an argument is wrong.

    Args:
        argv: the words after the program's name; this process's own by default.

    Raises:
        SystemExit: with status 0, after help or the version was printed.
    """
    try:
        options = parse_arguments(sys.argv[1:] if argv is None else argv)
    except UsageError as error:
        sys.stderr.write(f"error: {error.message}\n  = hint: {error.hint}\n")
        return _WRONG
    match options:
        case RunOptions():
            from reloadd.cli.run import run  # noqa: PLC0415 - asyncio, watchdog and structlog take time to import

            return run(options)
        case CheckOptions():
            from reloadd.cli.check import check  # noqa: PLC0415 - each verb pays for itself alone

            return check(options)
