"""What to tell a user whose system does not let us listen to a directory: the limit's name and how to raise it.

The limits are those of inotify(7); nothing is read or changed here.
"""

from __future__ import annotations

import errno
import os
from typing import NamedTuple


class Limit(NamedTuple):
    """Why a part of the tree is polled.

    Attributes:
        error: the limit, by the name that the system has for it.
        hint: the command that raises it.
    """

    error: str
    hint: str


def _sysctl(name: str, value: int, instead: str) -> str:
    return f"raise it with `sudo sysctl {name}={value}`, and keep it in a file of `/etc/sysctl.d`, or {instead}"


_LIMITS = {
    errno.ENOSPC: Limit(
        "the limit `fs.inotify.max_user_watches` is reached",
        _sysctl("fs.inotify.max_user_watches", 524288, "exclude directories"),
    ),
    errno.EMFILE: Limit(
        "the limit `fs.inotify.max_user_instances` or `ulimit -n` is reached",
        _sysctl("fs.inotify.max_user_instances", 1024, "end other programs that watch files"),
    ),
    errno.EACCES: Limit("the directory may not be read", "let the daemon's user read it with `chmod`, or exclude it"),
}


def limit_of(number: int) -> Limit:
    """What an error number of listening means to the user."""
    return _LIMITS.get(number) or Limit(os.strerror(number).lower(), "exclude the directory, or poll with `backend`")
