"""Where history is kept: a directory for each profile below the user's state directory, one more for daemons.

Both the daemon and the commands that read use it. Never opens a file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG = "log.jsonl"
RESTARTS = "restarts.jsonl"
FILE = "profile"
"""In a profile's directory: all that happened, the restarts alone, and the path of the profile's file."""

DAEMONS = "_daemons"
"""The directory of what is about no profile; no profile has a name that begins so."""

_DIGEST = 4


def state_directory(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/reloadd`; a relative XDG_STATE_HOME is not valid (XDG Base Directory Specification)."""
    configured = Path(environ.get("XDG_STATE_HOME", ""))
    home = Path(environ.get("HOME") or Path.home())
    return (configured if configured.is_absolute() else home / ".local" / "state") / "reloadd"


def directory_name(profile: str, file: str) -> str:
    """A profile's directory: profiles of the same name in two projects are two."""
    digest = hashlib.blake2s(file.encode("utf-8", "surrogateescape"), digest_size=_DIGEST).hexdigest()
    return f"{profile}-{digest}"


def profile_name(directory: str) -> str:
    """The profile whose directory it is."""
    return directory.rpartition("-")[0]
