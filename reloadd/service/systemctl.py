"""The user's own service manager, asked and told by way of `systemctl --user`.

Never waits for longer than a deadline, and never fails where there is no manager: it says so.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass

from reloadd.core.reasons import reason_of

_TIMEOUT = 60.0
"""Seconds for a command; stopping the service is one, and the unit gives that 30."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command.

    Attributes:
        is_done: whether it succeeded.
        output: what it printed.
        error: what it complained of.
    """

    is_done: bool
    output: str = ""
    error: str = ""


def systemctl(*arguments: str) -> Answer:
    """Run `systemctl --user` with these arguments."""
    return _run("systemctl", "--user", *arguments)


def systemd_version() -> int:
    """The version of systemd; 0 where it cannot be had."""
    found = re.match(r"systemd (\d+)", _run("systemctl", "--version").output)
    return int(found[1]) if found else 0


def is_lingering() -> bool:
    """Whether this user's services run without a login."""
    return _run("loginctl", "show-user", str(os.getuid()), "--property=Linger").output.strip() == "Linger=yes"


def _run(*command: str) -> Answer:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    except OSError as error:
        return Answer(is_done=False, error=f"`{command[0]}`: {reason_of(error)}")
    except subprocess.TimeoutExpired:
        return Answer(is_done=False, error=f"`{' '.join(command)}` took longer than {_TIMEOUT:g} s")
    return Answer(is_done=result.returncode == 0, output=result.stdout, error=result.stderr.strip())
