"""The few things that a child tells its user itself, in the words and the form of all of reloadd's errors."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

FAILURE = 1
"""The exit code of a program that could not do what it was to do."""


def give_up(message: str, hint: Optional[str] = None, *, code: int = FAILURE) -> NoReturn:
    """Say on standard error what is wrong and, if known, what would mend it; then end the process.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write("error: %s\n" % message)
    if hint is not None:
        sys.stderr.write("hint: %s\n" % hint)
    raise SystemExit(code)
