"""Directories that are gone when their daemon is, with a real process that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from reloadd.supervise.scratch import Scratch

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HOLDER = """
import signal
from reloadd.supervise.scratch import Scratch
scratch = Scratch()
(scratch.path / "1").write_text("")
print(scratch.path, flush=True)
signal.pause()
"""


def start_holder(directory: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that has made a directory, and what it is called."""
    environ = {**os.environ, "TMPDIR": str(directory)}
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], env=environ, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    return holder, holder.stdout.readline().strip()


def test_what_a_killed_process_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the next one that makes a directory; what is in use stays, and what is not ours by name"""
    other = tmp_path / "reloadd-else"
    other.mkdir()
    killed, left = start_holder(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with_one, used = start_holder(tmp_path)
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        scratch = Scratch()
        assert {str(each) for each in tmp_path.iterdir()} == {used, str(scratch.path), str(other)}
        assert left != used
        scratch.close()
        scratch.close()
        assert not scratch.path.exists()
    finally:
        with_one.kill()
        with_one.communicate()
