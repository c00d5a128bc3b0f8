"""The Pythons of this machine that an app may run in."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_MINOR = 8
NEWEST_MINOR = 14

_TELL = "import os, sys; print(sys.implementation.name, sys.version.split()[0], os.path.realpath(sys.executable))"


@dataclass(frozen=True, slots=True, order=True)
class Interpreter:
    """A CPython, by its real executable and not by a link or a shim."""

    version: tuple[int, int]
    full_version: str
    executable: Path

    def __str__(self) -> str:
        return "{}.{}".format(*self.version)


@functools.cache
def find_interpreters() -> tuple[Interpreter, ...]:
    """One CPython of each version that an app may run in, oldest first: from PATH, and from pyenv's directory.

    Raises:
        LookupError: there is none.
    """
    found: dict[tuple[int, int], Interpreter] = {}
    for candidate in _candidates():
        interpreter = _ask(candidate)
        if interpreter is not None:
            found.setdefault(interpreter.version, interpreter)
    if not found:
        raise LookupError(f"no CPython from 3.{OLDEST_MINOR} to 3.{NEWEST_MINOR} on PATH or in pyenv")
    return tuple(sorted(found.values()))


def newest_interpreter() -> Interpreter:
    """For facts that do not depend on the version."""
    return find_interpreters()[-1]


def _candidates() -> list[Path]:
    names = [f"python3.{minor}" for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    # pyenv's own directory comes first: a shim on PATH stands for none of the versions that are not switched on.
    in_pyenv = [path for name in names for path in sorted(pyenv.glob(f"*/bin/{name}"), reverse=True)]
    on_path = [Path(path) for name in names if (path := shutil.which(name)) is not None]
    return [*in_pyenv, *on_path]


def _ask(candidate: Path) -> Interpreter | None:
    try:
        answer = subprocess.run([candidate, "-I", "-c", _TELL], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        # A shim without a version behind it, or a version that is broken.
        return None
    implementation, version, executable = answer.stdout.rstrip("\n").split(" ", 2)
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if implementation != "cpython" or numbers is None:
        return None
    return Interpreter((int(numbers[1]), int(numbers[2])), version, Path(executable))
