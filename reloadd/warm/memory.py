"""What is known of an app's imports, kept from one run of the daemon to the next, in the user's cache.

It is believed only for the same interpreter and target, the same installed packages and the same imports of the user's
code. Losing it costs time and nothing else, so whatever is wrong with the file is as if there were none.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.account import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reloadd.profile.model import Profile

_FORM = 1
"""Of the file: another one is not read."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What an earlier run has found out.

    Attributes:
        modules: what could be imported ahead, in order.
        excluded: what could not, and why.
        asked: what each of the user's modules imported.
        installed: a digest of what was installed.
    """

    modules: tuple[str, ...] = ()
    excluded: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    installed: str = ""

    def modules_for(self, asked: Mapping[str, frozenset[str]], paths: Iterable[str]) -> tuple[str, ...]:
        """The modules, if the user's code and what is installed are as they were; none otherwise."""
        return self.modules if self.asked == asked and self.installed == digest_of_installed(paths) else ()


class Memory:
    """The file of one profile.

    Args:
        profile: whose.
        environ: where XDG_CACHE_HOME is looked up.
    """

    def __init__(self, profile: Profile, environ: Mapping[str, str]) -> None:
        launch = profile.launch
        self._key = f"{launch.python} {launch.target!r} {launch.args!r} {launch.directory}"
        name = hashlib.blake2s(f"{profile.file}\n{self._key}".encode(), digest_size=8).hexdigest()
        self._keeping = threading.Lock()
        self._path = _cache_directory(environ) / "warm" / f"{profile.name}-{name}.json"

    def recall(self) -> Recalled:
        """What was kept."""
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            if kept["form"] != _FORM or kept["key"] != self._key:
                return Recalled()
            return Recalled(
                modules=tuple(map(str, kept["modules"])),
                excluded={str(module): str(why) for module, why in kept["excluded"].items()},
                asked={str(module): frozenset(map(str, names)) for module, names in kept["asked"].items()},
                installed=str(kept["installed"]),
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return Recalled()

    def keep(self, recalled: Recalled) -> None:
        """Keep this for the next run; whole or not at all. From any thread."""
        text = json.dumps(
            {
                "form": _FORM,
                "key": self._key,
                "modules": recalled.modules,
                "excluded": dict(recalled.excluded),
                "asked": {module: sorted(names) for module, names in recalled.asked.items()},
                "installed": recalled.installed,
            }
        )
        whole = self._path.with_suffix(f".{os.getpid()}")
        with self._keeping, suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            whole.write_text(text, "utf-8")
            whole.replace(self._path)


def digest_of_installed(paths: Iterable[str]) -> str:
    """What tells one set of packages from another: the names in their directories, which have the versions in them."""
    digest = hashlib.blake2s()
    for path in filter(is_installed, paths):
        with suppress(OSError):
            names = sorted(name for name in os.listdir(path) if name != "__pycache__")  # noqa: PTH208 (only names)
            digest.update("\n".join([path, *names]).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _cache_directory(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/reloadd`; a relative one is not valid (XDG Base Directory Specification)."""
    configured = Path(environ.get("XDG_CACHE_HOME", ""))
    home = Path(environ.get("HOME") or Path.home())
    return (configured if configured.is_absolute() else home / ".cache") / "reloadd"
