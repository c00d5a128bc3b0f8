"""Virtual environments for the apps of tests, made once and kept: `environment(interpreter, "flask")`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.interpreters import Interpreter

_COMPLETE = "complete"
"""The name of the file that is written last: without it an environment is what an interrupted run left behind."""


class EnvironmentNotMadeError(Exception):
    """The requirements could not be installed; the text is the installer's."""


def environment(interpreter: Interpreter, *requirements: str) -> Path:
    """The `python` of a virtual environment of `interpreter` that has the requirements installed.

    Kept below the directory that RELOADD_TEST_CACHE names, or `.cache` of the checkout. Runs at the same time wait for
    each other, and one that was interrupted is made up for.

    Raises:
        EnvironmentNotMadeError: it could not be made.
    """
    wanted = "\n".join([str(interpreter.executable), interpreter.full_version, *sorted(requirements)])
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:12]
    home = _cache() / f"python{interpreter}-{digest}"
    python = home / "bin" / "python"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / _COMPLETE).exists():
            shutil.rmtree(home, ignore_errors=True)
            _uv("venv", "--quiet", "--python", str(interpreter.executable), str(home))
            if requirements:
                _uv("pip", "install", "--quiet", "--python", str(python), *requirements)
            (home / _COMPLETE).write_text(wanted)
    return python


def _cache() -> Path:
    cache = Path(os.environ.get("RELOADD_TEST_CACHE") or Path(__file__).parents[2] / ".cache")
    cache.mkdir(parents=True, exist_ok=True)
    return cache.resolve()


def _uv(*arguments: str) -> None:
    result = subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise EnvironmentNotMadeError(f"uv {' '.join(arguments)}\n{result.stderr}")
