"""A command runs as if nothing had been in front of it, and one that cannot run is told apart as shells do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.booting import Outcome, booted, clean_environ, command, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAUNCHER = [sys.executable, "-I", "-S"]


def _run(directory: Path, *argv: str, environ: Mapping[str, str] | None = None) -> Outcome:
    with booted(LAUNCHER, command(*argv), directory=directory, environ=environ) as child:
        return child.outcome()


def test_arguments_directory_and_environment_arrive(tmp_path: Path) -> None:
    """Nothing is added, also where an interpreter sets variables for itself: in the C locale."""
    bare = {"PATH": "/usr/bin:/bin", "ODD": "a=b\nc", "LANG": "C"}

    outcome = _run(tmp_path, "/bin/sh", "-c", 'pwd; env -0; printf "%s|" "$@"', "sh", "a b", "", "ü", environ=bare)

    expected = subprocess.run(
        ["/bin/sh", "-c", 'pwd; env -0; printf "%s|" "$@"', "sh", "a b", "", "ü"],
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        check=True,
    )
    assert outcome == Outcome(expected.stdout, expected.stderr, 0)


def test_no_signal_is_ignored_that_was_not(tmp_path: Path) -> None:
    """The interpreter in front ignores SIGPIPE and SIGXFSZ; the program does not inherit that."""
    command = ["sh", "-c", "grep SigIgn /proc/self/status"]
    plain = subprocess.run(command, capture_output=True, check=True)

    assert _run(tmp_path, *command).stdout == plain.stdout


def test_program_is_looked_up_on_the_childs_path(tmp_path: Path) -> None:
    """The first directory of PATH that has it counts."""
    write_files(tmp_path, {"first/tool": "#!/bin/sh\necho first", "second/tool": "#!/bin/sh\necho second"})
    for each in tmp_path.glob("*/tool"):
        each.chmod(0o755)
    path = f"{tmp_path}/none:{tmp_path}/first:{tmp_path}/second:/bin"

    assert _run(tmp_path, "tool", environ=clean_environ(PATH=path)) == Outcome(b"first\n", b"", 0)


def test_exit_status_and_signals_are_its_own(tmp_path: Path) -> None:
    """A code stays a code and a signal a signal."""
    assert _run(tmp_path, "sh", "-c", "exit 3").status == 3
    assert _run(tmp_path, "sh", "-c", "kill -KILL $$").status == -9


def test_command_that_is_not_there(tmp_path: Path) -> None:
    """Exit code 127, as in shells, and one line that names it."""
    assert _run(tmp_path, "no-such-tool", "x") == Outcome(
        b"", b"error: command not found: `no-such-tool`\nhint: it is in none of the directories of PATH\n", 127
    )
    assert _run(tmp_path, "./tool") == Outcome(
        b"", b"error: command not found: `./tool`\nhint: there is no such file\n", 127
    )


def test_command_that_cannot_be_executed(tmp_path: Path) -> None:
    """Exit code 126, as in shells, and the reason."""
    write_files(tmp_path, {"plain": "x", "headless": "x", "lost": "#!/no/such/interpreter\n"})
    for name in ("headless", "lost"):
        (tmp_path / name).chmod(0o755)
    reasons = {
        "plain": "it may not be executed",
        "headless": "exec format error",
        "lost": "the interpreter that its first line names does not exist",
    }

    for name, reason in reasons.items():
        assert _run(tmp_path, f"./{name}") == Outcome(
            b"", f"error: cannot run `./{name}`: {reason}\nhint: the file is ./{name}\n".encode(), 126
        )
