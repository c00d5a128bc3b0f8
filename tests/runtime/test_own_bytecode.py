"""The runtime is compiled once, also where the environment forbids bytecode; the user's files are not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.booting import BOOT, Outcome, booted, clean_environ, script, write_files
from tests.support.interpreters import Interpreter, find_interpreters, newest_interpreter

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = {"main.py": "import sys, shop\nprint(sys.dont_write_bytecode)\n", "shop.py": ""}


def _run(interpreter: Interpreter, boot: Path, project: Path) -> Outcome:
    write_files(project, PROJECT)
    environ = clean_environ(PYTHONDONTWRITEBYTECODE="1")
    go = script(project / "main.py")
    with booted(interpreter.executable, go, directory=project, environ=environ, boot=boot) as child:
        return child.outcome()


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=str)
def test_runtime_alone_is_compiled(interpreter: Interpreter, tmp_path: Path) -> None:
    """All of it, at the first start; a program that asks is told what the user wants."""
    runtime = tmp_path / "runtime"
    shutil.copytree(BOOT.parent, runtime, ignore=shutil.ignore_patterns("__pycache__"))
    for _ in range(2):
        assert _run(interpreter, runtime / "boot.py", tmp_path / "project") == Outcome(b"True\n", b"", 0)

    compiled = {path.parent.parent / f"{path.name.partition('.')[0]}.py" for path in runtime.rglob("*.pyc")}
    assert compiled == set(runtime.rglob("*.py"))
    assert not list((tmp_path / "project").rglob("*.pyc"))


def test_runtime_that_cannot_be_compiled_runs(tmp_path: Path) -> None:
    """In a directory that is not ours to write into, for whatever reason."""
    runtime = tmp_path / "runtime"
    shutil.copytree(BOOT.parent, runtime, ignore=shutil.ignore_patterns("__pycache__"))
    (runtime / "__pycache__").write_text("a file")
    assert _run(newest_interpreter(), runtime / "boot.py", tmp_path / "project") == Outcome(b"True\n", b"", 0)

    assert not list(runtime.rglob("*.pyc"))
