"""A file that is appended to and stays within its bound."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.history.rotated import RotatedFile

if TYPE_CHECKING:
    from pathlib import Path

LINE = b"x" * 99 + b"\n"

WRITER = """
import sys
from pathlib import Path
from reloadd.history.rotated import RotatedFile
file = RotatedFile(Path(sys.argv[1]), 20_000)
for number in range(2000):
    file.append(f"{sys.argv[2]} {number}\\n".encode())
"""


def test_a_full_file_takes_the_place_of_its_predecessor(tmp_path: Path) -> None:
    """Both together hold the newest lines, none is cut, and nobody else may read them."""
    path = tmp_path / "deep" / "log"
    file = RotatedFile(path, 1000)
    for _ in range(50):
        file.append(LINE)
    sizes = {each.name: each.stat().st_size for each in path.parent.iterdir()}

    assert sizes.keys() <= {"log", "log.1"}
    assert sizes["log.1"] == 1100
    assert all(size % len(LINE) == 0 and size <= 1100 for size in sizes.values())
    assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}


def test_what_was_removed_is_made_anew(tmp_path: Path) -> None:
    """A user who clears the directory away loses what was in it, and not what follows."""
    path = tmp_path / "state" / "log"
    file = RotatedFile(path, 1000)
    file.append(b"before\n")
    path.unlink()
    path.parent.rmdir()
    file.append(b"after\n")

    assert path.read_bytes() == b"after\n"


def test_two_daemons_may_append_to_the_same_one(tmp_path: Path) -> None:
    """Whichever finds it full rotates it once; every line is whole, and each writer's are in order."""
    path = tmp_path / "log"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]
    statuses = [writer.wait(30) for writer in writers]
    lines = [line for each in (tmp_path / "log.1", path) if each.exists() for line in each.read_text().splitlines()]
    numbers = {name: [int(line[2:]) for line in lines if line.startswith(name)] for name in "ab"}

    assert statuses == [0, 0]
    assert all(line[:2] in {"a ", "b "} and line[2:].isdigit() for line in lines)
    assert all(some == sorted(some) for some in numbers.values())
    assert numbers["a"][-1:] == [1999] or numbers["b"][-1:] == [1999]


def test_after_a_line_was_cut_the_next_begins_anew(tmp_path: Path) -> None:
    """A disk that was full leaves half a line, and not a whole one that nobody can read."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from reloadd.history.rotated import RotatedFile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "limits = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "file = RotatedFile(Path(sys.argv[1]), 1000)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))\n"
        "try:\n    file.append(b'a line too long\\n')\nexcept OSError:\n    pass\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limits)\n"
        "file.append(b'')\nfile.append(b'whole\\n')\nfile.append(b'and whole\\n')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], check=True)

    assert (tmp_path / "log").read_bytes() == b"a line too\nwhole\nand whole\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")  # noqa: PTH110
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """By the error of the system, for the caller to deal with."""
    path = tmp_path / "log"
    path.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left on device"):
        RotatedFile(path, 1000).append(LINE)
