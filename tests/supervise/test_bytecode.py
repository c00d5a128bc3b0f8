"""Compiled files that could be taken for current ones."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from reloadd.supervise.bytecode import remove_stale_bytecode

if TYPE_CHECKING:
    from pathlib import Path


def compiled(directory: Path, *names: str) -> Path:
    """A `__pycache__` with these files in it."""
    cache = directory / "__pycache__"
    cache.mkdir()
    for name in names:
        (cache / name).write_bytes(b"")
    return cache


def names_in(cache: Path) -> set[str]:
    """What is left."""
    return {each.name for each in cache.iterdir()}


def test_files_of_every_interpreter_are_removed(tmp_path: Path) -> None:
    """All tags and optimization levels of the changed module go; everything else stays."""
    ours = ("cart.cpython-38.pyc", "cart.cpython-313.opt-1.pyc", "cart.pypy39.pyc")
    others = ("cart2.cpython-38.pyc", "my.cart.cpython-38.pyc", "cart.txt", "cart.pyc", "views.cpython-313.pyc")
    cache = compiled(tmp_path, *ours, *others)
    remove_stale_bytecode([str(tmp_path / "cart.py")])

    assert names_in(cache) == set(others)


def test_names_are_no_patterns(tmp_path: Path) -> None:
    """A file called `*.py` is that one file."""
    cache = compiled(tmp_path, "*.cpython-313.pyc", "cart.cpython-313.pyc", "a.b.cpython-313.pyc")
    remove_stale_bytecode([str(tmp_path / "*.py"), str(tmp_path / "a.b.py")])

    assert names_in(cache) == {"cart.cpython-313.pyc"}


def test_only_python_sources_have_compiled_files(tmp_path: Path) -> None:
    """A template of the same name takes nothing away."""
    cache = compiled(tmp_path, "cart.cpython-313.pyc")
    remove_stale_bytecode([str(tmp_path / "cart.html"), str(tmp_path / "cart")])

    assert names_in(cache) == {"cart.cpython-313.pyc"}


def test_what_cannot_be_removed_stops_nothing(tmp_path: Path) -> None:
    """No directory, a file in its place, a directory in a file's place: the others are removed all the same."""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "__pycache__").write_text("")
    cache = compiled(tmp_path, "cart.cpython-313.pyc")
    (cache / "cart.cpython-38.pyc").mkdir()
    remove_stale_bytecode([str(tmp_path / "odd" / "x.py"), str(tmp_path / "none" / "x.py"), str(tmp_path / "cart.py")])

    assert names_in(cache) == {"cart.cpython-38.pyc"}


def test_an_edit_of_the_same_size_and_second_is_seen(tmp_path: Path) -> None:
    """Without the removal Python runs the old code; with it, the new."""
    source = tmp_path / "price.py"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run() -> str:
        program = [sys.executable, "-c", "import price; print(price.VALUE)"]
        return subprocess.run(
            program, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
        ).stdout.strip()

    def save(value: int) -> None:
        source.write_text(f"VALUE = {value}\n")
        os.utime(source, (1_700_000_000, 1_700_000_000))

    save(1)
    assert run() == "1"
    save(2)
    assert run() == "1"
    remove_stale_bytecode([str(source)])
    assert run() == "2"
