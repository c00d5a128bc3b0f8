"""Where a user's units are, which of them are ours, and what they have to be for this installation of reloadd.

Never starts or stops anything.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.service import rendering
from reloadd.service.rendering import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEPT = Path(__file__).with_name("units")
SERVICES = ("reloadd.service", "reloadd@.service")
SOCKET = "reloadd.socket"
_HARDENED = "hardened.conf"
_ENVIRONMENT = "service.env"


class NotOursError(Exception):
    """There is a file already that `reloadd service install` did not write.

    Attributes:
        path: of it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"`{path}` was not written by `reloadd service install`")
        self.path = path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be installed.

    Attributes:
        hardened: whether the services get the hardening drop-in.
        listen: what the socket unit listens to; empty for no socket unit.
        version: of systemd; 0 for one that is not known.
    """

    hardened: bool
    listen: tuple[str, ...]
    version: int


class Fate(Enum):
    """What became of a file; the value is what the user is told."""

    WRITTEN = "wrote"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Touched:
    """One file, and what became of it."""

    path: Path
    fate: Fate


class Installation:
    """The files of one user.

    Args:
        configuration: the user's configuration directory, such as `~/.config`.
    """

    def __init__(self, configuration: Path) -> None:
        self.units = configuration / "systemd" / "user"
        self.environment = configuration / "reloadd" / _ENVIRONMENT

    def install(self, wanted: Wanted, environ: Mapping[str, str]) -> tuple[Touched, ...]:
        """Write what is wanted, and remove what an earlier call wrote and this one does not want.

        Args:
            wanted: what.
            environ: where PATH is taken from, since a service does not start with a shell's.

        Raises:
            NotOursError: a file would be overwritten that is not ours; nothing was written.
            OSError: a file cannot be written.
        """
        files = self._rendered(wanted)
        for path in files:
            if path.exists() and not _is_ours(path):
                raise NotOursError(path)
        env = rendering.with_path(_read(self.environment), environ.get("PATH", os.defpath))
        written = [_write(path, text) for path, text in files.items()]
        removed = [_remove(path) for path in self.ours() if path not in files]
        return (*written, _write(self.environment, env), *removed)

    def uninstall(self) -> tuple[Touched, ...]:
        """Remove what `install` and `systemctl enable` wrote; a file that the user added to keeps what is the user's.

        Raises:
            OSError: a file cannot be removed.
        """
        removed = [_remove(path) for path in (*self.enablements(), *self.ours())]
        text = _read(self.environment)
        left = rendering.without_path(text)
        if left:
            removed.append(_write(self.environment, left))
        elif text:
            removed.append(_remove(self.environment))
        return tuple(removed)

    def ours(self) -> tuple[Path, ...]:
        """The units and drop-ins that are there and that we wrote."""
        places = [self.units / name for name in (*SERVICES, SOCKET)] + [self._drop_in(name) for name in SERVICES]
        return tuple(path for path in places if _is_ours(path))

    def enablements(self) -> tuple[Path, ...]:
        """The links by which a service or the socket unit is started with something else, as at each login."""
        return tuple(sorted([*self.units.glob("*.wants/reloadd.*"), *self.units.glob("*.wants/reloadd@*.service")]))

    def outdated(self, version: int) -> tuple[Path, ...]:
        """The services that are not as this installation, under this version of systemd, would write them."""
        files = self._rendered(Wanted(hardened=False, listen=(), version=version))
        return tuple(path for path, text in files.items() if _read(path) != text)

    def _rendered(self, wanted: Wanted) -> dict[Path, str]:
        files = {self.units / name: self._unit(name, wanted) for name in SERVICES}
        if wanted.listen:
            files[self.units / SOCKET] = self._unit(SOCKET, wanted)
        if wanted.hardened:
            text = f"{MARK}\n#   systemctl --user edit reloadd.service\n{(KEPT / _HARDENED).read_text('utf-8')}"
            files.update({self._drop_in(name): text for name in SERVICES})
        return files

    def _unit(self, name: str, wanted: Wanted) -> str:
        text = (KEPT / name).read_text("utf-8")
        return rendering.render(text, unit=name, command=own_command(), version=wanted.version, listen=wanted.listen)

    def _drop_in(self, service: str) -> Path:
        return self.units / f"{service}.d" / _HARDENED


def own_command() -> Sequence[str]:
    """The words that run this very installation. The current directory is no place to import from (`-P`)."""
    return (sys.executable, "-P", "-m", "reloadd")


def _is_ours(path: Path) -> bool:
    return _read(path).startswith(MARK)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _write(path: Path, text: str) -> Touched:
    """Write a file whole or not at all, unless it is like that already."""
    if _read(path) == text:
        return Touched(path, Fate.UNCHANGED)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
    return Touched(path, Fate.WRITTEN)


def _remove(path: Path) -> Touched:
    path.unlink()
    if path.parent.suffix in {".d", ".wants"} and not any(path.parent.iterdir()):
        path.parent.rmdir()
    return Touched(path, Fate.REMOVED)
