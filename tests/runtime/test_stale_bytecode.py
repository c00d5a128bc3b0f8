"""No restart runs old code: bytecode that may be stale is neither believed nor left behind."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import booted, clean_environ, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

each_interpreter = pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)

HOUR = 3600


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A script that prints the value of a module beside it."""
    write_files(tmp_path, {"main.py": "import value\nprint(value.V)\n"})
    return tmp_path


def _save(project: Path, number: int, *, at: float | None = None) -> Path:
    """Write the module, always of the same length; `at` is its modification time."""
    source = project / "value.py"
    source.write_text(f"V = {number}\n")
    if at is not None:
        os.utime(source, (at, at))
    return source


def _run(interpreter: Interpreter, project: Path) -> str:
    with booted(interpreter.executable, script(project / "main.py"), directory=project) as child:
        outcome = child.outcome()
    assert (outcome.status, outcome.stderr) == (0, b"")
    return outcome.stdout.decode().strip()


def _run_plain(interpreter: Interpreter, project: Path) -> str:
    command = [interpreter.executable, project / "main.py"]
    return subprocess.run(command, env=clean_environ(), capture_output=True, text=True, check=True).stdout.strip()


def _bytecode(project: Path) -> Path | None:
    return next(iter((project / "__pycache__").glob("value.*.pyc")), None)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _start_of_a_second() -> float:
    """Wait for the clock to be in the first fifth of a second, so that what follows at once is in the same second."""
    _wait_until(lambda: time.time() % 1 < 0.2)
    return float(int(time.time()))


@each_interpreter
def test_second_save_of_equal_length_within_a_second_is_seen(interpreter: Interpreter, project: Path) -> None:
    """Two saves that a `.pyc` cannot tell apart, each followed by a start, give each its own value."""
    now = _start_of_a_second()
    _save(project, 1, at=now)
    first = _run(interpreter, project)
    _save(project, 2, at=now)

    assert (first, _run(interpreter, project)) == ("1", "2")


@each_interpreter
def test_bytecode_left_by_a_plain_interpreter_is_not_believed(interpreter: Interpreter, project: Path) -> None:
    """Where plain Python runs old code, we do not; and nor does it any more after us."""
    now = _start_of_a_second()
    _save(project, 1, at=now)
    _run_plain(interpreter, project)
    _save(project, 2, at=now)
    stale = _run_plain(interpreter, project)

    assert stale == "1", "the hazard that this test is about does not show"
    assert _run(interpreter, project) == "2"
    assert _run_plain(interpreter, project) == "2"


@each_interpreter
def test_no_bytecode_is_written_for_a_new_source(interpreter: Interpreter, project: Path) -> None:
    """A source that may be saved again within the second leaves nothing in the cache."""
    _save(project, 1)

    _run(interpreter, project)

    assert _bytecode(project) is None


@pytest.fixture(scope="module")
def settled_projects(tmp_path_factory: pytest.TempPathFactory) -> dict[Interpreter, Path]:
    """For each interpreter a project that it ran in plain right after a save, and whose source has settled since."""
    projects = {interpreter: tmp_path_factory.mktemp("settled") for interpreter in find_interpreters()}
    for interpreter, project in projects.items():
        write_files(project, {"main.py": "import value\nprint(value.V)\n"})
        _save(project, 1)
        _run_plain(interpreter, project)
    _wait_until(lambda: time.time() - (project / "value.py").stat().st_ctime > 2.5)
    return projects


@each_interpreter
def test_untrusted_bytecode_is_written_anew_once_and_then_believed(
    interpreter: Interpreter, settled_projects: dict[Interpreter, Path]
) -> None:
    """Bytecode made within two seconds of a save is replaced at the first later start; the next one only reads it."""
    project = settled_projects[interpreter]
    versions = [_version(project)]
    for _ in range(2):
        assert _run(interpreter, project) == "1"
        versions.append(_version(project))

    untrusted, written, read = versions
    assert written != untrusted
    assert read == written


def _version(project: Path) -> tuple[int, int]:
    bytecode = _bytecode(project)
    assert bytecode is not None
    status = bytecode.stat()
    return status.st_ino, status.st_mtime_ns


@each_interpreter
def test_copy_that_keeps_the_modification_time_is_seen(interpreter: Interpreter, project: Path) -> None:
    """An old time on a new file of equal length, as `cp -p` leaves it, does not bring back the old code."""
    long_ago = time.time() - HOUR
    _save(project, 1, at=long_ago)
    _run_plain(interpreter, project)
    _save(project, 2, at=long_ago)

    assert _run_plain(interpreter, project) == "1", "the hazard that this test is about does not show"
    assert _run(interpreter, project) == "2"


@each_interpreter
def test_cache_that_cannot_be_written_is_no_error(interpreter: Interpreter, project: Path) -> None:
    """Untrusted bytecode that cannot be removed is passed over without a word."""
    now = _start_of_a_second()
    _save(project, 1, at=now)
    _run_plain(interpreter, project)
    _save(project, 2, at=now)
    bytecode = _bytecode(project)
    assert bytecode is not None
    # A directory cannot be unlinked by anybody, and a file mode would not stop root.
    bytecode.unlink()
    bytecode.mkdir()
    os.utime(bytecode, (now, now))

    assert _run(interpreter, project) == "2"


def test_bytecode_of_installed_packages_is_believed(tmp_path: Path) -> None:
    """Installers write source and bytecode together, where it is perhaps never written again: it is used as it is."""
    installed = tmp_path / "site-packages"
    long_ago = time.time() - HOUR
    write_files(tmp_path, {"main.py": "import sys\nsys.path.append(sys.argv[1])\nimport value\nprint(value.V)\n"})
    write_files(installed, {"value.py": "V = 1\n"})
    os.utime(installed / "value.py", (long_ago, long_ago))
    interpreter = find_interpreters()[-1]
    go = script(tmp_path / "main.py", str(installed))

    versions = []
    for _ in range(2):
        with booted(interpreter.executable, go, directory=tmp_path) as child:
            assert child.outcome().stdout == b"1\n"
        versions.append(_version(installed))

    assert versions[0] == versions[1]
