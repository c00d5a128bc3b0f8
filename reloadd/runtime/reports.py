"""The few things that a child tells its user itself, in the words and the form of all of reloadd's errors."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

FAILURE = 1
"""The exit code of a program that could not do what it was to do."""


class GivenUp(SystemExit):
    """The end of a process that could not do what it was to do, and has said why.

    Attributes:
        message: as it was said.
        is_hopeless: whether only an edit can mend it.
    """

    def __init__(self, code: int, message: str, is_hopeless: bool) -> None:  # noqa: FBT001 - as `give_up` has it
        super().__init__(code)
        self.message = message
        self.is_hopeless = is_hopeless


def give_up(message: str, hint: Optional[str] = None, *, code: int = FAILURE, is_hopeless: bool = True) -> NoReturn:
    """Say on standard error what is wrong and, if known, what would mend it; then end the process.

    Raises:
        GivenUp: always; a SystemExit.
    """
    sys.stderr.write("error: %s\n" % message)
    if hint is not None:
        sys.stderr.write("hint: %s\n" % hint)
    raise GivenUp(code, message, is_hopeless)
