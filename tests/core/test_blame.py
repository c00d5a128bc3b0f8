"""Where a program broke, read from real last words."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reloadd.core.blame import Blame, find_blame
from tests.support.programs import needs_node

if TYPE_CHECKING:
    from pathlib import Path


def last_words(*argv: str) -> list[str]:
    """What a program prints before it fails."""
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode != 0
    return (ended.stdout + ended.stderr).splitlines()


@pytest.mark.parametrize(
    ("source", "error", "line", "is_hopeless"),
    [
        ("x = 1\ny = = 2\n", r"SyntaxError: .+", 2, True),
        ("def f():\nreturn 1\n", r"IndentationError: .+", 2, True),
        ("import os\n\nos.nonsense\n", r"AttributeError: .+nonsense.+", 3, False),
        ("raise SystemError", r"SystemError", 1, False),
        ("import json\njson.loads('{')\n", r"json\.decoder\.JSONDecodeError: .+", 2, False),
        ("import os\n\nos.environ['NOWHERE']\n", r"KeyError: 'NOWHERE'", 3, False),
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('late')\n", r"ValueError: late", 4, False),
    ],
)
def test_python_says_where(tmp_path: Path, source: str, error: str, line: int, *, is_hopeless: bool) -> None:
    """The innermost frame of the last traceback is the place, and its error is said as Python says it."""
    script = tmp_path / "app.py"
    script.write_text(source)

    blame = find_blame(last_words(sys.executable, str(script)))

    assert blame is not None
    assert re.fullmatch(error, blame.error)
    assert (str(script), line, is_hopeless) == (blame.file, blame.line, blame.is_hopeless)


def test_syntax_error_in_an_imported_module_names_that_module(tmp_path: Path) -> None:
    """Not the importer is to blame but the file that cannot be read."""
    (tmp_path / "views.py").write_text("def index(:\n    pass\n")
    script = tmp_path / "app.py"
    script.write_text("import views\n")

    blame = find_blame(last_words(sys.executable, str(script)))

    assert blame is not None
    assert (str(tmp_path / "views.py"), 1, True) == (blame.file, blame.line, blame.is_hopeless)


@needs_node
@pytest.mark.parametrize(
    ("source", "error", "line", "is_hopeless"),
    [
        ("const a = 1;\nconst = 2;\n", r"SyntaxError: .+", 2, True),
        ("const a = 1;\nnonsense();\n", r"ReferenceError: nonsense is not defined", 2, False),
        ("require('./nowhere');\n", r"Error: Cannot find module './nowhere'", None, False),
    ],
)
def test_node_says_where(tmp_path: Path, source: str, error: str, line: int | None, *, is_hopeless: bool) -> None:
    """Node names the place above the source excerpt, or in the stack below the error."""
    script = tmp_path / "server.js"
    script.write_text(source)

    blame = find_blame(last_words("node", str(script)))

    assert blame is not None
    assert re.fullmatch(error, blame.error)
    assert blame.is_hopeless == is_hopeless
    if line is not None:
        assert (str(script), line) == (blame.file, blame.line)


def test_colours_do_not_hide_the_place() -> None:
    """Python 3.13 paints its tracebacks on a terminal."""
    lines = [
        "Traceback (most recent call last):",
        '  File \x1b[35m"/app/main.py"\x1b[0m, line \x1b[35m7\x1b[0m, in \x1b[35m<module>\x1b[0m',
        "    \x1b[31m1 \x1b[1;31m/\x1b[0m 0",
        "\x1b[1;35mZeroDivisionError\x1b[0m: \x1b[35mdivision by zero\x1b[0m",
    ]

    assert Blame("ZeroDivisionError: division by zero", "/app/main.py", 7) == find_blame(lines)


@pytest.mark.parametrize("lines", [[], ["all is well"], ["Error"], ["Serving on Port: 8000", "Warning: slow"]])
def test_ordinary_lines_blame_nobody(lines: list[str]) -> None:
    """A log line that looks a little like an error is none."""
    assert find_blame(lines) is None
