"""From what a profile writes to what is on the disk: paths, and whether they are what is wanted of them.

Looks, and never opens, runs or changes anything.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.reasons import reason_of
from reloadd.profile.findings import Finding
from reloadd.profile.problems import Code
from reloadd.profile.words import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Wanted(Enum):
    """What a path must lead to; the value is its name in a message."""

    FILE = "file"
    DIRECTORY = "directory"
    FILE_OR_DIRECTORY = "file or directory"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Base:
    """What relative paths are relative to.

    Attributes:
        directory: absolute: that of the profile itself, also if the profile was found by a link to it.
        environ: where `~` and `PATH` are looked up.
    """

    directory: Path
    environ: Mapping[str, str]

    def path(self, text: str) -> Path:
        """The absolute path for one in a profile; `~` is the home directory, links stay as they are."""
        if text == "~" or text.startswith("~/"):
            home = self.environ.get("HOME") or str(Path.home())
            return Path(os.path.abspath(home + text[1:]))  # noqa: PTH100 - `resolve` would follow links
        return Path(os.path.abspath(self.directory / text))  # noqa: PTH100 - the same

    def program(self, text: str) -> str:
        """A command's program as it is started: as written, but for `~`."""
        return str(self.path(text)) if text.startswith("~/") else text


def is_file(path: Path) -> bool:
    """Whether the path is a file; no, if that cannot be told, where pathlib may raise (it does up to Python 3.13)."""
    return _has_mode(path, stat.S_ISREG)


def is_directory(path: Path) -> bool:
    """Whether the path is a directory; no, if that cannot be told."""
    return _has_mode(path, stat.S_ISDIR)


def _has_mode(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        return is_kind(path.stat().st_mode)
    except OSError:
        return False


def missing(path: Path, wanted: Wanted, text: str) -> Finding | None:
    """Why `path`, which a profile writes as `text`, is not what is wanted; None if it is."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _not_there(path, wanted, text)
    except OSError as error:  # a name too long, a loop of links, a directory that may not be entered
        reason = reason_of(error)
        return Finding(Code.UNREADABLE, f"`{text}` cannot be looked at", f"{path}: {reason}", "write another path")
    return _wrong_kind(path, wanted, text, is_directory=stat.S_ISDIR(mode)) or _no_access(path, wanted, text)


def _wrong_kind(path: Path, wanted: Wanted, text: str, *, is_directory: bool) -> Finding | None:
    match wanted:
        case Wanted.DIRECTORY if not is_directory:
            hint = f'write "{Path(text).parent}"'
        case Wanted.FILE if is_directory:
            hint = "name a file in it"
        case Wanted.PROGRAM if is_directory:
            hint = _program_in(path, text)
        case _:
            return None
    found = "directory" if is_directory else "file"
    return Finding(Code.BAD_VALUE, f"`{text}` is a {found}, not a {wanted.value}", f"found {path}", hint)


def _no_access(path: Path, wanted: Wanted, text: str) -> Finding | None:
    if wanted is Wanted.PROGRAM and not os.access(path, os.X_OK):
        return Finding(Code.UNREADABLE, f"`{text}` is not executable", f"found {path}", f"run `chmod +x {text}`")
    if wanted is not Wanted.PROGRAM and not os.access(path, os.R_OK):
        return Finding(Code.UNREADABLE, f"`{text}` cannot be read", f"permission denied for {path}", "make it readable")
    return None


def _not_there(path: Path, wanted: Wanted, text: str) -> Finding:
    if path.is_symlink():
        label = f"{path} is a link to {path.readlink()}, which is gone"
        hint = "make what the link leads to, or name another"
    else:
        label, hint = f"{path} does not exist", _what_is_there(path, wanted, text)
    return Finding(Code.NOT_FOUND, f"there is no {wanted.value} `{text}`", label, hint)


def _what_is_there(path: Path, wanted: Wanted, text: str) -> str:
    """A name nearby that may have been meant, or where the path breaks off."""
    parent = path.parent
    try:
        names = sorted(each.name for each in parent.iterdir() if _could_be(each, wanted))
    except OSError:
        return "relative paths are relative to the profile's file"
    near = nearest(path.name, names)
    if near is None:
        return f"make it, or name a {wanted.value} that is there"
    return f'did you mean "{text.removesuffix(path.name)}{near}"?'


def _could_be(path: Path, wanted: Wanted) -> bool:
    match wanted:
        case Wanted.DIRECTORY:
            return is_directory(path)
        case Wanted.FILE | Wanted.PROGRAM:
            return is_file(path)
        case Wanted.FILE_OR_DIRECTORY:
            return True


def _program_in(directory: Path, text: str) -> str:
    if is_file(directory / "bin" / "python"):
        return f'write "{text.rstrip("/")}/bin/python"'
    return "name a program in it"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, and the virtual environment that it belongs to."""

    python: Path
    venv: Path | None


def interpreter_at(python: Path) -> Interpreter:
    """The interpreter with its environment: a `pyvenv.cfg` one level above its directory (PEP 405)."""
    home = python.parent.parent
    return Interpreter(python, home if is_file(home / "pyvenv.cfg") else None)


def environment_beside(directories: tuple[Path, ...]) -> Path | None:
    """The first virtual environment under its usual name in one of the directories."""
    for directory in directories:
        for name in (".venv", "venv", "env"):
            if is_file(directory / name / "pyvenv.cfg"):
                return directory / name
    return None


def program(name: str, *, search: str, directory: Path) -> Finding | None:
    """Why a command's program cannot be started; None if it can.

    Args:
        name: the program as written; with a slash it is a path, relative to the child's working directory.
        search: directories to look in, as in `PATH`.
        directory: the working directory.
    """
    if "/" in name:
        return missing(directory / name, Wanted.PROGRAM, name)
    if shutil.which(name, path=search) is not None:
        return None
    words = name.split()
    if len(words) > 1:
        array = ", ".join(f'"{word}"' for word in words)
        hint = f"write each word as a string of its own: [{array}]"
    elif is_file(directory / name):
        hint = f'write "./{name}" for the file in the working directory'
    else:
        hint = "install it, or write its path"
    return Finding(Code.NOT_FOUND, f"there is no program `{name}`", "not found on `PATH`", hint)
