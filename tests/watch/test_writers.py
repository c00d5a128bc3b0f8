"""Who has a file open, as the kernel knows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reloadd.watch.writers import is_being_written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")


def test_a_writer_is_known_until_it_closes(tmp_path: Path) -> None:
    """Of this process or another one, whatever it has written yet; readers do not count"""
    file = tmp_path / "a.py"
    file.write_text("one")
    with file.open("rb"):
        assert is_being_written(str(file)) is False
    with file.open("ab"):
        assert is_being_written(str(file)) is True
    writer = subprocess.Popen(
        [sys.executable, "-c", "import sys; f = open(sys.argv[1], 'a'); print(flush=True); sys.stdin.read()", file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"\n"
        assert is_being_written(str(file)) is True
    assert is_being_written(str(file)) is False


def test_what_is_no_file_is_not_known(tmp_path: Path) -> None:
    """Nor is one that is not there; asking waits for nothing and leaves nothing open"""
    os.mkfifo(tmp_path / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert [is_being_written(str(tmp_path / name)) for name in ("pipe", "none", ".")] == [None] * 3
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_who_opens_the_file_meanwhile_only_waits(tmp_path: Path) -> None:
    """Neither side gets an error or a signal that ends it, however often they meet"""
    file = tmp_path / "a.py"
    file.write_text("one")
    script = "import sys\nfor _ in range(3000):\n    open(sys.argv[1], 'a').close()"
    with subprocess.Popen([sys.executable, "-c", script, file]) as writer:
        while writer.poll() is None:
            assert is_being_written(str(file)) in {True, False}
    assert writer.returncode == 0
