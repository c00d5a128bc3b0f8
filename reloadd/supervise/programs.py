"""What a command's program is, by what is on the disk: found as exec would find it. Never runs it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from reloadd.core.commands import HEAD, Foreign, PythonCommand, is_interpreter, read_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def find_python(argv: Sequence[str], environ: Mapping[str, str], directory: Path) -> PythonCommand | Foreign:
    """What a command runs, if that is Python.

    Args:
        argv: the command.
        environ: the environment that it is run in.
        directory: where it is run.
    """
    program = _find(argv[0], environ, directory)
    if program is None:
        return Foreign(f"`{argv[0]}` was not found")
    # A script sees its own path as it was found, or as it was given (execve(2), "Interpreter scripts").
    read = read_command(argv, argv[0] if "/" in argv[0] else str(program), _head(program))
    if isinstance(read, Foreign):
        return read
    interpreter = _find(read.interpreter[0], environ, directory)
    if interpreter is None or not is_interpreter(os.path.realpath(interpreter), _head(interpreter)):
        return Foreign(f"`{read.interpreter[0]}` is not known to be a Python from 3.8 on")
    return read


def _find(name: str, environ: Mapping[str, str], directory: Path) -> Path | None:
    """A program as exec finds it: by its path, relative to where it is run, or on PATH."""
    if "/" in name:
        path = directory / name
        return path if path.is_file() else None
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    return None if found is None else Path(found)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""
