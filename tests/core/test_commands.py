"""Which Python program a command line runs."""

from __future__ import annotations

import pytest

from reloadd.core.commands import Foreign, PythonCommand, is_interpreter, read_command

ELF = b"\x7fELF\x02\x01"


@pytest.mark.parametrize(
    ("words", "interpreter", "script", "module", "argv"),
    [
        ("python serve.py -v", "python", "serve.py", None, "-v"),
        ("python3.12 -u -X dev serve.py", "python3.12 -u -X dev", "serve.py", None, ""),
        ("/venv/bin/python -Wignore -m flask run", "/venv/bin/python -Wignore", None, "flask", "run"),
        ("python -um flask --app web run", "python -u", None, "flask", "--app web run"),
        ("python -mflask run", "python", None, "flask", "run"),
        ("python manage.py runserver --noreload", "python", "manage.py", None, "runserver --noreload"),
    ],
)
def test_an_interpreters_own_command_line(
    words: str, interpreter: str, script: str | None, module: str | None, argv: str
) -> None:
    """Its options go on to the interpreter, what follows the script or module to that."""
    assert read_command(words.split(), "/usr/bin/python", ELF) == PythonCommand(
        tuple(interpreter.split()), script, module, tuple(argv.split())
    )


@pytest.mark.parametrize(
    ("first_line", "interpreter"),
    [
        (b"#!/venv/bin/python\n", ("/venv/bin/python",)),
        (b"#!/usr/bin/python3.11 -sE \n", ("/usr/bin/python3.11", "-sE")),
        (b"#!/usr/bin/env python3\n", ("python3",)),
        (b"#!/usr/bin/env -S python3 -u -X dev\n", ("python3", "-u", "-X", "dev")),
        (b"#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n", ("/a b/python",)),
        (b"#!/bin/sh\n'''exec' /long/bin/python3 \"$0\" \"$@\"\n", ("/long/bin/python3",)),
    ],
)
def test_a_console_script_names_its_interpreter(first_line: bytes, interpreter: tuple[str, ...]) -> None:
    """In its first line, or in the second where installers had to go through a shell."""
    found = read_command(["flask", "run"], "/venv/bin/flask", first_line + b"import sys\n")

    assert found == PythonCommand(interpreter, "/venv/bin/flask", None, ("run",))


@pytest.mark.parametrize(
    ("words", "head", "why"),
    [
        ("node server.js", ELF, "`node` is not a program in Python"),
        ("uv run flask", ELF, "`uv` is not a program in Python"),
        ("./start.sh", b"#!/bin/sh\nexec flask run\n", "`start.sh` is not a program in Python"),
        ("npm run dev", b"#!/usr/bin/env node\n", "`npm` is not a program in Python"),
        ("empty", b"", "`empty` is not a program in Python"),
        ("python -c print(1)", ELF, "`python -c` is run as it is"),
        ("python -i serve.py", ELF, "`python -i` is run as it is"),
        ("python -", ELF, "`python` reads its program from its input"),
        ("python", ELF, "`python` reads its program from its input"),
        ("python -m", ELF, "`-m` names no module"),
    ],
)
def test_what_is_not_python_says_why(words: str, head: bytes, why: str) -> None:
    """It is started by exec, as ever."""
    assert read_command(words.split(), "/usr/bin/x", head) == Foreign(why)


@pytest.mark.parametrize(
    ("path", "head", "is_one"),
    [
        ("/usr/bin/python3.8", ELF, True),
        ("/opt/python3.13t", ELF, True),
        ("/usr/bin/python3.7", ELF, False),
        ("/usr/bin/python2.7", ELF, False),
        ("/home/ada/.pyenv/shims/python3.11", b"#!/usr/bin/env bash\n", False),
        ("/usr/bin/pypy3.10", ELF, False),
    ],
)
def test_interpreters(path: str, head: bytes, is_one: bool) -> None:  # noqa: FBT001
    """Of a version that the runtime is for, and the real one: not a script that looks for it."""
    assert is_interpreter(path, head) is is_one
