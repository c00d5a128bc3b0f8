"""Reads an `env-file`. The only importer of python-dotenv, which knows the format's quoting and `export` lines.

Never touches the process's own environment.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from reloadd.core.reasons import reason_of

if TYPE_CHECKING:
    from pathlib import Path


class EnvFileError(Exception):
    """An `env-file` cannot be used.

    Attributes:
        path: the file.
        line: where it is wrong, counted from 1; None if it could not be read at all.
        reason: what is wrong.
    """

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        where = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of the file, in its order; `${NAME}` in a value is looked up above it and in our environment.

    A name without `=` sets nothing.

    Raises:
        EnvFileError: the file cannot be read, is not UTF-8, or a line in it is no assignment.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise EnvFileError(path, line, "the file is not UTF-8") from error
    except OSError as error:
        raise EnvFileError(path, None, reason_of(error)) from error
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            # A statement begins with the blank lines before it.
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            skipped = binding.original.string.count("\n", 0, blank)
            raise EnvFileError(path, binding.original.line + skipped, "expected `NAME=value`")
    if "\0" in text:
        raise EnvFileError(path, text.count("\n", 0, text.index("\0")) + 1, "no variable can hold a NUL character")
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}
