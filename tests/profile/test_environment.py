"""Reading an `env-file`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reloadd.profile.environment import EnvFileError, read_env_file

if TYPE_CHECKING:
    from pathlib import Path


def test_the_usual_forms_are_read(tmp_path: Path) -> None:
    """Quotes, comments, `export`, several lines and references; a name alone sets nothing."""
    file = tmp_path / ".env"
    file.write_text('# c\nA=1\nexport B = "x y" # c\nC=\'$A\'\nD="a\nb"\nE=${A}2\nEMPTY=\nALONE\n')

    assert read_env_file(file) == {"A": "1", "B": "x y", "C": "$A", "D": "a\nb", "E": "12", "EMPTY": ""}


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"A=1\n\n\nB='x\n", 4, "expected `NAME=value`"),
        (b"=1\n", 1, "expected `NAME=value`"),
        (b"A=1\nB=\xff\n", 2, "the file is not UTF-8"),
        (b"A=1\nB=\0\n", 2, "no variable can hold a NUL character"),
    ],
)
def test_a_wrong_line_is_named(content: bytes, line: int, reason: str, tmp_path: Path) -> None:
    """The error says which line is wrong, and how."""
    file = tmp_path / ".env"
    file.write_bytes(content)

    with pytest.raises(EnvFileError) as caught:
        read_env_file(file)

    assert (caught.value.path, caught.value.line, caught.value.reason) == (file, line, reason)
    assert str(caught.value) == f"{file}:{line}: {reason}"


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """At a later start the file may be gone: that is said, and not taken for an empty file."""
    with pytest.raises(EnvFileError, match=r"/\.env: no such file or directory$") as caught:
        read_env_file(tmp_path / ".env")

    assert caught.value.line is None
